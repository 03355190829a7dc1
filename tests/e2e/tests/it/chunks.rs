//! The whole list of members (op 8), however payloads travel.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use throng_e2e::{Client, Gateway, Identity, Way};

/// Members besides the bots: more than one chunk, of which each is compressed in many pieces.
const MANY: usize = 1_300;
/// GUILDS and GUILD_MEMBERS.
const INTENTS: u64 = 1 | 1 << 1;

#[tokio::test]
async fn everybody_comes_once_in_every_compression() -> Result<()> {
    let gateway = Gateway::start()?;
    let admin = gateway.admin()?;
    let names = (0..=Way::ALL.len()).map(|number| format!("bot{number}"));
    let bots: Vec<_> = names.map(|name| admin.bot(&name)).collect::<Result<_>>()?;
    let members: Vec<_> = bots[1..].iter().map(|bot| json!({ "user_id": bot.id })).collect();
    let description = json!({ "name": "hall", "owner_id": bots[0].id, "members": members });
    let guild = admin.guild(&description)?;
    // Text of every width, so that a cut inside of a character would show.
    admin.import(&guild, (0..MANY).map(|number| format!("zoë{number}")))?;

    let of_a_payload = (Way::WEBSOCKET, Identity::bot(&bots[0], INTENTS).compressed());
    let others = Way::ALL.into_iter().zip(&bots[1..]);
    let others = others.map(|(way, bot)| (way, Identity::bot(bot, INTENTS)));
    for (way, identity) in others.chain([of_a_payload]) {
        let mut client = Client::enter(&gateway.route(way), &identity).await?;
        let seen = list(&mut client, &guild.id).await.with_context(|| format!("{way:?}"))?;
        ensure!(seen.len() == MANY + bots.len(), "{way:?}: {} of them", seen.len());
        client.is_heard().await?;
    }
    Ok(())
}

/// Asks for everybody and returns their ids.
async fn list(client: &mut Client, guild: &str) -> Result<BTreeSet<String>> {
    let d = json!({ "guild_id": guild, "query": "", "limit": 0, "nonce": "all" });
    client.send(&json!({ "op": 8, "d": d })).await?;
    let mut seen = BTreeSet::new();
    for index in 0_u64.. {
        let chunk = client.expect("GUILD_MEMBERS_CHUNK").await?.d;
        ensure!(chunk["chunk_index"] == index && chunk["nonce"] == "all", "not chunk {index}");
        for member in chunk["members"].as_array().context("no members")? {
            let id = member["user"]["id"].as_str().context("no id")?;
            ensure!(seen.insert(id.to_owned()), "{id} comes twice");
        }
        if chunk["chunk_count"] == index + 1 {
            break;
        }
    }
    Ok(seen)
}
