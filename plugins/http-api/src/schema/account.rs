//! Errors, the gateway, accounts and applications.

use serde_json::Value;
use utoipa::ToSchema;

/// Answer that says why a request was not done.
#[derive(Debug, ToSchema)]
pub struct Error {
    /// Discord's code; 0 without one.
    pub code: u32,
    /// Sentence.
    pub message: String,
    /// What is wrong with which field: nested objects ending in `_errors`.
    pub errors: Option<Value>,
    /// Seconds until the request may be repeated.
    pub retry_after: Option<f64>,
    /// Tells whether the limit is one over all routes.
    pub global: Option<bool>,
}

/// Address of the gateway.
#[derive(Debug, ToSchema)]
pub struct Gateway {
    /// `ws://host:port`, without path or query.
    pub url: String,
}

/// Address of the gateway, and how to start shards.
#[derive(Debug, ToSchema)]
pub struct GatewayBot {
    /// `ws://host:port`, without path or query.
    pub url: String,
    /// Recommended number of shards.
    pub shards: u32,
    /// Limit of identifies.
    pub session_start_limit: SessionStartLimit,
}

/// Limit of identifies.
#[derive(Debug, ToSchema)]
pub struct SessionStartLimit {
    /// In one day.
    pub total: u32,
    /// Still left.
    pub remaining: u32,
    /// Milliseconds until the day ends.
    pub reset_after: u64,
    /// At the same time.
    pub max_concurrency: u32,
}

/// An account.
#[derive(Debug, ToSchema)]
pub struct User {
    /// Snowflake.
    pub id: String,
    /// Unique name.
    pub username: String,
    /// Always `0`.
    pub discriminator: String,
    /// Display name.
    pub global_name: Option<String>,
    /// Always null.
    pub avatar: Option<String>,
    /// Tells whether a program uses the account.
    pub bot: bool,
    /// Always null.
    pub banner: Option<String>,
    /// Always null.
    pub accent_color: Option<u32>,
    /// Always 0.
    pub public_flags: u32,
    /// Always 0.
    pub flags: u32,
    /// Always null.
    pub avatar_decoration_data: Option<String>,
    /// Always null.
    pub collectibles: Option<String>,
    /// Always null.
    pub primary_guild: Option<String>,
}

/// An account as its owner sees it.
#[derive(Debug, ToSchema)]
pub struct CurrentUser {
    /// Snowflake.
    pub id: String,
    /// Unique name.
    pub username: String,
    /// Always `0`.
    pub discriminator: String,
    /// Display name.
    pub global_name: Option<String>,
    /// Always null.
    pub avatar: Option<String>,
    /// Tells whether a program uses the account.
    pub bot: bool,
    /// Always null.
    pub banner: Option<String>,
    /// Always null.
    pub accent_color: Option<u32>,
    /// Always 0.
    pub public_flags: u32,
    /// Always null.
    pub avatar_decoration_data: Option<String>,
    /// Always null.
    pub collectibles: Option<String>,
    /// Always null.
    pub primary_guild: Option<String>,
    /// Always false.
    pub mfa_enabled: bool,
    /// Always true.
    pub verified: bool,
    /// Always null.
    pub email: Option<String>,
    /// Always 0.
    pub flags: u32,
    /// Always `en-US`.
    pub locale: String,
    /// Always 0.
    pub premium_type: u32,
}

/// An application; every account is its own, with constant keys besides these.
#[derive(Debug, ToSchema)]
pub struct Application {
    /// Snowflake, that of the account.
    pub id: String,
    /// Name, that of the account.
    pub name: String,
    /// Always null.
    pub icon: Option<String>,
    /// Always empty.
    pub description: String,
    /// Always true.
    pub bot_public: bool,
    /// Always false.
    pub bot_require_code_grant: bool,
    /// Key of interactions, which do not exist.
    pub verify_key: String,
    /// Account.
    pub owner: User,
    /// Account.
    pub bot: User,
    /// Granted intents.
    pub flags: u32,
}
