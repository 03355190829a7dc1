//! A session of a plugin: a client like any other, whose link needs no network.

use std::time::Duration;

use futures_util::Stream;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use throng_ports::plugin::Event;
use throng_proto::intents::Intents;
use throng_proto::token::Token;
use throng_shell::Node;
use throng_transport_memory::{Client, Dialer};
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// Payloads that wait on the link, and events that wait for the plugin.
const WAITING_MAX: u32 = 128;
/// Address that the link asks for.
const QUERY: &str = "v=10&encoding=json";
/// How long is waited before a link is tried again.
const PAUSE: Duration = Duration::from_millis(250);
/// Close codes after which nothing is tried again: no token, no shard, no version, no intents.
const FINAL: [u16; 6] = [4004, 4010, 4011, 4012, 4013, 4014];

/// What a session is, before it has begun.
pub(super) struct Session {
    plugin: &'static str,
    node: Node,
    dialer: Dialer,
    identify: String,
    token: Token,
    /// Its id and the number of its last event, once there is one.
    known: Option<(String, u64)>,
}

/// What came of a link.
enum End {
    /// Another may go on.
    Lost,
    /// Nothing more is to come.
    Over,
}

#[derive(Deserialize)]
struct Payload {
    op: u8,
    #[serde(default)]
    s: Option<u64>,
    #[serde(default)]
    t: Option<String>,
    #[serde(default)]
    d: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Hello {
    heartbeat_interval: u64,
}

#[derive(Deserialize)]
struct Ready {
    session_id: String,
}

impl Session {
    pub(super) fn new(plugin: &'static str, node: Node, dialer: Dialer) -> Self {
        let token = Token::parse("");
        Self { plugin, node, dialer, identify: String::new(), token, known: None }
    }

    /// Says who identifies, and for what.
    pub(super) fn identify(mut self, token: Token, intents: Intents) -> Self {
        let properties = json!({ "os": "", "browser": self.plugin, "device": "plugin" });
        self.identify = json!({
            "op": 2,
            "d": { "token": token.expose(), "intents": intents, "properties": properties },
        })
        .to_string();
        self.token = token;
        self
    }

    /// Begins, in a task that ends when nobody reads any more.
    pub(super) fn into_stream(mut self) -> impl Stream<Item = Event> + Send + 'static {
        let (sender, events) = mpsc::channel(WAITING_MAX as usize);
        tokio::spawn(async move { self.run(sender).await });
        futures_util::stream::unfold(events, async |mut events| {
            events.recv().await.map(|event| (event, events))
        })
    }

    async fn run(&mut self, sender: mpsc::Sender<Event>) {
        while !self.node.is_draining() && !sender.is_closed() {
            if let Ok(link) = self.dialer.dial(WAITING_MAX, QUERY)
                && let End::Over = self.attend(&link, &sender).await
            {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Follows a link until it ends.
    async fn attend(&mut self, link: &Client, sender: &mpsc::Sender<Event>) -> End {
        let mut heart: Option<Interval> = None;
        loop {
            let bytes = tokio::select! {
                bytes = link.recv() => bytes,
                () = beat(&mut heart) => {
                    link.send(self.heartbeat());
                    continue;
                }
                () = sender.closed() => return End::Over,
            };
            let Some(bytes) = bytes else { return self.after(link.close_code()) };
            let Ok(payload) = serde_json::from_slice::<Payload>(&bytes) else { return End::Lost };
            match payload.op {
                0 => {
                    if let Some(event) = self.note(payload)
                        && sender.send(event).await.is_err()
                    {
                        return End::Over;
                    }
                }
                1 => link.send(self.heartbeat()),
                7 => return End::Lost,
                9 => {
                    self.known = None;
                    return End::Lost;
                }
                10 => {
                    heart = pulse(payload);
                    link.send(self.greeting());
                }
                _ => {}
            }
        }
    }

    /// Keeps what a resumption needs of an event.
    fn note(&mut self, payload: Payload) -> Option<Event> {
        let (name, data) = (payload.t?, payload.d?);
        let sequence = payload.s?;
        match (&mut self.known, name.as_str()) {
            (_, "READY") => {
                let Ready { session_id } = serde_json::from_str(data.get()).ok()?;
                self.known = Some((session_id, sequence));
            }
            (Some((_, last)), _) => *last = sequence,
            (None, _) => {}
        }
        Some(Event { name, data })
    }

    fn greeting(&self) -> String {
        match &self.known {
            None => self.identify.clone(),
            Some((session, seq)) => {
                let token = self.token.expose();
                json!({ "op": 6, "d": { "token": token, "session_id": session, "seq": seq } })
                    .to_string()
            }
        }
    }

    fn heartbeat(&self) -> String {
        let last = self.known.as_ref().map(|(_, sequence)| sequence);
        json!({ "op": 1, "d": last }).to_string()
    }

    /// Decides what follows the close of a link. A session that was ended may begin anew; one that
    /// was not let in may not.
    fn after(&mut self, code: Option<u16>) -> End {
        let final_code = code.filter(|code| FINAL.contains(code));
        let Some(code) = final_code else { return End::Lost };
        if self.known.take().is_some() {
            return End::Lost;
        }
        tracing::warn!(name = self.plugin, code, "a session of a plugin is not let in");
        End::Over
    }
}

/// Waits for the next heartbeat; for ever where none is due.
async fn beat(heart: &mut Option<Interval>) {
    match heart {
        Some(heart) => drop(heart.tick().await),
        None => std::future::pending().await,
    }
}

fn pulse(hello: Payload) -> Option<Interval> {
    let Hello { heartbeat_interval } = serde_json::from_str(hello.d?.get()).ok()?;
    let period = Duration::from_millis(heartbeat_interval.max(1));
    let mut heart = interval_at(Instant::now() + period, period);
    heart.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Some(heart)
}
