//! The examples, as processes without a terminal.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::gateway::{BOTH, Gateway, Peer, TOKEN, soon};

/// Ways to start an example that cannot work, and what it says then.
const MISTAKES: [(&str, &[&str], &str); 7] = [
    ("chat", &[], "chat: a token is missing; usage: chat TOKEN [CHANNEL]"),
    ("tail", &[], "tail: a token is missing; usage: tail TOKEN [GUILD | CHANNEL]"),
    ("bridge", &["t"], "bridge: two channels are needed; usage: bridge TOKEN FROM TO"),
    ("chat", &["t", "1", "2"], "chat: too many arguments; usage: chat TOKEN [CHANNEL]"),
    ("chat", &["t", "general"], "chat: `general` is no id of a channel; ids are numbers"),
    ("tail", &["t", "-1"], "tail: `-1` is no id of a guild or channel; ids are numbers"),
    ("bridge", &["t", "1", ""], "bridge: `` is no id of a channel; ids are numbers"),
];

/// A running example, killed when it is dropped.
struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(name: &str, gateway: &Gateway, arguments: &[&str]) -> Self {
        let mut child =
            command(name, gateway, arguments).stdin(Stdio::piped()).spawn().expect("it starts");
        let stdin = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, stdin, lines }
    }

    async fn write(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    async fn line(&mut self) -> String {
        soon(self.lines.next_line()).await.unwrap().expect("the example goes on")
    }
}

/// An example, with the way to the gateway in its environment.
fn command(name: &str, gateway: &Gateway, arguments: &[&str]) -> Command {
    let mut command = Command::new(path(name));
    command
        .args(arguments)
        .env_remove("THRONG_CLIENT_TOKEN")
        .env_remove("THRONG_CLIENT_HOST")
        .env("THRONG_CLIENT_WEBSOCKET", gateway.url())
        .env("THRONG_CLIENT_QUIC", gateway.quic_address().to_string())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Finds an example beside the running test. Cargo builds examples before it runs tests, but not
/// for a test that is named.
fn path(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(path.exists(), "run cargo build --examples first: there is no {}", path.display());
    path
}

async fn guild(peer: &mut Peer, s: u32) {
    let channel = |id: &str, position: u32, kind: u8| {
        json!({"id": id, "type": kind, "guild_id": "7", "name": "general", "position": position,
            "parent_id": null, "permission_overwrites": [], "topic": null, "last_message_id": null})
    };
    let everyone = json!({"id": "7", "name": "@everyone", "color": 0, "hoist": false, "position": 0,
        "colors": {"primary_color": 0}, "permissions": "0", "mentionable": false});
    let guild = json!({
        "id": "7", "name": "Demo", "owner_id": "1", "roles": [everyone], "member_count": 1,
        "channels": [channel("10", 2, 0), channel("8", 0, 4), channel("9", 1, 0)],
        "joined_at": "2026-01-01T00:00:00.000000+00:00", "unavailable": false,
    });
    peer.dispatch(s, "GUILD_CREATE", guild).await;
}

fn message(channel: &str, author: &str, content: &str) -> Value {
    json!({
        "id": "77", "channel_id": channel, "guild_id": "7", "content": content, "type": 0,
        "author": {"id": "2", "username": author}, "channel_type": 0,
        "timestamp": "2026-01-01T00:00:00.000000+00:00", "edited_timestamp": null,
        "mentions": [], "mention_roles": [], "attachments": [], "embeds": [], "components": [],
    })
}

async fn say(peer: &mut Peer, s: u32, channel: &str, author: &str, content: &str) {
    peer.dispatch(s, "MESSAGE_CREATE", message(channel, author, content)).await;
}

#[tokio::test]
async fn chat_posts_lines_and_shows_messages_of_the_first_text_channel() {
    let gateway = Gateway::start().await;
    let mut chat = Running::start("chat", &gateway, &[TOKEN]);
    let mut peer = gateway.session(BOTH[1]).await;
    guild(&mut peer, 2).await;
    chat.write("hello, throng").await;
    let request = peer.request().await;
    assert_eq!(request["path"], "/channels/9/messages");
    assert_eq!(request["body"]["content"], "hello, throng");
    peer.answer(&request, 200, message("9", "ada", "hello, throng")).await;
    say(&mut peer, 3, "9", "ada", "hello, throng").await;
    say(&mut peer, 4, "10", "eve", "elsewhere").await;
    say(&mut peer, 5, "9", "grace", "hi").await;
    assert_eq!(chat.line().await, "ada: hello, throng");
    assert_eq!(chat.line().await, "grace: hi");
    chat.stdin = None;
    assert_eq!(peer.closed().await, Some(1000));
    assert!(soon(chat.child.wait()).await.unwrap().success());
}

#[tokio::test]
async fn chat_goes_where_it_is_told() {
    let gateway = Gateway::start().await;
    let mut chat = Running::start("chat", &gateway, &[TOKEN, "10"]);
    let mut peer = gateway.session(BOTH[1]).await;
    guild(&mut peer, 2).await;
    chat.write("here").await;
    assert_eq!(peer.request().await["path"], "/channels/10/messages");
}

#[tokio::test]
async fn examples_say_so_when_the_token_is_bad() {
    let gateway = Gateway::start().await;
    for (name, arguments) in
        [("chat", vec![TOKEN]), ("tail", vec![TOKEN]), ("bridge", vec![TOKEN, "1", "2"])]
    {
        let mut command = command(name, &gateway, &arguments);
        let child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (peer, _) = gateway.identified(BOTH[1]).await;
        peer.close(4004, "Authentication failed.").await;
        let output = soon(child.wait_with_output()).await.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let right = format!("{name}: the gateway does not know this token; ");
        let last = said.lines().last().unwrap_or_default();
        assert!(last.starts_with(&right) && !output.status.success(), "{said}");
    }
}

#[tokio::test]
async fn examples_say_in_one_sentence_what_would_be_right() {
    let gateway = Gateway::start().await;
    for (name, arguments, right) in MISTAKES {
        let mut command = command(name, &gateway, arguments);
        let output = soon(command.output()).await.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with(right) && said.lines().count() == 1, "{name}: {said}");
        assert!(!output.status.success(), "{name} {arguments:?}");
    }
}

