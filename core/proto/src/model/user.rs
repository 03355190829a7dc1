//! Accounts.

use serde::{Deserialize, Serialize};

use super::constant::{Discriminator, False, Locale, Null, Number, True};
use crate::id::UserId;

/// An account, human or bot. See [Discord Docs/User](https://discord.com/developers/docs/resources/user).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Snowflake.
    pub id: UserId,
    /// Unique name, 1 to 32 characters.
    pub username: String,
    /// Always `0`.
    #[serde(default)]
    pub discriminator: Discriminator,
    /// Display name.
    #[serde(default)]
    pub global_name: Option<String>,
    /// Always null.
    #[serde(default)]
    pub avatar: Null,
    /// Tells whether a program uses the account.
    #[serde(default)]
    pub bot: bool,
    /// Always null.
    #[serde(default)]
    pub banner: Null,
    /// Always null.
    #[serde(default)]
    pub accent_color: Null,
    /// Always 0.
    #[serde(default)]
    pub public_flags: Number<0>,
    /// Always 0.
    #[serde(default)]
    pub flags: Number<0>,
    /// Always null.
    #[serde(default)]
    pub avatar_decoration_data: Null,
    /// Always null.
    #[serde(default)]
    pub collectibles: Null,
    /// Always null.
    #[serde(default)]
    pub primary_guild: Null,
}

impl User {
    /// Makes an account.
    #[must_use]
    pub fn new(id: UserId, username: impl Into<String>, bot: bool) -> Self {
        Self {
            id,
            username: username.into(),
            bot,
            discriminator: Discriminator,
            global_name: None,
            avatar: Null,
            banner: Null,
            accent_color: Null,
            public_flags: Number,
            flags: Number,
            avatar_decoration_data: Null,
            collectibles: Null,
            primary_guild: Null,
        }
    }
}

/// An account as its owner sees it: READY and `/users/@me`.
#[derive(Clone, Debug, Serialize)]
pub struct CurrentUser<'a> {
    /// What everybody sees.
    #[serde(flatten)]
    pub user: &'a User,
    mfa_enabled: False,
    verified: True,
    email: Null,
    locale: Locale,
    premium_type: Number<0>,
}

impl<'a> CurrentUser<'a> {
    /// Adds what only the owner sees.
    #[must_use]
    pub const fn new(user: &'a User) -> Self {
        Self {
            user,
            mfa_enabled: False,
            verified: True,
            email: Null,
            locale: Locale,
            premium_type: Number,
        }
    }
}
