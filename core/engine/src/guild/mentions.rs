//! Whom a message mentions, after everything was asked and allowed.

use throng_proto::event::Mentions;
use throng_proto::id::{RoleId, UserId};
use throng_proto::mention::{AllowedMentions, MentionKind, Named};
use throng_proto::model::{MENTIONS_MAX, Member, User};

use super::Guild;

/// Mentions of one message.
#[derive(Debug)]
pub(super) struct Mentioned {
    /// For `mentions`: members only, once each.
    pub(super) members: Vec<Member>,
    /// For `mention_roles`: roles that exist.
    pub(super) roles: Vec<RoleId>,
    /// Whom it notifies.
    pub(super) notified: Mentions,
}

impl Mentioned {
    /// Returns the accounts.
    pub(super) fn users(&self) -> Vec<User> {
        self.members.iter().map(|member| member.user.clone()).collect()
    }
}

impl Guild {
    /// Resolves the mentions of a text. `replied` is the author of the answered message;
    /// `everyone` tells that the author has MENTION_EVERYONE.
    pub(super) fn mentioned(
        &self,
        text: &str,
        allowed: Option<&AllowedMentions>,
        replied: Option<UserId>,
        everyone: bool,
    ) -> Mentioned {
        let named = Named::parse(text);
        let may = |kind: MentionKind, listed: &dyn Fn(&AllowedMentions) -> bool| {
            allowed.is_none_or(|allowed| allowed.parse.contains(&kind) || listed(allowed))
        };
        let pinged = replied.filter(|_| allowed.is_none_or(|allowed| allowed.replied_user));
        let in_text = named.users.iter().copied();
        let in_text =
            in_text.filter(|id| may(MentionKind::Users, &|allowed| allowed.users.contains(id)));
        let mut members: Vec<Member> = Vec::new();
        for id in pinged.into_iter().chain(in_text).take(MENTIONS_MAX) {
            if members.iter().all(|member| member.user.id != id) {
                members.extend(self.roster.get(id));
            }
        }
        let roles = named.roles.iter().filter_map(|id| self.shape.roles.get(id));
        let roles = roles.filter(|role| role.id != self.shape.everyone());
        let roles = roles
            .filter(|role| may(MentionKind::Roles, &|allowed| allowed.roles.contains(&role.id)));
        let roles: Vec<_> = roles.take(MENTIONS_MAX).collect();
        let all = may(MentionKind::Everyone, &|_| false);
        let notified = Mentions {
            users: members.iter().map(|member| member.user.id).collect(),
            roles: roles
                .iter()
                .filter(|role| role.mentionable || everyone)
                .map(|role| role.id)
                .collect(),
            everyone: everyone && named.everyone && all,
            here: everyone && named.here && all,
        };
        Mentioned { members, roles: roles.iter().map(|role| role.id).collect(), notified }
    }
}
