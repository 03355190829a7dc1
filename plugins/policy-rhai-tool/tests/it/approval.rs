//! What a script must pass before a gateway that checks puts it in force.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use throng_engine::policy::Native;
use throng_plugin_policy_rhai::{Clock, Config, Means, Require, RhaiPolicy};
use throng_plugin_policy_rhai_tool::Checker;
use throng_ports::policy::{PolicyFault, PolicyHost as _};
use throng_proto::time::Timestamp;

const GOOD: &str = "fn lag(session) { \"passive\" }\n";
const COSTLY: &str =
    "fn lag(session) { let n = 0; for i in 0..100_000_000 { n += i; } \"close\" }\n";

/// A policy on disk, of a gateway that checks it.
struct Room {
    folder: TempDir,
    config: Config,
    clock: Arc<Hurry>,
}

impl Room {
    fn new(script: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        let config = Config { path: folder.path().join("policy.rhai"), ..Config::default() };
        let room = Self { folder, config, clock: Arc::default() };
        room.write("policy.rhai", script);
        room
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("a file");
    }

    fn open(&self) -> Result<RhaiPolicy, PolicyFault> {
        let means =
            Means { clock: Arc::<Hurry>::clone(&self.clock), inspector: Some(Arc::new(Checker)) };
        RhaiPolicy::open_with(self.config.clone(), Native { relay_capacity: 15_000 }, means)
    }

    fn policy(&self) -> RhaiPolicy {
        self.open().unwrap_or_else(|fault| panic!("{fault}"))
    }
}

/// A clock that stands still, or goes a step with every look.
#[derive(Debug, Default)]
struct Hurry {
    millis: AtomicU64,
    step: AtomicU64,
}

impl Clock for Hurry {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_795_645_800_000).after(self.elapsed())
    }

    fn elapsed(&self) -> Duration {
        let step = self.step.load(Ordering::Relaxed);
        Duration::from_millis(self.millis.fetch_add(step, Ordering::Relaxed))
    }
}

#[test]
fn what_decides_nothing_is_refused_whatever_is_required() {
    for (text, word) in [("", "it is empty"), (" \n\n", "it is empty"), ("// To do.\n", "no hook")]
    {
        for require in [Require::Check, Require::Compile] {
            let mut room = Room::new(GOOD);
            room.config.require = require;
            let policy = room.policy();
            room.write("policy.rhai", text);
            let fault = policy.load().expect_err("it decides nothing");
            assert!(fault.message.contains(word), "{fault}");
            assert!(fault.message.contains("`passivity`"), "{fault}");
            assert_eq!(policy.status().hooks, ["lag"], "the one before goes on");
        }
    }
    assert!(Room::new("fn helper() { 1 }").open().is_err(), "the first start as well");
}

#[test]
fn what_a_check_finds_is_refused_at_the_first_start_and_later() {
    let room = Room::new(COSTLY);
    let fault = room.open().expect_err("it is stopped at its limit");
    assert!(fault.message.contains("`lag` fails: "), "{fault}");
    assert!(fault.report.contains("[fails]"), "{fault}");
    room.write("policy.rhai", GOOD);
    let policy = room.policy();
    let version = policy.status().version;
    for wrong in [
        COSTLY,
        "fn lag(session) { if session.bot { \"clse\" } else { \"close\" } }\n",
        "fn lag(session) { if session.user == \"157\" { \"close\" } else { \"passive\" } }\n",
        "fn lag(session) { \"close\" }\nfn overlaod(node) { [] }\n",
    ] {
        room.write("policy.rhai", wrong);
        let fault = policy.load().expect_err(wrong);
        assert!(fault.line > 0 && !fault.report.is_empty(), "{fault}");
        let status = policy.status();
        assert_eq!((&status.version, status.fault), (&version, Some(fault)));
    }
}

#[test]
fn warnings_of_a_check_refuse_nothing() {
    let room = Room::new("fn lag(session) { \"close\" }\nfn spare() { 1 }\n");
    assert_eq!(room.policy().status().hooks, ["lag"]);
}

#[test]
fn a_check_is_over_when_its_time_is() {
    let mut room =
        Room::new("fn lag(session) { if session.bot { \"close\" } else { \"passive\" } }\n");
    room.config.check_seconds_max = 1;
    // A millisecond passes with every look at the clock.
    room.clock.step.store(1, Ordering::Relaxed);
    let policy = room.policy();
    assert_eq!(policy.status().fault, None, "what was not asked is not held against it");
}
