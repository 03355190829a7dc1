//! The handle that the application holds.

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use thiserror::Error;
use throng_proto::gateway::ApiRequest;
use throng_proto::id::{ChannelId, GuildId};
use throng_proto::model::Message;
use throng_proto::throng::PAYLOAD_BYTES_MAX;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use crate::builder::{Builder, Config};
use crate::driver::{Command, Driver};
use crate::events::Events;
use crate::requests::{Answer, Request, RequestError};
use crate::rosters::{self, Members, Roster};
use crate::wishes::{Presence, Wishes};

/// Commands between handles and the driver, which takes them as fast as they come.
const COMMANDS_MAX: usize = 32;
/// Requests for members under way; further ones wait.
const ROSTERS_MAX: usize = 8;

/// A client of the gateway; clones share one session.
///
/// It connects again by itself for as long as a handle or the stream of events exists.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    commands: mpsc::Sender<Command>,
    wishes: watch::Sender<Wishes>,
    requests: Arc<Semaphore>,
    rosters: Arc<Semaphore>,
    request_time: Duration,
}

/// Why a message is not known to be posted.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The request failed. After [`RequestError::Unanswered`] and [`RequestError::Closed`] the
    /// message may be posted all the same.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The message is posted, but the answer is no message.
    #[error("the answer is no message: {0}")]
    Answer(#[source] serde_json::Error),
}

/// As many guilds are focused as a session may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("too many guilds are focused; unfocus some")]
pub struct FocusError;

/// A presence is longer than a payload may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the presence is longer than 7,680 bytes of JSON")]
pub struct ShowError;

impl Client {
    /// Makes a client for the user that a token belongs to, with or without `Bot ` in front.
    pub fn builder(token: impl AsRef<str>) -> Builder {
        Builder::new(token.as_ref())
    }

    pub(crate) fn start(config: Config, runtime: &Handle) -> (Self, Events) {
        let (commands, orders) = mpsc::channel(COMMANDS_MAX);
        let (told, waiting) = mpsc::channel(config.events_max);
        let first = Wishes { presence: config.presence.clone(), ..Wishes::default() };
        let (wishes, wanted) = watch::channel(first);
        let shared = Shared {
            commands,
            wishes,
            requests: Arc::new(Semaphore::new(config.requests_max)),
            rosters: Arc::new(Semaphore::new(ROSTERS_MAX)),
            request_time: config.request_time,
        };
        runtime.spawn(Driver::new(config, orders, wanted, told).run());
        (Self { shared: Arc::new(shared) }, Events::new(waiting))
    }

    /// Posts a message and waits until the gateway has stored it.
    ///
    /// It is posted exactly once, however often links are lost meanwhile: it carries a nonce by
    /// which the gateway recognises what it has, and is sent again until there is an answer. Limits
    /// that the gateway names are waited for.
    ///
    /// # Errors
    ///
    /// The gateway refused, or did not answer in time.
    pub async fn publish(
        &self,
        channel: ChannelId,
        content: impl AsRef<str>,
    ) -> Result<Message, PublishError> {
        let body = json!({ "content": content.as_ref(), "nonce": nonce(), "enforce_nonce": true });
        let path = format!("/channels/{channel}/messages");
        let answer = self.call("POST", path, Some(body), true).await?;
        answer.json().map_err(PublishError::Answer)
    }

    /// Asks the HTTP API over the link: `path` is what follows `/api/v10`, with its query.
    ///
    /// Limits that the gateway names are waited for. GET and PUT are sent again when the link is
    /// lost; others end with [`RequestError::Interrupted`].
    ///
    /// # Errors
    ///
    /// The gateway refused, or did not answer in time.
    pub async fn request(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<Answer, RequestError> {
        let repeatable = matches!(method, "GET" | "PUT");
        self.call(method, path.to_owned(), body, repeatable).await
    }

    /// Asks for members of a guild. They come as
    /// [`Event::GuildMembersChunk`](crate::Event::GuildMembersChunk) with the nonce that this
    /// returns, in as many chunks as it takes.
    ///
    /// The request is sent again until its first chunk comes, also when the gateway says that it
    /// came too soon.
    ///
    /// # Errors
    ///
    /// Too many users are named for one payload, or the client has ended.
    pub async fn request_members(
        &self,
        guild: GuildId,
        members: Members,
    ) -> Result<String, RequestError> {
        let nonce = nonce();
        let payload = rosters::payload(guild, &members, &nonce);
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Err(RequestError::TooLong);
        }
        let deadline = Instant::now() + self.shared.request_time;
        let permit = permit(&self.shared.rosters, deadline).await?;
        let roster = Roster { nonce: nonce.clone(), payload, deadline, _permit: permit };
        self.command(Command::Roster(roster)).await?;
        Ok(nonce)
    }

