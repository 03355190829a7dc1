//! Every payload of the gateway, byte by byte: with everything that it may have, and without.
//!
//! `golden/payloads.txt` has a line for each, its name and its text. A payload that is to change
//! changes there as well, and shows in the review what clients will see.

mod guilds;
mod links;
mod lists;
mod messages;

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;
use throng_proto::event::EventKind;
use throng_proto::gateway::payload;
use throng_proto::id::{ChannelId, GuildId, MessageId, RoleId, UserId};
use throng_proto::model::{Activity, Member, Presence, PresenceUser, Profile, Status, User};
use throng_proto::model::{Channel, ChannelKind, ClientStatus, Guild, Role};
use throng_proto::permissions::Permissions;
use throng_proto::time::Timestamp;

const GOLDEN: &str = include_str!("golden/payloads.txt");

const GUILD: GuildId = GuildId::new(7);
const CHANNEL: ChannelId = ChannelId::new(3);
const MESSAGE: MessageId = MessageId::new(50);
const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_123);

/// A payload with a name for what it shows.
struct Shown {
    name: String,
    text: String,
}

/// Takes a whole payload.
fn whole(name: &str, text: impl Into<String>) -> Shown {
    Shown { name: name.to_owned(), text: text.into() }
}

/// Takes the data of an event.
fn event(kind: EventKind, name: &str, data: &impl Serialize) -> Shown {
    let text = payload::dispatch(kind, data).text();
    rest(kind, name, &String::from_utf8_lossy(&text))
}

/// Takes what comes after the sequence of an event.
fn rest(kind: EventKind, name: &str, text: &str) -> Shown {
    whole(format!("{} {name}", kind.name()).trim_end(), format!("{{\"s\":1,{text}"))
}

fn user() -> User {
    User { global_name: Some("Ada".to_owned()), ..User::new(UserId::new(2), "ada", false) }
}

fn member() -> Member {
    let roles = vec![RoleId::new(8)];
    let profile = Profile { nick: Some("\"A\"".to_owned()), ..Profile::new(NOW, roles) };
    Member { user: user(), profile }
}

fn bob() -> Member {
    let user = User::new(UserId::new(4), "bob", true);
    Member { user, profile: Profile::new(Timestamp::default(), Vec::new()) }
}

fn presence(user: u64, status: Status, activities: &[Activity]) -> Presence<'_> {
    Presence {
        user: PresenceUser { id: UserId::new(user) },
        guild_id: GUILD,
        status,
        activities,
        client_status: ClientStatus::of(status),
    }
}

fn guild() -> Guild {
    Guild::new(GUILD, "seven", UserId::new(2))
}

fn role() -> Role {
    Role::new(RoleId::new(8), "red", Permissions::VIEW_CHANNEL)
}

fn channel() -> Channel {
    Channel::new(CHANNEL, GUILD, "general", ChannelKind::TEXT)
}

fn all() -> Vec<Shown> {
    [links::all(), guilds::all(), messages::all(), lists::all()].into_iter().flatten().collect()
}

#[test]
fn payloads_are_written_as_they_always_were() {
    let golden: BTreeSet<&str> = GOLDEN.lines().collect();
    let written = all().into_iter().map(|Shown { name, text }| format!("{name}: {text}"));
    let written: BTreeSet<String> = written.collect();
    let new: Vec<&String> = written.iter().filter(|line| !golden.contains(&***line)).collect();
    let old: Vec<&&str> = golden.iter().filter(|line| !written.contains(**line)).collect();
    for (word, line) in
        new.iter().map(|line| ("is", &***line)).chain(old.iter().map(|line| ("was", **line)))
    {
        println!("{word} {line}");
    }
    assert!(new.is_empty() && old.is_empty(), "golden/payloads.txt has other lines: see above");
}

#[test]
fn payloads_are_objects_with_the_keys_of_an_envelope() {
    for Shown { name, text } in all() {
        let read: Value = serde_json::from_str(&text).unwrap_or_else(|error| {
            panic!("{name}: {error} in {text}");
        });
        let Some(keys) = read.as_object() else { panic!("{name} is no object: {text}") };
        assert!(!name.contains(':'), "{name}");
        if name.starts_with("error") {
            continue;
        }
        assert!(keys["op"].is_u64() && keys.contains_key("d"), "{name}: {text}");
        let kind = keys.get("t").and_then(Value::as_str);
        assert_eq!(kind.is_some(), read["op"] == 0 && keys["s"] == 1, "{name}: {text}");
    }
}

#[test]
fn every_kind_of_event_is_shown() {
    let shown: BTreeSet<String> = all().into_iter().map(|shown| shown.name).collect();
    let first = |name: &str| name.split(' ').next().unwrap_or_default().to_owned();
    let shown: BTreeSet<String> = shown.iter().map(|name| first(name)).collect();
    for kind in EventKind::ALL {
        assert!(shown.contains(kind.name()), "{} is not among them", kind.name());
    }
}
