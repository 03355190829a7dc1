//! A gateway that is started for a run, or one that runs already.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::affinity;
use crate::http::Api;
use crate::meter::Meter;

/// Settings that every gateway is started with: nobody is refused for posting or entering fast.
const SETTINGS: &[(&str, &str)] = &[
    ("demo", "false"),
    ("gateway.identifies_per_5s", "4294967295"),
    ("http.rate_limits.messages.requests", "4294967295"),
    ("http.rate_limits.others.requests", "4294967295"),
    ("log.filter", "warn"),
];

/// A running gateway.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) public: SocketAddr,
    pub(crate) admin: Api,
    pub(crate) meter: Option<Meter>,
    /// Held, because their ends end the process and its data.
    _process: Option<(Process, TempDir)>,
}

#[derive(Debug)]
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Gateway {
    /// Starts one on loopback, on empty data, and kept on a core.
    pub(crate) fn start(
        binary: &Path,
        settings: &BTreeMap<String, String>,
        cores: (Option<usize>, Option<usize>),
    ) -> Result<Self> {
        let data = tempfile::tempdir().context("no temporary directory")?;
        let (server, load) = cores;
        // What is started inherits the core, and knows how many there are.
        affinity::keep_this_on(server);
        let spawned = spawn(binary, data.path(), settings);
        affinity::keep_this_on(load);
        let mut process = spawned?;
        let meter = Meter::new(process.0.id());
        let out = process.0.stdout.take().context("no output")?;
        let (mut public, mut admin) = (None, None);
        let mut lines = BufReader::new(out).lines();
        while public.is_none() || admin.is_none() {
            let line = lines.next().context("the gateway has ended; its reason is above")??;
            public = public.or_else(|| listener("public", &line));
            admin = admin.or_else(|| listener("admin", &line));
        }
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let (public, admin) = (public.context("no address")?, admin.context("no address")?);
        let token = std::fs::read_to_string(data.path().join("admin.token"))?;
        let admin = Api::new(format!("http://{admin}"), format!("Bearer {}", token.trim()));
        Ok(Self { public, admin, meter: Some(meter), _process: Some((process, data)) })
    }
}

fn spawn(binary: &Path, data: &Path, settings: &BTreeMap<String, String>) -> Result<Process> {
    let mut command = Command::new(binary);
    // What is set for the shell that runs this must not change what is measured.
    let own = std::env::vars_os().map(|(name, _)| name);
    for name in own.filter(|name| name.to_string_lossy().starts_with("THRONG_")) {
        command.env_remove(name);
    }
    let common = SETTINGS.iter().map(|(key, value)| (*key, *value));
    let all = common.chain(settings.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    for (key, value) in all {
        command.env(format!("THRONG_{}", key.to_uppercase().replace('.', "__")), value);
    }
    command
        .args(["--listen", "127.0.0.1:0", "--quic", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
        .arg("--data")
        .arg(data)
        .current_dir(data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command.spawn().map(Process).with_context(|| binary.display().to_string())
}

/// Reads `listening: public http://127.0.0.1:8080`.
fn listener(name: &str, line: &str) -> Option<SocketAddr> {
    let rest = line.trim().strip_prefix("listening: ")?.strip_prefix(name)?;
    rest.trim().strip_prefix("http://")?.parse().ok()
}

/// Returns the release binary of this workspace, built if it is not there.
pub(crate) fn release() -> Result<PathBuf> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = manifest.ancestors().nth(2).context("no workspace")?;
    let binary = workspace.join("target/release/throng");
    if !binary.exists() {
        eprintln!("building the gateway, which takes minutes");
        let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .current_dir(workspace)
            .args(["build", "--release", "-p", "throng"])
            .status()
            .context("cargo does not run")?;
        ensure!(built.success(), "the gateway does not build");
    }
    Ok(binary)
}
