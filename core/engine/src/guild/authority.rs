//! What an actor may do, at the moment of its command.

use std::cmp::Reverse;
use std::sync::Arc;

use throng_proto::command::Actor;
use throng_proto::id::{ChannelId, RoleId, UserId};
use throng_proto::model::{Channel, Member, Role};
use throng_proto::permissions::Permissions;
use throng_proto::refusal::Refusal;
use throng_proto::time::Timestamp;

use super::Guild;
use crate::shape::Shape;

/// An actor with everything that its permissions depend on.
#[derive(Clone, Debug)]
pub(super) struct Authority {
    pub(super) shape: Arc<Shape>,
    pub(super) now: Timestamp,
    /// `None` for an operator.
    member: Option<Arc<Member>>,
}

/// Place in the hierarchy of roles. Of roles at the same position the older one is higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Role(u32, Reverse<RoleId>),
    Owner,
    Operator,
}

impl Guild {
    /// Finds out who asks. Users who are no members have no access.
    pub(super) fn authority(&self, now: Timestamp, actor: &Actor) -> Result<Authority, Refusal> {
        let member = match actor {
            Actor::Operator => None,
            Actor::User(user) => Some(self.member(user.id).ok_or(Refusal::MissingAccess)?),
        };
        Ok(Authority { shape: Arc::clone(&self.shape), now, member })
    }
}

impl Authority {
    /// Returns the member, refusing an operator, who is nobody in the guild.
    pub(super) fn member(&self) -> Result<&Arc<Member>, Refusal> {
        self.member.as_ref().ok_or(Refusal::MissingAccess)
    }

    /// Returns the user; `None` for an operator.
    pub(super) fn user(&self) -> Option<UserId> {
        self.member.as_ref().map(|member| member.user.id)
    }

    /// Tells whether a user is the actor.
    pub(super) fn is(&self, user: UserId) -> bool {
        self.member.as_ref().is_some_and(|member| member.user.id == user)
    }

    /// Tells whether the actor owns the guild or operates the gateway.
    pub(super) fn is_sovereign(&self) -> bool {
        self.rank() >= Rank::Owner
    }

    /// Computes what the actor may do in the guild.
    pub(super) fn in_guild(&self) -> Permissions {
        let Some(member) = &self.member else { return Permissions::ALL };
        let base = self.shape.base(member.user.id, &member.profile.roles);
        self.after_time_out(member, base, base)
    }

    /// Computes what the actor may do in a channel.
    pub(super) fn in_channel(&self, channel: &Channel) -> Permissions {
        let Some(member) = &self.member else { return Permissions::ALL };
        let (user, roles) = (member.user.id, member.profile.roles.as_slice());
        let base = self.shape.base(user, roles);
        self.after_time_out(member, base, self.shape.in_channel(base, user, roles, channel))
    }

    fn after_time_out(&self, member: &Member, base: Permissions, may: Permissions) -> Permissions {
        let exempt = base.contains(Permissions::ADMINISTRATOR);
        if member.profile.timed_out(self.now) && !exempt {
            may & Permissions::TIMED_OUT
        } else {
            may
        }
    }

    /// Asks for permissions in the guild.
    pub(super) fn need(&self, permissions: Permissions) -> Result<(), Refusal> {
        demand(self.in_guild(), permissions)
    }

    /// Finds a channel that the actor may view, and asks for permissions in it.
    pub(super) fn need_in(
        &self,
        channel: ChannelId,
        permissions: Permissions,
    ) -> Result<Arc<Channel>, Refusal> {
        let channel = self.shape.channels.get(&channel).ok_or(Refusal::UnknownChannel)?;
        let may = self.in_channel(channel);
        if !may.contains(Permissions::VIEW_CHANNEL) {
            return Err(Refusal::MissingAccess);
        }
        demand(may, permissions)?;
        Ok(Arc::clone(channel))
    }

    /// Finds a channel with messages that the actor may view, and asks for permissions in it.
    pub(super) fn need_text(
        &self,
        channel: ChannelId,
        permissions: Permissions,
    ) -> Result<Arc<Channel>, Refusal> {
        let channel = self.need_in(channel, permissions)?;
        if channel.kind.has_messages() { Ok(channel) } else { Err(Refusal::NonTextChannel) }
    }

    /// Refuses to hand out more than the actor has itself.
    pub(super) fn may_grant(&self, may: Permissions, granted: Permissions) -> Result<(), Refusal> {
        if self.member.is_none() { Ok(()) } else { demand(may, granted) }
    }

    /// Returns the actor's place in the hierarchy.
    pub(super) fn rank(&self) -> Rank {
        self.member.as_ref().map_or(Rank::Operator, |member| rank(&self.shape, member))
    }

    /// Asks that a role is below the actor's highest one.
    pub(super) fn need_above_role(&self, role: &Role) -> Result<(), Refusal> {
        above(self.rank(), rank_of_role(role))
    }

    /// Asks that a member is below the actor.
    pub(super) fn need_above(&self, member: &Member) -> Result<(), Refusal> {
        above(self.rank(), rank(&self.shape, member))
    }
}

fn demand(may: Permissions, needed: Permissions) -> Result<(), Refusal> {
    if may.contains(needed) { Ok(()) } else { Err(Refusal::MissingPermissions) }
}

fn above(actor: Rank, target: Rank) -> Result<(), Refusal> {
    if actor > target { Ok(()) } else { Err(Refusal::MissingPermissions) }
}

fn rank_of_role(role: &Role) -> Rank {
    Rank::Role(role.position, Reverse(role.id))
}

fn rank(shape: &Shape, member: &Member) -> Rank {
    if member.user.id == shape.guild.owner_id {
        return Rank::Owner;
    }
    let roles = member.profile.roles.iter().filter_map(|role| shape.roles.get(role));
    let highest = roles.map(|role| rank_of_role(role)).max();
    highest.unwrap_or_else(|| Rank::Role(0, Reverse(shape.everyone())))
}
