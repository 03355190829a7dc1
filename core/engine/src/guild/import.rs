//! Adding many members at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use throng_proto::command::{Answer, Reply};
use throng_proto::event::EventKind;
use throng_proto::id::UserId;
use throng_proto::model::Member;
use throng_proto::record::Write;

use super::Guild;
use super::plan::{Decided, Decision, Effect, Plan};

impl Guild {
    /// Adds those that are not there yet, in one commit.
    pub(super) fn import(&self, members: Vec<Member>) -> Decided {
        let mut new: BTreeMap<UserId, Arc<Member>> = BTreeMap::new();
        for mut member in members {
            if self.roster.contains(member.user.id) {
                continue;
            }
            let roles = &mut member.profile.roles;
            let everyone = self.shape.everyone();
            roles.retain(|role| *role != everyone && self.shape.roles.contains_key(role));
            roles.sort_unstable();
            roles.dedup();
            new.entry(member.user.id).or_insert_with(|| Arc::new(member));
        }
        let reply = Reply::from(Answer::Imported(new.len()));
        if new.is_empty() {
            return Ok(Decision::Answer(reply));
        }
        let id = self.shape.id();
        let announced = if new.len() <= self.config.announce_max { new.len() } else { 0 };
        let events = new.values().take(announced);
        Plan {
            writes: new.values().map(|member| Write::Member(id, Member::clone(member))).collect(),
            events: events
                .map(|member| self.member_event(EventKind::GuildMemberAdd, member))
                .collect(),
            effect: Effect {
                joined: new.keys().copied().collect(),
                members: new.into_values().collect(),
                ..Effect::default()
            },
            reply,
        }
        .decided()
    }
}
