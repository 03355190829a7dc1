//! Keys that must be in what is answered and told: those that Discord's OpenAPI description calls
//! required, and those without which a client library breaks.

use serde_json::Value;

/// A kind of object.
#[derive(Debug)]
struct Need {
    /// Name; with a number behind it, of objects whose `type` is that.
    kind: &'static str,
    keys: &'static str,
    /// Keys under which other kinds stand, alone or in lists: `key=kind`.
    parts: &'static str,
}

const fn need(kind: &'static str, keys: &'static str, parts: &'static str) -> Need {
    Need { kind, keys, parts }
}

const NEEDS: &[Need] = &[
    need("gateway", "url", ""),
    need("gateway bot", "url shards session_start_limit", "session_start_limit=starts"),
    need("starts", "total remaining reset_after max_concurrency", ""),
    need(
        "user",
        "id username avatar discriminator public_flags flags global_name primary_guild bot",
        "",
    ),
    need("me", "mfa_enabled locale premium_type email verified banner accent_color", "+=user"),
    need(
        "application",
        "id name icon description type verify_key flags flags_new redirect_uris \
         interactions_endpoint_url role_connections_verification_url owner bot_public \
         bot_require_code_grant approximate_guild_count approximate_user_install_count \
         approximate_user_authorization_count explicit_content_filter team eligible_oauth2_scopes",
        "owner=user bot=user",
    ),
    need(
        "command",
        "id application_id version default_member_permissions type name description",
        "options=option",
    ),
    need("option", "type name description", "choices=choice options=option"),
    need("choice", "name value", ""),
    need("my guild", "id name icon banner owner permissions features", ""),
    need(
        "guild",
        "id name icon description home_header splash discovery_splash features banner owner_id \
         application_id region afk_channel_id afk_timeout system_channel_id system_channel_flags \
         widget_enabled widget_channel_id verification_level roles default_message_notifications \
         mfa_level explicit_content_filter max_presences max_members max_stage_video_channel_users \
         max_video_channel_users vanity_url_code premium_tier premium_subscription_count \
         preferred_locale rules_channel_id safety_alerts_channel_id public_updates_channel_id \
         premium_progress_bar_enabled nsfw nsfw_level emojis stickers incidents_data",
        "roles=role",
    ),
    need("counted guild", "approximate_member_count approximate_presence_count", "+=guild"),
    need(
        "role",
        "id name permissions position color colors hoist managed mentionable icon unicode_emoji \
         flags",
        "colors=colors",
    ),
    need("colors", "primary_color secondary_color tertiary_color", ""),
    need("plain channel", "id type flags name position permission_overwrites", OVERWRITES),
    need("channel", "guild_id", "+=plain~channel"),
    need("plain channel 0", "topic last_message_id nsfw rate_limit_per_user", ""),
    need("plain channel 2", "bitrate user_limit rtc_region nsfw last_message_id", ""),
    need("plain channel 5", "topic last_message_id nsfw", ""),
    need("plain channel 13", "topic bitrate user_limit rtc_region nsfw", ""),
    need("overwrite", "id type allow deny", ""),
    need(
        "profile",
        "avatar banner communication_disabled_until flags joined_at nick pending premium_since \
         roles mute deaf",
        "",
    ),
    need("member", "user", "user=user +=profile"),
    need("invite", "type code expires_at guild guild_id channel inviter", INVITED),
    need("managed invite", "uses max_uses max_age temporary created_at", "+=invite"),
    need("counted invite", "approximate_member_count approximate_presence_count", "+=invite"),
    need("accepted invite", "new_member", "+=invite"),
    need(
        "invited guild",
        "id name splash banner description icon features verification_level vanity_url_code \
         nsfw_level nsfw premium_subscription_count",
        "",
    ),
    need("invited channel", "id type name", ""),
    need(
        "message",
        "type content mentions mention_roles attachments embeds timestamp edited_timestamp flags \
         components id channel_id author pinned mention_everyone tts",
        "author=user mentions=user embeds=embed components=component reactions=reaction \
         referenced_message=message message_reference=reference",
    ),
    need("reference", "type channel_id message_id", ""),
    need("told message", "guild_id", "+=message member=profile"),
    need("embed", "type", "fields=field author=named provider=named footer=footer"),
    need("field", "name value inline", ""),
    need("named", "name", ""),
    need("footer", "text", ""),
    need("reaction", "emoji count count_details burst_colors me_burst me", REACTED),
    need("emoji", "id name", ""),
    need("counts", "burst normal", ""),
    need("component", "type id", "components=component accessory=component items=item"),
    need("component 1", "components", ""),
    need("component 2", "style", ""),
    need("component 3", "custom_id min_values max_values options", "options=pick"),
    need("pick", "label value", ""),
    need("component 5", "custom_id min_values max_values", ""),
    need("component 6", "custom_id min_values max_values", ""),
    need("component 7", "custom_id min_values max_values", ""),
    need("component 8", "custom_id min_values max_values", ""),
    need("component 9", "components accessory", ""),
    need("component 10", "content", ""),
    need("component 11", "media description spoiler", "media=media"),
    need("component 12", "items", ""),
    need("component 14", "spacing divider", ""),
    need("component 17", "accent_color components spoiler", ""),
    need("item", "media description spoiler", "media=media"),
    need("media", "id url proxy_url", ""),
    need("sound", "name sound_id volume emoji_id emoji_name available", ""),
    need(
        "ready",
        "v user guilds private_channels session_id resume_gateway_url application",
        "user=me guilds=unavailable application=flagged",
    ),
    need("unavailable", "id unavailable", ""),
    need("flagged", "id flags", ""),
    need(
        "told guild",
        "channels members threads voice_states presences unavailable member_count joined_at large \
         stage_instances guild_scheduled_events soundboard_sounds",
        "+=guild channels=plain~channel members=member presences=presence",
    ),
    need("presence", "user status activities client_status", "user=identified activities=activity"),
    need("identified", "id", ""),
    need("activity", "name type created_at id", ""),
    need("chunk", "guild_id members chunk_index chunk_count nonce", CHUNKED),
];
const OVERWRITES: &str = "permission_overwrites=overwrite";
const INVITED: &str = "guild=invited~guild channel=invited~channel inviter=user";
const REACTED: &str = "emoji=emoji count_details=counts";
const CHUNKED: &str = "members=member presences=presence";

