//! Policies are replaced as a whole, or not at all.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use throng_engine::mode::Mode;
use throng_engine::policy::{Passivity, Policy as _, SessionFacts};
use throng_plugin_policy_rhai::{Config, RhaiPolicy};
use throng_ports::policy::PolicyHost as _;
use throng_proto::id::Id;

use crate::scene::{NATIVE, NOW, Room, attachment, guild, page, session};

const MUTED: &str = "fn passivity(session, guild) { \"muted\" }\n";

fn mode(policy: &RhaiPolicy) -> Mode {
    policy.passivity(NOW, &session(), &guild(), &attachment()).mode
}

#[test]
fn without_a_script_the_native_policy_runs() {
    let policy = RhaiPolicy::open(Config::default(), NATIVE).unwrap();
    let status = policy.load().unwrap();
    assert_eq!((status.name.as_str(), status.version.as_str()), ("native", "native"));
    assert_eq!((status.path, status.fault, status.hooks), (None, None, Vec::new()));
    assert_eq!(mode(&policy), Mode::Passive);
}

#[test]
fn hooks_that_a_script_leaves_out_are_answered_by_the_native_policy() {
    let policy = Room::new(MUTED).policy();
    assert_eq!(mode(&policy), Mode::Muted);
    assert_eq!(policy.relays(NOW, &guild()), NATIVE.relays(NOW, &guild()));
    let status = policy.status();
    assert_eq!((status.name.as_str(), status.hooks), ("policy", vec!["passivity".to_owned()]));
    assert_eq!(status.version.len(), 12);
}

#[tokio::test]
async fn a_reload_puts_the_new_version_in_force() {
    let room = Room::new(MUTED);
    let policy = room.policy();
    let before = policy.status();
    room.clock.advance(Duration::from_secs(60));
    room.write("policy.rhai", "fn passivity(session, guild) { \"conflated\" }\n");
    assert_eq!(mode(&policy), Mode::Muted, "not before it is told to");
    let after = policy.reload().await.unwrap();
    assert_eq!(mode(&policy), Mode::Conflated);
    assert_ne!(before.version, after.version);
    assert_eq!(after.since.since(before.since), Duration::from_secs(60));
}

#[tokio::test]
async fn the_same_script_stays_the_same_version() {
    let room = Room::new(MUTED);
    let policy = room.policy();
    let before = policy.status();
    room.clock.advance(Duration::from_secs(60));
    let after = policy.reload().await.unwrap();
    assert_eq!((before.version, before.since), (after.version, after.since));
    assert_eq!(after.loaded_at.since(after.since), Duration::from_secs(60));
}

#[tokio::test]
async fn a_broken_script_is_refused_with_its_place_and_the_old_one_goes_on() {
    let room = Room::new(MUTED);
    let policy = room.policy();
    let before = policy.status();
    room.write("policy.rhai", "// New.\nfn passivity(session, guild) {\n\tsesion.bot\n}\n");
    let fault = policy.reload().await.expect_err("broken");
    assert_eq!((fault.line, fault.column), (3, 2));
    assert_eq!(fault.message, "Undefined variable: sesion");
    let file = room.path("policy.rhai").display().to_string();
    let place = format!("{file}:3:2: Undefined variable: sesion\n 3 | \tsesion.bot\n   | \t^");
    assert_eq!(fault.report, place);
    assert_eq!(mode(&policy), Mode::Muted);
    let status = policy.status();
    assert_eq!((status.version, status.since), (before.version.clone(), before.since));
    assert_eq!(status.fault, Some(fault));
    assert!(page(&policy).contains("throng_policy_load_failed 1\n"));
    assert!(page(&policy).contains("throng_policy_load_failures_total 1\n"));
    room.write("policy.rhai", MUTED);
    let mended = policy.reload().await.unwrap();
    assert_eq!((mended.fault, mended.version), (None, before.version));
    assert!(page(&policy).contains("throng_policy_load_failed 0\n"));
}

#[tokio::test]
async fn a_script_whose_own_tests_fail_is_refused() {
    let room = Room::new(MUTED);
    let policy = room.policy();
    let test = "fn test_nobody_is_muted() {
        assert_eq(passivity(session(#{}), guild(#{})), \"active\");
    }";
    room.write("policy.rhai", &format!("{MUTED}{test}"));
    let fault = policy.reload().await.expect_err("a test fails");
    assert!(fault.report.contains("test_nobody_is_muted"), "{fault}");
    assert_eq!(mode(&policy), Mode::Muted);
}

#[test]
fn hooks_with_other_parameters_are_refused() {
    let fault =
        Room::new("\nfn passivity(session) { \"muted\" }").open().expect_err("one is missing");
    assert_eq!(fault.line, 2);
    assert!(fault.message.contains("write `fn passivity(session, guild)`"), "{fault}");
}

#[test]
fn a_folder_is_a_policy_when_it_holds_one_script() {
    let mut room = Room::new(MUTED);
    room.write("policy.toml", "");
    room.config.path = room.path("");
    assert_eq!(mode(&room.policy()), Mode::Muted);
    room.write("second.rhai", MUTED);
    let fault = room.open().expect_err("which one?");
    assert!(fault.message.contains("2 scripts"), "{fault}");
    std::fs::remove_file(room.path("second.rhai")).unwrap();
    std::fs::remove_file(room.path("policy.rhai")).unwrap();
    assert!(room.open().expect_err("none").message.contains("no script"));
}

#[test]
fn a_missing_script_is_a_fault() {
    let mut room = Room::new(MUTED);
    room.config.path = room.path("gone.rhai");
    let fault = room.open().expect_err("it is not there");
    assert!(fault.file.ends_with("gone.rhai"), "{fault}");
    assert!(fault.message.contains("there is no such file"), "{fault}");
}

#[test]
fn every_verdict_is_that_of_one_version_while_versions_change() {
    let recheck = |seconds: u64| {
        format!(
            "fn passivity(session, guild) {{ let s = {seconds}; #{{mode: \"muted\", recheck: s}} }}"
        )
    };
    let room = Room::new(&recheck(1));
    let policy = room.policy();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut last = 1;
                while !done.load(Ordering::Acquire) {
                    let session = SessionFacts { user: Id::new(last), ..session() };
                    let verdict = policy.passivity(NOW, &session, &guild(), &attachment());
                    let Passivity { mode: Mode::Muted, recheck: Some(recheck) } = verdict else {
                        panic!("{verdict:?} is of no version")
                    };
                    assert!(recheck.as_secs() >= last, "an older version came back");
                    last = recheck.as_secs();
                }
            });
        }
        for seconds in 2..30 {
            room.write("policy.rhai", &recheck(seconds));
            policy.load().unwrap();
        }
        done.store(true, Ordering::Release);
    });
}
