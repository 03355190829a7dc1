//! The task that keeps a client connected: connects, talks, waits, and connects again.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until};

use crate::backoff::Backoff;
use crate::builder::Config;
use crate::cause::{Cause, End, Fate};
use crate::event::Event;
use crate::events::Slot;
use crate::link::dial::dial;
use crate::requests::{Request, Requests};
use crate::rosters::{Roster, Rosters};
use crate::session::Session;
use crate::talk::Talk;
use crate::wishes::Wishes;

/// How we close a link to resume on another: any code but 1000 and 1001 keeps the session.
const RESUMING: u16 = 4000;
/// How we close for good.
const FINISHED: u16 = 1000;
/// Far enough ahead for a clock that nothing waits for.
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);

/// What handles ask for.
#[derive(Debug)]
pub(crate) enum Command {
    Close(oneshot::Sender<()>),
    Request(Request),
    Roster(Roster),
}

/// The application wants no more.
#[derive(Debug)]
pub(crate) struct Stop {
    /// Who waits for the end, unless everybody has gone.
    done: Option<oneshot::Sender<()>>,
}

/// A client's one task.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) config: Config,
    commands: mpsc::Receiver<Command>,
    /// Whether there are handles that could say something.
    handles: bool,
    pub(crate) wishes: watch::Receiver<Wishes>,
    pub(crate) events: mpsc::Sender<Slot>,
    /// Events for which the application had no room: CONNECTED and one more at most, because
    /// nothing further is taken from the control stream before they are gone.
    pub(crate) held: VecDeque<Slot>,
    pub(crate) session: Session,
    pub(crate) requests: Requests,
    pub(crate) rosters: Rosters,
    pub(crate) backoff: Backoff,
}

/// Why the driver's work ends.
enum Over {
    End(End),
    Stop(Stop),
}

impl Driver {
    pub(crate) fn new(
        config: Config,
        commands: mpsc::Receiver<Command>,
        wishes: watch::Receiver<Wishes>,
        events: mpsc::Sender<Slot>,
    ) -> Self {
        Self {
            backoff: Backoff::new(config.wait_min, config.wait_max),
            config,
            commands,
            handles: true,
            wishes,
            events,
            held: VecDeque::new(),
            session: Session::default(),
            requests: Requests::default(),
            rosters: Rosters::default(),
        }
    }

    /// Works until the gateway refuses for good or the application wants no more.
    pub(crate) async fn run(mut self) {
        let over = loop {
            if let Err(over) = Box::pin(self.turn()).await {
                break over;
            }
        };
        self.requests.close();
        let (events, mut last) = (self.events.clone(), std::mem::take(&mut self.held));
        // Handles find out, and need not wait for the application to read to the end.
        drop(self);
        let end = match over {
            Over::End(end) => end,
            Over::Stop(stop) => {
                let _gone = stop.done.map(|done| done.send(()));
                End::Finished
            }
        };
        last.push_back(Slot::lasting(Event::Closed(end)));
        for slot in last {
            let _gone = events.send(slot).await;
        }
    }

    /// Has one link, or tries to, and waits for the next.
    async fn turn(&mut self) -> Result<(), Over> {
        let cause = self.connection().await.map_err(Over::Stop)?;
        let now = Instant::now();
        self.requests.unlink(now);
        self.rosters.unlink(now);
        match cause.fate() {
            Fate::Resume => {}
            Fate::Renew if self.session.forget() => {
                self.tell(Event::SessionLost).await.map_err(Over::Stop)?;
            }
            Fate::Renew => {}
            Fate::Stop(end) => return Err(Over::End(end)),
        }
        if matches!(cause, Cause::Unreachable { .. }) {
            self.session.forget_url();
        }
        let after = self.backoff.next(self.asked(&cause), rand::random());
        self.tell(Event::Reconnecting { after, cause }).await.map_err(Over::Stop)?;
        self.meanwhile(sleep(after)).await.map_err(Over::Stop)
    }

    /// Returns the wait that the gateway asks for: after op 9 at least the shortest one.
    fn asked(&self, cause: &Cause) -> Duration {
        match cause {
            Cause::InvalidSession { .. } => self.config.wait_min,
            cause => cause.retry_after().unwrap_or_default(),
        }
    }

    /// Connects and talks until the link ends.
    async fn connection(&mut self) -> Result<Cause, Stop> {
        let route = self.config.route.clone();
        let url = self.session.url().map(str::to_owned);
        let dialled = self.meanwhile(async move { dial(&route, url.as_deref()).await }).await?;
        let mut talk = match dialled {
            Ok(greeted) => Talk::new(self, greeted),
            Err(cause) => return Ok(cause),
        };
        let outcome = talk.run().await;
        let link = talk.into_link();
        match outcome {
            Ok(cause) => {
                // The next link need not wait for the farewell of this one.
                tokio::spawn(async move { link.close(RESUMING, "resuming").await });
                Ok(cause)
            }
            Err(stop) => {
                link.close(FINISHED, "finished").await;
                Err(stop)
            }
        }
    }

    /// Tells the application, as soon as there is room.
    async fn tell(&mut self, event: Event) -> Result<(), Stop> {
        self.held.push_back(Slot::lasting(event));
        while let Some(slot) = self.held.pop_front() {
            let events = self.events.clone();
            // Nobody reads, so nobody misses it.
            self.meanwhile(async move { drop(events.send(slot).await) }).await?;
        }
        Ok(())
    }

    pub(crate) fn has_room(&self) -> bool {
        self.held.is_empty() && (self.events.capacity() > 0 || self.events.is_closed())
    }

    /// Gives held events to the application, as far as it has room.
    pub(crate) fn hand_over(&mut self) {
        while let Some(slot) = self.held.pop_front() {
            // Nobody reads, so nobody misses it.
            if let Err(TrySendError::Full(slot)) = self.events.try_send(slot) {
                return self.held.push_front(slot);
            }
        }
    }

    /// Does something while handles are heard and requests grow old.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Stop> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                ordered = self.ordered() => ordered?,
            }
        }
    }

    /// Waits for handles to say something and does it, or for a request to be too late, whichever
    /// comes first.
    ///
    /// # Cancel safety
    ///
    /// A call that is given up has taken nothing.
    pub(crate) async fn ordered(&mut self) -> Result<(), Stop> {
        let deadline = self.requests.deadline().into_iter().chain(self.rosters.deadline()).min();
        tokio::select! {
            command = self.commands.recv(), if self.handles => self.obey(command)?,
            Ok(()) = self.wishes.changed(), if self.handles => self.session.told.look_again(),
            () = self.events.closed(), if !self.handles => return Err(Stop { done: None }),
            () = sleep_until(deadline.unwrap_or_else(|| Instant::now() + NEVER)) => {
                self.requests.expire(Instant::now());
                self.rosters.expire(Instant::now());
            }
        }
        Ok(())
    }

    fn obey(&mut self, command: Option<Command>) -> Result<(), Stop> {
        let now = Instant::now();
        match command {
            Some(Command::Close(done)) => return Err(Stop { done: Some(done) }),
            Some(Command::Request(request)) => self.requests.add(now, request),
            Some(Command::Roster(roster)) => self.rosters.add(now, roster),
            None => self.handles = false,
        }
        Ok(())
    }
}
