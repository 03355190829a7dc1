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
    what: &'static str,
    task: impl Future<Output = ()> + Send + 'static,
) {
    let (node, running) = (node.clone(), tokio::spawn(task));
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