/// Tells what is not there of what must be, in an object or in each of a list.
pub(crate) fn lacking(kind: &str, value: &Value, place: &str) -> Vec<String> {
    match value {
        Value::Array(items) => {
            items.iter().flat_map(|item| lacking(kind, item, &format!("{place}[]"))).collect()
        }
        Value::Object(keys) => {
            let numbered = format!("{kind} {}", keys.get("type").unwrap_or(&Value::Null));
            let mut faults = Vec::new();
            for need in NEEDS.iter().filter(|need| need.kind == kind || need.kind == numbered) {
                let missing = need.keys.split_whitespace().filter(|key| !keys.contains_key(*key));
                faults.extend(missing.map(|key| format!("{place}.{key}")));
                for (key, kind) in parts(need) {
                    faults.extend(match keys.get(key) {
                        _ if key == "+" => lacking(&kind, value, place),
                        None | Some(Value::Null) => Vec::new(),
                        Some(part) => lacking(&kind, part, &format!("{place}.{key}")),
                    });
                }
            }
            faults
        }
        other => vec![format!("{place}: {other} is no {kind}")],
    }
}

fn parts(need: &Need) -> impl Iterator<Item = (&'static str, String)> {
    let parts = need.parts.split_whitespace().filter_map(|part| part.split_once('='));
    parts.map(|(key, kind)| (key, kind.replace('~', " ")))
}

#[test]
fn every_kind_that_is_named_is_known() {
    for need in NEEDS {
        for (_, kind) in parts(need) {
            assert!(NEEDS.iter().any(|need| need.kind == kind), "{need:?}");
        }
    }
    let (role, message) = (serde_json::json!([{ "id": "1" }]), serde_json::json!(5));
    assert!(lacking("role", &role, "r").contains(&"r[].name".to_owned()));
    assert_eq!(lacking("message", &message, "m"), ["m: 5 is no message"]);
}
