//! Databases as older gateways made them.

use std::path::Path;

use rusqlite::{Connection, params};
use serde_json::{Value, json};
use throng_ports::store::{GuildSize, Store};
use throng_proto::id::{GuildId, MessageId, UserId};
use throng_proto::model::{Emoji, Referenced};
use throng_proto::record::{Page, Write};

use crate::sample::{CHANNEL, open};

/// The scripts up to version 3, which were published and never change.
const SCRIPTS: [&str; 3] = [
    include_str!("../../src/schema/1.sql"),
    include_str!("../../src/schema/2.sql"),
    include_str!("../../src/schema/3.sql"),
];
const HEART: &str = "\u{2764}";
const WHOLE_HEART: &str = "\u{2764}\u{fe0f}";

/// Makes a database of version 3 with a guild, its channel and some users.
fn older(dir: &Path) -> Connection {
    let db = Connection::open(dir.join("throng.db")).unwrap();
    for script in SCRIPTS {
        db.execute_batch(script).unwrap();
    }
    db.pragma_update(None, "application_id", 0x7468_7267).unwrap();
    db.pragma_update(None, "user_version", 3).unwrap();
    let guild = json!({"id": "1", "name": "Guild", "owner_id": "9"});
    let channel = json!({"id": "2", "guild_id": "1", "name": "general", "type": 0});
    db.execute("INSERT INTO guilds VALUES (1, ?1)", [guild.to_string()]).unwrap();
    let sql = "INSERT INTO channels (id, guild_id, body) VALUES (2, 1, ?1)";
    db.execute(sql, [channel.to_string()]).unwrap();
    for id in 9..12 {
        let body = json!({"id": id.to_string(), "username": format!("u{id}")}).to_string();
        let sql = "INSERT INTO users (id, username, body) VALUES (?1, ?2, ?3)";
        db.execute(sql, params![id, format!("u{id}"), body]).unwrap();
    }
    db
}

fn body(id: i64, content: &str) -> Value {
    json!({
        "id": id.to_string(), "channel_id": "2", "author": {"id": "9", "username": "u9"},
        "content": content, "timestamp": "2020-01-01T00:00:00.000000+00:00",
        "edited_timestamp": null, "mentions": [], "mention_roles": [], "attachments": [],
        "embeds": [], "type": 0, "components": [],
    })
}

fn keep(db: &Connection, id: i64, body: &str) {
    let sql = "INSERT INTO messages (id, channel_id, author_id, body) VALUES (?1, 2, 9, ?2)";
    db.execute(sql, params![id, body]).unwrap();
}

fn kept(dir: &Path, id: i64) -> String {
    let db = Connection::open(dir.join("throng.db")).unwrap();
    db.query_row("SELECT body FROM messages WHERE id = ?1", [id], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn copies_of_answered_messages_are_taken_out_of_rows() {
    let dir = tempfile::tempdir().unwrap();
    let db = older(dir.path());
    let mut reply = body(20, "an answer, and big numbers stay: \"referenced_message\":{");
    reply["nonce"] = json!("9007199254740993");
    reply["message_reference"] = json!({"type": 0, "message_id": "10"});
    reply["referenced_message"] = body(10, "SECRET that was deleted");
    reply["referenced_message"]["referenced_message"] = body(5, "SECRET before it");
    let whole = reply.to_string();
    keep(&db, 20, &whole);
    let plain = body(21, "about \"referenced_message\":{\"a\":1} in text").to_string();
    keep(&db, 21, &plain);
    let none =
        body(22, "x").to_string().replace("\"embeds\"", "\"referenced_message\":null,\"embeds\"");
    keep(&db, 22, &none);
    // What is no JSON, or nests deeper than SQLite reads, is left as it is.
    let broken = "{\"referenced_message\":{ and no more";
    keep(&db, 23, broken);
    let deep = format!(
        "{{\"referenced_message\":{{}},\"embeds\":{}{}}}",
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    keep(&db, 24, &deep);
    drop(db);
    let store = open(dir.path());
    let read = store.message(CHANNEL, MessageId::new(20), None).await.unwrap().unwrap();
    assert_eq!(read.referenced_message, Referenced::Deleted);
    assert_eq!(store.messages(CHANNEL, Page::Latest, 100, None).await.unwrap().len(), 3);
    let size = store.sizes(vec![GuildId::new(1)]).await.unwrap();
    drop(store);
    let row = kept(dir.path(), 20);
    assert!(!row.contains("SECRET"), "{row}");
    reply.as_object_mut().unwrap().remove("referenced_message");
    assert_eq!(serde_json::from_str::<Value>(&row).unwrap(), reply, "nothing else is changed");
    for (id, text) in [(21, &*plain), (22, &none), (23, broken), (24, &deep)] {
        assert_eq!(kept(dir.path(), id), text);
    }
    let bytes = [&row, &plain, &none, broken, &deep].iter().map(|text| text.len() as u64).sum();
    assert_eq!(size, [GuildSize { messages: 5, message_bytes: bytes }]);
}

#[tokio::test]
async fn reactions_without_their_selectors_can_be_taken_away() {
    let dir = tempfile::tempdir().unwrap();
    let db = older(dir.path());
    for id in [30, 31] {
        keep(&db, id, &body(id, "hello").to_string());
    }
    let add = |message: i64, emoji: &str, user: i64, ordinal: i64| {
        let sql =
            "INSERT INTO reactions (message_id, emoji, user_id, ordinal) VALUES (?1, ?2, ?3, ?4)";
        db.execute(sql, params![message, emoji, user, ordinal]).unwrap();
    };
    add(30, "x:77", 9, 0);
    add(30, HEART, 9, 1);
    add(30, HEART, 10, 1);
    add(30, WHOLE_HEART, 10, 2);
    add(30, WHOLE_HEART, 11, 2);
    add(30, "\u{1f980}", 9, 3);
    add(30, "no emoji", 9, 4);
    add(31, HEART, 9, 0);
    drop(db);
    let store = open(dir.path());
    let shown = async |message| {
        let id = MessageId::new(message);
        let read = store.message(CHANNEL, id, Some(UserId::new(9))).await.unwrap().unwrap();
        let each = read.reactions.iter().map(|r| (r.emoji.key(), r.count, r.me));
        each.collect::<Vec<_>>()
    };
    let key = str::to_owned;
    let expected = vec![
        (key("x:77"), 1, true),
        (key(WHOLE_HEART), 3, true),
        (key("\u{1f980}"), 1, true),
        (key("no emoji"), 1, true),
    ];
    assert_eq!(shown(30).await, expected);
    assert_eq!(shown(31).await, [(key(WHOLE_HEART), 1, true)]);
    // Under the name by which it is asked for today.
    let heart = Emoji::unicode(HEART).unwrap();
    let taken = Write::ReactionRemove(MessageId::new(31), heart, UserId::new(9));
    store.commit(vec![taken]).await.unwrap();
    assert_eq!(shown(31).await, []);
}
