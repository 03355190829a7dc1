//! The suite that every host of policies passes.

use throng_plugin_policy_rhai::RhaiPolicy;
use throng_ports::policy::PolicyHost;
use throng_ports::policy::conformance::{self, Bench, Sample};

use crate::scene::Room;

/// A policy on disk, and who runs it.
struct Scripts {
    room: Room,
    policy: RhaiPolicy,
}

impl Scripts {
    fn new() -> Self {
        let room = Room::new(text(Sample::First));
        let policy = room.policy();
        Self { room, policy }
    }
}

impl Bench for Scripts {
    fn put(&self, policy: Sample) {
        self.room.write("policy.rhai", text(policy));
    }

    fn host(&self) -> &dyn PolicyHost {
        &self.policy
    }
}

const fn text(policy: Sample) -> &'static str {
    match policy {
        Sample::First => "fn lag(session) { \"close\" }\n",
        Sample::Second => "fn lag(session) { \"passive\" }\n",
        Sample::Broken => "fn lag(session) { \"close\" \n",
    }
}

#[tokio::test]
async fn scripts_pass_the_suite_of_policy_hosts() {
    conformance::suite(Scripts::new).await;
}

#[tokio::test]
async fn the_suite_notices_broken_hosts() {
    conformance::twins(Scripts::new).await;
}
