//! What is done to connections themselves: floods of frames, answers that nobody reads, and more of
//! them than there are files.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;
use throng_e2e::{Gateway, PATIENCE, Scene, Way};

use super::stranger::Stranger;
use super::{Witness, counted, refusals, scene};

/// Members of a guild whose list is a large answer: 460 KB.
const MEMBERS: usize = 1_000;
/// Files with which a gateway is started where they are to run out.
const FILES: u64 = 256;
/// Connections that one client keeps open and idle: more than there are files.
const IDLE: usize = 400;

/// Opens a connection on which reading fails rather than waits for ever.
fn connect(scene: &Scene) -> Result<TcpStream> {
    let stream = TcpStream::connect(scene.gateway.public())?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Opens a connection and upgrades it by hand.
fn upgrade(scene: &Scene) -> Result<TcpStream> {
    let mut stream = connect(scene)?;
    let head = "GET /?v=10&encoding=json HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes())?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        answer.push(byte[0]);
    }
    ensure!(answer.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&answer));
    Ok(stream)
}

/// Reads frames up to a close and returns its code.
fn close_code(stream: &mut TcpStream) -> Result<u16> {
    loop {
        let mut head = [0; 2];
        stream.read_exact(&mut head)?;
        let length = match head[1] {
            126 => {
                let mut long = [0; 2];
                stream.read_exact(&mut long)?;
                usize::from(u16::from_be_bytes(long))
            }
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload)?;
        if head[0] == 0x88 {
            let code = payload.first_chunk().context("a close without a code")?;
            return Ok(u16::from_be_bytes(*code));
        }
    }
}

/// One frame of a client whose mask is zero.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap_or(125) | 0x80;
    [&[first, length, 0, 0, 0, 0], payload].concat()
}

#[tokio::test]
async fn frames_that_carry_nothing_count_as_payloads() -> Result<()> {
    let scene = scene(&[])?;
    let mut witness = Witness::enter(&scene, Way::WEBSOCKET).await?;
    let pieces = |first: &[u8], rest: Vec<u8>| [frame(0x01, first), rest].concat();
    let floods = [
        frame(0x89, b"").repeat(121),
        frame(0x89, &[7; 125]).repeat(121),
        frame(0x8a, b"").repeat(121),
        pieces(b"", frame(0x00, b"").repeat(120)),
        pieces(b"{", frame(0x00, b" ").repeat(120)),
    ];
    for (number, flood) in floods.iter().enumerate() {
        let mut stream = upgrade(&scene)?;
        stream.write_all(flood)?;
        let code = close_code(&mut stream).with_context(|| format!("flood {number}"))?;
        ensure!(code == 4008, "flood {number} is closed with {code}");
    }
    counted(&scene, "payloads_max", 5)?;
    witness.is_unharmed(&scene).await
}

#[tokio::test]
async fn who_sends_on_after_a_close_is_let_go() -> Result<()> {
    let scene = scene(&[])?;
    let mut witness = Witness::enter(&scene, Way::WEBSOCKET).await?;
    let mut stream = upgrade(&scene)?;
    stream.write_all(&frame(0x89, b"").repeat(121))?;
    ensure!(close_code(&mut stream)? == 4008, "not refused");
    // Far more than is waited for; the connection breaks long before all of it was taken.
    let more = frame(0x8a, &[0; 125]).repeat(1_000);
    let mut sent = 0;
    while stream.write_all(&more).is_ok() {
        sent += more.len();
        ensure!(sent < 1 << 30, "{sent} bytes are taken after a close");
    }
    witness.is_unharmed(&scene).await
}

#[tokio::test]
async fn who_ends_its_direction_after_a_request_is_answered() -> Result<()> {
    let scene = scene(&[])?;
    let mut witness = Witness::enter(&scene, Way::WEBSOCKET).await?;
    let body = json!({ "content": "the last word" }).to_string();
    let head = format!(
        "POST /api/v10/channels/{}/messages HTTP/1.1\r\nHost: here\r\nAuthorization: Bot {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        scene.channel,
        scene.author.token,
        body.len()
    );
    for _ in 0..5 {
        let mut stream = connect(&scene)?;
        stream.write_all([head.as_bytes(), body.as_bytes()].concat().as_slice())?;
        stream.shutdown(Shutdown::Write)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        ensure!(answer.starts_with("HTTP/1.1 200 "), "{answer:?}");
        witness.0.until_message("the last word").await?;
    }
    witness.is_unharmed(&scene).await
}

