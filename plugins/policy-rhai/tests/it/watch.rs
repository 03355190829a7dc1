//! Changes of files are noticed.

use std::fs;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use throng_plugin_policy_rhai::{Config, RhaiPolicy, Watch};

use crate::scene::{NATIVE, Room};

const SCRIPT: &str = "fn passivity(session, guild) { \"muted\" }\n";
/// Much longer than it takes.
const PATIENCE: Duration = Duration::from_secs(30);

fn watch(policy: &RhaiPolicy) -> (Watch, Receiver<()>) {
    let (told, changes) = channel();
    let watch = policy.watch(move || told.send(()).unwrap_or_default()).expect("a watch");
    (watch, changes)
}

#[test]
fn a_script_that_is_written_renamed_or_tested_anew_is_noticed() {
    let room = Room::new(SCRIPT);
    let policy = room.policy();
    let (_watch, changes) = watch(&policy);
    room.write("policy.rhai", SCRIPT);
    changes.recv_timeout(PATIENCE).expect("written");
    // As editors do.
    room.write("policy.rhai.new", SCRIPT);
    fs::rename(room.path("policy.rhai.new"), room.path("policy.rhai")).unwrap();
    changes.recv_timeout(PATIENCE).expect("renamed");
    room.write("policy.toml", "");
    changes.recv_timeout(PATIENCE).expect("a fixture");
    room.write("lib/new.rhai", "");
    changes.recv_timeout(PATIENCE).expect("a module");
}

#[test]
fn loading_a_policy_is_no_change() {
    let room = Room::new(SCRIPT);
    let policy = room.policy();
    let (watch, changes) = watch(&policy);
    policy.load().unwrap();
    room.write("policy.rhai", SCRIPT);
    changes.recv_timeout(PATIENCE).expect("the change");
    policy.load().unwrap();
    drop(watch);
    assert!(changes.recv_timeout(PATIENCE).is_err(), "the watch ends without another");
}

#[test]
fn there_is_nothing_to_watch_without_a_script() {
    let policy = RhaiPolicy::open(Config::default(), NATIVE).unwrap();
    let (watch, changes) = watch(&policy);
    drop(watch);
    assert!(changes.recv_timeout(PATIENCE).is_err());
}
