//! Settings of guilds, channels, roles and members, to make or to change them.

use crate::form::{Field, Form, FromForm};
use crate::id::{ChannelId, RoleId, UserId};
use crate::model::{ChannelKind, Overwrite, bound};
use crate::permissions::Permissions;
use crate::time::Timestamp;

/// Overwrites that one body lists.
const OVERWRITES_MAX: usize = 1000;
/// Roles that one body lists.
const ROLES_MAX: usize = 1000;
/// Largest position.
const POSITION_MAX: i64 = 0x7fff_ffff;

/// Settings of a guild to change; absent keys stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GuildPatch {
    /// 2 to 100 characters.
    pub name: Option<String>,
    /// At most 300 characters; null clears.
    pub description: Option<Option<String>>,
    /// New owner, a member.
    pub owner_id: Option<UserId>,
    /// 0 to 4.
    pub verification_level: Option<u8>,
    /// 0 or 1.
    pub default_message_notifications: Option<u8>,
    /// 0 to 2.
    pub explicit_content_filter: Option<u8>,
    /// 60, 300, 900, 1800 or 3600 seconds.
    pub afk_timeout: Option<u32>,
    /// A voice channel; null clears.
    pub afk_channel_id: Option<Option<ChannelId>>,
    /// A text channel; null clears.
    pub system_channel_id: Option<Option<ChannelId>>,
}

impl FromForm for GuildPatch {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        form.unserved(&[
            "icon",
            "splash",
            "discovery_splash",
            "banner",
            "home_header",
            "system_channel_flags",
            "features",
            "rules_channel_id",
            "public_updates_channel_id",
            "safety_alerts_channel_id",
            "premium_progress_bar_enabled",
            "roles",
            "channels",
            "guild_template_code",
        ]);
        // Regions are Discord's past, and every guild speaks English.
        let locale = form.field("preferred_locale");
        if locale.value().is_some_and(|locale| locale != "en-US") {
            locale.unserved();
        }
        Some(Self {
            name: form.field("name").name(2..=bound::NAME_CHARS),
            description: form
                .field("description")
                .or_clear(|text| text.text(0..=bound::DESCRIPTION_CHARS)),
            owner_id: form.field("owner_id").id(),
            verification_level: form.field("verification_level").number(0..=4),
            default_message_notifications: form
                .field("default_message_notifications")
                .number(0..=1),
            explicit_content_filter: form.field("explicit_content_filter").number(0..=2),
            afk_timeout: form.field("afk_timeout").number_of(&[60, 300, 900, 1800, 3600]),
            afk_channel_id: form.field("afk_channel_id").or_clear(|id| id.id()),
            system_channel_id: form.field("system_channel_id").or_clear(|id| id.id()),
        })
    }
}

/// A channel to make, or settings of one to change; absent keys stay or have their defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelPatch {
    /// 1 to 100 characters.
    pub name: Option<String>,
    /// Kind.
    pub kind: Option<ChannelKind>,
    /// At most 1024 characters; null clears.
    pub topic: Option<Option<String>>,
    /// Order.
    pub position: Option<u32>,
    /// Category; null clears.
    pub parent_id: Option<Option<ChannelId>>,
    /// For adults.
    pub nsfw: Option<bool>,
    /// 0 to 21,600 seconds.
    pub rate_limit_per_user: Option<u32>,
    /// 8,000 to 384,000 bits per second.
    pub bitrate: Option<u32>,
    /// 0 to 99 members.
    pub user_limit: Option<u32>,
    /// Replaces all overwrites.
    pub permission_overwrites: Option<Vec<Overwrite>>,
}

