//! Many clients that come at the same time.

use anyhow::{Context as _, Result};
use futures_util::future::{join_all, try_join_all};
use throng_e2e::{Client, Gateway, Identity, Way, intents};

/// A hundred times as many as the store takes at a time.
const CLIENTS: usize = 400;

over_each_transport!(more_clients_at_once_than_the_store_takes_all_get_in);
async fn more_clients_at_once_than_the_store_takes_all_get_in(way: Way) -> Result<()> {
    let gateway = Gateway::builder()
        .set("store.sqlite.queue_max", &4)
        .set("limits.identifies_under_way", &4)
        .start()?;
    let admin = gateway.admin()?;
    let names = (0..CLIENTS).map(|number| format!("bot{number}"));
    let bots: Vec<_> = names.map(|name| admin.bot(&name)).collect::<Result<_>>()?;
    let route = gateway.route(way);
    let mut clients = try_join_all(bots.iter().map(|_| Client::connect(&route))).await?;
    let identities: Vec<_> = bots.iter().map(|bot| Identity::bot(bot, intents::MESSAGES)).collect();
    let begun = clients.iter_mut().zip(&identities).map(|(client, bot)| client.identify(bot));
    for (number, ready) in join_all(begun).await.into_iter().enumerate() {
        ready.with_context(|| format!("client {number} does not get in"))?;
    }
    Ok(())
}
