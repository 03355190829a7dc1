//! The first start: a guild with two users, and what to paste to be one of them.

use std::path::Path;
use std::sync::Arc;

use throng_ports::hub::{GuildDraft, Hub};
use throng_proto::id::{ChannelId, GuildId};
use throng_proto::model::{Channel, ChannelKind, Guild, Member, Profile, Role, User};
use throng_proto::permissions::Permissions;
use throng_proto::refusal::Refusal;

use crate::private;

/// Makes the demo guild, and returns how to use it.
pub(crate) async fn create(
    hub: &Arc<dyn Hub>,
    data: &Path,
    url: &str,
) -> anyhow::Result<Vec<String>> {
    let made = make(hub).await.map_err(|refusal| anyhow::anyhow!("no demo guild: {refusal}"))?;
    show(&made, data, url)
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

/// Keeps the tokens in files, so that no log of standard output has them, and tells how to use
/// them.
fn show(demo: &Demo, data: &Path, url: &str) -> anyhow::Result<Vec<String>> {
    let Demo { guild, channel, users } = demo;
    let mut lines = vec![format!(
        "
This is the first start, so there is a demo guild {guild} with the channel {channel} and two users.
Their tokens are in files; with {} you can make more users and guilds.
",
        data.join("admin.token").display()
    )];
    let mut paths = Vec::new();
    for (user, token) in users {
        let path = data.join(format!("{}.token", user.username));
        private::write(&path, &format!("{token}\n"))?;
        lines.push(format!("  {}: {}", user.username, path.display()));
        paths.push(quoted(&path));
    }
    lines.push("\nThe clients below need discord.py: pip install discord.py".to_owned());
    for ((user, _), path) in users.iter().zip(&paths) {
        lines.push(client(&user.username, path, url));
    }
    if let ([_, (grace, _)], Some(path)) = (users, paths.last()) {
        lines.push(format!(
            r#"
Post as {}:

  curl -X POST {url}/api/v10/channels/{channel}/messages \
    -H "Authorization: Bot $(cat {path})" -H "Content-Type: application/json" \
    -d '{{"content":"hello, throng"}}'
"#,
            grace.username
        ));
    }
    Ok(lines)
}

/// Writes a path so that a shell takes it for one word.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Says how to connect as a user and stay, to see messages arrive.
fn client(name: &str, path: &str, url: &str) -> String {
    let gateway = url.replacen("http", "ws", 1);
    format!(
        r#"
Connect as {name}:

  python3 -c '
import discord, sys, yarl
discord.http.Route.BASE = "{url}/api/v10"
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL("{gateway}")
client = discord.Client(intents=discord.Intents.all())
@client.event
async def on_ready(): print("ready:", client.user, client.guilds)
@client.event
async def on_message(message): print(message.author, "says", message.content)
client.run(open(sys.argv[1]).read().strip())' {path}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_one_word_for_a_shell() {
        assert_eq!(quoted(Path::new("throng-data/ada.token")), "throng-data/ada.token");
        assert_eq!(quoted(Path::new("my data/it's")), r"'my data/it'\''s'");
        assert_eq!(quoted(Path::new("$(reboot)")), "'$(reboot)'");
    }
}
