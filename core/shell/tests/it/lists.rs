//! Member lists as clients of users see them.

use serde_json::{Value, json};
use throng_ports::hub::Operations as _;
use throng_proto::command::{Command, MemberPatch, RolePatch};
use throng_proto::id::RoleId;

use crate::world::{Account, Hall, Screen, Setup, World};

const UPDATE: &str = "GUILD_MEMBER_LIST_UPDATE";

async fn world() -> World {
    let mut setup = Setup::default();
    setup.config.presence.window_ms = 20;
    setup.start().await
}

async fn nick(world: &World, hall: Hall, owner: &Account, of: &Account, nick: &str) {
    let patch = MemberPatch { nick: Some(Some(nick.to_owned())), ..MemberPatch::default() };
    world.command(hall.id, owner, Command::MemberPatch(of.id(), patch)).await.unwrap();
}

async fn hoist(world: &World, hall: Hall, owner: &Account, role: RoleId) {
    let patch = RolePatch { hoist: Some(true), ..RolePatch::default() };
    world.command(hall.id, owner, Command::RolePatch(role, patch)).await.unwrap();
}

/// M1: what a client has made of the changes is what a new one is shown.
async fn is_fresh(world: &World, hall: Hall, account: &Account, screen: &Screen) {
    let mut fresh = world.join_own(account).await;
    let shown = fresh.watched(hall).await;
    assert_eq!(shown.items(), screen.items());
    assert_eq!(shown.last["groups"], screen.last["groups"]);
    assert_eq!(shown.last["member_count"], screen.last["member_count"]);
    assert_eq!(shown.last["online_count"], screen.last["online_count"]);
}

fn invalid(update: &Value) -> Vec<Value> {
    let ops = update["ops"].as_array().unwrap().iter();
    ops.map(|op| {
        assert_eq!(op["op"], "INVALIDATE", "{update}");
        op["range"].clone()
    })
    .collect()
}

#[tokio::test]
async fn a_list_goes_on_when_its_guild_changes_hands() {
    let world = world().await;
    let [owner, anna, bert] = world.users().await;
    let hall = world.guild(&[&owner, &anna, &bert]).await;
    let mut player = world.join_own(&owner).await;
    let mut screen = player.watched(hall).await;
    let away = ["@online", "user0 online", "@offline", "user1 offline", "user2 offline"];
    screen.until(&mut player, &away).await;
    world.run(world.node.hand_off(hall.id)).await.unwrap();
    nick(&world, hall, &owner, &bert, "Aaron").await;
    let rows = ["@online", "user0 online", "@offline", "Aaron offline", "user1 offline"];
    screen.until(&mut player, &rows).await;
    is_fresh(&world, hall, &owner, &screen).await;
}

#[tokio::test]
async fn a_list_follows_its_members_as_they_come_change_and_go() {
    let world = world().await;
    let [owner, anna, bert, carl] = world.users().await;
    let hall = world.guild(&[&owner, &anna, &bert]).await;
    let mut player = world.join_own(&owner).await;
    let mut screen = player.watched(hall).await;
    let away = ["@online", "user0 online", "@offline", "user1 offline", "user2 offline"];
    screen.until(&mut player, &away).await;
    let other = world.join(&bert).await;
    let rows = ["@online", "user0 online", "user2 online", "@offline", "user1 offline"];
    screen.until(&mut player, &rows).await;
    nick(&world, hall, &owner, &bert, "Aaron").await;
    let rows = ["@online", "Aaron online", "user0 online", "@offline", "user1 offline"];
    screen.until(&mut player, &rows).await;
    hoist(&world, hall, &owner, hall.role).await;
    let give = Command::MemberRoleAdd(bert.id(), hall.role);
    world.command(hall.id, &owner, give).await.unwrap();
    let role = format!("@{}", hall.role);
    let rows = [&role, "Aaron online", "@online", "user0 online", "@offline", "user1 offline"];
    screen.until(&mut player, &rows).await;
    other.send(3, &json!({"since": 0, "activities": [], "status": "dnd", "afk": false}));
    let rows = [&role, "Aaron dnd", "@online", "user0 online", "@offline", "user1 offline"];
    screen.until(&mut player, &rows).await;
    world.add(hall, &carl).await;
    world.command(hall.id, &owner, Command::MemberDelete(anna.id())).await.unwrap();
    let rows = [&role, "Aaron dnd", "@online", "user0 online", "@offline", "user3 offline"];
    screen.until(&mut player, &rows).await;
    is_fresh(&world, hall, &owner, &screen).await;
    other.link.close(Some(1000));
    let rows = ["@online", "user0 online", "@offline", "Aaron offline", "user3 offline"];
    screen.until(&mut player, &rows).await;
    assert_eq!(screen.last["member_count"], 3);
}