#[tokio::test]
async fn tail_follows_a_guild_or_a_channel_as_lines_of_json() {
    let gateway = Gateway::start().await;
    for (place, seen) in [("7", vec![2, 3, 4]), ("9", vec![3])] {
        let mut tail = Running::start("tail", &gateway, &[TOKEN, place]);
        let mut peer = gateway.session(BOTH[1]).await;
        guild(&mut peer, 2).await;
        say(&mut peer, 3, "9", "ada", "hello").await;
        say(&mut peer, 4, "10", "ada", "elsewhere").await;
        for s in seen {
            let line: Value = serde_json::from_str(&tail.line().await).unwrap();
            assert_eq!(line["s"], s);
            let t = if s == 2 { "GUILD_CREATE" } else { "MESSAGE_CREATE" };
            assert_eq!(line["t"], t);
        }
    }
}

#[tokio::test]
async fn bridge_copies_messages_but_not_copies() {
    let gateway = Gateway::start().await;
    let _bridge = Running::start("bridge", &gateway, &[TOKEN, "9", "10"]);
    let mut peer = gateway.session(BOTH[1]).await;
    guild(&mut peer, 2).await;
    say(&mut peer, 3, "10", "eve", "from the other side").await;
    say(&mut peer, 4, "9", "grace", "hi").await;
    let request = peer.request().await;
    assert_eq!(request["path"], "/channels/10/messages");
    let copy = request["body"]["content"].as_str().unwrap().to_owned();
    assert!(copy.ends_with("grace: hi"), "{copy}");
    peer.answer(&request, 200, message("10", "bridge", &copy)).await;
    // What another bridge brings is a copy already.
    say(&mut peer, 5, "9", "bridge", &copy).await;
    say(&mut peer, 6, "9", "grace", "again").await;
    let request = peer.request().await;
    assert!(request["body"]["content"].as_str().unwrap().ends_with("grace: again"));
}
