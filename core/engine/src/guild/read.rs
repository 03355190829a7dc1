//! Reading what the guild is now.

use serde_json::{Value, json};
use throng_proto::id::{ChannelId, UserId};
use throng_proto::model::Channel;
use throng_proto::permissions::Permissions;
use throng_proto::refusal::Refusal;

use super::Guild;
use super::authority::Authority;
use super::plan::{Decided, Decision};
use crate::chunk;

/// Members in one answer, by the protocol.
const PAGE_MAX: usize = 1000;

impl Guild {
    /// Answers with the guild object.
    pub(super) fn guild_get(&self, counts: bool) -> Decision {
        let mut body = self.body();
        if counts {
            body["approximate_member_count"] = json!(self.members.len());
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
        let member = self.members.get(&user).ok_or(Refusal::UnknownMember)?;
        Ok(Decision::json(member))
    }

    /// Answers with members in order of their ids.
    pub(super) fn member_list(&self, after: UserId, limit: usize) -> Decision {
        let after = (std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded);
        let members = self.members.range(after).map(|(_, member)| member);
        let members: Vec<_> = members.take(limit.clamp(1, PAGE_MAX)).collect();
        Decision::json(&members)
    }

    /// Answers with members whose names begin with a text. Costs O(members).
    pub(super) fn member_search(&self, query: &str, limit: usize) -> Decision {
        let query = query.to_lowercase();
        let members = self.members.values().filter(|member| chunk::matches(member, &query));
        let members: Vec<_> = members.take(limit.clamp(1, PAGE_MAX)).collect();
        Decision::json(&members)
    }
}
