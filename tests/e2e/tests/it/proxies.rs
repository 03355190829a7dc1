//! The gateway behind nginx and behind Caddy, by the recipes that OPERATIONS.md gives.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use throng_e2e::{Client, Gateway, Identity, PATIENCE, Scene, Way, intents, part};

const NGINX: &str = include_str!("../../../../core/docs/proxy/nginx.conf");
const CADDY: &str = include_str!("../../../../core/docs/proxy/Caddyfile");
/// Messages that go through.
const MESSAGES: usize = 20;

/// A proxy by its recipe, and everything it writes in a folder.
struct Proxy {
    child: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Killed, nginx would leave its workers behind; asked, it ends them.
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let _ended = pid.map(|pid| kill_process(pid, Signal::TERM));
        let _ended = self.child.wait();
    }
}

/// Puts the places of this test into a recipe, which must have each that is replaced.
fn filled(recipe: &str, places: &[(&str, String)]) -> Result<String> {
    places.iter().try_fold(recipe.to_owned(), |recipe, (from, to)| {
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

/// Has Caddy do something with a recipe, with all that it writes in `folder`.
fn caddy(folder: &Path, action: &str, recipe: &str) -> Result<Command> {
    let file = folder.join("Caddyfile");
    fs::write(&file, recipe)?;
    let mut command = Command::new("caddy");
    command.args([action, "--adapter", "caddyfile", "--config"]).arg(file);
    for variable in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
        command.env(variable, folder);
    }
    Ok(command)
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

impl Proxy {
    /// Starts nginx without TLS: what is tried is how it passes on.
    fn nginx(gateway: SocketAddr) -> Result<Self> {
        let (folder, address) = (tempfile::tempdir()?, free_address()?);
        let recipe = filled(
            NGINX,
            &[
                ("listen 443 ssl;", format!("listen {address};")),
                ("ssl_certificate ", "# ".to_owned()),
                ("ssl_certificate_key ", "# ".to_owned()),
                ("127.0.0.1:8080;\n        keepalive", format!("{gateway};\n        keepalive")),
                temporary(folder.path()),
            ],
        )?;
        let command = nginx(folder.path(), &recipe)?;
        Self::start(command, address, folder)
    }

    /// Starts Caddy, also without TLS.
    fn caddy(gateway: SocketAddr) -> Result<Self> {
        let (folder, address) = (tempfile::tempdir()?, free_address()?);
        let recipe = filled(
            CADDY,
            &[
                (
                    "gateway.example.org {",
                    format!("http://:{} {{\n\tbind 127.0.0.1", address.port()),
                ),
                ("reverse_proxy 127.0.0.1:8080", format!("reverse_proxy {gateway}")),
            ],
        )?;
        let command = caddy(folder.path(), "run", &format!("{{\n\tadmin off\n}}\n{recipe}"))?;
        Self::start(command, address, folder)
    }

    fn start(mut command: Command, address: SocketAddr, folder: TempDir) -> Result<Self> {
        let child = command.stderr(Stdio::piped()).spawn()?;
        let mut proxy = Self { child, address, folder };
        proxy.wait()?;
        Ok(proxy)
    }

    fn wait(&mut self) -> Result<()> {
        let began = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the proxy ended: {status}, in {}", self.folder.path().display());
            }
            ensure!(began.elapsed() < PATIENCE, "the proxy does not listen");
            std::thread::yield_now();
        }
        Ok(())
    }
}

/// Lets a client live behind a proxy: it is told what is posted, and resumes.
async fn lives_behind(start: impl FnOnce(SocketAddr) -> Result<Proxy>) -> Result<()> {
    let gateway = Gateway::builder().set("public.trusted_proxies", &"[\"127.0.0.1\"]").start()?;
    let scene = Scene::with_readers(gateway, 1)?;
    let proxy = start(scene.gateway.public())?;
    let route = scene.gateway.route(Way::WEBSOCKET).through(proxy.address);
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

#[tokio::test]
async fn sessions_live_behind_nginx_by_the_recipe() -> Result<()> {
    if part("nginx", "nginx-light")?.is_none() {
        return Ok(());
    }
    lives_behind(Proxy::nginx).await
}

#[tokio::test]
async fn sessions_live_behind_caddy_by_the_recipe() -> Result<()> {
    if part("caddy", "caddy")?.is_none() {
        return Ok(());
    }
    lives_behind(Proxy::caddy).await
}

#[test]
fn nginx_takes_the_recipe_as_it_is() -> Result<()> {
    if part("nginx", "nginx-light")?.is_none() {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let issued = rcgen::generate_simple_self_signed(["gateway.example.org".to_owned()])?;
    let place = |name: &str| -> PathBuf { folder.path().join(name) };
    fs::write(place("fullchain.pem"), issued.cert.pem())?;
    fs::write(place("privkey.pem"), issued.signing_key.serialize_pem())?;
    let recipe = filled(
        NGINX,
        &[
            ("/etc/ssl/gateway.example.org", folder.path().display().to_string()),
            temporary(folder.path()),
        ],
    )?;
    let output = nginx(folder.path(), &recipe)?.arg("-t").output().context("nginx")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

#[test]
fn caddy_takes_the_recipe_as_it_is() -> Result<()> {
    if part("caddy", "caddy")?.is_none() {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let output = caddy(folder.path(), "validate", CADDY)?.output().context("caddy")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
