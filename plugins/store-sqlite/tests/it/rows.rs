//! Rows that cannot be read: others are, and deleting needs no reading.

use std::path::Path;

use futures_util::StreamExt as _;
use throng_ports::metrics::Page as Metrics;
use throng_ports::store::CatalogStore as _;
use throng_ports::store::{Store, StoreError};
use throng_proto::catalog::CommandPlace;
use throng_proto::event::{EventKind, Mentions, Scope};
use throng_proto::id::{AnyId, CommandId, GuildId, MessageId, UserId};
use throng_proto::model::{Member, Profile, RegisteredCommand, Role, User};
use throng_proto::permissions::Permissions;
use throng_proto::record::{EventRecord, Page, Write};
use throng_proto::time::Timestamp;

use crate::sample::{CHANNEL, founding, open, post};

const GUILD: GuildId = GuildId::new(1);

/// Bodies that no row should have: no JSON, other JSON, JSON that nests too deep, no text at all.
fn nonsense() -> Vec<String> {
    let deep = format!("{{\"id\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let bodies = ["'{'", "''", "'null'", "'[1,2]'", "'{\"id\":{}}'", "CAST(x'ff00fe' AS TEXT)"];
    bodies.map(str::to_owned).into_iter().chain([format!("'{deep}'")]).collect()
}

async fn filled(dir: &Path) {
    let store = open(dir);
    store.commit(founding()).await.unwrap();
    let everyone = Role::new(GUILD.cast(), "@everyone", Permissions::DEFAULT);
    let other = Role::new(GuildId::new(5).cast(), "other", Permissions::NONE);
    let mut writes = vec![Write::Role(GUILD, everyone), Write::Role(GUILD, other)];
    for id in 1..=5 {
        writes.push(post(id, 10));
        let user = User::new(UserId::new(100 + id), format!("user{id}"), false);
        let profile = Profile::new(Timestamp::from_millis(1_700_000_000_000), Vec::new());
        writes.push(Write::Member(GUILD, Member { user, profile }));
        writes.push(Write::Event(Box::new(event(id))));
    }
    store.commit(writes).await.unwrap();
}

fn event(sequence: u64) -> EventRecord {
    EventRecord {
        guild: GUILD,
        sequence,
        at: Timestamp::from_millis(1_700_000_000_000),
        kind: EventKind::MessageCreate,
        scope: Scope::Guild,
        payload: "{}".to_owned(),
        stripped: None,
        author: None,
        mentions: Mentions::default(),
    }
}

fn spoil(dir: &Path, table: &str, column: &str, what: &str, body: &str) {
    let other = rusqlite::Connection::open(dir.join("throng.db")).unwrap();
    other.execute(&format!("UPDATE {table} SET {column} = {body} WHERE {what}"), []).unwrap();
}

#[tokio::test]
async fn a_message_that_cannot_be_read_leaves_the_others_readable() {
    for body in nonsense() {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path()).await;
        spoil(dir.path(), "messages", "body", "id = 3", &body);
        let store = open(dir.path());
        let (third, second) = (MessageId::new(3), MessageId::new(2));
        for page in [Page::Latest, Page::Before(MessageId::new(9)), Page::Around(third)] {
            let page = store.messages(CHANNEL, page, 50, None).await.unwrap();
            let ids: Vec<u64> = page.iter().map(|message| message.id.value()).collect();
            assert_eq!(ids, [5, 4, 2, 1], "{body}");
        }
        let after = store.messages(CHANNEL, Page::After(second), 50, None).await.unwrap();
        assert_eq!(after.len(), 2, "{body}");
        assert_eq!(store.message(CHANNEL, third, None).await.unwrap(), None, "{body}");
        let mut page = Metrics::default();
        store.measure(&mut page);
        assert!(page.into_text().contains("throng_store_unreadable_rows_total "));
        store.commit(vec![Write::MessageDelete(CHANNEL, vec![third])]).await.unwrap();
        let rows = rusqlite::Connection::open(dir.path().join("throng.db")).unwrap();
        let left: i64 =
            rows.query_row("SELECT count(*) FROM messages", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 4, "{body}");
    }
}

#[tokio::test]
async fn members_and_events_that_cannot_be_read_are_left_out() {
    for body in nonsense() {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path()).await;
        spoil(dir.path(), "users", "body", "id = 102", &body);
        spoil(dir.path(), "members", "profile", "user_id = 104", &body);
        spoil(dir.path(), "events", "head", "sequence = 3", &body);
        let store = open(dir.path());
        let mut pages = store.members(GUILD);
        let mut members = Vec::new();
        while let Some(page) = pages.next().await {
            members.extend(page.unwrap().into_iter().map(|member| member.user.id.value()));
        }
        assert_eq!(members, [101, 103, 105], "{body}");
        let events = store.events(GUILD, 0).await.unwrap();
        let sequences: Vec<u64> = events.iter().map(|event| event.sequence).collect();
        assert_eq!(sequences, [1, 2, 4, 5], "{body}");
        let user = store.user(UserId::new(102)).await;
        assert!(matches!(user, Err(StoreError::Unreadable(_))), "{body}: {user:?}");
        assert!(store.user(UserId::new(103)).await.unwrap().is_some(), "{body}");
    }
}

#[tokio::test]
async fn a_guild_is_read_without_a_channel_or_role_that_cannot_be() {
    for body in nonsense() {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path()).await;
        spoil(dir.path(), "channels", "body", "id = 2", &body);
        spoil(dir.path(), "roles", "body", "id = 5", &body);
        let store = open(dir.path());
        let guild = store.guild(GUILD).await.unwrap().unwrap();
        assert_eq!((guild.channels.len(), guild.roles.len()), (0, 1), "{body}");
        drop(store);
        spoil(dir.path(), "roles", "body", "id = 1", &body);
        let guild = open(dir.path()).guild(GUILD).await;
        assert!(matches!(guild, Err(StoreError::Unreadable(_))), "{body}: {guild:?}");
    }
}

#[tokio::test]
async fn commands_that_cannot_be_read_are_left_out_and_can_be_replaced() {
    let place = CommandPlace { application: UserId::new(101), guild: Some(GUILD) };
    let command = |id: u64| RegisteredCommand {
        id: CommandId::new(id),
        application_id: place.application,
        guild_id: place.guild,
        version: AnyId::new(id),
        command: serde_json::from_value(serde_json::json!({
            "type": 2, "name": format!("c{id}"), "description": "",
            "default_member_permissions": null,
        }))
        .unwrap(),
    };
    let put = |id| Write::Command(Box::new(command(id)));
    for body in nonsense() {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path()).await;
        open(dir.path()).commit(vec![put(1), put(2), put(3)]).await.unwrap();
        spoil(dir.path(), "commands", "body", "id = 2", &body);
        let store = open(dir.path());
        let kept = store.catalog(place).await.unwrap();
        assert_eq!(kept, [command(1), command(3)], "{body}");
        store.commit(vec![put(2)]).await.unwrap();
        assert_eq!(store.catalog(place).await.unwrap().len(), 3, "{body}");
    }
}
