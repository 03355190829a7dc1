//! Disks, ports and settings that are not as they should be.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::sync_channel;
use std::thread;

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use throng_e2e::{Gateway, PATIENCE, Scene, Way};

use super::stranger::Stranger;
use super::{Witness, refusals, scene};

/// Pages of 4 KiB: room for the schema, the scene and some messages.
const PAGES_MAX: &str = "150";
const POSTS_MAX: usize = 500;
/// Public, admin, QUIC.
const LISTENERS: usize = 3;

#[tokio::test]
async fn a_full_disk_refuses_posts_and_keeps_serving() -> Result<()> {
    let mut scene = scene(&[("store.sqlite.pages_max", PAGES_MAX)])?;
    let mut witness = Witness::enter(&scene, Way::WEBSOCKET).await?;
    let posted = fill(&scene)?;
    ensure!(!posted.is_empty(), "the disk was full from the start");
    ensure!(refusals(&scene, "store")? > 0, "the refusal is not counted");
    // What was acknowledged is told, and nothing else.
    for id in &posted {
        let message = witness.0.expect("MESSAGE_CREATE").await?;
        ensure!(message.d["id"] == id.as_str(), "{} is not {id}", message.raw);
    }
    let path = format!("/channels/{}/typing", scene.channel);
    let (status, answer) = scene.api().call(&"POST".try_into()?, &path, Some(&json!({})))?;
    ensure!(status == 204, "typing: {status} {answer}");
    Stranger::entered(&scene, Way::WEBSOCKET).await?.is_heard().await?;
    ensure!(ids(&scene)? == posted, "the history is not what was acknowledged");
    scene.gateway.restart()?;
    ensure!(ids(&scene)? == posted, "the history is not what was acknowledged");
    witness.0.cut()?.resume().await?.expect("RESUMED").await.map(drop)
}

/// Posts until the disk is full and returns what was acknowledged.
fn fill(scene: &Scene) -> Result<Vec<String>> {
    let (mut posted, path) = (Vec::new(), format!("/channels/{}/messages", scene.channel));
    let body = json!({ "content": "\u{1f680}".repeat(2000) });
    while posted.len() < POSTS_MAX {
        let (status, answer) = scene.api().call(&"POST".try_into()?, &path, Some(&body))?;
        if status == 503 {
            ensure!(answer["message"].is_string(), "{answer}");
            return Ok(posted);
        }
        ensure!(status == 200, "{status} {answer}");
        posted.push(id(&answer)?);
    }
    anyhow::bail!("the disk is never full")
}

fn ids(scene: &Scene) -> Result<Vec<String>> {
    scene.api().history(&scene.channel)?.iter().map(id).collect()
}

fn id(message: &Value) -> Result<String> {
    Ok(message["id"].as_str().context("no id")?.to_owned())
}

#[test]
fn a_damaged_database_is_not_opened() -> Result<()> {
    // Builds the binary, and shows that another gateway is no obstacle.
    let _other = Gateway::start()?;
    let data = tempfile::tempdir()?;
    lives(data.path())?;
    let database = data.path().join("throng.db");
    let whole = fs::read(&database)?;
    let mut holed = whole.clone();
    holed[4096..].fill(0x5a);
    for damaged in [holed.as_slice(), whole.split_at(whole.len() / 2).0, b"not a database at all"] {
        fs::write(&database, damaged)?;
        let before = contents(data.path())?;
        let output = fails(&["--data", &data.path().to_string_lossy()], &[])?;
        let said = [&*database.to_string_lossy(), "is damaged", "restore it from a backup"];
        says(&output, &said)?;
        ensure!(contents(data.path())? == before, "changed, although it says it did not");
    }
    // As it says: with the backup everything is well.
    fs::write(&database, whole)?;
    lives(data.path())
}

