//! Invites: how users come into guilds by their own wish.

mod body;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use self::body::InviteBody;
use super::User;
use crate::form::{Form, FromForm};
use crate::id::{ChannelId, GuildId};
use crate::time::Timestamp;

/// Digits of codes.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Digits of a code: 62 to the 10th are 8 x 10^17, too many to try.
const LENGTH: usize = 10;
/// Longest text that is looked up as a code.
const LENGTH_MAX: usize = 32;

/// Name of an invite; whoever knows it may use it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InviteCode(Box<str>);

/// A text that is no code: it is empty, longer than 32 characters, or has others than letters,
/// digits and `-`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("codes are 1 to 32 letters, digits and hyphens")]
pub struct NoCode;

impl InviteCode {
    /// Makes a code of a random number, of which the lower 60 bits count.
    #[must_use]
    pub fn from_random(mut number: u64) -> Self {
        let mut code = String::with_capacity(LENGTH);
        for _ in 0..LENGTH {
            let digit = usize::try_from(number % 62).unwrap_or_default();
            code.push(char::from(DIGITS[digit]));
            number /= 62;
        }
        Self(code.into())
    }

    /// Returns the text.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InviteCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for InviteCode {
    type Err = NoCode;

    fn from_str(text: &str) -> Result<Self, NoCode> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let fits = (1..=LENGTH_MAX).contains(&text.len()) && text.bytes().all(known);
        if fits { Ok(Self(text.into())) } else { Err(NoCode) }
    }
}

/// A way into a guild. See [Discord Docs/Invite].
///
/// [Discord Docs/Invite]: https://discord.com/developers/docs/resources/invite
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// Its name.
    pub code: InviteCode,
    /// Where it leads.
    pub guild_id: GuildId,
    /// What its users see first.
    pub channel_id: ChannelId,
    /// Who made it; nobody for an operator.
    pub inviter: Option<User>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Seconds until it ends, 0 to 604,800; 0 is never.
    pub max_age: u32,
    /// How often it can be used, 0 to 100; 0 is any number.
    pub max_uses: u32,
    /// How often it was used.
    pub uses: u32,
}

impl Invite {
    /// Returns when it ends, if it ever does.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        let age = Duration::from_secs(self.max_age.into());
        (self.max_age > 0).then(|| self.created_at.after(age))
    }

    /// Tells whether nobody can use it any more: it was used as often as it may be, or its time is
    /// over.
    #[must_use]
    pub fn is_spent(&self, now: Timestamp) -> bool {
        let used_up = self.max_uses > 0 && self.uses >= self.max_uses;
        used_up || self.expires_at().is_some_and(|end| now >= end)
    }
}

/// What an invite should be. Keys that are absent have Discord's defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InviteDraft {
    /// Its name, made by whoever sends the command; never read from a body.
    pub code: Option<InviteCode>,
    /// 0 to 604,800 seconds; a day when absent.
    pub max_age: Option<u32>,
    /// 0 to 100; any number when absent.
    pub max_uses: Option<u32>,
    /// Members who lose the guild when they disconnect; refused.
    pub temporary: Option<bool>,
    /// Makes another one even if there is one like it.
    pub unique: Option<bool>,
    /// A stream or an activity to join; refused.
    pub target_type: Option<u32>,
}

impl FromForm for InviteDraft {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        form.unserved(&["target_user_id", "target_application_id", "role_ids"]);
        Some(Self {
            code: None,
            max_age: form.field("max_age").number(0..=604_800),
            max_uses: form.field("max_uses").number(0..=100),
            temporary: form.field("temporary").flag(),
            unique: form.field("unique").flag(),
            target_type: form.field("target_type").number(0..=u32::MAX.into()),
        })
    }
}
