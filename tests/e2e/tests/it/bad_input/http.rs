//! Requests that the HTTP API refuses.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use throng_e2e::{Account, PATIENCE, Scene, Way};

use super::{Witness, scene};

/// Sends a request without a body, byte for byte, and returns the whole answer.
pub(super) fn ask(scene: &Scene, method: &str, path: &str, headers: &str) -> Result<String> {
    let mut stream = TcpStream::connect(scene.gateway.public())?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let connection = if headers.contains("Upgrade: ") { "Upgrade" } else { "close" };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: here\r\nConnection: {connection}\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Posts a message as somebody and expects to be refused.
fn refuses(scene: &Scene, who: &Account, channel: &str, expected: (u16, u64)) -> Result<Value> {
    let path = format!("/channels/{channel}/messages");
    refuses_body(scene, who, &path, &json!({ "content": "let me in" }), expected)
}

fn refuses_body(
    scene: &Scene,
    who: &Account,
    path: &str,
    body: &Value,
    (status, code): (u16, u64),
) -> Result<Value> {
    let (found, answer) = scene.gateway.api(who).call(&"POST".try_into()?, path, Some(body))?;
    ensure!(found == status && answer["code"] == code, "{found} {answer}, not {status} {code}");
    ensure!(answer["message"].as_str().is_some_and(|text| !text.is_empty()), "{answer}");
    Ok(answer)
}

#[tokio::test]
async fn an_oversized_body_is_refused() -> Result<()> {
    let scene = scene(&[("http.json_bytes_max", "4096")])?;
    let mut witness = Witness::enter(&scene, Way::WEBSOCKET).await?;
    let path = format!("/channels/{}/messages", scene.channel);
    let body = json!({ "content": "fits not", "fill": "x".repeat(5000) });
    refuses_body(&scene, &scene.author, &path, &body, (413, 40005))?;
    ensure!(scene.api().history(&scene.channel)?.is_empty(), "it was posted");
    witness.is_unharmed(&scene).await
}

#[tokio::test]
async fn an_unknown_route_is_not_found() -> Result<()> {
    let scene = scene(&[])?;
    let mut witness = Witness::enter(&scene, Way::WEBSOCKET).await?;
    let body = json!({});
    for path in ["/nowhere", "/channels", "/guilds/1/nothing"] {
        refuses_body(&scene, &scene.author, path, &body, (404, 0))?;
    }
    for path in ["/api/v10/nowhere", "/api", "/favicon.ico", "/%00"] {
        let answer = ask(&scene, "GET", path, "")?;
        ensure!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }
    witness.is_unharmed(&scene).await
}

#[tokio::test]
async fn a_request_without_a_token_is_unauthorized() -> Result<()> {
    let scene = scene(&[])?;
    let mut witness = Witness::enter(&scene, Way::WEBSOCKET).await?;
    let nobody = |token: &str, bot| Account { id: "1".to_owned(), token: token.to_owned(), bot };
    for nobody in [nobody("nobody", true), nobody("nobody", false), nobody("a.b.c", false)] {
        refuses(&scene, &nobody, &scene.channel, (401, 0))?;
    }
    let path = format!("/api/v10/channels/{}/messages", scene.channel);
    for headers in ["", "Authorization: \r\n", "Authorization: Bot\r\n"] {
        let answer = ask(&scene, "GET", &path, headers)?;
        ensure!(answer.starts_with("HTTP/1.1 401 "), "{headers:?}: {answer}");
    }
    ensure!(scene.api().history(&scene.channel)?.is_empty(), "somebody posted");
    witness.is_unharmed(&scene).await
}

#[tokio::test]
async fn posting_without_permission_is_forbidden() -> Result<()> {
    const VIEW: &str = "1024";
    const SEND: &str = "2048";
    let scene = scene(&[])?;
    let mut witness = Witness::enter(&scene, Way::WEBSOCKET).await?;
    let closed_to_all = |name: &str, deny: &str| {
        let overwrite = json!({ "id": "@everyone", "type": 0, "allow": "0", "deny": deny });
        json!({ "name": name, "type": 0, "permission_overwrites": [overwrite] })
    };
    let guild = scene.gateway.admin()?.guild(&json!({
        "name": "with doors",
        "owner_id": scene.author.id,
        "channels": [closed_to_all("read-only", SEND), closed_to_all("hidden", VIEW)],
        "members": [{ "user_id": scene.readers[1].id }],
    }))?;
    let (member, stranger) = (&scene.readers[1], &scene.readers[0]);
    let (read_only, hidden) = (guild.channel("read-only")?, guild.channel("hidden")?);
    refuses(&scene, member, &read_only, (403, 50013))?;
    refuses(&scene, member, &hidden, (403, 50001))?;
    refuses(&scene, stranger, &read_only, (403, 50001))?;
    for channel in [read_only, hidden] {
        ensure!(scene.api().history(&channel)?.is_empty(), "somebody posted");
        scene.api().post(&channel, "the owner may")?;
    }
    witness.is_unharmed(&scene).await
}
