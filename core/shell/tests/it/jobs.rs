//! Walks over members beside the traffic.

use std::collections::BTreeSet;

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use throng_ports::hub::{JobKind, JobState, JobStatus, Operations as _, Provisions as _};
use throng_proto::command::{Command, MemberPatch};
use throng_proto::id::UserId;
use throng_proto::model::{Member, Profile, User};
use throng_proto::refusal::Refusal;
use throng_proto::time::Timestamp;
use throng_shell::Config;

use crate::world::{Account, Hall, Player, Setup, World, found, identify, patient};

/// Members that a guild gets besides those with sessions.
pub(crate) const MANY: usize = 2_600;

/// Two users in a guild of many.
pub(crate) async fn crowded(setup: Setup) -> (World, Hall, [Account; 2]) {
    let world = setup.start().await;
    let accounts: [Account; 2] = world.users().await;
    let hall = world.guild(&[&accounts[0], &accounts[1]]).await;
    let joined = Timestamp::from_millis(1_600_000_000_000);
    let members: Vec<Member> = (0..MANY)
        .map(|number| Member {
            user: User::new(world.id(), format!("extra{number}"), false),
            profile: Profile::new(joined, Vec::new()),
        })
        .collect();
    let node = world.node.clone();
    let import = async move { node.import_members(hall.id, members).await };
    assert_eq!(world.run(import).await, Ok(MANY));
    (world, hall, accounts)
}

pub(crate) fn ask_list(player: &Player, hall: Hall, more: &Value) {
    let mut list = json!({"guild_id": hall.id, "query": "", "limit": 0});
    list.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    player.send(8, &list);
}

/// Takes chunks, and messages between them, until the list is whole.
async fn whole(player: &mut Player) -> (BTreeSet<String>, Vec<String>) {
    let (mut ids, mut said) = (BTreeSet::new(), Vec::new());
    loop {
        let payload = player.next().await.expect("the link should not end");
        let d = &payload["d"];
        match payload["t"].as_str() {
            Some("MESSAGE_CREATE") => said.push(d["content"].as_str().unwrap().to_owned()),
            Some("GUILD_MEMBERS_CHUNK") => {
                let members = d["members"].as_array().unwrap().iter();
                for member in members {
                    let id = member["user"]["id"].as_str().unwrap().to_owned();
                    assert!(ids.insert(id), "nobody comes twice");
                }
                if d["chunk_index"].as_u64().unwrap() + 1 == d["chunk_count"].as_u64().unwrap() {
                    return (ids, said);
                }
            }
            _ => panic!("{payload}"),
        }
    }
}

/// Waits until the newest job is as expected.
pub(crate) async fn job_becomes(world: &World, wanted: impl Fn(&JobStatus) -> bool) -> JobStatus {
    found(async || world.node.jobs().pop().filter(|job| wanted(job))).await
}

/// Lets a session that does not read ask for a list, and returns the job that waits for it.
pub(crate) async fn stalled(world: &World, hall: Hall, player: &Player) -> JobStatus {
    player.link.set_capacity(1);
    ask_list(player, hall, &json!({}));
    world.metric_becomes("throng_lagging", |lagging| lagging > 0).await;
    job_becomes(world, |job| job.state == JobState::Running).await
}