/// R2: changes of a list are numbered and kept like everything else.
#[tokio::test]
async fn a_session_resumes_with_the_changes_that_its_list_saw_meanwhile() {
    for workers in [1, 3] {
        let mut setup = Setup::default();
        setup.config.workers = workers;
        setup.config.presence.window_ms = 20;
        let world = setup.start().await;
        let [owner, anna, bert] = world.users().await;
        let hall = world.guild(&[&owner, &anna, &bert]).await;
        let mut player = world.join_own(&owner).await;
        let mut screen = player.watched(hall).await;
        let mut witness = world.join_own(&owner).await;
        let mut witnessed = witness.watched(hall).await;
        let all = ["@online", "Aaron online", "user0 online", "@offline", "user2 offline"];
        let (session, account, sequence) = player.lose();
        let _anna = world.join(&anna).await;
        nick(&world, hall, &owner, &anna, "Aaron").await;
        witnessed.until(&mut witness, &all).await;
        let mut player = world.resume(&session, &account, sequence).await;
        screen.until(&mut player, &all).await;
        player.until("RESUMED").await;
        let _bert = world.join(&bert).await;
        screen
            .until(&mut player, &["@online", "Aaron online", "user0 online", "user2 online"])
            .await;
        is_fresh(&world, hall, &owner, &screen).await;
    }
}

#[tokio::test]
async fn a_list_is_shown_again_after_a_crash() {
    let world = world().await;
    let [owner, anna] = world.users().await;
    let hall = world.guild(&[&owner, &anna]).await;
    let mut player = world.join_own(&owner).await;
    let mut screen = player.watched(hall).await;
    let _anna = world.join(&anna).await;
    screen.until(&mut player, &["@online", "user0 online", "user1 online"]).await;
    let (session, account, sequence) = player.lose();
    let store = world.crash().await;
    let mut setup = Setup { store, ..Setup::default() };
    setup.config.presence.window_ms = 20;
    let world = setup.start().await;
    let mut player = world.resume(&session, &account, sequence).await;
    screen.follow(player.until(UPDATE).await);
    screen.until(&mut player, &["@online", "user0 online", "user1 online"]).await;
    nick(&world, hall, &owner, &owner, "Zoe").await;
    screen.until(&mut player, &["@online", "user1 online", "Zoe online"]).await;
}

#[tokio::test]
async fn a_list_ends_with_the_sight_of_its_channel() {
    let world = world().await;
    let [owner, anna] = world.users().await;
    let hall = world.guild(&[&owner, &anna]).await;
    let mut player = world.join_own(&anna).await;
    let mut screen = player.watched(hall).await;
    world.hide(hall, &owner, true).await;
    screen.until(&mut player, &[]).await;
    assert_eq!(screen.last["id"], "everyone");
    assert_eq!(invalid(&screen.last), [json!([0, 99])]);
    world.hide(hall, &owner, false).await;
    let rows = ["@online", "user1 online", "@offline", "user0 offline"];
    screen.until(&mut player, &rows).await;
}