    /// Asks for everything that happens in a guild, now and in later sessions.
    ///
    /// # Errors
    ///
    /// 2,500 guilds are focused.
    pub fn focus(&self, guild: GuildId) -> Result<(), FocusError> {
        self.focus_on(guild, None)
    }

    /// Focuses a guild and one of its channels, whose first members are then wanted too. A guild
    /// has one such channel: the last one.
    ///
    /// # Errors
    ///
    /// 2,500 guilds are focused.
    pub fn focus_channel(&self, guild: GuildId, channel: ChannelId) -> Result<(), FocusError> {
        self.focus_on(guild, Some(channel))
    }

    /// Goes back to what a guild that is not focused sends: everything, or to passive sessions
    /// mentions and digests.
    pub fn unfocus(&self, guild: GuildId) {
        self.shared.wishes.send_if_modified(|wishes| wishes.focused.remove(&guild).is_some());
    }

    /// Shows another presence, now and in later sessions.
    ///
    /// # Errors
    ///
    /// Its activities are longer than a payload may be.
    pub fn show(&self, presence: Presence) -> Result<(), ShowError> {
        if !presence.fits() {
            return Err(ShowError);
        }
        self.shared.wishes.send_modify(|wishes| wishes.presence = Some(presence));
        Ok(())
    }

    /// Closes the link, ends the session and waits until the gateway knows. Every request that has
    /// no answer ends with [`RequestError::Closed`].
    pub async fn close(&self) {
        let (done, closed) = oneshot::channel();
        // A client that has ended is closed.
        if self.command(Command::Close(done)).await.is_ok() {
            let _ended = closed.await;
        }
    }

    fn focus_on(&self, guild: GuildId, channel: Option<ChannelId>) -> Result<(), FocusError> {
        let focused = self.shared.wishes.send_if_modified(|wishes| wishes.focus(guild, channel));
        if focused { Ok(()) } else { Err(FocusError) }
    }

    async fn call(
        &self,
        method: &str,
        path: String,
        body: Option<Value>,
        repeatable: bool,
    ) -> Result<Answer, RequestError> {
        let body = body.and_then(|body| to_raw_value(&body).ok());
        let call = ApiRequest { id: u64::MAX, method: method.to_owned(), path, body };
        if call.payload().len() > PAYLOAD_BYTES_MAX {
            return Err(RequestError::TooLong);
        }
        let deadline = Instant::now() + self.shared.request_time;
        let permit = permit(&self.shared.requests, deadline).await?;
        let (reply, answer) = oneshot::channel();
        let request = Request { call, repeatable, deadline, reply, permit };
        self.command(Command::Request(request)).await?;
        answer.await.unwrap_or(Err(RequestError::Closed))
    }

    async fn command(&self, command: Command) -> Result<(), RequestError> {
        self.shared.commands.send(command).await.map_err(|_| RequestError::Closed)
    }
}

/// Waits for a place among those under way, at most until it is too late.
async fn permit(
    places: &Arc<Semaphore>,
    deadline: Instant,
) -> Result<OwnedSemaphorePermit, RequestError> {
    let place = timeout_at(deadline, Arc::clone(places).acquire_owned()).await;
    // Nothing closes the semaphore.
    place.map_err(|_| RequestError::Unanswered)?.map_err(|_| RequestError::Closed)
}

/// Makes a mark that nobody else makes: 96 random bits in the 24 of 25 characters that there are.
fn nonce() -> String {
    format!("{:016x}{:08x}", rand::random::<u64>(), rand::random::<u32>())
}
