//! One member as bytes.

use std::sync::Arc;

use indexmap::IndexMap;
use throng_proto::id::{RoleId, UserId};
use throng_proto::model::{Member, Profile, User};
use throng_proto::time::Timestamp;

use super::block::Key;
use super::pack;

/// What the first byte says.
const BOT: u8 = 1;
const DEAF: u8 = 1 << 1;
const MUTE: u8 = 1 << 2;
const GLOBAL_NAME: u8 = 1 << 3;
const NICK: u8 = 1 << 4;
const TIMED_OUT: u8 = 1 << 5;

/// Roles that any member ever had, by small numbers that never change their meaning, and whether
/// they still exist.
pub(super) type Roles = Arc<IndexMap<RoleId, bool>>;

/// Returns the key of a member: greater ids have greater keys.
pub(super) fn key(user: UserId) -> Key {
    Box::new(user.value().to_be_bytes())
}

/// Reads the key of a member.
pub(super) fn user(key: &[u8]) -> UserId {
    UserId::new(key.try_into().map_or(0, u64::from_be_bytes))
}

/// Writes a member, without its id.
pub(super) fn encode(member: &Member, roles: &mut Roles) -> Box<[u8]> {
    let Member { user, profile } = member;
    let flags = [
        (user.bot, BOT),
        (profile.deaf, DEAF),
        (profile.mute, MUTE),
        (user.global_name.is_some(), GLOBAL_NAME),
        (profile.nick.is_some(), NICK),
        (profile.communication_disabled_until.is_some(), TIMED_OUT),
    ];
    let flags = flags.into_iter().filter(|(is, _)| *is).fold(0, |all, (_, flag)| all | flag);
    let mut bytes = Vec::with_capacity(64);
    bytes.push(flags);
    pack::put_number(&mut bytes, profile.joined_at.millis());
    pack::put_size(&mut bytes, profile.roles.len());
    for role in &profile.roles {
        pack::put_size(&mut bytes, number(roles, *role));
    }
    pack::put_text(&mut bytes, &user.username);
    for name in [&user.global_name, &profile.nick].into_iter().flatten() {
        pack::put_text(&mut bytes, name);
    }
    if let Some(until) = profile.communication_disabled_until {
        pack::put_number(&mut bytes, until.millis());
    }
    bytes.into()
}

fn number(roles: &mut Roles, role: RoleId) -> usize {
    let known = roles.get_index_of(&role);
    known.unwrap_or_else(|| Arc::make_mut(roles).insert_full(role, true).0)
}

/// A member that is read where it lies.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    user: UserId,
    flags: u8,
    joined_at: u64,
    roles: &'a IndexMap<RoleId, bool>,
    role_count: usize,
    /// Numbers of roles, then names.
    rest: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Reads what [`encode`] wrote.
    pub(super) fn read(
        user: UserId,
        mut bytes: &'a [u8],
        roles: &'a IndexMap<RoleId, bool>,
    ) -> Option<Self> {
        let (flags, rest) = bytes.split_first()?;
        bytes = rest;
        let joined_at = pack::number(&mut bytes)?;
        let role_count = pack::size(&mut bytes)?;
        Some(Self { user, flags: *flags, joined_at, roles, role_count, rest: bytes })
    }

    /// Returns whose it is.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// Returns the roles without @everyone, in order of their ids.
    pub fn roles(&self) -> impl Iterator<Item = RoleId> + use<'a> {
        let (mut rest, roles) = (self.rest, self.roles);
        let numbers = (0..self.role_count).map_while(move |_| pack::size(&mut rest));
        let known = numbers.filter_map(|number| roles.get_index(number));
        known.filter(|(_, exists)| **exists).map(|(role, _)| *role)
    }

    /// Tells whether the member counts as known to everybody in a large guild: has a role or a
    /// nickname.
    #[must_use]
    pub fn is_notable(&self) -> bool {
        self.flags & NICK != 0 || self.roles().next().is_some()
    }

    /// Returns the name that others see: nickname, display name or username.
    #[must_use]
    pub fn name(&self) -> &'a str {
        let names = self.names();
        names.nick.or(names.global).unwrap_or(names.username)
    }

    /// Decodes the whole member.
    #[must_use]
    pub fn member(&self) -> Member {
        let names = self.names();
        let mut user = User::new(self.user, names.username, self.flags & BOT != 0);
        user.global_name = names.global.map(str::to_owned);
        let joined_at = Timestamp::from_millis(self.joined_at);
        let mut profile = Profile::new(joined_at, Vec::new());
        profile.roles = self.roles().collect();
        profile.nick = names.nick.map(str::to_owned);
        profile.deaf = self.flags & DEAF != 0;
        profile.mute = self.flags & MUTE != 0;
        profile.communication_disabled_until = names.timed_out;
        Member { user, profile }
    }

    fn names(&self) -> Names<'a> {
        let mut rest = self.rest;
        for _ in 0..self.role_count {
            pack::size(&mut rest);
        }
        let username = pack::text(&mut rest).unwrap_or_default();
        let mut name = |flag| if self.flags & flag == 0 { None } else { pack::text(&mut rest) };
        let (global, nick) = (name(GLOBAL_NAME), name(NICK));
        let until = if self.flags & TIMED_OUT == 0 { None } else { pack::number(&mut rest) };
        Names { username, global, nick, timed_out: until.map(Timestamp::from_millis) }
    }
}

/// What follows the roles.
struct Names<'a> {
    username: &'a str,
    global: Option<&'a str>,
    nick: Option<&'a str>,
    timed_out: Option<Timestamp>,
}
