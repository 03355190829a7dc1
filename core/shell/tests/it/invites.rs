//! Users who come into guilds by invites, all at once, and within their bounds.

use futures_util::future::join_all;
use serde_json::{Value, json};
use throng_ports::hub::{GuildDraft, Guilds as _, Operations as _, Provisions as _, Reads as _};
use throng_proto::command::{Actor, Command, MemberPatch};
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::{Guild, InviteCode, InviteDraft, Member, Profile, Role};
use throng_proto::permissions::Permissions;
use throng_proto::refusal::Refusal;
use throng_proto::time::Timestamp;

use crate::world::{Account, Hall, Setup, World, identify, patient};

/// Makes an invite to the guild's channel.
async fn invite(world: &World, hall: Hall, by: &Account, max_uses: u32) -> InviteCode {
    let code = world.node.invite_code();
    let draft = InviteDraft {
        code: Some(code.clone()),
        max_uses: Some(max_uses),
        unique: Some(true),
        ..InviteDraft::default()
    };
    world.command(hall.id, by, Command::InviteCreate(hall.channel, draft)).await.unwrap();
    code
}

/// Lets a user accept an invite as whoever looks it up by its code.
async fn accept(world: &World, code: &InviteCode, user: &Account) -> Result<(), Refusal> {
    let guild = world.node.guild_of_invite(code).ok_or(Refusal::UnknownInvite)?;
    world.command(guild, user, Command::InviteAccept(code.clone())).await.map(drop)
}

fn too_many(max: usize) -> Refusal {
    Refusal::TooMany { what: "guilds", max, code: 30_001 }
}

fn refusals(world: &World, limit: &str) -> u64 {
    world.metric(&format!("throng_refusals_total{{limit=\"{limit}\"}}"))
}

#[tokio::test]
async fn as_many_come_in_as_there_are_uses_however_many_try_at_once() {
    let world = World::new().await;
    let accounts: [Account; 40] = world.users().await;
    let (owner, guests) = accounts.split_first().unwrap();
    let hall = world.guild(&[owner]).await;
    let code = invite(&world, hall, owner, 7).await;
    // Each tries twice, for somebody who is in already takes no use.
    let tries = guests.iter().chain(guests).map(|guest| accept(&world, &code, guest));
    let outcomes = join_all(tries).await;
    let refused = outcomes.iter().filter(|outcome| outcome.is_err());
    for refusal in refused {
        assert_eq!(refusal, &Err(Refusal::UnknownInvite));
    }
    let reply = world.command(hall.id, owner, Command::GuildGet { counts: true }).await.unwrap();
    let guild: Value = serde_json::from_str(&reply.into_text().unwrap()).unwrap();
    assert_eq!(guild["approximate_member_count"], 8);
    assert_eq!(world.node.guild_of_invite(&code), None, "it leads nowhere when it is used up");
}

#[tokio::test]
async fn nobody_comes_into_more_guilds_than_it_may_be_in_however_many_ask_at_once() {
    let mut setup = Setup::default();
    setup.config.limits.guilds_per_user = 3;
    let world = setup.start().await;
    let [owner, guest] = world.users().await;
    let mut codes = Vec::new();
    for _ in 0..10 {
        let hall = world.guild(&[&owner]).await;
        codes.push((hall, invite(&world, hall, &owner, 0).await));
    }
    let outcomes = join_all(codes.iter().map(|(_, code)| accept(&world, code, &guest))).await;
    let come_in = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(come_in, 3, "{outcomes:?}");
    assert!(outcomes.iter().flat_map(|o| o.as_ref().err()).all(|why| *why == too_many(3)));
    assert_eq!(patient(world.node.guilds_of(guest.id())).await.unwrap().len(), 3);
    assert_eq!(refusals(&world, "guilds_per_user"), 7);
    // Whoever is in already is not refused, and whoever leaves may come into another one.
    let at = outcomes.iter().position(Result::is_ok).unwrap();
    accept(&world, &codes[at].1, &guest).await.unwrap();
    let leave = Command::MemberDelete(guest.id());
    world.command(codes[at].0.id, &guest, leave).await.unwrap();
    let out = outcomes.iter().position(Result::is_err).unwrap();
    accept(&world, &codes[out].1, &guest).await.unwrap();
    // Being added with a token counts alike, and operators know what they do.
    let put = || Command::MemberPut(guest.user.clone(), MemberPatch::default());
    let hall = codes[at].0;
    assert_eq!(world.command(hall.id, &owner, put()).await, Err(too_many(3)));
    world.add(hall, &guest).await;
    assert_eq!(patient(world.node.guilds_of(guest.id())).await.unwrap().len(), 4);
}

