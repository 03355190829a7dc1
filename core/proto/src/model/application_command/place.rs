//! Where commands are.

use crate::id::{GuildId, UserId};

/// Where commands of one application are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CommandPlace {
    /// Application, which is the account itself.
    pub application: UserId,
    /// Guild; those that are everywhere without.
    pub guild: Option<GuildId>,
}
