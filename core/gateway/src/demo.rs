//! The first start: a guild with two users, and what to paste to be one of them.

use std::path::Path;
use std::sync::Arc;

use throng_ports::hub::{GuildDraft, Hub};
use throng_proto::id::{ChannelId, GuildId};
use throng_proto::model::{Channel, ChannelKind, Guild, Member, Profile, Role, User};
use throng_proto::permissions::Permissions;
use throng_proto::refusal::Refusal;

/// Makes the demo guild and shows how to use it.
pub(crate) async fn create(hub: &Arc<dyn Hub>, data: &Path, url: String) -> anyhow::Result<()> {
    let made = make(hub).await.map_err(|refusal| anyhow::anyhow!("no demo guild: {refusal}"))?;
    show(&made, data, &url);
    Ok(())
}

struct Demo {
    guild: GuildId,
    channel: ChannelId,
    users: [(User, String); 2],
}

async fn make(hub: &Arc<dyn Hub>) -> Result<Demo, Refusal> {
    let ada = hub.create_user("ada".to_owned(), true).await?;
    let grace = hub.create_user("grace".to_owned(), true).await?;
    let guild = GuildId::new(hub.next_id());
    let channel = ChannelId::new(hub.next_id());
    let joined = guild.created_at();
    let members = [&ada.0, &grace.0]
        .map(|user| Member { user: user.clone(), profile: Profile::new(joined, Vec::new()) });
    hub.create_guild(GuildDraft {
        guild: Guild::new(guild, "Demo", ada.0.id),
        roles: vec![Role::new(guild.cast(), "@everyone", Permissions::DEFAULT)],
        channels: vec![Channel::new(channel, guild, "general", ChannelKind::TEXT)],
        members: members.into(),
    })
    .await?;
    Ok(Demo { guild, channel, users: [ada, grace] })
}

#[allow(clippy::print_stdout, reason = "this is for whoever started the gateway to paste")]
fn show(demo: &Demo, data: &Path, url: &str) {
    let Demo { guild, channel, users: [(ada, ada_token), (grace, grace_token)] } = demo;
    let data = data.display();
    println!(
        r#"
This is the first start, so there is a demo guild {guild} with the channel {channel} and two users.
Their tokens are shown only now; {data}/admin.token makes more users and guilds.

  {ada_name}:   {ada_token}
  {grace_name}: {grace_token}

Connect as {ada_name} with discord.py (pip install discord.py), and stay to see messages arrive:

  python3 -c '
import discord, yarl
discord.http.Route.BASE = "{url}/api/v10"
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL("{ws}")
client = discord.Client(intents=discord.Intents.all())
@client.event
async def on_ready(): print("ready:", client.user, client.guilds)
@client.event
async def on_message(message): print(message.author, "says", message.content)
client.run("{ada_token}")'

Connect as {grace_name}: the same with her token.

Post as {grace_name}:

  curl -X POST {url}/api/v10/channels/{channel}/messages \
    -H "Authorization: Bot {grace_token}" -H "Content-Type: application/json" \
    -d '{{"content":"hello, throng"}}'
"#,
        ada_name = ada.username,
        grace_name = grace.username,
        ws = url.replacen("http", "ws", 1),
    );
}
