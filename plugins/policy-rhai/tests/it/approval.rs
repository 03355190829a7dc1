//! What a script must pass before it is put in force.

use std::time::Duration;

use throng_engine::policy::Policy as _;
use throng_plugin_policy_rhai::{Config, Require, RhaiPolicy};
use throng_ports::policy::PolicyHost as _;

use crate::scene::{BEHIND, NATIVE, NOW, Room, page, session};

const GOOD: &str = "fn lag(session) { \"passive\" }\n";
const COSTLY: &str =
    "fn lag(session) { let n = 0; for i in 0..100_000_000 { n += i; } \"close\" }\n";

#[test]
fn where_compiling_is_enough_nobody_need_look_and_where_not_somebody_must() {
    let mut room = Room::new(COSTLY);
    room.config.require = Require::Compile;
    assert_eq!(room.policy().status().hooks, ["lag"]);
    room.config.require = Require::Check;
    let fault = room.open().expect_err("nobody looks");
    assert!(fault.message.contains("without an inspector"), "{fault}");
}

#[test]
fn tests_can_be_required() {
    let mut room = Room::new(GOOD);
    room.policy();
    room.config.tests_required = true;
    let fault = room.open().expect_err("there are none");
    assert!(fault.message.contains("no `policy.toml` beside it"), "{fault}");
    room.write("policy.toml", "# None yet.\n");
    let fault = room.open().expect_err("there are none");
    assert!(fault.message.contains("no case in `policy.toml`"), "{fault}");
    room.write("policy.toml", "[[case]]\nname = \"a\"\nhook = \"lag\"\nexpect = \"passive\"\n");
    room.policy();
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_script_its_cases_or_its_library() {
    let script = "import \"m\" as m;\nfn lag(session) { m::answer() }\n";
    let room = Room::new(&format!("\u{feff}{script}"));
    room.write("lib/m.rhai", "\u{feff}fn answer() { \"passive\" }\n");
    let case = "[[case]]\nname = \"a\"\nhook = \"lag\"\nexpect = \"passive\"\n";
    room.write("policy.toml", &format!("\u{feff}{case}"));
    let with = room.policy().status().version;
    room.write("policy.rhai", script);
    room.write("lib/m.rhai", "fn answer() { \"passive\" }\n");
    assert_eq!(room.policy().status().version, with, "the same text");
}

#[test]
fn settings_that_cannot_be_are_named_with_a_policy_and_without() {
    for path in ["", "policy.rhai"] {
        let mut config = Config { path: path.into(), ..Config::default() };
        config.hooks.publish.wall_millis_max = 5_000;
        let fault = RhaiPolicy::open(config, NATIVE).expect_err("too long");
        let setting =
            "the setting policy.hooks.publish.wall_millis_max must be 1 to 1000, and is 5000";
        assert!(fault.report.ends_with(setting) && !fault.report.starts_with(':'), "{fault}");
    }
    let config = Config { settle_millis: 90_000, ..Config::default() };
    let fault = RhaiPolicy::open(config, NATIVE).expect_err("too long");
    assert!(fault.message.contains("policy.settle_millis must be 0 to 60000"), "{fault}");
}

#[test]
fn a_constant_in_a_function_is_explained() {
    let fault = Room::new("const VIP = 1;\nfn lag(session) { if VIP == 1 { \"close\" } }")
        .open()
        .expect_err("it is not seen");
    assert!(fault.message.contains("`global::VIP`") && fault.line == 2, "{fault}");
    let fault = Room::new("let vip = 1;\nfn lag(session) { if vip == 1 { \"close\" } }")
        .open()
        .expect_err("it is not seen");
    assert!(fault.message.contains("`const vip`"), "{fault}");
}

#[tokio::test]
async fn a_version_whose_hook_is_left_alone_is_taken_back() {
    let room = Room::new(GOOD);
    let policy = room.policy();
    let good = policy.status().version;
    room.write("policy.rhai", COSTLY);
    policy.reload().await.expect("it compiles");
    let bad = policy.status().version;
    room.clock.advance(Duration::from_secs(60));
    for _ in 0..4 {
        policy.lag(NOW, &session(), &BEHIND);
    }
    assert_eq!(policy.status().version, bad);
    assert_eq!(policy.status().troubles, Vec::<String>::new());
    let answer = policy.lag(NOW, &session(), &BEHIND);
    assert_eq!(answer, throng_engine::policy::Lag::Passive, "the version before answers at once");
    policy.changed().notified().await;
    let status = policy.status();
    assert_eq!(status.version, good);
    assert_eq!(status.since, NOW.after(Duration::from_secs(60)));
    let [trouble] = &status.troubles[..] else { panic!("{status:?}") };
    for word in [&bad[..], "`lag`", "operations_max", "5 times", "policy.rhai:1"] {
        assert!(trouble.contains(word), "{word} is not in {trouble}");
    }
    assert!(page(&policy).contains("throng_policy_taken_back_total 1\n"));
    // What was taken back does not come again before it changes.
    let fault = policy.reload().await.expect_err("it was taken back");
    assert!(fault.message.contains("taken back"), "{fault}");
    room.write("policy.rhai", GOOD);
    let status = policy.reload().await.expect("the good one");
    assert_eq!((status.version, status.troubles, status.fault), (good, Vec::new(), None));
}

#[test]
fn without_a_version_before_or_the_setting_a_failing_one_stays_and_is_told() {
    let mut room = Room::new(COSTLY);
    let policy = room.policy();
    (0..5).for_each(|_| _ = policy.lag(NOW, &session(), &BEHIND));
    let status = policy.status();
    let [trouble] = &status.troubles[..] else { panic!("{status:?}") };
    assert!(trouble.contains("`lag` fails and is left alone: it was stopped"), "{trouble}");
    room.write("policy.rhai", GOOD);
    room.config.fall_back = false;
    let policy = room.policy();
    room.write("policy.rhai", COSTLY);
    let bad = policy.load().expect("it compiles").version;
    (0..5).for_each(|_| _ = policy.lag(NOW, &session(), &BEHIND));
    let status = policy.status();
    assert_eq!((status.version, status.troubles.len()), (bad, 1));
}

#[test]
fn of_two_versions_that_fail_the_one_before_is_not_taken_back_again() {
    let room = Room::new("fn lag(session) { throw 1 }\n");
    let policy = room.policy();
    let first = policy.status().version;
    room.write("policy.rhai", COSTLY);
    policy.load().expect("it compiles");
    (0..50).for_each(|_| _ = policy.lag(NOW, &session(), &BEHIND));
    let status = policy.status();
    assert_eq!((status.version, status.troubles.len()), (first, 2));
    assert!(page(&policy).contains("throng_policy_taken_back_total 1\n"));
}

#[test]
fn what_was_counted_of_the_last_two_versions_is_kept() {
    let room = Room::new(GOOD);
    let policy = room.policy();
    let count = |version: &str| {
        let start = format!("throng_policy_calls_total{{version=\"{version}\",hook=\"lag\"}} ");
        let metrics = page(&policy);
        metrics.lines().find_map(|line| line.strip_prefix(&start).map(str::to_owned))
    };
    let ask = |times: u32| (0..times).for_each(|_| _ = policy.lag(NOW, &session(), &BEHIND));
    let first = policy.status().version;
    ask(3);
    room.write("policy.rhai", "fn lag(session) { \"close\" }\n");
    let second = policy.load().expect("good").version;
    ask(2);
    assert_eq!((count(&first).as_deref(), count(&second).as_deref()), (Some("3"), Some("2")));
    room.write("policy.rhai", GOOD);
    assert_eq!(policy.load().expect("good").version, first);
    ask(4);
    assert_eq!((count(&first).as_deref(), count(&second).as_deref()), (Some("7"), Some("2")));
    let metrics = page(&policy);
    assert!(metrics.contains(&format!("throng_policy_loaded{{version=\"{first}\"}} 1\n")));
    assert!(metrics.contains(&format!("throng_policy_loaded{{version=\"{second}\"}} 0\n")));
    room.write("policy.rhai", "fn lag(session) { \"conflate\" }\n");
    policy.load().expect("good");
    assert_eq!(count(&second), None, "two are kept");
}
