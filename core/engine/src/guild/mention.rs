//! Whom a message mentions, and whom of them it notifies.

use std::sync::Arc;

use throng_proto::command::Actor;
use throng_proto::event::Mentions;
use throng_proto::id::{RoleId, UserId};
use throng_proto::mention::{AllowedMentions, Named};
use throng_proto::model::{MENTIONS_MAX, Member, User};
use throng_proto::permissions::Permissions;
use throng_proto::refusal::Refusal;

use super::Guild;

/// What becomes of the mentions in a text.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    /// Mentioned users, as they stand in the message.
    pub(super) users: Vec<User>,
    /// Mentioned roles, as they stand in the message.
    pub(super) roles: Vec<RoleId>,
    /// An effective @everyone or @here.
    pub(super) everyone: bool,
    /// Whom it notifies.
    pub(super) notified: Mentions,
}

impl Guild {
    /// Resolves the mentions of a text by an author with `granted` permissions in the channel.
    ///
    /// `replied` is the author of the answered message, if there is one.
    pub(super) fn mentions(
        &self,
        text: &str,
        allowed: Option<&AllowedMentions>,
        granted: Permissions,
        replied: Option<&User>,
    ) -> Resolved {
        let named = Named::parse(text);
        let may_all = granted.contains(Permissions::MENTION_EVERYONE);
        let everyone = (named.everyone || named.here) && may_all && parses(allowed, "everyone");
        let mut users: Vec<User> = Vec::new();
        if let Some(user) = replied.filter(|_| allowed.is_none_or(|a| a.replied_user)) {
            users.push(user.clone());
        }
        for id in named.users.iter().filter(|id| allows_user(allowed, **id)).take(MENTIONS_MAX) {
            let member: Option<&Arc<Member>> = self.members.get(id);
            if let Some(member) = member
                && users.iter().all(|user| user.id != *id)
            {
                users.push(member.user.clone());
            }
        }
        let roles: Vec<RoleId> = named
            .roles
            .iter()
            .copied()
            .filter(|id| self.shape.roles.contains_key(id) && *id != self.shape.everyone())
            .filter(|id| allows_role(allowed, *id))
            .take(MENTIONS_MAX)
            .collect();
        let mentionable =
            |id: &RoleId| may_all || self.shape.roles.get(id).is_some_and(|role| role.mentionable);
        let notified = Mentions {
            users: users.iter().map(|user| user.id).collect(),
            roles: roles.iter().copied().filter(mentionable).collect(),
            everyone,
        };
        Resolved { users, roles, everyone, notified }
    }
}

/// Checks that a list of allowed mentions makes sense.
pub(super) fn check(allowed: Option<&AllowedMentions>) -> Result<(), Refusal> {
    let Some(allowed) = allowed else { return Ok(()) };
    let wrong = |field: &str, message: &str| {
        Err(Refusal::field(&format!("allowed_mentions.{field}"), "BASE_TYPE_BAD_LENGTH", message))
    };
    let parses = |word: &str| allowed.parse.iter().any(|other| other == word);
    if allowed.users.len() > MENTIONS_MAX {
        return wrong("users", "Must be 100 or fewer in length.");
    }
    if allowed.roles.len() > MENTIONS_MAX {
        return wrong("roles", "Must be 100 or fewer in length.");
    }
    if parses("users") && !allowed.users.is_empty() {
        return wrong("users", "parse:[\"users\"] and users: [ids...] are mutually exclusive.");
    }
    if parses("roles") && !allowed.roles.is_empty() {
        return wrong("roles", "parse:[\"roles\"] and roles: [ids...] are mutually exclusive.");
    }
    Ok(())
}

fn parses(allowed: Option<&AllowedMentions>, word: &str) -> bool {
    allowed.is_none_or(|allowed| allowed.parse.iter().any(|other| other == word))
}

fn allows_user(allowed: Option<&AllowedMentions>, user: UserId) -> bool {
    parses(allowed, "users") || allowed.is_some_and(|allowed| allowed.users.contains(&user))
}

fn allows_role(allowed: Option<&AllowedMentions>, role: RoleId) -> bool {
    parses(allowed, "roles") || allowed.is_some_and(|allowed| allowed.roles.contains(&role))
}

/// Tells who an actor is among mentioned users.
pub(super) fn author_id(actor: &Actor) -> Option<UserId> {
    match actor {
        Actor::User(user) => Some(user.id),
        Actor::Operator => None,
    }
}