impl FromForm for ChannelPatch {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        form.unserved(&[
            "rtc_region",
            "default_auto_archive_duration",
            "default_thread_rate_limit_per_user",
            "default_reaction_emoji",
            "default_sort_order",
            "default_forum_layout",
            "default_tag_setting",
            "available_tags",
            "applied_tags",
            "flags",
        ]);
        // 1 lets clients choose, which is all that they do.
        let quality = form.field("video_quality_mode");
        if quality.value().is_some_and(|mode| mode != 1) {
            quality.unserved();
        }
        let overwrites = form.field("permission_overwrites");
        Some(Self {
            name: form.field("name").name(1..=bound::NAME_CHARS),
            kind: form.field("type").number(0..=255).map(ChannelKind),
            topic: form.field("topic").or_clear(|topic| topic.text(0..=bound::TOPIC_CHARS)),
            position: form.field("position").number(0..=POSITION_MAX),
            parent_id: form.field("parent_id").or_clear(|id| id.id()),
            nsfw: form.field("nsfw").flag(),
            rate_limit_per_user: form.field("rate_limit_per_user").number(0..=21_600),
            bitrate: form.field("bitrate").number(8_000..=384_000),
            user_limit: form.field("user_limit").number(0..=99),
            permission_overwrites: overwrites.forms(0..=OVERWRITES_MAX),
        })
    }
}

/// A role to make, or settings of one to change; absent keys stay or have their defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolePatch {
    /// 1 to 100 characters.
    pub name: Option<String>,
    /// What it allows; never more than the actor may.
    pub permissions: Option<Permissions>,
    /// RGB.
    pub color: Option<u32>,
    /// RGB and gradients; says more than `color`, which it replaces.
    pub colors: Option<ColorsPatch>,
    /// Shown apart.
    pub hoist: Option<bool>,
    /// Everybody may mention it.
    pub mentionable: Option<bool>,
    /// Rank.
    pub position: Option<u32>,
}

impl FromForm for RolePatch {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        form.unserved(&["icon", "unicode_emoji"]);
        Some(Self {
            name: form.field("name").name(1..=bound::NAME_CHARS),
            permissions: form.field("permissions").permissions(),
            color: form.field("color").color(),
            colors: form.field("colors").form(),
            hoist: form.field("hoist").flag(),
            mentionable: form.field("mentionable").flag(),
            position: form.field("position").number(1..=POSITION_MAX),
        })
    }
}

/// Colours of a role to change; absent keys stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ColorsPatch {
    /// RGB.
    pub primary_color: Option<u32>,
    /// RGB of a gradient; null makes it plain.
    pub secondary_color: Option<Option<u32>>,
    /// RGB of a third colour; null takes it.
    pub tertiary_color: Option<Option<u32>>,
}

impl FromForm for ColorsPatch {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        Some(Self {
            primary_color: form.field("primary_color").color(),
            secondary_color: form.field("secondary_color").or_clear(|color| color.color()),
            tertiary_color: form.field("tertiary_color").or_clear(|color| color.color()),
        })
    }
}

/// Settings of a member to change; absent keys stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberPatch {
    /// At most 32 characters; null or empty clears.
    pub nick: Option<Option<String>>,
    /// Replaces all roles.
    pub roles: Option<Vec<RoleId>>,
    /// Mute in voice.
    pub mute: Option<bool>,
    /// Deafen in voice.
    pub deaf: Option<bool>,
    /// At most 28 days ahead; null ends the time-out.
    pub communication_disabled_until: Option<Option<Timestamp>>,
}

impl FromForm for MemberPatch {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        form.unserved(&["channel_id", "flags", "avatar", "banner", "bio"]);
        let until = form.field("communication_disabled_until");
        Some(Self {
            nick: form.field("nick").or_clear(|nick| nick.name(0..=bound::NICK_CHARS)),
            roles: ids(&form.field("roles")),
            mute: form.field("mute").flag(),
            deaf: form.field("deaf").flag(),
            communication_disabled_until: until.or_clear(|until| until.time()),
        })
    }
}

fn ids(field: &Field<'_>) -> Option<Vec<RoleId>> {
    field.sparse(0..=ROLES_MAX, |item| item.id())
}
