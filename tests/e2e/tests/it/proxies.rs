//! The gateway behind nginx, by the recipe that OPERATIONS.md gives.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use throng_e2e::{Client, Gateway, Identity, PATIENCE, Scene, Way, intents};

const RECIPE: &str = include_str!("../../../../core/docs/proxy/nginx.conf");
/// Messages that go through.
const MESSAGES: usize = 20;

/// nginx with the recipe, and everything it writes in a folder.
struct Nginx {
    child: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Killed, it would leave its workers behind; asked, it ends them.
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let _ended = pid.map(|pid| kill_process(pid, Signal::TERM));
        let _ended = self.child.wait();
    }
}

/// Tells whether nginx is there; under `CI=true` it must be.
fn is_there() -> Result<bool> {
    let found = Command::new("nginx").arg("-v").stderr(Stdio::null()).status().is_ok();
    ensure!(found || std::env::var("CI").as_deref() != Ok("true"), "nginx is not installed");
    Ok(found)
}

/// Puts the places of this test into the recipe, which must have each that is replaced.
fn recipe(places: &[(&str, String)]) -> Result<String> {
    places.iter().try_fold(RECIPE.to_owned(), |recipe, (from, to)| {
        ensure!(recipe.contains(from), "{from:?} is not in the recipe");
        Ok(recipe.replace(from, to))
    })
}

/// What nginx writes, all of it in `folder`.
fn temporary(folder: &Path) -> (&'static str, String) {
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let paths: Vec<String> = kinds
        .iter()
        .map(|kind| format!("    {kind}_temp_path {};\n", folder.join(kind).display()))
        .collect();
    ("http {\n", format!("http {{\n    access_log off;\n{}", paths.concat()))
}

fn nginx(folder: &Path, recipe: &str) -> Result<Command> {
    let file = folder.join("nginx.conf");
    fs::write(&file, recipe)?;
    let pid = format!("daemon off; pid {};", folder.join("pid").display());
    let mut command = Command::new("nginx");
    command.arg("-c").arg(file).arg("-p").arg(folder).args(["-e", "stderr", "-g", &pid]);
    Ok(command)
}

impl Nginx {
    /// Starts it without TLS: what is tried is how it passes on.
    fn start(gateway: SocketAddr) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let recipe = recipe(&[
            ("listen 443 ssl;", format!("listen {address};")),
            ("ssl_certificate ", "# ".to_owned()),
            ("ssl_certificate_key ", "# ".to_owned()),
            ("127.0.0.1:8080;\n        keepalive", format!("{gateway};\n        keepalive")),
            temporary(folder.path()),
        ])?;
        let child = nginx(folder.path(), &recipe)?.stderr(Stdio::piped()).spawn()?;
        let mut nginx = Self { child, address, folder };
        nginx.wait()?;
        Ok(nginx)
    }

    fn wait(&mut self) -> Result<()> {
        let began = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("nginx ended: {status}, in {}", self.folder.path().display());
            }
            ensure!(began.elapsed() < PATIENCE, "nginx does not listen");
            std::thread::yield_now();
        }
        Ok(())
    }
}

#[tokio::test]
async fn sessions_live_behind_nginx_by_the_recipe() -> Result<()> {
    if !is_there()? {
        return Ok(());
    }
    let gateway = Gateway::builder().set("public.trusted_proxies", &"[\"127.0.0.1\"]").start()?;
    let scene = Scene::with_readers(gateway, 1)?;
    let nginx = Nginx::start(scene.gateway.public())?;
    let route = scene.gateway.route(Way::WEBSOCKET).through(nginx.address);
    let identity = Identity::bot(&scene.readers[0], intents::MESSAGES);
    let mut client = Client::enter(&route, &identity).await?;
    for number in 0..MESSAGES {
        scene.api().post(&scene.channel, &format!("message {number}"))?;
        let told = client.expect("MESSAGE_CREATE").await?;
        ensure!(told.d["content"] == format!("message {number}"), "{}", told.raw);
    }
    let mut back = client.cut()?.resume().await?;
    back.expect("RESUMED").await?;
    Ok(())
}

#[test]
fn nginx_takes_the_recipe_as_it_is() -> Result<()> {
    if !is_there()? {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let issued = rcgen::generate_simple_self_signed(["gateway.example.org".to_owned()])?;
    let place = |name: &str| -> PathBuf { folder.path().join(name) };
    fs::write(place("fullchain.pem"), issued.cert.pem())?;
    fs::write(place("privkey.pem"), issued.signing_key.serialize_pem())?;
    let recipe = recipe(&[
        ("/etc/ssl/gateway.example.org", folder.path().display().to_string()),
        temporary(folder.path()),
    ])?;
    let output = nginx(folder.path(), &recipe)?.arg("-t").output().context("nginx")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