fn draft(world: &World, founder: &Account) -> GuildDraft {
    let id: GuildId = world.id();
    let profile = Profile::new(Timestamp::from_millis(1_600_000_000_000), Vec::new());
    GuildDraft {
        guild: Guild::new(id, "made", founder.id()),
        roles: vec![Role::new(id.cast(), "@everyone", Permissions::DEFAULT)],
        channels: Vec::new(),
        members: vec![Member { user: founder.user.clone(), profile }],
    }
}

async fn found_many(world: &World, founder: &Account, count: usize) -> Vec<Result<(), Refusal>> {
    let drafts: Vec<_> = (0..count).map(|_| draft(world, founder)).collect();
    let (node, user) = (world.node.clone(), founder.user.clone());
    let making = async move {
        join_all(drafts.into_iter().map(|draft| node.found_guild(user.clone(), draft))).await
    };
    world.run(making).await
}

#[tokio::test]
async fn nobody_makes_more_guilds_than_it_may_however_many_are_asked_for_at_once() {
    let mut setup = Setup::default();
    (setup.config.limits.guilds_per_user, setup.config.limits.guilds_made_per_hour) = (3, 5);
    let world = setup.start().await;
    let [founder, other] = world.users().await;
    let outcomes = found_many(&world, &founder, 8).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3);
    assert!(outcomes.iter().flat_map(|o| o.as_ref().err()).all(|why| *why == too_many(3)));
    // Deleting them does not let it make as many as it likes.
    for guild in patient(world.node.guilds_of(founder.id())).await.unwrap() {
        world.command(guild, &founder, Command::GuildDelete).await.unwrap();
    }
    let outcomes = found_many(&world, &founder, 3).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 2);
    let Some(Err(Refusal::RateLimited { retry_after })) = outcomes.iter().find(|o| o.is_err())
    else {
        panic!("{outcomes:?}");
    };
    assert!((1..=3_600).contains(&retry_after.as_secs()));
    assert_eq!(refusals(&world, "guilds_made_per_hour"), 1);
    assert_eq!(found_many(&world, &other, 1).await, [Ok(())], "everybody has their own bounds");
}

/// GUILDS and GUILD_INVITES.
const HEARS_INVITES: u64 = 1 | 1 << 6;

#[tokio::test]
async fn invites_are_told_to_who_manages_the_channel_and_asked_for_them() {
    let world = World::new().await;
    let [owner, manager, member] = world.users().await;
    let hall = world.guild(&[&owner, &manager, &member]).await;
    let manages = throng_proto::command::RolePatch {
        permissions: Some(Permissions::MANAGE_CHANNELS),
        ..Default::default()
    };
    world.command(hall.id, &owner, Command::RolePatch(hall.role, manages)).await.unwrap();
    let give = Command::MemberRoleAdd(manager.id(), hall.role);
    world.command(hall.id, &owner, give).await.unwrap();
    let says = |account: &Account| {
        let mut says = identify(account);
        says["intents"] = json!(HEARS_INVITES);
        says
    };
    let mut hears = world.join_as(&manager, says(&manager)).await;
    let mut unpermitted = world.join_as(&member, says(&member)).await;
    let mut unasked = world.join(&owner).await;
    let code = invite(&world, hall, &member, 0).await;
    let told = hears.expect("INVITE_CREATE").await;
    assert_eq!((&told["code"], &told["guild_id"]), (&json!(code), &json!(hall.id)));
    world.command(hall.id, &owner, Command::InviteDelete(code.clone())).await.unwrap();
    assert_eq!(hears.expect("INVITE_DELETE").await["code"], json!(code));
    assert_eq!(world.node.guild_of_invite(&code), None);
    let renamed = throng_proto::command::GuildPatch {
        name: Some("renamed".to_owned()),
        ..Default::default()
    };
    world.command(hall.id, &owner, Command::GuildPatch(renamed)).await.unwrap();
    for player in [&mut hears, &mut unpermitted, &mut unasked] {
        player.expect("GUILD_UPDATE").await;
    }
}

