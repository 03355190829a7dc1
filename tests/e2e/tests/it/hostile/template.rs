//! Right bodies, one for each route and opcode, of which wrong ones are made.

use serde_json::{Value, json};

use super::Stage;

/// How a body travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    /// To the public API.
    Http(&'static str, String),
    /// To the public API, beside a file.
    Form(&'static str, String),
    /// To the admin API.
    Admin(&'static str, String),
    /// Over a link, after READY.
    Link,
    /// Over a link, before READY.
    Greeting,
}

/// A right body and where it goes.
pub(super) struct Template {
    pub(super) carrier: Carrier,
    pub(super) body: Value,
}

/// Returns all of them.
pub(super) fn all(stage: &Stage) -> Vec<Template> {
    let mut all = http(stage);
    let requests: Vec<_> = all.iter().filter_map(over_link).collect();
    all.extend(requests);
    all.extend(admin(stage));
    all.extend(payloads(stage));
    all
}

fn template(carrier: Carrier, body: Value) -> Template {
    Template { carrier, body }
}

/// The same request by opcode 100.
fn over_link(template: &Template) -> Option<Template> {
    let Carrier::Http(method, path) = &template.carrier else { return None };
    let d = json!({ "id": 1, "method": method, "path": path, "body": template.body });
    Some(Template { carrier: Carrier::Link, body: json!({ "op": 100, "d": d }) })
}

fn http(stage: &Stage) -> Vec<Template> {
    let Stage { noise, spare, role, victim, mine, .. } = stage;
    let guild = &stage.scene.guild.id;
    let mut all: Vec<_> = [
        ("POST", format!("/channels/{noise}/messages"), message(stage)),
        ("POST", format!("/channels/{noise}/messages"), layout()),
        ("PATCH", format!("/channels/{noise}/messages/{mine}"), message(stage)),
        (
            "POST",
            format!("/channels/{noise}/messages/bulk-delete"),
            json!({ "messages": stage.doomed }),
        ),
        ("PATCH", format!("/guilds/{guild}"), settings()),
        ("POST", format!("/guilds/{guild}/channels"), channel(stage)),
        ("PATCH", format!("/channels/{spare}"), channel(stage)),
        (
            "PUT",
            format!("/channels/{spare}/permissions/{role}"),
            json!({ "type": 0, "allow": "1024", "deny": "8" }),
        ),
        ("POST", format!("/guilds/{guild}/roles"), role_of()),
        ("PATCH", format!("/guilds/{guild}/roles/{role}"), role_of()),
        ("PATCH", format!("/guilds/{guild}/members/{}", victim.id), member(stage)),
        ("PATCH", format!("/guilds/{guild}/members/@me"), json!({ "nick": "me" })),
        (
            "PUT",
            format!("/guilds/{guild}/members/{}", victim.id),
            json!({ "access_token": victim.token, "nick": "x" }),
        ),
        (
            "POST",
            format!("/channels/{noise}/invites"),
            json!({ "max_age": 60, "max_uses": 5, "temporary": false, "unique": true }),
        ),
    ]
    .map(|(method, path, body)| template(Carrier::Http(method, path), body))
    .into();
    let posts = format!("/channels/{noise}/messages");
    let mut posted = message(stage);
    posted["attachments"] = json!([{ "id": 0, "filename": "a.txt", "description": "words" }]);
    all.push(template(Carrier::Form("POST", posts), posted));
    let edits = format!("/channels/{noise}/messages/{mine}");
    all.push(template(Carrier::Form("PATCH", edits), message(stage)));
    all.extend(commands(stage));
    all
}

fn commands(stage: &Stage) -> [Template; 3] {
    let everywhere = format!("/applications/{}", stage.attacker.id);
    let there = format!("{everywhere}/guilds/{}/commands", stage.scene.guild.id);
    let everywhere = format!("{everywhere}/commands");
    let edited = format!("{everywhere}/{}", stage.command);
    let menu = json!({ "name": "High Five", "type": 2, "contexts": [0, 1], "nsfw": true });
    [
        template(Carrier::Http("POST", everywhere), command()),
        template(Carrier::Http("PATCH", edited), json!({ "options": command()["options"] })),
        template(Carrier::Http("PUT", there), json!([command(), menu])),
    ]
}

fn command() -> Value {
    let texts = json!({ "de": "wort", "ja": "\u{5c81}" });
    let choice = json!({ "name": "c", "value": "v", "name_localizations": texts });
    let song = json!({ "type": 3, "name": "song", "description": "d", "required": true,
        "description_localizations": texts, "max_length": 9, "choices": [choice] });
    let times = json!({ "type": 10, "name": "times", "description": "d", "min_value": 0.5,
        "choices": [{ "name": "one", "value": 1 }] });
    let place = json!({ "type": 7, "name": "where", "description": "d", "channel_types": [0] });
    let songs =
        json!({ "type": 1, "name": "all", "description": "d", "options": [song, times, place] });
    json!({ "name": "songs", "description": "d", "name_localizations": texts,
        "default_member_permissions": "32", "options": [
            { "type": 2, "name": "old", "description": "d", "options": [songs] } ] })
}

fn message(stage: &Stage) -> Value {
    let button = json!({ "type": 2, "style": 1, "label": "yes", "custom_id": "yes",
        "disabled": false,
        "emoji": { "id": null, "name": "\u{1f680}" } });
    let link = json!({ "type": 2, "style": 5, "label": "go", "url": "https://example.org/" });
    let options = json!([{ "label": "a", "value": "a", "description": "b", "default": true }]);
    let select = json!({ "type": 3, "custom_id": "pick", "options": options, "placeholder": "p",
        "min_values": 1, "max_values": 1 });
    json!({
        "content": format!("wrong <@{}> <@&{}> @everyone", stage.victim.id, stage.role),
        "nonce": "n", "enforce_nonce": false, "tts": false, "flags": 4,
        "embeds": [embed()],
        "allowed_mentions": { "parse": ["users"], "roles": [stage.role], "replied_user": true },
        "message_reference": { "type": 0, "message_id": stage.mine, "channel_id": stage.noise,
            "guild_id": stage.scene.guild.id, "fail_if_not_exists": false },
        "components": [
            { "type": 1, "components": [button, link] },
            { "type": 1, "components": [select] },
        ],
    })
}

fn embed() -> Value {
    json!({
        "title": "t", "type": "rich", "description": "d", "url": "https://example.org/",
        "timestamp": "2024-01-02T03:04:05.678Z", "color": 255,
        "footer": { "text": "f", "icon_url": "https://example.org/f.png" },
        "image": { "url": "https://example.org/i.png", "height": 1, "width": 1 },
        "thumbnail": { "url": "https://example.org/t.png" },
        "author": { "name": "a", "url": "https://example.org/", "icon_url": "https://a.b/c" },
        "fields": [{ "name": "n", "value": "v", "inline": true }, { "name": "m", "value": "w" }],
    })
}

/// A message of components alone.
fn layout() -> Value {
    let text = json!({ "type": 10, "content": "words" });
    let media = json!({ "url": "https://example.org/a.png" });
    json!({ "flags": 1 << 15, "components": [
        text,
        { "type": 9, "components": [text], "accessory": { "type": 11, "media": media } },
        { "type": 12, "items": [{ "media": media, "description": "d", "spoiler": true }] },
        { "type": 14, "divider": true, "spacing": 1 },
        { "type": 17, "accent_color": 255, "spoiler": false, "components": [text] },
    ]})
}

fn settings() -> Value {
    json!({
        "name": "first light", "description": "d", "verification_level": 1,
        "default_message_notifications": 1, "explicit_content_filter": 1, "afk_timeout": 300,
        "afk_channel_id": null, "system_channel_id": null, "preferred_locale": "en-US",
        "icon": null, "features": [],
    })
}

fn channel(stage: &Stage) -> Value {
    json!({
        "name": "spare", "topic": "t", "position": 3, "nsfw": false, "rate_limit_per_user": 0,
        "bitrate": 64000, "user_limit": 0, "video_quality_mode": 1, "rtc_region": null,
        "parent_id": null,
        "permission_overwrites": [{ "id": stage.role, "type": 0, "allow": "1024", "deny": "0" }],
    })
}

fn role_of() -> Value {
    json!({
        "name": "r", "permissions": "1024", "color": 255, "hoist": false, "mentionable": true,
        "colors": { "primary_color": 1, "secondary_color": null, "tertiary_color": null },
    })
}

fn member(stage: &Stage) -> Value {
    json!({
        "nick": "v", "roles": [stage.role], "mute": false, "deaf": false,
        "communication_disabled_until": "2024-01-02T03:04:05Z", "flags": 0,
    })
}

fn admin(stage: &Stage) -> Vec<Template> {
    let users = stage.scene.readers.iter().map(|user| json!({ "user_id": user.id, "nick": "n" }));
    let members: Vec<_> = users.collect();
    let overwrite = json!({ "id": "@everyone", "type": 0, "allow": "0", "deny": "2048" });
    let blueprint = json!({
        "name": "one more", "owner_id": stage.victim.id, "description": "d", "members": members,
        "roles": [{ "name": "r", "permissions": "8", "color": 1, "hoist": true,
            "mentionable": true }],
        "channels": [{ "name": "c", "type": 0, "topic": "t",
            "permission_overwrites": [overwrite] }],
    });
    let guild = &stage.scene.guild.id;
    [
        ("/admin/v1/users".to_owned(), json!({ "username": "somebody", "bot": true })),
        ("/admin/v1/guilds".to_owned(), blueprint),
        (
            format!("/admin/v1/guilds/{guild}/members/import"),
            json!({ "username": "crowd", "roles": [], "nick": "n" }),
        ),
    ]
    .map(|(path, body)| template(Carrier::Admin("POST", path), body))
    .into()
}

fn payloads(stage: &Stage) -> Vec<Template> {
    let Stage { noise, victim, .. } = stage;
    let guild = &stage.scene.guild.id;
    let identify = json!({
        "token": victim.token, "intents": 33281, "capabilities": 1, "compress": false,
        "large_threshold": 50, "shard": [0, 1], "presence": presence(),
        "properties": { "os": "o", "browser": "b", "device": "d" },
    });
    let lists = json!({ (noise.as_str()): [[0, 99], [100, 199]] });
    let subscription = json!({ "typing": true, "threads": false, "activities": true,
        "member_updates": true, "members": [victim.id], "channels": lists });
    let members =
        json!({ "guild_id": guild, "query": "", "limit": 10, "presences": true, "nonce": "n" });
    let named = json!({ "guild_id": guild, "user_ids": [victim.id], "nonce": "n" });
    let voice =
        json!({ "guild_id": guild, "channel_id": null, "self_mute": false, "self_deaf": false });
    let mut all: Vec<_> = [
        (1, json!(5)),
        (3, presence()),
        (4, voice),
        (8, members),
        (8, named),
        (
            14,
            json!({ "guild_id": guild, "typing": true, "channels": lists, "members": [victim.id] }),
        ),
        (37, json!({ "subscriptions": { (guild.as_str()): subscription } })),
        (31, json!({ "guild_ids": [guild] })),
        (13, json!({ "channel_id": noise })),
    ]
    .map(|(op, d)| template(Carrier::Link, json!({ "op": op, "d": d })))
    .into();
    let resume = json!({ "token": victim.token, "session_id": "0123456789abcdef", "seq": 1 });
    for (op, d) in [(2, identify), (6, resume)] {
        all.push(template(Carrier::Greeting, json!({ "op": op, "d": d })));
    }
    all
}

fn presence() -> Value {
    let activity = json!({
        "name": "chess", "type": 0, "url": "https://twitch.tv/x", "created_at": 1, "state": "s",
        "details": "d", "application_id": "1", "instance": true, "flags": 1, "session_id": "s",
        "timestamps": { "start": 1, "end": 2 },
        "emoji": { "name": "x", "id": "1", "animated": false },
        "party": { "id": "p", "size": [1, 2] }, "buttons": ["one", "two"],
        "assets": { "large_image": "i", "large_text": "t", "small_image": "j", "small_text": "u" },
        "secrets": { "join": "a", "spectate": "b", "match": "c" },
    });
    json!({ "since": 91879201, "activities": [activity], "status": "dnd", "afk": false,
        "game": null })
}
