//! What handlers share, and one authenticated request.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use parking_lot::Mutex;
use throng_ports::api::Turn;
use throng_ports::hub::Hub;
use throng_proto::command::{Actor, Command, Reply};
use throng_proto::id::{ChannelId, GuildId, MessageId};
use throng_proto::model::{Message, User};
use throng_proto::permissions::Permissions;
use throng_proto::refusal::Refusal;

use crate::config::Config;
use crate::fault::Fault;
use crate::quota::Limiter;
use crate::view;

/// What all handlers of one router share.
pub(crate) struct Api {
    pub(crate) hub: Arc<dyn Hub>,
    pub(crate) config: Config,
    pub(crate) limiter: Limiter,
}

impl Api {
    pub(crate) fn new(hub: Arc<dyn Hub>, config: Config) -> Arc<Self> {
        let limiter = Limiter::new(config.rate_limits.windows_max);
        Arc::new(Self { hub, config, limiter })
    }

    /// Runs a command as an operator.
    pub(crate) async fn operate(&self, guild: GuildId, command: Command) -> Result<Reply, Fault> {
        Ok(self.hub.command(guild, Actor::Operator, command).await?)
    }
}

/// The user of a request, as the guard found it out.
#[derive(Clone)]
pub(crate) struct Caller(pub(crate) User);

/// An authenticated request: who asks, and of what.
pub(crate) struct Ask {
    pub(crate) api: Arc<Api>,
    pub(crate) user: User,
    place: Place,
}

/// The place of a request among those of its link; of one over HTTP there is none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place(Arc<Mutex<Turn>>);

impl Place {
    pub(crate) fn of(turn: Turn) -> Self {
        Self(Arc::new(Mutex::new(turn)))
    }

    /// Lets the next request of the link begin.
    fn pass(&self) {
        self.0.lock().pass();
    }
}

impl Ask {
    /// Runs a command in a guild as the user.
    pub(crate) async fn guild(&self, guild: GuildId, command: Command) -> Result<Reply, Fault> {
        let (actor, reads) = (Actor::User(self.user.clone()), command.reads());
        let joins = command.joins();
        let answer = self.api.hub.command(guild, actor, command);
        if !reads && !joins {
            self.place.pass();
        }
        Ok(answer.await?)
    }

    /// Runs a command in the guild of a channel as the user.
    pub(crate) async fn channel(
        &self,
        channel: ChannelId,
        command: Command,
    ) -> Result<Reply, Fault> {
        let guild = self.api.hub.guild_of(channel).ok_or(Refusal::UnknownChannel)?;
        self.guild(guild, command).await
    }

    /// Makes sure that the user has these permissions in a channel, and returns all that it has.
    pub(crate) async fn access(
        &self,
        channel: ChannelId,
        permissions: Permissions,
    ) -> Result<Permissions, Fault> {
        let reply = self.channel(channel, Command::Access(channel, permissions)).await?;
        view::granted(&reply.answer)
    }

    /// Reads a message of a channel that the user may see: nobody else learns what is in it.
    pub(crate) async fn message(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> Result<Box<Message>, Fault> {
        let read = self.api.hub.message(channel, message, Some(self.user.id)).await?;
        Ok(Box::new(read.ok_or(Refusal::UnknownMessage)?))
    }
}

impl FromRequestParts<Arc<Api>> for Ask {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Fault> {
        let caller = parts.extensions.get::<Caller>().ok_or_else(Fault::unauthorized)?;
        let place = parts.extensions.get::<Place>().cloned().unwrap_or_default();
        Ok(Self { api: Arc::clone(api), user: caller.0.clone(), place })
    }
}
