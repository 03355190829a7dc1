//! What is counted.

use throng_engine::policy::Policy as _;
use throng_plugin_policy_rhai::{Config, RhaiPolicy};
use throng_ports::policy::PolicyHost as _;

use crate::scene::{BEHIND, NATIVE, NOW, Room, guild, message, page, session};

#[test]
fn calls_verdicts_errors_and_stops_are_counted_by_version_and_hook() {
    let room = Room::new(
        "fn lag(session) {
            if session.bot { loop {} }
            if session.afk { 1 } else { \"passive\" }
        }
        fn publish(event, author, channel) { refuse(\"no\") }",
    );
    let policy = room.policy();
    let version = policy.status().version;
    let lag = |bot, afk| {
        let session = throng_engine::policy::SessionFacts { bot, afk, ..session() };
        policy.lag(NOW, &session, &BEHIND)
    };
    lag(false, false);
    lag(false, false);
    lag(false, true);
    lag(true, false);
    policy.publish(NOW, &message());
    let metrics = page(&policy);
    for line in [
        "throng_policy_calls_total{version=\"V\",hook=\"lag\"} 4",
        "throng_policy_cache_hits_total{version=\"V\",hook=\"lag\"} 1",
        "throng_policy_verdicts_total{version=\"V\",hook=\"lag\",verdict=\"passive\"} 2",
        "throng_policy_errors_total{version=\"V\",hook=\"lag\",kind=\"verdict\"} 1",
        "throng_policy_aborts_total{version=\"V\",hook=\"lag\",limit=\"operations\"} 1",
        "throng_policy_breaker_open{version=\"V\",hook=\"lag\"} 0",
        "throng_policy_seconds_bucket{version=\"V\",hook=\"lag\",le=\"0.000001\"} 3",
        "throng_policy_seconds_bucket{version=\"V\",hook=\"lag\",le=\"+Inf\"} 3",
        "throng_policy_seconds_count{version=\"V\",hook=\"lag\"} 3",
        "throng_policy_verdicts_total{version=\"V\",hook=\"publish\",verdict=\"refuse\"} 1",
        "throng_policy_loaded{version=\"V\"} 1",
        "throng_policy_load_failed 0",
    ] {
        let line = line.replace('V', &version);
        assert!(metrics.lines().any(|found| found == line), "{line} is not in\n{metrics}");
    }
    assert!(!metrics.contains("hook=\"delivery\""), "hooks of the native default are not counted");
}

#[test]
fn every_family_is_described_once_and_has_samples_of_its_name() {
    let policy = Room::new("fn delivery(guild) { #{} }").policy();
    policy.delivery(NOW, &guild());
    let metrics = page(&policy);
    let mut family = String::new();
    let mut seen = Vec::new();
    for line in metrics.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            family = rest.split(' ').next().unwrap().to_owned();
            assert!(!seen.contains(&family), "{family} comes twice");
            seen.push(family.clone());
        } else if !line.starts_with('#') {
            assert!(line.starts_with(&family), "{line} is not of {family}");
        }
    }
    assert!(seen.len() > 10);
}

#[test]
fn the_native_policy_counts_only_itself() {
    let policy = RhaiPolicy::open(Config::default(), NATIVE).unwrap();
    let metrics = page(&policy);
    assert!(metrics.contains("throng_policy_loaded{version=\"native\"} 1\n"), "{metrics}");
    assert!(!metrics.contains("hook="), "{metrics}");
}