#[tokio::test]
async fn an_invite_survives_a_crash_and_ends_with_its_guild() {
    let world = World::new().await;
    let [owner, guest, late] = world.users().await;
    let hall = world.guild(&[&owner]).await;
    let code = invite(&world, hall, &owner, 2).await;
    accept(&world, &code, &guest).await.unwrap();
    let store = world.crash().await;
    let world = Setup { store, ..Setup::default() }.start().await;
    let mut player = world.join(&late).await;
    accept(&world, &code, &late).await.unwrap();
    assert_eq!(player.expect("GUILD_CREATE").await["id"], hall.id.to_string());
    assert_eq!(world.node.guild_of_invite(&code), None, "the second use was the last");
    let code = invite(&world, hall, &owner, 0).await;
    world.command(hall.id, &owner, Command::GuildDelete).await.unwrap();
    world.metric_becomes("throng_guilds", |guilds| guilds == 0).await;
    assert_eq!(accept(&world, &code, &guest).await, Err(Refusal::UnknownInvite));
}

#[tokio::test]
async fn an_invite_lives_on_through_a_hand_off() {
    let world = World::new().await;
    let [owner, guest] = world.users().await;
    let hall = world.guild(&[&owner]).await;
    let code = invite(&world, hall, &owner, 1).await;
    let node = world.node.clone();
    world.run(async move { node.hand_off(hall.id).await }).await.unwrap();
    accept(&world, &code, &guest).await.unwrap();
    assert_eq!(accept(&world, &code, &owner).await, Err(Refusal::UnknownInvite));
}

/// An operator may put somebody into any number of guilds; that closes nobody's session.
#[tokio::test]
async fn a_user_who_is_in_more_guilds_than_a_shard_takes_still_begins_sessions() {
    let mut setup = Setup::default();
    (setup.config.limits.guilds_per_shard, setup.config.limits.guilds_per_user) = (1, 1);
    let world = setup.start().await;
    let [owner, guest] = world.users().await;
    for _ in 0..3 {
        world.guild(&[&owner, &guest]).await;
    }
    let player = world.join(&guest).await;
    assert_eq!(player.guilds, 3);
    let (bot, token) = world.run(world.node.create_user("robot".to_owned(), true)).await.unwrap();
    let bot = Account { user: bot, token };
    let bots_hall = world.guild(&[&owner, &bot]).await;
    world.join(&bot).await;
    let second = world.guild(&[&owner, &bot]).await;
    let mut turned_away = world.dial(&bot).await;
    turned_away.send(2, &identify(&bot));
    assert_eq!(turned_away.closed().await, Some(4011));
    assert_ne!(bots_hall.id, second.id);
}

/// Whoever asked for nothing is in nothing: an ordinary user has no way to add another one without
/// its token, which the HTTP API asks for, and a guild takes nobody else's invite for it.
#[tokio::test]
async fn an_invite_brings_in_only_who_accepts_it() {
    let world = World::new().await;
    let [owner, guest, bystander] = world.users().await;
    let hall = world.guild(&[&owner]).await;
    let code = invite(&world, hall, &owner, 0).await;
    accept(&world, &code, &guest).await.unwrap();
    let is_in = async |user: UserId| {
        let got = world.command(hall.id, &owner, Command::MemberGet(user)).await;
        got.is_ok()
    };
    assert!(is_in(guest.id()).await);
    assert!(!is_in(bystander.id()).await);
    let actor = Actor::User(bystander.user.clone());
    let peek = patient(world.node.command(hall.id, actor, Command::RoleList)).await;
    assert_eq!(peek, Err(Refusal::MissingAccess));
}
