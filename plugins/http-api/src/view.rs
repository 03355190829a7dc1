//! What guilds answer, for handlers that look at it.

use std::sync::Arc;

use throng_proto::command::{Answer, Command, GuildView};
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::{Channel, Member, Role};
use throng_proto::permissions::Permissions;

use crate::api::Api;
use crate::fault::Fault;

/// A guild that answers a question with what answers another one.
fn strange(answer: &Answer) -> Fault {
    tracing::error!(?answer, "a guild answered another question than it was asked");
    Fault::internal()
}

/// Takes the guild out of an answer to [`Command::GuildGet`].
pub(crate) fn guild(answer: Answer) -> Result<GuildView, Fault> {
    match answer {
        Answer::Guild(view) => Ok(*view),
        other => Err(strange(&other)),
    }
}

/// Takes the member out of an answer to [`Command::MemberGet`].
pub(crate) fn member(answer: Answer) -> Result<Member, Fault> {
    match answer {
        Answer::Member(member) => Ok(*member),
        other => Err(strange(&other)),
    }
}

/// Takes what is granted out of an answer to [`Command::Access`].
pub(crate) fn granted(answer: &Answer) -> Result<Permissions, Fault> {
    match answer {
        Answer::Granted(permissions) => Ok(*permissions),
        other => Err(strange(other)),
    }
}

impl Api {
    /// Reads a guild as an operator; `None` when there is none, or no more.
    pub(crate) async fn guild(
        &self,
        id: GuildId,
        counts: bool,
    ) -> Result<Option<GuildView>, Fault> {
        match self.operate(id, Command::GuildGet { counts }).await {
            Ok(reply) => guild(reply.answer).map(Some),
            Err(fault) if fault.is_not_found() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Reads the roles of a guild as an operator.
    pub(crate) async fn roles(&self, id: GuildId) -> Result<Vec<Arc<Role>>, Fault> {
        match self.operate(id, Command::RoleList).await?.answer {
            Answer::Roles(roles) => Ok(roles),
            other => Err(strange(&other)),
        }
    }

    /// Reads the channels of a guild as an operator.
    pub(crate) async fn channels(&self, id: GuildId) -> Result<Vec<Channel>, Fault> {
        match self.operate(id, Command::ChannelList).await?.answer {
            Answer::Channels(channels) => Ok(channels),
            other => Err(strange(&other)),
        }
    }

    /// Reads members of a guild after one, in order of their ids, as an operator.
    pub(crate) async fn members(
        &self,
        id: GuildId,
        after: UserId,
        limit: usize,
    ) -> Result<Vec<Member>, Fault> {
        match self.operate(id, Command::MemberList { after, limit }).await?.answer {
            Answer::Members(members) => Ok(members),
            other => Err(strange(&other)),
        }
    }
}
