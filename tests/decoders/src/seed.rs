//! Inputs that are right.

use serde_json::{Value, json};
use throng_proto::throng::{self, Head};

fn texts(values: impl IntoIterator<Item = Value>) -> Vec<Vec<u8>> {
    values.into_iter().map(|value| value.to_string().into_bytes()).collect()
}

pub(crate) fn websocket() -> Vec<Vec<u8>> {
    let masked = b"\x05\x01\x81\x83\x01\x02\x03\x04\x69\x67\x7a\x89\x80\x00\x00\x00\x00";
    let close = b"\x01\x00\x88\x82\x00\x00\x00\x00\x03\xe8";
    vec![masked.to_vec(), close.to_vec()]
}

pub(crate) fn handshake() -> Vec<Vec<u8>> {
    let lines = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Protocol: x, json\r\n\r\n";
    ["/?v=10&encoding=json&compress=zlib-stream", "/gateway?v=9", "ws://here/?%76=%31%30"]
        .map(|target| format!("GET {target} HTTP/1.1\r\nHost: here\r\n{lines}").into_bytes())
        .into()
}

pub(crate) fn proxy() -> Vec<Vec<u8>> {
    let block = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\x0a\0\0\x01\xdc\x04\x01\xbb";
    let local = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\x04\x03\0\x01\0";
    let lines: [&[u8]; 5] = [
        b"PROXY TCP4 192.0.2.1 10.0.0.1 56324 443\r\nGET / HTTP/1.1\r\n\r\n",
        b"PROXY TCP6 2001:db8::1 ::1 56324 443\r\n",
        b"PROXY UNKNOWN\r\n",
        b"192.0.2.1, 127.0.0.1",
        b"x, [2001:db8::1]:5, ::1",
    ];
    [&block[..], &local[..]].into_iter().chain(lines).map(<[u8]>::to_vec).collect()
}

