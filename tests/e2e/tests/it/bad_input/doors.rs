//! Tokens and accounts that are taken away or come to their end while somebody is connected; and
//! the admin API asked by strangers.

use std::fs::{self, Metadata, Permissions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use throng_e2e::{Account, Gateway, PATIENCE, Scene, Way};

use super::stranger::Stranger;
use super::{Witness, counted, scene};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// Long enough to get in on a machine that is busy.
const BRIEF: u64 = 8;

over_each_transport!(a_disabled_account_is_turned_out);
async fn a_disabled_account_is_turned_out(way: Way) -> Result<()> {
    let scene = scene(&[])?;
    let mut witness = Witness::enter(&scene, way).await?;
    let mut stranger = Stranger::entered(&scene, way).await?;
    let user = format!("/admin/v1/users/{}", scene.readers[1].id);
    let admin = scene.gateway.admin()?;
    let (status, body) =
        admin.call(&"PATCH".try_into()?, &user, Some(&json!({"disabled": true})))?;
    ensure!(status == 200 && body["disabled"] == true, "{status} {body}");
    ends(&mut stranger).await?;
    counted(&scene, "turned_out", 1)?;
    is_shut_out(&scene, &scene.readers[1])?;
    ends(&mut stranger.resume(&scene).await?).await?;
    // Let in again, it begins anew: the session is over for good.
    admin.call(&"PATCH".try_into()?, &user, Some(&json!({"disabled": false})))?;
    stranger.resume(&scene).await?.is_invalid().await?;
    witness.is_unharmed(&scene).await
}

over_each_transport!(a_token_that_was_taken_away_ends_its_sessions);
async fn a_token_that_was_taken_away_ends_its_sessions(way: Way) -> Result<()> {
    let mut scene = scene(&[])?;
    let mut witness = Witness::enter(&scene, way).await?;
    let mut stranger = Stranger::entered(&scene, way).await?;
    let tokens = format!("/admin/v1/users/{}/tokens", scene.readers[1].id);
    let admin = scene.gateway.admin()?;
    let (_, listed) = admin.call(&"GET".try_into()?, &tokens, None)?;
    ensure!(!listed.to_string().contains(&scene.readers[1].token), "a secret is shown");
    let (status, rotated) = admin.call(&"POST".try_into()?, &format!("{tokens}/rotate"), None)?;
    ensure!(status == 201 && rotated["id"] != listed["tokens"][0]["id"], "{status} {rotated}");
    ends(&mut stranger).await?;
    is_shut_out(&scene, &scene.readers[1])?;
    ends(&mut stranger.resume(&scene).await?).await?;
    let old = scene.readers[1].clone();
    scene.readers[1].token = rotated["token"].as_str().context("no token")?.to_owned();
    // The new one lets in, and is taken away alone.
    let mut anew = Stranger::entered(&scene, way).await?;
    let one = format!("{tokens}/{}", rotated["id"].as_str().context("no id")?);
    let (status, _) = admin.call(&"DELETE".try_into()?, &one, None)?;
    ensure!(status == 204, "{status}");
    ends(&mut anew).await?;
    is_shut_out(&scene, &old)?;
    is_shut_out(&scene, &scene.readers[1])?;
    witness.is_unharmed(&scene).await
}

over_each_transport!(an_expired_token_ends_its_session);
async fn an_expired_token_ends_its_session(way: Way) -> Result<()> {
    let settings = [("auth.jwt_hs256_secret", SECRET), ("auth.jwt_leeway_secs", "0")];
    let mut scene = scene(&settings)?;
    let stored = scene.readers[1].clone();
    let mut witness = Witness::enter(&scene, way).await?;
    let end = now()? + BRIEF;
    scene.readers[1].token = signed(&json!({"sub": stored.id, "exp": end}));
    let mut stranger = Stranger::entered(&scene, way).await?;
    ends(&mut stranger).await?;
    ensure!(now()? >= end, "before its end");
    counted(&scene, "token_expired", 1)?;
    is_shut_out(&scene, &scene.readers[1])?;
    ends(&mut stranger.resume(&scene).await?).await?;
    stranger.resume_as(&scene, &stored.token, stranger.seq()).await?.is_invalid().await?;
    witness.is_unharmed(&scene).await
}

async fn ends(stranger: &mut Stranger) -> Result<()> {
    let closed = stranger.closed().await?;
    ensure!(closed.code == Some(4004), "{closed:?}");
    Ok(())
}

fn is_shut_out(scene: &Scene, account: &Account) -> Result<()> {
    let (status, answer) =
        scene.gateway.api(account).call(&"GET".try_into()?, "/users/@me", None)?;
    ensure!(status == 401, "{status} {answer}");
    Ok(())
}

fn now() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

/// Signs claims with HS256.
fn signed(claims: &Value) -> String {
    let message = [r#"{"alg":"HS256"}"#.to_owned(), claims.to_string()]
        .map(|part| base64url(part.as_bytes()))
        .join(".");
    let pad = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(SECRET.bytes()).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(&message).finalize();
    let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
    format!("{message}.{}", base64url(&outer))
}

fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digits = bytes.chunks(3).flat_map(|chunk| {
        let mut group = [0; 4];
        group[1..=chunk.len()].copy_from_slice(chunk);
        let group = u32::from_be_bytes(group);
        let digit = move |place: u32| DIGITS[(group >> (18 - 6 * place)) as usize & 63];
        (0..=u32::try_from(chunk.len()).unwrap_or(3)).map(digit)
    });
    digits.map(char::from).collect()
}

#[test]
fn the_admin_api_answers_to_known_hosts_only() -> Result<()> {
    let gateway = Gateway::start()?;
    for (host, expected) in [("localhost", "200"), ("evil.example", "421")] {
        let answer = exchange(
            &gateway,
            &format!(
                "GET /metrics HTTP/1.1\r\nHost: {host}\r\n\
            Connection: close\r\n\r\n"
            ),
        )?;
        ensure!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{host}: {answer}");
    }
    let metrics = gateway.admin()?.metrics()?;
    let counted = "throng_admin_refusals_total{reason=\"host\"} 1";
    ensure!(metrics.lines().any(|line| line == counted), "not counted");
    Ok(())
}

#[test]
fn a_head_for_the_admin_api_that_does_not_end_is_dropped() -> Result<()> {
    let gateway = Gateway::builder().set("http.head_timeout_seconds", &1).start()?;
    let answer = exchange(&gateway, "GET /healthz HT")?;
    ensure!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    // Nor does one wait for a second request, as on the public listener.
    let answer = exchange(&gateway, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /he")?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    Ok(())
}

#[test]
fn what_is_kept_is_closed_to_others_whatever_was_there() -> Result<()> {
    for umask in ["000", "077"] {
        let gateway = Gateway::builder().umask(umask).start()?;
        let mut scene = Scene::with_readers(gateway, 1)?;
        scene.api().post(&scene.channel, "to be kept")?;
        is_closed(scene.gateway.data())?;
        scene.gateway.kill9()?;
        let open = |path: &Path, directory: bool| {
            fs::set_permissions(path, Permissions::from_mode(if directory { 0o777 } else { 0o666 }))
        };
        walk(scene.gateway.data(), &mut |path, metadata| Ok(open(path, metadata.is_dir())?))?;
        scene.gateway.restart()?;
        scene.api().post(&scene.channel, "and this")?;
        is_closed(scene.gateway.data())?;
    }
    Ok(())
}

fn is_closed(data: &Path) -> Result<()> {
    let mut count = 0;
    walk(data, &mut |path, metadata| {
        let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
        let mode = metadata.permissions().mode() & 0o777;
        ensure!(mode == expected, "{} has mode {mode:o}", path.display());
        count += 1;
        Ok(())
    })?;
    ensure!(count > 8, "only {count} files were made");
    Ok(())
}

/// Looks at a directory and everything below it.
fn walk(path: &Path, look: &mut impl FnMut(&Path, &Metadata) -> Result<()>) -> Result<()> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        // Segments of journals come and go.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    look(path, &metadata)?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            walk(&entry?.path(), look)?;
        }
    }
    Ok(())
}

/// Sends text to the admin listener and reads up to the end.
fn exchange(gateway: &Gateway, text: &str) -> Result<String> {
    let mut stream = TcpStream::connect(gateway.admin()?.address())?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(text.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