#[tokio::test]
async fn a_whole_list_comes_in_chunks_beside_messages() {
    let (world, hall, [owner, reader]) = crowded(Setup::default()).await;
    let mut player = world.join(&reader).await;
    ask_list(&player, hall, &json!({"nonce": "n"}));
    for number in 0..10 {
        world.post(hall, &owner, &number.to_string()).await;
    }
    let (ids, mut said) = whole(&mut player).await;
    assert_eq!(ids.len(), MANY + 2);
    assert!(ids.contains(&owner.id().to_string()));
    while said.len() < 10 {
        said.push(player.expect("MESSAGE_CREATE").await["content"].as_str().unwrap().to_owned());
    }
    assert_eq!(said, (0..10).map(|number| number.to_string()).collect::<Vec<_>>());
    let job = job_becomes(&world, |job| job.state == JobState::Done).await;
    assert_eq!((job.kind, job.guild), (JobKind::Chunks, hall.id));
    assert_eq!((job.done, job.total), (MANY as u64 + 2, MANY as u64 + 2));
    let metric = "throng_job_members_total{kind=\"chunks\"}";
    let page = world.node.metrics();
    let line = page.lines().find_map(|line| line.strip_prefix(metric)).unwrap();
    assert_eq!(line.trim(), (MANY + 2).to_string());
}

