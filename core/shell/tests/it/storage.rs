//! What the store says of itself and of what it keeps, as operators see it.

use std::collections::BTreeMap;
use std::sync::Arc;

use throng_plugin_store_memory::MemoryStore;
use throng_ports::hub::{Health, Operations as _};
use throng_ports::registry::{AccountChange, AccountDraft, Asked, Registry as _};
use throng_ports::store::{Store as _, StoreError};
use throng_proto::command::Command;
use throng_proto::id::{GuildId, MessageId, UserId};
use throng_proto::model::Message;
use throng_proto::record::{Page, Write};
use throng_proto::refusal::Refusal;
use throng_proto::time::Timestamp;

use crate::world::{Account, Hall, RecordedStore, Setup, World, found, patient};

/// Waits until the node is, or is not, well.
async fn is_well(world: &World, well: bool) -> Health {
    found(async || {
        let health = world.node.health();
        ((health == Health::Ready) == well).then_some(health)
    })
    .await
}

fn draft(name: &str) -> AccountDraft {
    AccountDraft { username: name.to_owned(), bot: true, owner: None }
}

/// Something that an operator asks for and that needs a commit.
type Attempt = fn(&World, UserId) -> Asked<()>;

fn begin(world: &World, attempt: Attempt, user: UserId) -> Asked<()> {
    let _runtime = world.enter();
    attempt(world, user)
}

#[tokio::test]
async fn commits_for_operators_set_and_clear_what_readyz_tells() {
    let world = World::new().await;
    let (account, _) = world.run(world.node.open_account(draft("ada"))).await.unwrap();
    let user = account.user.id;
    let attempts: [(&str, Attempt); 4] = [
        ("change", |world, user| {
            let change = AccountChange { disabled: Some(true), owner: None };
            let asked = world.node.change_account(user, change);
            Box::pin(async move { asked.await.map(drop) })
        }),
        ("add_token", |world, user| {
            let asked = world.node.add_token(user);
            Box::pin(async move { asked.await.map(drop) })
        }),
        ("rotate", |world, user| {
            let asked = world.node.rotate_tokens(user);
            Box::pin(async move { asked.await.map(drop) })
        }),
        ("open", |world, _| {
            let asked = world.node.open_account(draft("bob"));
            Box::pin(async move { asked.await.map(drop) })
        }),
    ];
    for (what, attempt) in attempts {
        world.store.fail_commits(Some(StoreError::Full("no room".to_owned())));
        let refused = patient(begin(&world, attempt, user)).await;
        assert!(matches!(refused, Err(Refusal::Unavailable { .. })), "{what}: {refused:?}");
        let health = is_well(&world, false).await;
        assert!(matches!(&health, Health::Degraded(why) if why.contains("no room")), "{health:?}");
        world.store.fail_commits(None);
        assert_eq!(patient(begin(&world, attempt, user)).await, Ok(()), "{what}");
        assert_eq!(world.node.health(), Health::Ready, "{what}");
    }
}

#[tokio::test]
async fn reads_set_and_clear_what_readyz_tells() {
    let store = MemoryStore::new();
    let seen = Arc::new(RecordedStore::failing_reads(store.clone()));
    let reads = Arc::clone(&seen);
    let world = Setup { store, seen_as: Some(seen), ..Setup::default() }.start().await;
    let [owner] = world.users().await;
    let hall = world.guild(&[&owner]).await;
    world.post(hall, &owner, "before").await;
    reads.fail_reads(true);
    assert!(patient(world.node.accounts(owner.id(), 10)).await.is_err());
    assert!(matches!(world.node.health(), Health::Degraded(_)));
    reads.fail_reads(false);
    patient(world.node.accounts(owner.id(), 10)).await.unwrap();
    assert_eq!(world.node.health(), Health::Ready);
    // As do those on which guilds decide.
    reads.fail_reads(true);
    let message = MessageId::new(7);
    let delete = |hall: Hall| Command::MessageDelete(hall.channel, message);
    let refused = world.command(hall.id, &owner, delete(hall)).await;
    assert!(matches!(refused, Err(Refusal::Unavailable { .. })), "{refused:?}");
    assert!(matches!(world.node.health(), Health::Degraded(_)));
    reads.fail_reads(false);
    assert_eq!(world.command(hall.id, &owner, delete(hall)).await, Err(Refusal::UnknownMessage));
    assert_eq!(world.node.health(), Health::Ready);
}