pub(crate) fn throng() -> Vec<Vec<u8>> {
    let payload = throng::whole(Head::Payload, br#"{"op":1,"d":null}"#);
    let dispatch = throng::whole(Head::Dispatch { sequence: 7, compressed: false }, b"{}");
    let packed = throng::whole(Head::Dispatch { sequence: 8, compressed: true }, &[7; 30]);
    let close = throng::whole(Head::Message, br#"{"close":{"code":1000,"reason":"bye"}}"#);
    vec![[payload.clone(), dispatch, payload].concat(), packed, close]
}

pub(crate) fn gateway() -> Vec<Vec<u8>> {
    let activity = json!({
        "name": "chess", "type": 1, "url": "https://twitch.tv/x", "created_at": 1, "state": "s",
        "details": "d", "timestamps": { "start": 1, "end": 2 }, "instance": true, "flags": 1,
        "emoji": { "name": "x", "id": "1", "animated": false }, "buttons": ["one", "two"],
        "party": { "id": "p", "size": [1, 2] }, "assets": { "large_image": "i", "small_text": "u" },
        "application_id": "1",
    });
    let presence = json!({ "since": 1, "activities": [activity], "status": "dnd", "afk": false });
    let identify = json!({ "token": "t", "intents": 513, "compress": false, "shard": [0, 1],
        "large_threshold": 50, "presence": presence, "capabilities": 1,
        "properties": { "os": "o", "browser": "b", "device": "d" } });
    let subscription = json!({ "typing": true, "members": ["1"], "channels": { "5": [[0, 99]] } });
    texts([
        json!({ "op": 1, "d": 5 }),
        json!({ "op": 2, "d": identify }),
        json!({ "op": 3, "d": presence }),
        json!({ "op": 6, "d": { "token": "t", "session_id": "0", "seq": 1 } }),
        json!({ "op": 8, "d": { "guild_id": "1", "query": "", "limit": 0, "nonce": "n" } }),
        json!({ "op": 8, "d": { "guild_id": ["1"], "user_ids": ["2", 3], "presences": true } }),
        json!({ "op": 14, "d": {
            "guild_id": "1", "typing": true, "channels": { "5": [[0, 99]] } } }),
        json!({ "op": 37, "d": { "subscriptions": { "1": subscription } } }),
        json!({ "op": 100, "d": {
            "id": 1, "method": "POST", "path": "/x", "body": { "a": [1] } } }),
    ])
}

fn embed() -> Value {
    json!({
        "title": "t", "description": "d", "url": "https://a.example/x", "color": 255,
        "timestamp": "2015-12-31T12:00:00Z", "footer": { "text": "f" },
        "image": { "url": "https://a.example/i.png" }, "author": { "name": "a" },
        "fields": [{ "name": "n", "value": "v", "inline": true }],
    })
}

fn rows() -> Value {
    let button = json!({ "type": 2, "style": 1, "label": "l", "custom_id": "a" });
    let select =
        json!({ "type": 3, "custom_id": "s", "options": [{ "label": "l", "value": "v" }] });
    json!([{ "type": 1, "components": [button] }, { "type": 1, "components": [select] }])
}

pub(crate) fn body() -> Vec<Vec<u8>> {
    let text = json!({ "type": 10, "content": "x" });
    let thumbnail = json!({ "type": 11, "media": { "url": "https://a.b/c" } });
    texts([
        json!({ "content": "hello <@5>", "nonce": "n", "tts": false, "flags": 4,
            "allowed_mentions": { "parse": ["roles"], "users": ["5"], "replied_user": false },
            "message_reference": { "message_id": "9", "fail_if_not_exists": false },
            "embeds": [embed()], "components": rows() }),
        json!({ "flags": 1 << 15, "components": [{ "type": 17, "accent_color": 5, "components": [
            { "type": 9, "components": [text], "accessory": thumbnail },
            { "type": 14, "divider": false, "spacing": 2 } ] }] }),
        json!({ "name": "c", "type": 0, "topic": "t", "position": 1, "parent_id": null,
            "permission_overwrites": [{ "id": "1", "type": 0, "allow": "1024", "deny": "0" }] }),
        json!({ "name": "r", "permissions": "8", "color": 1, "hoist": true, "mentionable": false }),
        json!({ "nick": "n", "roles": ["1"],
            "communication_disabled_until": "2030-01-02T03:04:05Z" }),
        json!({ "max_age": 60, "max_uses": 1, "unique": true, "verification_level": 1 }),
    ])
}

pub(crate) fn form() -> Vec<Vec<u8>> {
    let part = |head: &str, body: &str| {
        format!("--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n")
    };
    let json = part("name=\"payload_json\"", r#"{"content":"a","embeds":[]}"#);
    let typed = json.replacen("\r\n\r\n", "\r\nContent-Type: application/json\r\n\r\n", 1);
    let file = part("name=\"files[0]\"; filename=\"a.txt\"", "--y\r\n");
    let plain = [part("name=\"content\"", "b"), part("name=tts", "true")].concat();
    [[typed, file].concat(), [plain.clone(), json].concat(), plain, String::new()]
        .map(|parts| format!("multipart/form-data; boundary=x\n{parts}--x--\r\n").into_bytes())
        .into()
}

pub(crate) fn mentions() -> Vec<Vec<u8>> {
    [
        "<@1> <@!2> <@&3> @everyone",
        "`<@1>` \\<@2> ```\n@here\n``` @here",
        "> <@5><@5> **@everyone**",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into()
}

pub(crate) fn verdict() -> Vec<Vec<u8>> {
    texts([
        json!("passive"),
        json!({ "mode": "active", "recheck": 5 }),
        json!({ "passive": { "message": "full" } }),
        json!({ "capacity": 5000, "count": 2, "key": "region" }),
        json!(0),
        json!(["typing"]),
    ])
}

pub(crate) fn journal() -> Vec<Vec<u8>> {
    let session = json!({
        "id": "0123456789abcdef0123456789abcdef", "sequence": 3,
        "guilds": [{ "guild": "5", "subscribed": true }],
        "identity": { "user": "1", "bot": true, "intents": 513, "named": true, "capabilities": 0,
            "large_threshold": 50, "shard": null, "status": "online", "afk": false,
            "connection": { "os": "o", "browser": "b", "device": "d", "region": "r" } },
    });
    let slot = [7, 0, 0, 0];
    let open = [&[1][..], &slot, session.to_string().as_bytes()].concat();
    let told = [&[5][..], &[5, 0, 0, 0, 0, 0, 0, 0], &[9, 0, 0, 0, 0, 0, 0, 0]].concat();
    let dispatch = [&[2, 9][..], &[5; 16], &[0], &slot, br#"{"op":0}"#].concat();
    let end = [&[3][..], &slot].concat();
    vec![framed(&[&open, &told, &dispatch]), framed(&[&open, &end]), framed(&[&told])]
}

/// Puts lengths of two bytes before records, as the target wants them.
fn framed(records: &[&[u8]]) -> Vec<u8> {
    let framed = records.iter().flat_map(|record| {
        let length = u16::try_from(record.len()).unwrap_or(u16::MAX);
        [&length.to_le_bytes()[..], record].concat()
    });
    framed.collect()
}

pub(crate) fn row() -> Vec<Vec<u8>> {
    let user = json!({ "id": "3", "username": "anna", "global_name": "A", "bot": true });
    let thumbnail = json!({ "url": "https://a.example/a.png", "height": null, "width": 5 });
    texts([
        user.clone(),
        json!({ "nick": "n", "roles": ["1"], "joined_at": "2024-01-02T03:04:05Z", "mute": true }),
        json!({ "id": "1", "name": "r", "permissions": "8", "color": 1, "hoist": true,
            "mentionable": false, "position": 1, "managed": false,
            "colors": { "primary_color": 1 } }),
        json!({ "id": "1", "channel_id": "2", "author": user, "content": "c",
            "timestamp": "2024-01-02T03:04:05.678Z", "edited_timestamp": null, "mentions": [user],
            "mention_roles": ["4"], "attachments": [], "type": 0, "nonce": 5, "flags": 4,
            "embeds": [embed(), { "thumbnail": thumbnail, "provider": { "name": "p" } }],
            "components": rows(),
            "message_reference": { "message_id": "9", "channel_id": "2" } }),
    ])
}