/// Returns the database and the log of what is not in it yet, which is data as well.
fn contents(data: &Path) -> Result<[Option<Vec<u8>>; 2]> {
    let read = |name| match fs::read(data.join(name)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    Ok([read("throng.db")?, read("throng.db-wal")?])
}

#[test]
fn a_port_in_use_is_named() -> Result<()> {
    let gateway = Gateway::start()?;
    let data = tempfile::tempdir()?;
    let data = data.path().to_string_lossy();
    let admin = TcpListener::bind(("127.0.0.1", 0))?;
    let quic = UdpSocket::bind(("127.0.0.1", 0))?;
    let taken: [(_, _, SocketAddr); 3] = [
        ("--listen", "`listen`", gateway.public()),
        ("--admin", "`admin`", admin.local_addr()?),
        ("--quic", "`quic.listen`", quic.local_addr()?),
    ];
    for (option, key, address) in taken {
        let output = fails(&["--data", &data, option, &address.to_string()], &[])?;
        says(&output, &[&address.to_string(), option, key])?;
    }
    // Who has the port keeps it.
    Scene::with_readers(gateway, 1)?.api().call(&"GET".try_into()?, "/users/@me", None)?;
    Ok(())
}

#[test]
fn a_wrong_setting_is_named() -> Result<()> {
    let _other = Gateway::start()?;
    let data = tempfile::tempdir()?;
    let file = data.path().join("throng.toml");
    let (path, place) = (data.path().to_string_lossy(), file.to_string_lossy());
    let settings = [
        ("limits.payload_max = 3", "payload_max"),
        ("limits.payloads_max = \"many\"", "limits.payloads_max"),
        ("limits.payloads_max = 0", "limits.payloads_max"),
        ("nonsense = true", "nonsense"),
    ];
    for (line, key) in settings {
        fs::write(&file, line)?;
        let output = fails(&["--data", &path, "--config", &place], &[])?;
        says(&output, &[key, "throng.toml"])?;
    }
    let variables = [
        ("THRONG_LIMITS__PAYLOAD_MAX", "3", "payload_max"),
        ("THRONG_WORKERS", "many", "workers"),
        ("THRONG_GATEWAY__MAX_CONCURRENCY", "0", "gateway.max_concurrency"),
    ];
    for (name, value, key) in variables {
        let output = fails(&["--data", &path], &[(name, value)])?;
        says(&output, &[key, "environment"])?;
    }
    Ok(())
}

/// Returns the binary that a gateway, started before, has had built.
fn binary() -> Result<PathBuf> {
    if let Some(path) = env::var_os("THRONG_BIN") {
        return Ok(path.into());
    }
    let test = env::current_exe()?;
    Ok(test.ancestors().nth(2).context("the test lies in no target directory")?.join("throng"))
}

fn spawn(args: &[&str], variables: &[(&str, &str)]) -> Result<Child> {
    let mut command = Command::new(binary()?);
    for key in ["--listen", "--admin", "--quic"] {
        if !args.contains(&key) {
            command.args([key, "127.0.0.1:0"]);
        }
    }
    // What is meant for this test is no setting of the gateway.
    for (name, _) in
        env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("THRONG_"))
    {
        command.env_remove(name);
    }
    command.args(args).envs(variables.iter().copied());
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().context("the gateway does not run")
}

/// Runs a gateway that must end by itself.
fn fails(args: &[&str], variables: &[(&str, &str)]) -> Result<Output> {
    let child = spawn(args, variables)?;
    let pid = pid(&child)?;
    let (sender, end) = sync_channel(1);
    // Nobody waits any more once the time is up, which is no fault.
    thread::spawn(move || sender.send(child.wait_with_output()).ok());
    match end.recv_timeout(PATIENCE) {
        Ok(output) => Ok(output?),
        Err(_) => {
            kill_process(pid, Signal::KILL)?;
            anyhow::bail!("it runs with {args:?} {variables:?}")
        }
    }
}

fn says(output: &Output, expected: &[&str]) -> Result<()> {
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(1), "{}: {error}", output.status);
    for expected in expected {
        ensure!(error.contains(expected), "{expected:?} is not in {error}");
    }
    ensure!(!error.contains("panicked"), "{error}");
    Ok(())
}

/// Runs a gateway up to where it listens, and ends it in order.
fn lives(data: &Path) -> Result<()> {
    let mut child = spawn(&["--data", &data.to_string_lossy()], &[])?;
    let pid = pid(&child)?;
    let stdout = child.stdout.take().context("no output")?;
    let mut listening = 0;
    // Ends with the process, which says where it listens only when all is well.
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        listening += usize::from(line.trim().starts_with("listening: "));
        if listening == LISTENERS {
            kill_process(pid, Signal::TERM)?;
        }
    }
    let output = child.wait_with_output()?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(listening == LISTENERS && output.status.success(), "{}: {error}", output.status);
    Ok(())
}

fn pid(child: &Child) -> Result<Pid> {
    Pid::from_raw(i32::try_from(child.id())?).context("no process")
}

/// Runs a gateway that may open so many files and must end by itself.
fn fails_with_files(files: u64) -> Result<Output> {
    let data = tempfile::tempdir()?;
    let script = format!("ulimit -n {files} && exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(binary()?).arg("--data").arg(data.path());
    for key in ["--listen", "--admin", "--quic"] {
        command.args([key, "127.0.0.1:0"]);
    }
    Ok(command.stdin(Stdio::null()).output()?)
}

#[test]
fn too_few_files_are_named() -> Result<()> {
    let _other = Gateway::start()?;
    let output = fails_with_files(80)?;
    says(&output, &["only 80 files may be open", "ulimit -n", "LimitNOFILE="])
}