/// Asks for all members and returns the connection, of which nothing was read.
fn ask_for_members(scene: &Scene) -> Result<TcpStream> {
    let mut stream = connect(scene)?;
    let head = format!(
        "GET /api/v10/guilds/{}/members?limit=1000 HTTP/1.1\r\nHost: here\r\n\
         Authorization: Bot {}\r\n\r\n",
        scene.guild.id, scene.author.token
    );
    stream.write_all(head.as_bytes())?;
    Ok(stream)
}

fn crowded(settings: &[(&str, &str)]) -> Result<Scene> {
    let scene = scene(settings)?;
    let names = (0..MEMBERS).map(|number| format!("member{number}"));
    scene.gateway.admin()?.import(&scene.guild, names)?;
    Ok(scene)
}

#[tokio::test]
async fn an_answer_that_nobody_reads_has_its_time() -> Result<()> {
    let scene = crowded(&[("http.write_timeout_seconds", "1")])?;
    let mut unread = ask_for_members(&scene)?;
    let began = Instant::now();
    while refusals(&scene, "http_write_timeout")? == 0 {
        ensure!(began.elapsed() < PATIENCE, "it is kept");
    }
    let mut read = Vec::new();
    let ended = unread.read_to_end(&mut read);
    ensure!(ended.is_err() || read.len() < 460_000, "{} bytes were kept", read.len());
    let mut witness = Witness::enter(&scene, Way::WEBSOCKET).await?;
    witness.is_unharmed(&scene).await
}

#[tokio::test]
async fn answers_that_nobody_reads_are_bounded_in_all() -> Result<()> {
    let scene = crowded(&[("http.answer_bytes_max", "1000000")])?;
    let unread: Vec<_> = (0..8).map(|_| ask_for_members(&scene)).collect::<Result<_>>()?;
    let began = Instant::now();
    while refusals(&scene, "http_answer_bytes_max")? == 0 {
        ensure!(began.elapsed() < PATIENCE, "nothing is put off");
    }
    let (mut whole, mut put_off) = (0, 0);
    for mut stream in unread {
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        match &answer {
            b"HTTP/1.1 200" => whole += 1,
            b"HTTP/1.1 503" => put_off += 1,
            other => bail!("{}", String::from_utf8_lossy(other)),
        }
    }
    ensure!(whole >= 1 && put_off >= 1, "{whole} whole, {put_off} put off");
    let mut witness = Witness::enter(&scene, Way::WEBSOCKET).await?;
    witness.is_unharmed(&scene).await
}

#[tokio::test]
async fn idle_http_connections_give_way_before_files_run_out() -> Result<()> {
    let scene = Scene::with_readers(Gateway::builder().files(FILES).start()?, 2)?;
    let mut witness = Witness::enter(&scene, Way::WEBSOCKET).await?;
    let mut idle = Vec::new();
    for number in 0..IDLE {
        let mut stream = connect(&scene)?;
        stream.write_all(b"GET /api/v10/gateway HTTP/1.1\r\nHost: here\r\n\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).with_context(|| format!("connection {number}"))?;
        ensure!(&answer == b"HTTP/1.1 200", "{}", String::from_utf8_lossy(&answer));
        idle.push(stream);
    }
    witness.is_unharmed(&scene).await?;
    let mut silent = Vec::new();
    for _ in 0..IDLE {
        silent.push(connect(&scene)?);
    }
    // As many links as it said that fit come in beside them, and posts go on.
    let mut links = Vec::new();
    for _ in 0..50 {
        links.push(Stranger::greeted(&scene, Way::WEBSOCKET).await?);
    }
    witness.is_unharmed(&scene).await
}
