//! What the gateway is of no use without.

use throng_shell::{Node, PANIC_EXIT_CODE};

use crate::log;

/// Counts and logs panics, and ends the process after one that leaves nothing to trust.
pub(crate) fn watch_panics() {
    throng_shell::watch_panics(|| {
        log::finish();
        std::process::exit(PANIC_EXIT_CODE.into());
    });
}

/// Runs a task that should end only when the node drains; `/readyz` fails when it ends before.
pub(crate) fn vital(
    node: &Node,
    what: impl Into<String>,
    task: impl Future<Output = ()> + Send + 'static,
) {
    let (node, what, running) = (node.clone(), what.into(), tokio::spawn(task));
    tokio::spawn(async move {
        let ended = running.await;
        if node.is_draining() {
            return;
        }
        let why = if ended.is_err() { "was ended by a panic" } else { "has ended" };
        tracing::error!("{what} {why}");
        node.troubles().set_grave(format!("ended:{what}"), format!("{what} {why}"));
    });
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use throng_engine::policy::Native;
    use throng_plugin_policy_rhai::{Config, RhaiPolicy};
    use throng_plugin_store_memory::MemoryStore;
    use throng_plugin_tokens_jwt as jwt;
    use throng_ports::hub::{Facts, Health, Operations as _};
    use throng_shell::{Parts, PlaceLimits};

    use super::*;
    use crate::config::Settings;

    async fn node() -> Node {
        let policy = RhaiPolicy::open(Config::default(), Native { relay_capacity: 100 });
        let policy = std::sync::Arc::new(policy.expect("the built-in policy runs"));
        let parts = Parts {
            config: throng_shell::Config { workers: 1, ..Settings::default().shell() },
            store: std::sync::Arc::new(MemoryStore::new()),
            policy: std::sync::Arc::clone(&policy) as _,
            policies: policy,
            tokens: std::sync::Arc::new(
                jwt::Issuer::new(&jwt::Config::default()).expect("no keys"),
            ),
            facts: Facts {
                gateway_url: "ws://test".to_owned(),
                shards: 1,
                identifies_total: 1,
                max_concurrency: 1,
            },
            places: PlaceLimits::default(),
        };
        Node::start(parts).await.expect("a node in memory starts")
    }

    async fn becomes(node: &Node, expected: &Health) {
        let reached = async {
            let mut look = tokio::time::interval(Duration::from_millis(5));
            while node.health() != *expected {
                look.tick().await;
            }
        };
        let reached = tokio::time::timeout(Duration::from_secs(60), reached).await;
        assert!(reached.is_ok(), "{:?}, not {expected:?}", node.health());
    }

    #[tokio::test]
    async fn a_listener_that_ends_or_panics_makes_the_node_of_no_use() {
        let node = node().await;
        vital(&node, "the listener", async {});
        let ended = "the listener has ended".to_owned();
        becomes(&node, &Health::Failing(ended.clone())).await;
        vital(&node, "another one", async { panic!("as the test asks") });
        let both = format!("another one was ended by a panic; {ended}");
        becomes(&node, &Health::Failing(both)).await;
        assert!(node.metrics().contains("throng_panics_total"));
    }

    #[tokio::test]
    async fn a_listener_that_ends_with_the_node_is_no_trouble() {
        let node = node().await;
        node.drain();
        vital(&node, "the listener", async {});
        tokio::task::yield_now().await;
        assert_eq!(node.health(), Health::Draining);
        assert_eq!(node.troubles().health(), None);
    }
}
