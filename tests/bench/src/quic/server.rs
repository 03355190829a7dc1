//! The node that is measured.

use std::sync::Arc;

use throng_engine::policy::Native;
use throng_plugin_policy_rhai::{Config as PolicyConfig, RhaiPolicy};
use throng_ports::link::Listener as _;
use throng_transport_quic::{Config, QuicListener};

use super::CONTENT_CHARS;
use crate::crowd::Crowd;

/// Serves a guild of so many users, and posts once for every line of input.
pub(super) fn run(users: usize) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(users))
}

async fn serve(users: usize) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let config = Config { idle_timeout_secs: 3_600, ..Config::default() };
    let listener = QuicListener::bind(([127, 0, 0, 1], 0).into(), folder.path(), config)?;
    let address = listener.local_addr()?;
    let native = Native { relay_capacity: 15_000 };
    let policy = Arc::new(RhaiPolicy::open(PolicyConfig::default(), native)?);
    let crowd = Crowd::open(policy, folder.path(), Box::new(listener), users).await?;
    println!("{address} {}", crowd.hall.tokens.join(" "));
    let content = "x".repeat(CONTENT_CHARS);
    let mut orders = super::bare::orders();
    while orders.recv().await.is_some() {
        crowd.post(crowd.hall.channel, &content).await?;
        println!("posted");
    }
    Ok(())
}
