//! A gateway with the board: a real client is told what is posted there.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use throng::Gateway;
use throng::ports::hub::{GuildDraft, Health};
use throng::proto::command::{Actor, Command, MemberPatch};
use throng::proto::id::{ChannelId, GuildId};
use throng::proto::model::{Channel, ChannelKind, Guild, Member, Profile, Role};
use throng::proto::permissions::Permissions;
use throng_client::{Client, Event, Intents, Transport};
use throng_plugin_example_bulletin::Bulletin;

type Tested = Result<(), Box<dyn std::error::Error>>;

async fn gateway(data: &Path) -> Result<Gateway, throng::Error> {
    let builder = Gateway::builder().plugin(Bulletin).set("store.kind", "memory").set("data", data);
    let any = "listen = '127.0.0.1:0'\nadmin = '127.0.0.1:0'\nquic.enabled = false\nworkers = 1";
    builder.settings(any).set("plugins.bulletin.prefix", "Read this: ").start().await
}

/// Waits until it is ready, as whoever asks `/readyz` does.
async fn ready(gateway: &Gateway) -> Tested {
    let mut look = tokio::time::interval(Duration::from_millis(5));
    let ready = async {
        while gateway.health() != Health::Ready {
            look.tick().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), ready).await;
    waited.map_err(|_| format!("{:?}", gateway.health()).into())
}

/// Asks over HTTP, and returns the status and the body.
async fn ask(url: &str, head: String, body: &str) -> Result<(u16, String), std::io::Error> {
    let address = url.trim_start_matches("http://").to_owned();
    let length = body.len();
    let request = format!(
        "{head}Host: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let asking = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer)
    });
    let answer = asking.await.map_err(std::io::Error::other)??;
    let status = answer.get(9..12).and_then(|code| code.parse().ok()).unwrap_or_default();
    Ok((status, answer.split_once("\r\n\r\n").unwrap_or_default().1.to_owned()))
}

async fn get(url: &str, path: &str) -> Result<(u16, String), std::io::Error> {
    ask(url, format!("GET {path} HTTP/1.1\r\n"), "").await
}

async fn post(gateway: &Gateway, path: &str, body: &str) -> Result<u16, std::io::Error> {
    let token = gateway.admin_token().expose();
    let head = format!("POST {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n");
    Ok(ask(gateway.admin_url(), head, body).await?.0)
}

/// Makes a guild with a reader, and returns the reader's token and the channel.
async fn guild(
    gateway: &Gateway,
) -> Result<(String, GuildId, ChannelId), throng::proto::refusal::Refusal> {
    let hub = gateway.hub();
    let (ada, token) = hub.create_user("ada".to_owned(), false).await?;
    let (id, channel) = (GuildId::new(hub.next_id()), ChannelId::new(hub.next_id()));
    let profile = Profile::new(id.created_at(), Vec::new());
    hub.create_guild(GuildDraft {
        guild: Guild::new(id, "Square", ada.id),
        roles: vec![Role::new(id.cast(), "@everyone", Permissions::DEFAULT)],
        channels: vec![Channel::new(channel, id, "news", ChannelKind::TEXT)],
        members: vec![Member { user: ada, profile }],
    })
    .await?;
    Ok((token, id, channel))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_board_posts_a_client_reads_and_the_board_has_settings_numbers_and_an_end()
-> Tested {
    let folder = tempfile::tempdir()?;
    let gateway = gateway(&folder.path().join("data")).await?;
    ready(&gateway).await?;
    let (token, guild, channel) = guild(&gateway).await?;
    let hub = gateway.hub();
    let notice = format!("/plugins/bulletin/{channel}");
    assert_eq!(post(&gateway, &notice, "hear").await?, 409, "it is no member yet");

    let board = hub.user_named("bulletin".to_owned()).await?.ok_or("it has an account")?;
    let joins = Command::MemberPut(board.clone(), MemberPatch::default());
    hub.command(guild, Actor::Operator, joins).await?;
    let intents = Intents::GUILDS.union(Intents::GUILD_MESSAGES).union(Intents::MESSAGE_CONTENT);
    let (client, mut events) = Client::builder(token)
        .websocket(gateway.url())
        .only(Transport::WebSocket)
        .intents(intents)
        .connect()?;
    while !matches!(events.next().await.ok_or("no end")?, Event::GuildCreate(_)) {}
    assert_eq!(post(&gateway, &notice, "hear").await?, 204);
    let message = loop {
        if let Event::MessageCreate(posted) = events.next().await.ok_or("no end")? {
            break posted.message.clone();
        }
    };
    assert_eq!((message.author.id, message.content.as_str()), (board.id, "Read this: hear"));

    // Its own session was told in the same order as the client, on a link of its own.
    let seen = async {
        let mut look = tokio::time::interval(Duration::from_millis(5));
        while !hub.metrics().contains("\nthrong_plugin_bulletin_seen_total 1\n") {
            look.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), seen).await?;
    let shown = get(gateway.http_url(), "/plugins/bulletin/").await?;
    assert_eq!(shown, (200, "Read this: hear".to_owned()));
    assert_eq!(get(gateway.http_url(), &notice).await?.0, 200);
    assert_eq!(get(gateway.admin_url(), &notice).await?.0, 401, "the admin token is needed");

    client.close().await;
    gateway.stop().await;
    let kept = std::fs::read_to_string(folder.path().join("data/bulletin.txt"))?;
    assert_eq!(kept, "Read this: hear", "the drain has written it");
    Ok(())
}

#[test]
fn its_settings_are_described_like_those_of_the_gateway() -> Tested {
    let page = Gateway::builder().plugin(Bulletin).describe()?;
    let row = "| `plugins.bulletin.prefix` | `\"Notice: \"` | What stands before each notice. |";
    assert!(
        page.contains("## `plugins.bulletin`\n\nA notice board.\n") && page.contains(row),
        "{page}"
    );
    Ok(())
}
