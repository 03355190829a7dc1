//! Payloads have the keys that real libraries were seen to need.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use throng_proto::command::{ChannelPatch, Command, MemberPatch, MessageDraft, RolePatch};
use throng_proto::event::{EventKind, Scope};
use throng_proto::id::UserId;
use throng_proto::model::Emoji;

use super::hall::{ALICE, BOB, Hall, MODERATOR, OPEN, OWNER, RED, body, draft, form, user};
use crate::scene;

const MESSAGE: &str = "attachments author channel_id channel_type components content \
    edited_timestamp embeds flags guild_id id member mention_everyone mention_roles mentions \
    pinned timestamp tts type";
const MEMBER: &str = "avatar banner communication_disabled_until deaf flags guild_id joined_at \
    mute nick pending premium_since roles user";
const CHANNEL: &str = "flags guild_id id last_message_id name nsfw parent_id \
    permission_overwrites position rate_limit_per_user topic type";
const GUILD: &str = "id name icon splash discovery_splash owner_id afk_channel_id afk_timeout \
    widget_enabled widget_channel_id verification_level default_message_notifications \
    explicit_content_filter roles emojis features mfa_level application_id system_channel_id \
    system_channel_flags rules_channel_id max_presences max_members vanity_url_code description \
    banner premium_tier premium_subscription_count preferred_locale public_updates_channel_id \
    max_video_channel_users max_stage_video_channel_users nsfw_level stickers \
    premium_progress_bar_enabled safety_alerts_channel_id incidents_data";

/// Checks the last event: its kind, and exactly these keys, or at least these when `more`.
fn assert_keys(hall: &Hall, kind: EventKind, keys: &str, more: bool) {
    assert_eq!(hall.last().kind, kind);
    let payload = hall.payload();
    let is: BTreeSet<&str> = payload.as_object().expect("an object").keys().map(|k| &**k).collect();
    let needed: BTreeSet<&str> = keys.split_whitespace().collect();
    let missing: Vec<_> = needed.difference(&is).collect();
    assert!(missing.is_empty(), "{} lacks {missing:?}", kind.name());
    let surplus: Vec<_> = is.difference(&needed).collect();
    assert!(more || surplus.is_empty(), "{} has {surplus:?}", kind.name());
}

#[test]
fn messages_are_encoded_with_and_without_their_content() {
    let mut hall = Hall::new();
    let secret = json!({ "embeds": [{ "title": "secret" }] });
    let draft = MessageDraft { content: Some("secret <@3>".into()), ..form(secret) };
    let message = hall.post_in(ALICE, OPEN, draft).expect("granted");
    assert_keys(&hall, EventKind::MessageCreate, MESSAGE, false);
    let payload = hall.payload();
    assert_eq!(payload["content"], "secret <@3>");
    assert!(payload["member"].get("user").is_none());
    assert_eq!(payload["mentions"][0]["id"], "3");
    assert!(payload["mentions"][0]["member"].get("user").is_none());
    let event = hall.last();
    assert_eq!(event.scope, Scope::Channel(OPEN));
    assert_eq!(event.author, Some(UserId::new(ALICE)));
    let stripped = scene::payload(event.stripped.as_ref().expect("a variant"))["d"].clone();
    assert_eq!(stripped["content"], "");
    assert_eq!(stripped["embeds"], json!([]));
    assert_eq!(stripped["mentions"], payload["mentions"]);
    let patch = form(json!({ "content": "new" }));
    hall.run(ALICE, Command::MessageEdit(OPEN, message.id, Box::new(patch))).expect("granted");
    assert_keys(&hall, EventKind::MessageUpdate, MESSAGE, false);
    hall.run(ALICE, Command::MessageDelete(OPEN, message.id)).expect("granted");
    assert_keys(&hall, EventKind::MessageDelete, "channel_id guild_id id", false);
}

