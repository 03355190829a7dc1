//! Stories about the gateway as strangers meet it, one module each.

/// Makes a test for each transport out of a story that takes a [`Way`](throng_e2e::Way).
macro_rules! over_each_transport {
    ($story:ident) => {
        mod $story {
            use anyhow::Result;
            use throng_e2e::Way;

            #[tokio::test]
            async fn over_websocket() -> Result<()> {
                super::$story(Way::WEBSOCKET).await
            }

            #[tokio::test]
            async fn over_quic() -> Result<()> {
                super::$story(Way::QUIC).await
            }
        }
    };
}

mod answers;
mod bad_input;
mod certificates;
mod chunks;
mod commands;
mod crash;
mod crowd;
mod cuts;
mod damage;
mod disk;
mod drain;
mod entering;
mod errors;
mod examples;
mod hops;
mod hostile;
mod invites;
mod lanes;
mod libraries;
mod lists;
mod log;
mod loss;
mod metrics;
mod moves;
mod packaging;
mod passive;
mod policy;
mod proxies;
mod publishing;
mod races;
mod replay;
mod requests;
mod sentences;
mod stranger;
mod together;
