//! Reading what the guild is now.

use serde_json::{Value, json};
use throng_proto::id::{ChannelId, UserId};
use throng_proto::model::Channel;
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
        let mut body = self.body();
        if counts {
            body["approximate_member_count"] = json!(self.roster.len());
            body["approximate_presence_count"] = json!(self.online);
        }
        Decision::json(&body)
    }

    fn body(&self) -> Value {
        json!(self.shape.guild.body(self.shape.roles.values().collect()))
    }

    /// Answers with all channels, also those that the actor may not view.
    pub(super) fn channel_list(&self) -> Decision {
        let channels = self.shape.channels.values();
        let channels: Vec<Channel> = channels.map(|channel| self.current(channel)).collect();
        Decision::json(&channels)
    }

    /// Answers with a channel.
    pub(super) fn channel_get(&self, who: &Authority, channel: ChannelId) -> Decided {
        let channel = who.need_in(channel, Permissions::NONE)?;
        Ok(Decision::json(&self.current(&channel)))
    }

    /// Answers with all roles.
    pub(super) fn role_list(&self) -> Decision {
        let roles: Vec<_> = self.shape.roles.values().collect();
        Decision::json(&roles)
    }

    /// Answers with a member.
    pub(super) fn member_get(&self, user: UserId) -> Decided {
        let member = self.roster.get(user).ok_or(Refusal::UnknownMember)?;
        Ok(Decision::json(&member))
    }

    /// Answers with members in order of their ids.
    pub(super) fn member_list(&self, after: UserId, limit: usize) -> Decision {
        let members = self.roster.after(after).take(limit.clamp(1, PAGE_MAX));
        let members: Vec<_> = members.map(|entry| entry.member()).collect();
        Decision::json(&members)
    }

    /// Answers with members of whom a name begins with a text, in order of those names.
    pub(super) fn member_search(&self, query: &str, limit: usize) -> Decision {
        Decision::json(&self.roster.search(query, limit.clamp(1, PAGE_MAX)))
    }
}
