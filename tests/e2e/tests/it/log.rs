//! What the log says at night: whose link ended and why, what was refused and failed, in one form,
//! and not without end.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use throng_e2e::{Account, Client, Gateway, Identity, PATIENCE, Scene, Way, intents};

/// Connections that do not become links.
const BAD: usize = 100;
/// Lines of one kind that are written.
const REPEATS: usize = 7;

/// Finds a line that has all of these words.
fn line(gateway: &Gateway, words: &[&str]) -> Result<String> {
    let has = |line: &str| words.iter().all(|word| line.contains(word)).then(|| line.to_owned());
    gateway.told(&format!("{words:?}"), has)
}

#[tokio::test]
async fn it_says_whose_link_was_refused_closed_or_lost() -> Result<()> {
    let scene = Scene::with_readers(Gateway::start()?, 2)?;
    let gateway = &scene.gateway;
    for way in [Way::WEBSOCKET, Way::QUIC] {
        let route = gateway.route(way);
        let stranger = Account { id: String::new(), token: "nobody.at.all".to_owned(), bot: true };
        let refused = Client::enter(&route, &Identity::bot(&stranger, 0)).await;
        ensure!(refused.is_err(), "a stranger was let in");
        line(gateway, &["a link is closed", "peer=127.0.0.1:", "code=4004"])?;

        let [rude, lost] = [&scene.readers[0], &scene.readers[1]];
        let mut client = Client::enter(&route, &Identity::bot(rude, intents::MESSAGES)).await?;
        client.send(&json!({ "op": "none" })).await?;
        let user = format!("user={}", rude.id);
        line(gateway, &["a link is closed", "peer=127.0.0.1:", &user, "session=", "code=4002"])?;

        let client = Client::enter(&route, &Identity::bot(lost, intents::MESSAGES)).await?;
        client.cut()?;
        let user = format!("user={}", lost.id);
        line(gateway, &["a link is lost", "peer=127.0.0.1:", &user, "resumable=true"])?;
    }
    let claim = json!({ "op": 6, "d": {
        "token": scene.readers[0].token, "session_id": "00".repeat(16), "seq": 1 } });
    let mut client = Client::connect(&gateway.route(Way::WEBSOCKET)).await?;
    client.send(&claim).await?;
    let user = format!("user={}", scene.readers[0].id);
    line(gateway, &["a session is not let in", &user, "it is not known"])?;
    Ok(())
}

/// Asks for an upgrade without a key, and waits for the refusal.
fn bad_handshake(gateway: &Gateway) -> Result<()> {
    let mut stream = TcpStream::connect(gateway.public())?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(
        b"GET /?v=10 HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
          Sec-WebSocket-Version: 13\r\n\r\n",
    )?;
    let mut answer = String::new();
    // A reset behind the answer is one, too.
    _ = stream.read_to_string(&mut answer);
    ensure!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    Ok(())
}

#[test]
fn a_flood_of_one_kind_is_a_few_lines_and_a_sum() -> Result<()> {
    let mut gateway = Gateway::builder()
        .set("log.repeats_max", &REPEATS)
        .set("log.repeats_window_secs", &3_600)
        .start()?;
    for _ in 0..BAD {
        bad_handshake(&gateway)?;
    }
    let counted = gateway.admin()?.metric("throng_log_lines_left_out_total")?;
    ensure!(counted == (BAD - REPEATS) as u64, "{counted} lines are counted as left out");
    gateway.terminate()?;
    gateway.wait()?;
    let sum = format!("and {} more: a handshake failed", BAD - REPEATS);
    line(&gateway, &[&sum])?;
    let lines = gateway.lines();
    let written = lines.iter().filter(|line| line.contains(" a handshake failed")).count();
    ensure!(written == REPEATS + 1, "{written} lines:\n{}", lines.join("\n"));
    Ok(())
}

#[tokio::test]
async fn everything_that_it_says_is_json_where_that_is_wanted() -> Result<()> {
    let gateway = Gateway::builder().set("log.format", &"json").start()?;
    let mut scene = Scene::with_readers(gateway, 1)?;
    let route = scene.gateway.route(Way::WEBSOCKET);
    let identity = Identity::bot(&scene.readers[0], intents::MESSAGES);
    Client::enter(&route, &identity).await?.cut()?;
    line(&scene.gateway, &["a link is lost"])?;
    scene.gateway.terminate()?;
    scene.gateway.wait()?;
    line(&scene.gateway, &["every link is closed"])?;
    let lines = scene.gateway.lines();
    let mut messages = Vec::new();
    for line in &lines {
        let object: Value = serde_json::from_str(line).with_context(|| line.clone())?;
        let fields = &object["fields"];
        messages.push(fields["message"].as_str().with_context(|| line.clone())?.to_owned());
        ensure!(object["level"].is_string() && object["timestamp"].is_string(), "{line}");
        let numbers = ["millis", "links", "sessions", "code"].map(|key| &fields[key]);
        ensure!(numbers.iter().all(|value| value.is_null() || value.is_number()), "{line}");
    }
    for word in ["listening: public http://", "listening: quic", "admin token:", "demo guild"] {
        ensure!(messages.iter().any(|message| message.contains(word)), "no {word}: {messages:?}");
    }
    Ok(())
}

#[test]
fn what_has_not_changed_is_called_unchanged_and_is_no_news() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let [chain, key] = ["chain.pem", "key.pem"].map(|name| folder.path().join(name));
    fs::write(&chain, issued.cert.pem())?;
    fs::write(&key, issued.signing_key.serialize_pem())?;
    let policy = folder.path().join("policy.rhai");
    fs::write(&policy, "fn lag(session) { \"close\" }\n")?;
    let gateway = Gateway::builder()
        .set("quic.transport.certificate.chain", &chain.display())
        .set("quic.transport.certificate.key", &key.display())
        .set("policy.path", &policy.display())
        .start()?;
    gateway.hang_up()?;
    line(&gateway, &["the policy is unchanged"])?;
    line(&gateway, &["the certificate is unchanged", "fingerprint="])?;
    for _ in 0..5 {
        ensure!(gateway.admin()?.reload_policy()?.0 == 200);
    }
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    fs::write(&key, other.signing_key.serialize_pem())?;
    fs::write(&chain, other.cert.pem())?;
    gateway.hang_up()?;
    line(&gateway, &["the certificate is loaded"])?;
    let news = gateway.lines().into_iter().find(|line| line.contains("the node's load changed"));
    ensure!(news.is_none(), "nothing has changed: {news:?}");
    Ok(())
}