#[tokio::test]
async fn a_list_says_who_is_online_where_that_is_wanted() {
    let mut setup = Setup::default();
    setup.config.presence.window_ms = 0;
    let (world, hall, [owner, reader]) = crowded(setup).await;
    let mut online = world.join(&owner).await;
    let mut says = identify(&reader);
    says["intents"] = json!(1 | 1 << 1 | 1 << 8);
    let mut player = world.join_as(&reader, says).await;
    // A guild tells who came at the end of the turn.
    world.post(hall, &owner, "another turn").await;
    online.expect_message("another turn").await;
    ask_list(&player, hall, &json!({"presences": true}));
    let chunk = player.until("GUILD_MEMBERS_CHUNK").await;
    let mut online: Vec<&str> = chunk["presences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|presence| presence["user"]["id"].as_str().unwrap())
        .collect();
    online.sort_unstable();
    let mut both = [owner.id().to_string(), reader.id().to_string()];
    both.sort_unstable();
    assert_eq!(online, both);
}

#[tokio::test]
async fn a_list_waits_for_a_session_that_does_not_read() {
    let (world, hall, [owner, reader]) = crowded(Setup::default()).await;
    let mut player = world.join(&reader).await;
    let mut other = world.join(&owner).await;
    let job = stalled(&world, hall, &player).await;
    world.post(hall, &owner, "meanwhile").await;
    other.expect_message("meanwhile").await;
    let waiting = world.node.jobs().pop().unwrap();
    assert_eq!((waiting.id, waiting.state), (job.id, JobState::Running));
    assert!(waiting.done < waiting.total, "it is not sent faster than it is read");
    player.link.set_capacity(1 << 20);
    let (ids, said) = whole(&mut player).await;
    assert_eq!((ids.len(), said), (MANY + 2, vec!["meanwhile".to_owned()]));
}

#[tokio::test]
async fn a_list_ends_with_its_session() {
    let (world, hall, [_, reader]) = crowded(Setup::default()).await;
    let player = world.join(&reader).await;
    stalled(&world, hall, &player).await;
    player.link.close(Some(1000));
    job_becomes(&world, |job| job.state == JobState::Gone).await;
    assert_eq!(world.metric("throng_jobs_running"), 0);
}

#[tokio::test]
async fn a_list_that_is_cancelled_stops_and_the_session_goes_on() {
    let (world, hall, [owner, reader]) = crowded(Setup::default()).await;
    let mut player = world.join(&reader).await;
    let job = stalled(&world, hall, &player).await;
    assert!(world.node.cancel_job(job.id));
    let job = job_becomes(&world, |job| job.state == JobState::Cancelled).await;
    assert!(job.done < job.total);
    assert!(!world.node.cancel_job(job.id), "it is over");
    player.link.set_capacity(1 << 20);
    world.post(hall, &owner, "after").await;
    assert_eq!(player.until("MESSAGE_CREATE").await["content"], "after");
}

#[tokio::test]
async fn more_lists_than_may_wait_are_put_off() {
    let mut config = Config { workers: 1, ..Config::default() };
    (config.jobs.running_max, config.jobs.queue_max) = (1, 0);
    let setup = Setup { config, ..Setup::default() };
    let (world, hall, [owner, reader]) = crowded(setup).await;
    let (player, mut other) = (world.join(&reader).await, world.join(&owner).await);
    let job = stalled(&world, hall, &player).await;
    ask_list(&other, hall, &json!({"nonce": "later"}));
    let limited = other.expect("RATE_LIMITED").await;
    assert_eq!((&limited["opcode"], &limited["meta"]["nonce"]), (&json!(8), &json!("later")));
    assert!(limited["retry_after"].as_f64().unwrap() > 0.0);
    assert!(world.node.metrics().contains("throng_refusals_total{limit=\"jobs_queue_max\"} 1\n"));
    let export = world.node.export_members(hall.id).await;
    assert!(matches!(export, Err(Refusal::Unavailable { .. })), "{export:?}");
    assert!(world.node.cancel_job(job.id));
    job_becomes(&world, |job| job.state == JobState::Cancelled).await;
    ask_list(&other, hall, &json!({}));
    assert_eq!(whole(&mut other).await.0.len(), MANY + 2);
}

/// Invariant: M1, as whoever reads an export sees it.
#[tokio::test]
async fn an_export_has_everybody_as_they_were() {
    let (world, hall, [owner, reader]) = crowded(Setup::default()).await;
    let mut export = patient(world.node.export_members(hall.id)).await.unwrap();
    let patch = MemberPatch { nick: Some(Some("new".to_owned())), ..MemberPatch::default() };
    world.command(hall.id, &owner, Command::MemberPatch(owner.id(), patch)).await.unwrap();
    world.command(hall.id, &owner, Command::MemberDelete(reader.id())).await.unwrap();
    let mut members: Vec<Member> = Vec::new();
    while let Some(lines) = patient(export.lines.next()).await {
        let lines = lines.unwrap();
        let text = std::str::from_utf8(&lines).unwrap();
        members.extend(text.lines().map(|line| serde_json::from_str::<Member>(line).unwrap()));
    }
    assert_eq!(members.len(), MANY + 2);
    assert!(members.is_sorted_by_key(|member| member.user.id));
    let find = |id: UserId| members.iter().find(|member| member.user.id == id).unwrap();
    assert_eq!(find(owner.id()).profile.nick, None, "M1: a snapshot never changes");
    assert_eq!(find(reader.id()).user, reader.user);
    let job = job_becomes(&world, |job| job.state == JobState::Done).await;
    assert_eq!((job.id, job.kind), (export.job, JobKind::Export));
}

#[tokio::test]
async fn an_export_that_is_cancelled_ends_with_an_error() {
    let (world, hall, _) = crowded(Setup::default()).await;
    let mut export = patient(world.node.export_members(hall.id)).await.unwrap();
    patient(export.lines.next()).await.unwrap().unwrap();
    assert!(world.node.cancel_job(export.job));
    let mut last = Ok(bytes::Bytes::new());
    while let Some(next) = patient(export.lines.next()).await {
        last = next;
    }
    assert!(last.is_err(), "the export is not whole");
    let unknown = patient(world.node.export_members(world.id())).await;
    assert_eq!(unknown.map(|_| ()), Err(Refusal::UnknownGuild));
}

#[tokio::test]
async fn holders_of_a_deleted_role_are_announced() {
    let (world, hall, [owner, reader]) = crowded(Setup::default()).await;
    let give = Command::MemberRoleAdd(reader.id(), hall.role);
    world.command(hall.id, &owner, give).await.unwrap();
    let mut player = world.join(&owner).await;
    world.command(hall.id, &owner, Command::RoleDelete(hall.role)).await.unwrap();
    player.expect("GUILD_ROLE_DELETE").await;
    let update = player.expect("GUILD_MEMBER_UPDATE").await;
    assert_eq!((&update["user"]["id"], &update["roles"]), (&json!(reader.id()), &json!([])));
}
