//! How many and how long things may be, whichever way they come in; Discord's numbers.

/// Roles of a guild, @everyone among them.
pub const ROLES: usize = 250;
/// Channels of a guild.
pub const CHANNELS: usize = 500;
/// Overwrites of a channel.
pub const OVERWRITES: usize = 100;
/// Characters of the name of a guild, a role or a channel.
pub const NAME_CHARS: usize = 100;
/// Characters of a guild's description.
pub const DESCRIPTION_CHARS: usize = 300;
/// Characters of a channel's topic.
pub const TOPIC_CHARS: usize = 1_024;
/// Characters of a member's name in a guild.
pub const NICK_CHARS: usize = 32;