#[tokio::test]
async fn lists_go_with_the_last_session_that_watches() {
    let world = world().await;
    let [owner] = world.users().await;
    let hall = world.guild(&[&owner]).await;
    let mut players = [world.join_own(&owner).await, world.join_own(&owner).await];
    let mut screen = Screen::default();
    for player in &mut players {
        screen = player.watched(hall).await;
    }
    world.metric_becomes("throng_list_viewers", |viewers| viewers == 2).await;
    assert_eq!(world.metric("throng_lists"), 1);
    let [first, mut second] = players;
    first.link.close(Some(1000));
    world.metric_becomes("throng_list_viewers", |viewers| viewers == 1).await;
    second.watch(hall, &json!([]));
    // Rows may have changed before.
    screen.until(&mut second, &[]).await;
    assert_eq!(invalid(&screen.last), [json!([0, 99])]);
    world.metric_becomes("throng_list_viewers", |viewers| viewers == 0).await;
    world.metric_becomes("throng_lists", |lists| lists == 0).await;
    second.watched(hall).await;
}

/// Each wrong range is answered, counted, and takes nothing from those that are right.
#[tokio::test]
async fn ranges_that_cannot_be_are_refused_and_the_others_are_shown() {
    let world = world().await;
    let [owner] = world.users().await;
    let hall = world.guild(&[&owner]).await;
    let mut player = world.join_own(&owner).await;
    player.watch(hall, &json!([[99, 0], [0, 99], [50, 150], [0, 99], [200, 299], [300, 399]]));
    assert_eq!(invalid(&player.until(UPDATE).await), [json!([99, 0]), json!([300, 399])]);
    let shown = player.until(UPDATE).await;
    let ranges: Vec<&Value> =
        shown["ops"].as_array().unwrap().iter().map(|op| &op["range"]).collect();
    assert_eq!(ranges, [&json!([0, 99]), &json!([100, 199]), &json!([200, 299])]);
    assert_eq!(refusals(&world, "list_range"), 1);
    assert_eq!(refusals(&world, "ranges_per_channel"), 1);
}

#[tokio::test]
async fn lists_of_unknown_and_hidden_channels_are_refused_alike() {
    let world = world().await;
    let [owner, anna] = world.users().await;
    let hall = world.guild(&[&owner, &anna]).await;
    world.hide(hall, &owner, true).await;
    let mut player = world.join_own(&anna).await;
    for channel in [hall.channel.to_string(), "5".to_owned()] {
        let channels = json!({&channel: [[0, 99]]});
        player.send(14, &json!({"guild_id": hall.id, "channels": channels}));
        let update = player.until(UPDATE).await;
        assert_eq!((&update["id"], &update["groups"]), (&json!(channel), &json!([])));
        assert_eq!(invalid(&update), [json!([0, 99])]);
    }
    // A guild that it is not in is not answered, and nothing else is lost.
    player.send(14, &json!({"guild_id": "5", "channels": {"5": [[0, 99]]}}));
    player.beat().await;
}

#[tokio::test]
async fn channels_over_the_limit_are_refused() {
    let world = world().await;
    let [owner] = world.users().await;
    let hall = world.guild(&[&owner]).await;
    let mut player = world.join_own(&owner).await;
    let own = hall.channel.to_string();
    let channels = json!({"1": [], "2": [], "3": [], "4": [], &own: [[0, 99]], "6": [[0, 99]]});
    player.send(14, &json!({"guild_id": hall.id, "channels": channels}));
    let refused = player.until(UPDATE).await;
    assert_eq!((&refused["id"], invalid(&refused)), (&json!("6"), vec![json!([0, 99])]));
    assert_eq!(player.until(UPDATE).await["ops"][0]["op"], "SYNC");
    assert_eq!(refusals(&world, "list_channels"), 1);
}

