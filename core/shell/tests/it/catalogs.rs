//! Commands of applications, and when they go.

use futures_util::future::join_all;
use serde_json::{Value, json};
use throng_plugin_store_memory::MemoryStore;
use throng_ports::catalog::Catalogs as _;
use throng_ports::registry::{Asked, Registry as _};
use throng_ports::store::StoreError;
use throng_proto::catalog::{CommandChange, CommandPlace, CommandsChanged};
use throng_proto::command::Command;
use throng_proto::form;
use throng_proto::id::GuildId;
use throng_proto::model::RegisteredCommand;
use throng_proto::refusal::Refusal;

use crate::world::{Account, Setup, World, patient};

fn place(of: &Account, guild: Option<GuildId>) -> CommandPlace {
    CommandPlace { application: of.id(), guild }
}

fn put(name: &str, description: &str) -> CommandChange {
    let command = json!({ "name": name, "description": description });
    CommandChange::Put(Box::new(form::read(&command).unwrap()))
}

fn all(commands: &Value) -> CommandChange {
    CommandChange::Replace(form::read_with(commands, |list| list.forms(0..=200)).unwrap())
}

impl World {
    /// Asks at once, without waiting for the answer.
    fn changing(&self, place: CommandPlace, change: CommandChange) -> Asked<CommandsChanged> {
        let _runtime = self.enter();
        self.node.change_catalog(place, change)
    }

    async fn catalog(&self, place: CommandPlace) -> Vec<RegisteredCommand> {
        patient(self.node.catalog(place)).await.unwrap()
    }
}

#[tokio::test]
async fn changes_at_the_same_time_take_turns() {
    let world = World::new().await;
    let [bot, other] = world.users().await;
    let everywhere = place(&bot, None);
    let same = (0..20).map(|n| world.changing(everywhere, put("same", &n.to_string())));
    let made = patient(join_all(same)).await;
    let made: Vec<_> = made.into_iter().map(Result::unwrap).collect();
    assert_eq!(made.iter().filter(|changed| changed.created).count(), 1, "one is new");
    let kept = world.catalog(everywhere).await;
    assert_eq!((kept.len(), kept[0].id), (1, made[0].commands[0].id));
    // However many ask for a place at once, the limit holds.
    let many = (0..130).map(|n| world.changing(everywhere, put(&format!("c{n}"), "d")));
    let many = patient(join_all(many)).await;
    let refused = many.iter().filter_map(|answer| answer.as_ref().err());
    assert_eq!(refused.filter(|why| why.code() == 30_032).count(), 31);
    assert_eq!(world.catalog(everywhere).await.len(), 100);
    patient(world.changing(place(&other, None), put("c", "d"))).await.unwrap();
    assert_eq!(world.catalog(everywhere).await.len(), 100, "others have their own");
}

#[tokio::test]
async fn a_change_that_is_not_kept_is_refused_and_changes_nothing() {
    let world = World::new().await;
    let [bot] = world.users().await;
    let everywhere = place(&bot, None);
    let changed = patient(world.changing(everywhere, put("sing", "d"))).await.unwrap();
    world.store.fail_commits(Some(StoreError::Full("no room".to_owned())));
    let refused = patient(world.changing(everywhere, all(&json!([])))).await;
    assert!(matches!(refused, Err(Refusal::Unavailable { .. })), "{refused:?}");
    // What is as it should be needs no commit: a bot registers the same at each start.
    let same = patient(world.changing(everywhere, put("sing", "d"))).await;
    assert_eq!(same.map(|same| same.commands), Ok(changed.commands.clone()));
    world.store.fail_commits(None);
    assert_eq!(world.catalog(everywhere).await, changed.commands);
}

#[tokio::test]
async fn who_has_all_of_a_large_catalog_read_again_and_again_waits() {
    let mut setup = Setup::default();
    setup.config.budgets.read.amount = 10_000;
    let world = setup.start().await;
    let [bot, other] = world.users().await;
    let everywhere = place(&bot, None);
    let commands: Vec<_> = (0..50)
        .map(|n| json!({ "name": format!("c{n}"), "description": "d".repeat(100) }))
        .collect();
    patient(world.changing(everywhere, all(&json!(commands)))).await.unwrap();
    // Each answer is small, and each asks for all that there is.
    let mut asked = 0;
    let refused = loop {
        match patient(world.changing(everywhere, put("c1", "d"))).await {
            Ok(_) => asked += 1,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, Refusal::RateLimited { .. }), "{refused:?}");
    assert!((1..=3).contains(&asked), "{asked}");
    let read = patient(world.node.catalog(everywhere)).await;
    assert!(matches!(read, Err(Refusal::RateLimited { .. })), "{read:?}");
    assert!(world.refusals("budgets_read") >= 2);
    patient(world.changing(place(&other, None), put("c1", "d"))).await.unwrap();
}

#[tokio::test]
async fn commands_of_a_guild_go_with_it_and_with_their_bot() {
    let world = World::new().await;
    let [owner, bot] = world.users().await;
    let (left, deleted) = (world.guild(&[&owner, &bot]).await, world.guild(&[&owner, &bot]).await);
    let places = [None, Some(left.id), Some(deleted.id)].map(|guild| place(&bot, guild));
    for place in places {
        patient(world.changing(place, put("sing", "d"))).await.unwrap();
    }
    world.command(left.id, &owner, Command::MemberDelete(bot.id())).await.unwrap();
    world.command(deleted.id, &owner, Command::GuildDelete).await.unwrap();
    assert_eq!(world.catalog(places[1]).await, []);
    assert_eq!(world.catalog(places[2]).await, []);
    assert_eq!(world.catalog(places[0]).await.len(), 1, "what is everywhere stays");
    // One that comes too late is not kept.
    patient(world.changing(places[1], put("sing", "d"))).await.unwrap();
    assert_eq!(world.catalog(places[1]).await, []);
    let _runtime = world.enter();
    patient(world.node.delete_account(bot.id())).await.unwrap();
    assert_eq!(world.catalog(places[0]).await, [], "and nothing outlives its account");
}

#[tokio::test]
async fn commands_are_there_after_a_restart() {
    let world = World::new().await;
    let [bot] = world.users().await;
    let everywhere = place(&bot, None);
    let commands = json!([
        { "name": "sing", "description": "d", "nsfw": true },
        { "name": "High Five", "type": 2 },
    ]);
    let changed = patient(world.changing(everywhere, all(&commands))).await.unwrap();
    let store: MemoryStore = world.crash().await;
    let world = Setup { store, ..Setup::default() }.start().await;
    assert_eq!(world.catalog(everywhere).await, changed.commands);
    let again = patient(world.changing(everywhere, all(&commands))).await.unwrap();
    assert_eq!(again, CommandsChanged { created: false, ..changed });
}
