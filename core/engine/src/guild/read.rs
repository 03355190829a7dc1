//! Reading what the guild is now.

use std::sync::Arc;

use throng_proto::command::{Answer, Counts, GuildView};
use throng_proto::id::{ChannelId, UserId};
use throng_proto::permissions::Permissions;
use throng_proto::refusal::Refusal;

use super::Guild;
use super::authority::Authority;
use super::plan::{Decided, Decision};

/// Members in one answer, by the protocol.
const PAGE_MAX: usize = 1000;

impl Guild {
    /// Answers with the guild object.
    pub(super) fn guild_get(&self, counts: bool) -> Decision {
        let view = GuildView {
            guild: self.shape.guild.clone(),
            roles: self.shape.roles.values().map(Arc::clone).collect(),
            counts: counts.then(|| Counts { members: self.roster.len(), online: self.online }),
        };
        Decision::say(Answer::Guild(Box::new(view)))
    }

    /// Answers with all channels, also those that the actor may not view.
    pub(super) fn channel_list(&self) -> Decision {
        let channels = self.shape.channels.values();
        Decision::say(Answer::Channels(channels.map(|channel| self.current(channel)).collect()))
    }

    /// Answers with a channel.
    pub(super) fn channel_get(&self, who: &Authority, channel: ChannelId) -> Decided {
        let channel = who.need_in(channel, Permissions::NONE)?;
        Ok(Decision::json(&self.current(&channel)))
    }

    /// Answers with all roles.
    pub(super) fn role_list(&self) -> Decision {
        Decision::say(Answer::Roles(self.shape.roles.values().map(Arc::clone).collect()))
    }

    /// Answers with a member.
    pub(super) fn member_get(&self, user: UserId) -> Decided {
        let member = self.roster.get(user).ok_or(Refusal::UnknownMember)?;
        Ok(Decision::say(Answer::Member(Box::new(member))))
    }

    /// Answers with members in order of their ids.
    pub(super) fn member_list(&self, after: UserId, limit: usize) -> Decision {
        let members = self.roster.after(after).take(limit.clamp(1, PAGE_MAX));
        Decision::say(Answer::Members(members.map(|entry| entry.member()).collect()))
    }

    /// Answers with members of whom a name begins with a text, in order of those names.
    pub(super) fn member_search(&self, query: &str, limit: usize) -> Decision {
        Decision::say(Answer::Members(self.roster.search(query, limit.clamp(1, PAGE_MAX))))
    }
}