#[test]
fn reactions_and_typing_have_their_keys() {
    let mut hall = Hall::new();
    let message = hall.post(BOB, "x").id;
    let heart = Emoji { id: None, name: Some("\u{2764}".into()) };
    hall.run(ALICE, Command::ReactionAdd(OPEN, message, heart)).expect("granted");
    let keys = "burst burst_colors channel_id emoji guild_id member message_author_id \
        message_id type user_id";
    assert_keys(&hall, EventKind::MessageReactionAdd, keys, false);
    let payload = hall.payload();
    assert_eq!(payload["member"]["user"]["id"], "2");
    assert_eq!(payload["emoji"], json!({ "id": null, "name": "\u{2764}" }));
    hall.run(ALICE, Command::Typing(OPEN)).expect("granted");
    let keys = "channel_id guild_id member timestamp user_id";
    assert_keys(&hall, EventKind::TypingStart, keys, false);
    assert_eq!(hall.payload()["timestamp"], 1_700_000_000);
    assert_eq!(hall.last().sequence, 0);
}

#[test]
fn members_have_their_keys() {
    let mut hall = Hall::new();
    let put = Command::MemberPut(user(20), MemberPatch::default());
    hall.run(MODERATOR, put).expect("granted");
    assert_keys(&hall, EventKind::GuildMemberAdd, MEMBER, true);
    let new = UserId::new(20);
    hall.run(MODERATOR, Command::MemberRoleAdd(new, RED)).expect("granted");
    assert_keys(&hall, EventKind::GuildMemberUpdate, MEMBER, true);
    assert_eq!(hall.payload()["roles"], json!(["200"]));
    assert_eq!(hall.last().author, Some(new), "relays tell the member itself apart");
    hall.run(MODERATOR, Command::MemberDelete(new)).expect("granted");
    assert_keys(&hall, EventKind::GuildMemberRemove, "guild_id user", false);
}

#[test]
fn structure_has_its_keys() {
    let mut hall = Hall::new();
    let name = || Some("new".to_owned());
    let role =
        hall.json(OWNER, Command::RoleCreate(RolePatch { name: name(), ..RolePatch::default() }));
    assert_keys(&hall, EventKind::GuildRoleCreate, "guild_id role", false);
    let role = body::<throng_proto::model::Role>(role).id;
    hall.run(OWNER, Command::RoleDelete(role)).expect("granted");
    assert_keys(&hall, EventKind::GuildRoleDelete, "guild_id role_id", false);
    let patch = ChannelPatch { name: name(), ..ChannelPatch::default() };
    let made = hall.json(OWNER, Command::ChannelCreate(patch.clone()));
    assert_keys(&hall, EventKind::ChannelCreate, CHANNEL, true);
    assert_eq!(made["name"], "new");
    let message = hall.post(ALICE, "x");
    hall.run(OWNER, Command::ChannelPatch(OPEN, patch)).expect("granted");
    assert_keys(&hall, EventKind::ChannelUpdate, CHANNEL, true);
    assert_eq!(hall.payload()["last_message_id"], message.id.to_string());
    hall.run(OWNER, Command::GuildPatch(form(json!({ "name": "renamed" })))).expect("granted");
    assert_keys(&hall, EventKind::GuildUpdate, GUILD, true);
    assert_eq!(hall.payload()["roles"].as_array().map(Vec::len), Some(5));
    hall.run(OWNER, Command::GuildDelete).expect("granted");
    assert_keys(&hall, EventKind::GuildDelete, "id", false);
}

#[test]
fn the_answer_to_a_post_is_the_message_as_the_api_shows_it() {
    let mut hall = Hall::new();
    let draft =
        MessageDraft { nonce: Some(throng_proto::model::Nonce::Text("n".into())), ..draft("x") };
    let answer = hall.json(ALICE, Command::MessageCreate(OPEN, Box::new(draft)));
    assert_eq!(answer["nonce"], "n");
    assert!(answer.get("guild_id").is_none() && answer.get("member").is_none());
    assert_eq!(answer["author"]["id"], "2");
    let guild: Value = hall.json(ALICE, Command::GuildGet { counts: false });
    assert!(guild.get("approximate_member_count").is_none());
}
