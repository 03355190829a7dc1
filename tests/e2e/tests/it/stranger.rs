//! A stranger's path: EXTENDING.md followed from an empty crate, outside of the workspace, to
//! running gateways with a store, a transport, a policy, tokens and a plugin of one's own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use throng_e2e::{Account, Builder, Gateway, PATIENCE, Scene, Stranger};

#[test]
fn who_follows_the_page_has_a_gateway_with_adapters_of_their_own() -> Result<()> {
    let stranger = Stranger::follow("EXTENDING.md")?;
    let with = |name: &str| Gateway::builder().program(&stranger.program(name));
    store(with("store"))?;
    transport(with("transport"))?;
    policy(with("policy"))?;
    tokens(with("tokens"))?;
    plugin(with("plugin"))?;
    described(&stranger)
}

fn store(builder: Builder) -> Result<()> {
    let gateway = builder.set("store.kind", &"mine").start()?;
    ensure!(gateway.admin()?.metric("throng_store_mine_commits_total")? > 0, "it was not asked");
    let scene = Scene::with_readers(gateway, 1)?;
    scene.api().post(&scene.channel, "kept")?;
    ensure!(scene.api().history(&scene.channel)?.len() == 1, "it keeps nothing");
    Ok(())
}

fn transport(builder: Builder) -> Result<()> {
    let gateway = builder.start()?;
    let address: SocketAddr = gateway.told("its address for lines", |line| {
        line.split_once("listening: lines ")?.1.parse().ok()
    })?;
    let ada = gateway.admin()?.bot("lines")?;
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let hello = lines.next().context("no line")??;
    ensure!(hello.starts_with(r#"{"op":10,"#), "{hello}");
    let d = json!({ "token": ada.token, "intents": 1, "properties": {} });
    writeln!(stream, "{}", json!({ "op": 2, "d": d }))?;
    for line in lines {
        let line = line?;
        if line.contains(r#""t":"READY""#) {
            ensure!(line.contains(&ada.id), "{line}");
            return Ok(());
        }
    }
    anyhow::bail!("the link has ended")
}

fn policy(builder: Builder) -> Result<()> {
    let builder = builder.set("policy.kind", &"mine").set("policy.mine.length_max", &5);
    let scene = Scene::with_readers(builder.start()?, 0)?;
    scene.api().post(&scene.channel, "short")?;
    let long = scene.api().post(&scene.channel, "longer").err().context("it was taken")?;
    ensure!(format!("{long:#}").contains("shorter, please"), "{long:#}");
    ensure!(scene.gateway.admin()?.policy()?["name"] == "mine");
    Ok(())
}

fn tokens(builder: Builder) -> Result<()> {
    let builder = builder.set("auth.kind", &"mine").set("auth.mine.word", &"sesame");
    let gateway = builder.start()?;
    let eve = gateway.admin()?.user("eve")?;
    for (token, right) in [
        (eve.token.clone(), 200),
        (format!("{}.sesame", eve.id), 200),
        (format!("{}.sesam", eve.id), 401),
        (format!("{}.", eve.id), 401),
    ] {
        let account = Account { token, ..eve.clone() };
        let (status, _) = gateway.api(&account).call(&"GET".try_into()?, "/users/@me", None)?;
        ensure!(status == right, "{status} for {}, not {right}", account.token);
    }
    Ok(())
}

fn plugin(builder: Builder) -> Result<()> {
    let gateway = builder.start()?;
    let mut stream = TcpStream::connect(gateway.public())?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET /plugins/mine/hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    ensure!(answer.ends_with("\r\n\r\n/hello\n"), "{answer}");
    gateway.told("that it has started", |line| line.contains("a plugin has started").then_some(()))
}

/// What is set of an adapter is described, checked and shown like everything else.
fn described(stranger: &Stranger) -> Result<()> {
    let run = |words: &[&str]| -> Result<String> {
        let mut command = Command::new(stranger.program("policy"));
        let output = command.args(words).env("THRONG_POLICY__KIND", "mime").output()?;
        Ok(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (said, page) = (run(&[])?, run(&["config", "--adapters"])?);
    let right = "is not known here; known: rhai, mine";
    ensure!(said.contains("`policy.kind = \"mime\"`") && said.contains(right), "{said}");
    let row = "| `policy.mine.length_max` | `500` | Characters of a message. |";
    ensure!(page.contains(row), "no {row} in {page}");
    Ok(())
}
