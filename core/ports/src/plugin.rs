//! The seam to what adds something to a gateway: routes of its own, posts of its own, numbers of
//! its own.
//!
//! A plugin has no way in that others do not have. It posts as an account, through the [`Hub`] that
//! the HTTP API uses, and reads events in a session of that account, which identifies, lags and
//! resumes as everybody's does and is shown what that account may see.

mod event;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use throng_proto::command::{Actor, Command, MessageDraft, Outcome};
use throng_proto::id::ChannelId;
use throng_proto::intents::Intents;
use throng_proto::model::User;
use throng_proto::refusal::{ErrorBody, Refusal};
use throng_proto::token::Token;

use crate::hub::Hub;
use crate::kind::Opened;
use crate::link::BoxFuture;
use crate::metrics::Page;
use crate::registry::Asked;

pub use event::{Event, Events};
// Requests and answers are those of the `http` crate.
pub use http;

/// Something that is added to a gateway; what a [`Kind`](crate::kind::Kind) of plugin opens.
pub trait Plugin: Send + Sync + 'static {
    /// Begins, once the gateway serves. `/readyz` answers 503 until the future is done; an error
    /// leaves it so, and says why. What goes on for longer is a task of the plugin's own.
    fn start(self: Arc<Self>, host: Arc<dyn Host>) -> BoxFuture<'static, Opened<()>>;

    /// Answers a request below `/plugins/<name>/`. 404 unless it says otherwise.
    ///
    /// Bodies are bounded by `http.body_bytes_max` and time by `http.request_timeout_seconds`. On
    /// the admin listener whoever asks has shown the admin token; on the public one anybody may
    /// ask, and it is the plugin's to find out who that is
    /// ([`authenticate`](crate::hub::Callers::authenticate)).
    fn answer(&self, _call: Call) -> BoxFuture<'static, Answer> {
        Box::pin(std::future::ready(not_found()))
    }

    /// Ends in order, when the gateway drains: it is waited for, no longer than
    /// `limits.drain_secs`. Posts are still taken; sessions are asked to go elsewhere.
    fn drain(&self) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Writes its numbers; called at each scrape, so it must not wait for anything. Names begin
    /// with `throng_plugin_` and the name of the plugin.
    fn measure(&self, _page: &mut Page) {}
}

/// What a plugin has of the gateway.
pub trait Host: Send + Sync + 'static {
    /// Returns the node, as APIs ask it.
    fn hub(&self) -> Arc<dyn Hub>;

    /// Finds the plugin's own account, a bot that bears its name, or makes it; and makes a token
    /// for it in place of those from before. It sees and posts in the guilds in which it is a
    /// member, as an operator or an invite has made it one.
    fn account(&self) -> Asked<(User, Token)>;

    /// Begins a session and returns its events, READY first. It heartbeats, resumes when its link
    /// is lost, and begins anew, with another READY, when it cannot be resumed. It ends when it may
    /// not begin again: the token is nobody's, an intent is none, or the gateway drains.
    ///
    /// A few hundred events wait; whoever reads no further lags as any slow client.
    fn events(&self, token: Token, intents: Intents) -> Events;

    /// Says what is wrong with the plugin, or with nothing that nothing is any more: `/readyz`
    /// and `throng_troubles` tell it, and the gateway counts as degraded.
    fn set_trouble(&self, what: Option<String>);
}

/// On which listener something was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The public one, where everybody may ask.
    Public,
    /// The admin API's, with the admin token.
    Admin,
}

/// A request to a plugin.
#[derive(Debug)]
pub struct Call {
    /// Where it was asked.
    pub door: Door,
    /// Address of the client, where it is known.
    pub peer: Option<SocketAddr>,
    /// The request; its path begins below `/plugins/<name>`, with a slash.
    pub request: Request<Bytes>,
}

/// Answer of a plugin.
pub type Answer = Response<Bytes>;

/// Posts as a user, in the guild of the channel; the policy is asked, and permissions count.
///
/// # Errors
///
/// Whatever the HTTP API would refuse.
pub async fn post(hub: &dyn Hub, author: User, channel: ChannelId, content: String) -> Outcome {
    let guild = hub.guild_of(channel).ok_or(Refusal::UnknownChannel)?;
    let draft = MessageDraft { content: Some(content), ..MessageDraft::default() };
    let command = Command::MessageCreate(channel, Box::new(draft));
    hub.command(guild, Actor::User(author), command).await
}

/// Answers with a text of some type, such as `application/json`.
#[must_use]
pub fn answer(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

/// Answers that there is nothing, as the HTTP API does.
#[must_use]
pub fn not_found() -> Answer {
    let body = ErrorBody::new(0, "404: Not Found").text();
    answer(StatusCode::NOT_FOUND, "application/json", body)
}