/// Messages that were kept when they were posted, each an hour after the one before.
fn old(hall: Hall, author: &Account, from: Timestamp, count: u64) -> Vec<Write> {
    let hour = std::time::Duration::from_secs(60 * 60);
    let message = |number: u32| {
        let at = from.after(hour * number);
        let body = serde_json::json!({
            "id": MessageId::first_at(at), "channel_id": hall.channel, "author": author.user,
            "content": format!("old {number}"), "timestamp": at, "edited_timestamp": null,
            "mentions": [], "mention_roles": [], "attachments": [], "embeds": [], "type": 0,
            "components": [],
        });
        let message: Message = serde_json::from_value(body).unwrap();
        Write::Message(Box::new(message))
    };
    (0..u32::try_from(count).unwrap()).map(message).collect()
}

#[tokio::test]
async fn messages_older_than_they_are_kept_are_removed_without_a_word() {
    const OLD: u64 = 1_000;
    let store = MemoryStore::new();
    let mut setup = Setup { store: store.clone(), ..Setup::default() };
    let world = Setup { store: store.clone(), ..Setup::default() }.start().await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    world.post(hall, &owner, "new").await;
    let long_ago = Timestamp::from_millis(1_600_000_000_000);
    store.commit(old(hall, &owner, long_ago, OLD)).await.unwrap();
    let loads = patient(world.node.guild_loads(GuildId::new(0), 10)).await;
    assert_eq!(loads[0].size.map(|size| size.messages), Some(OLD + 1));
    let store = world.crash().await;
    setup.config.messages_days = 30;
    let world = setup.start().await;
    let mut player = world.join(&reader).await;
    let name = "throng_store_expired_rows_total";
    world.metric_becomes(name, |removed| removed == OLD).await;
    let read = store.messages(hall.channel, Page::Latest, 100, None).await.unwrap();
    let contents: Vec<_> = read.iter().map(|message| &*message.content).collect();
    assert_eq!(contents, ["new"]);
    // Nobody is told: what comes next is what is posted next.
    world.post(hall, &owner, "next").await;
    assert_eq!(player.next().await.unwrap()["t"], "MESSAGE_CREATE");
    let loads = patient(world.node.guild_loads(GuildId::new(0), 10)).await;
    assert_eq!(loads[0].size.map(|size| size.messages), Some(2));
}

#[tokio::test]
async fn messages_are_kept_for_ever_unless_a_setting_says_otherwise() {
    let world = World::new().await;
    let [owner] = world.users().await;
    let hall = world.guild(&[&owner]).await;
    let long_ago = Timestamp::from_millis(1_500_000_000_000);
    world.store.commit(old(hall, &owner, long_ago, 3)).await.unwrap();
    world.post(hall, &owner, "new").await;
    let read = world.store.messages(hall.channel, Page::Latest, 100, None).await.unwrap();
    assert_eq!(read.len(), 4);
    assert_eq!(world.metric("throng_store_expired_rows_total"), 0);
}

#[tokio::test]
async fn the_guilds_that_make_the_load_are_named() {
    let world = World::new().await;
    let [owner, reader] = world.users().await;
    let halls = [world.guild(&[&owner, &reader]).await, world.guild(&[&owner, &reader]).await];
    let mut player = world.join(&reader).await;
    for (hall, posts) in halls.iter().zip([3, 8]) {
        for number in 0..posts {
            world.post(*hall, &owner, &number.to_string()).await;
            player.expect("MESSAGE_CREATE").await;
        }
    }
    let told = || -> BTreeMap<String, u64> {
        let page = world.node.metrics();
        let samples = page.lines().filter_map(|line| {
            line.strip_prefix("throng_guild_deliveries_total{guild=\"")?.split_once("\"} ")
        });
        samples.map(|(guild, count)| (guild.to_owned(), count.parse().unwrap())).collect()
    };
    let sum = || told().values().sum::<u64>();
    world.metric_becomes("throng_guild_deliveries_total", |_| sum() >= 11).await;
    let [quiet, busy] = halls.map(|hall| told()[&hall.id.to_string()]);
    assert!(busy >= quiet + 5, "{busy} and {quiet}");
}