/// The guild hands over a part of who is online in each of its turns.
#[tokio::test]
async fn a_large_guild_lists_everybody_online_and_nobody_else() {
    let mut setup = Setup::default();
    setup.config.presence.window_ms = 20;
    setup.config.lists.offline_members_max = 10;
    let world = setup.start().await;
    let mut accounts = Vec::new();
    for number in 0..300 {
        accounts.push(world.user(&format!("user{number:03}")).await);
    }
    let hall = world.guild(&accounts.iter().collect::<Vec<_>>()).await;
    let mut players = Vec::new();
    for account in accounts.iter().skip(10) {
        players.push(world.join(account).await);
    }
    let mut player = world.join_own(&accounts[10]).await;
    player.watch(hall, &json!([[0, 99], [100, 199], [200, 299]]));
    let mut screen = Screen::default();
    screen.follow(player.until(UPDATE).await);
    let rows: Vec<String> = (10..300).map(|number| format!("user{number:03} online")).collect();
    let mut rows: Vec<&str> =
        std::iter::once("@online").chain(rows.iter().map(String::as_str)).collect();
    screen.until(&mut player, &rows).await;
    assert_eq!(screen.last["member_count"], 300);
    assert_eq!(screen.last["online_count"], 290);
    // Everybody below the first one who goes moves up.
    players.remove(1).link.close(Some(1000));
    rows.remove(2);
    screen.until(&mut player, &rows).await;
}

#[tokio::test]
async fn a_guild_that_becomes_large_drops_who_is_offline() {
    let mut setup = Setup::default();
    setup.config.presence.window_ms = 20;
    setup.config.lists.offline_members_max = 2;
    let world = setup.start().await;
    let [owner, anna, bert] = world.users().await;
    let hall = world.guild(&[&owner, &anna]).await;
    let mut player = world.join_own(&owner).await;
    let mut screen = player.watched(hall).await;
    screen.until(&mut player, &["@online", "user0 online", "@offline", "user1 offline"]).await;
    world.add(hall, &bert).await;
    screen.until(&mut player, &["@online", "user0 online"]).await;
    is_fresh(&world, hall, &owner, &screen).await;
}

/// What was asked for last counts, however quickly a client changes its mind.
#[tokio::test]
async fn a_session_that_asks_again_at_once_watches_what_it_asked_for_last() {
    let world = world().await;
    let [owner, anna] = world.users().await;
    let hall = world.guild(&[&owner, &anna]).await;
    let mut player = world.join_own(&owner).await;
    let mut screen = player.watched(hall).await;
    for _ in 0..20 {
        player.watch(hall, &json!([]));
        player.watch(hall, &json!([[100, 199]]));
        player.watch(hall, &json!([[0, 99], [200, 299]]));
        player.watch(hall, &json!([[0, 99]]));
    }
    let _anna = world.join(&anna).await;
    screen.until(&mut player, &["@online", "user0 online", "user1 online"]).await;
    nick(&world, hall, &owner, &anna, "Aaron").await;
    screen.until(&mut player, &["@online", "Aaron online", "user0 online"]).await;
    is_fresh(&world, hall, &owner, &screen).await;
}

/// L2: lists show members and presences, so who names its intents must name both.
#[tokio::test]
async fn a_bot_needs_the_intents_for_members_and_presences() {
    let world = world().await;
    let [owner] = world.users().await;
    let hall = world.guild(&[&owner]).await;
    for (intents, entitled) in
        [(1 | 1 << 1, false), (1 | 1 << 8, false), (1 | 1 << 1 | 1 << 8, true)]
    {
        let said = json!({"token": owner.token, "intents": intents, "properties": {}});
        let mut player = world.join_as(&owner, said).await;
        player.watch(hall, &json!([[0, 99]]));
        let update = player.until(UPDATE).await;
        assert_eq!(update["ops"][0]["op"] == "SYNC", entitled, "{intents}");
    }
}

fn refusals(world: &World, limit: &str) -> u64 {
    let sample = format!("throng_refusals_total{{limit=\"{limit}\"}} ");
    let page = world.node.metrics();
    let line = page.lines().find_map(|line| line.strip_prefix(&sample));
    line.unwrap().parse().unwrap()
}
