//! A gateway that is started for a run, or one that runs already.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::affinity::Cores;
use crate::http::Api;
use crate::meter::Meter;
use crate::process::Process;

/// Settings that every gateway is started with: nobody is refused for posting or entering fast.
const SETTINGS: &[(&str, &str)] = &[
    ("demo", "false"),
    ("gateway.identifies_per_5s", "4294967295"),
    ("budgets.delivered.amount", "0"),
    ("budgets.guilds_entered.amount", "0"),
    ("budgets.read.amount", "0"),
    ("budgets.resumes.amount", "0"),
    ("budgets.written.amount", "0"),
    ("http.rate_limits.messages.requests", "4294967295"),
    ("http.rate_limits.others.requests", "4294967295"),
    ("log.filter", "warn"),
];

/// Settings of a gateway that refuses whom it refuses by default.
const QUIET: &[(&str, &str)] = &[("demo", "false"), ("log.filter", "warn")];

/// Which gateway is measured.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Source {
    /// Start this binary instead of target/release/throng, which is built if it is not there.
    #[arg(long, value_name = "FILE", conflicts_with = "gateway")]
    pub(crate) binary: Option<PathBuf>,
    /// Load a gateway that runs already, such as 127.0.0.1:8080; then nobody measures its CPU and
    /// memory.
    #[arg(long, value_name = "ADDR", requires_all = ["admin", "admin_token"])]
    pub(crate) gateway: Option<SocketAddr>,
    /// Where it takes QUIC.
    #[arg(long, value_name = "ADDR", requires = "gateway")]
    pub(crate) quic: Option<SocketAddr>,
    /// Where its admin API is.
    #[arg(long, value_name = "ADDR", requires = "gateway")]
    pub(crate) admin: Option<SocketAddr>,
    /// The token of its admin API.
    #[arg(long, value_name = "TOKEN", requires = "gateway")]
    pub(crate) admin_token: Option<String>,
    /// Whether its limits are those that it comes with.
    #[arg(skip)]
    pub(crate) as_shipped: bool,
}

/// A running gateway.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) public: SocketAddr,
    pub(crate) quic: Option<SocketAddr>,
    pub(crate) admin: Api,
    /// What it costs, if it was started here.
    pub(crate) meter: Option<Meter>,
    // Held, because its end is the end of the process and of its data.
    _process: Option<Process>,
}

impl Source {
    /// Returns a gateway: a new one on empty data, with these settings, or the one that runs.
    pub(crate) fn open(
        &self,
        settings: &BTreeMap<String, String>,
        cores: Cores,
    ) -> Result<Gateway> {
        let running = self.gateway.zip(self.admin).zip(self.admin_token.as_ref());
        if let Some(((public, admin), token)) = running {
            let admin = admin_api(admin, token);
            return Ok(Gateway { public, quic: self.quic, admin, meter: None, _process: None });
        }
        let binary = self.binary.clone().map_or_else(release, Ok)?;
        // It runs in a folder of its own.
        let binary = std::path::absolute(binary)?;
        let common = if self.as_shipped { QUIET } else { SETTINGS };
        let common = common.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let mut all: BTreeMap<String, String> = common.collect();
        all.extend(settings.clone());
        start(&binary, &all, cores)
    }
}

impl Gateway {
    /// Returns how often the policy has decided about a link that is too far behind.
    pub(crate) fn verdicts(&self) -> Result<u64> {
        Ok(self.refusals()?.get("lag").copied().unwrap_or_default())
    }

    /// Returns how often something was refused or ended, by the name of the limit.
    pub(crate) fn refusals(&self) -> Result<BTreeMap<String, u64>> {
        let page = self.admin.page("/metrics")?;
        let read = |line: &str| {
            let (name, count) =
                line.strip_prefix("throng_refusals_total{limit=\"")?.split_once("\"} ")?;
            Some((name.to_owned(), count.parse().ok()?))
        };
        Ok(page.lines().filter_map(read).collect())
    }
}

fn start(binary: &Path, settings: &BTreeMap<String, String>, cores: Cores) -> Result<Gateway> {
    let data = tempfile::tempdir().context("no temporary directory")?;
    let mut process = cores.on_server(|| spawn(binary, data.path(), settings))?;
    let (mut public, mut admin, mut quic) = (None, None, None);
    let mut lines = process.lines()?;
    while quic.is_none() {
        let line = lines.next().context("the gateway has ended; its reason is above")??;
        public = public.or_else(|| listener("public", &line));
        admin = admin.or_else(|| listener("admin", &line));
        quic = quic.or_else(|| listener("quic", &line));
    }
    // Whatever else it says must not fill the pipe.
    std::thread::spawn(move || lines.for_each(drop));
    let token = std::fs::read_to_string(data.path().join("admin.token"))?;
    Ok(Gateway {
        public: public.context("no public address")?,
        quic,
        admin: admin_api(admin.context("no admin address")?, token.trim()),
        meter: Some(process.meter()),
        _process: Some(process.with_folder(data)),
    })
}

fn spawn(binary: &Path, data: &Path, settings: &BTreeMap<String, String>) -> Result<Process> {
    let mut command = Command::new(binary);
    // What is set for the shell that runs this must not change what is measured.
    let own = std::env::vars_os().map(|(name, _)| name);
    for name in own.filter(|name| name.to_string_lossy().starts_with("THRONG_")) {
        command.env_remove(name);
    }
    for (key, value) in settings {
        command.env(format!("THRONG_{}", key.to_uppercase().replace('.', "__")), value);
    }
    command
        .args(["--listen", "127.0.0.1:0", "--quic", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
        .arg("--data")
        .arg(data)
        .current_dir(data)
        .stdin(Stdio::null());
    Process::spawn(&mut command)
}

fn admin_api(address: SocketAddr, token: &str) -> Api {
    Api::new(format!("http://{address}"), format!("Bearer {token}"))
}

/// Reads `listening: public http://127.0.0.1:8080` and `listening: quic 127.0.0.1:8443 ...`.
fn listener(name: &str, line: &str) -> Option<SocketAddr> {
    let rest = line.trim().strip_prefix("listening: ")?.strip_prefix(name)?.trim();
    let address = rest.split(' ').next()?;
    address.strip_prefix("http://").unwrap_or(address).parse().ok()
}

/// Returns the release binary of this workspace, built if it is not there.
fn release() -> Result<PathBuf> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = manifest.ancestors().nth(2).context("no workspace")?;
    let binary = workspace.join("target/release/throng");
    if !binary.exists() {
        eprintln!("throng-load: building the gateway, which takes minutes");
        let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .current_dir(workspace)
            .args(["build", "--release", "-p", "throng"])
            .status()
            .context("cargo does not run")?;
        ensure!(built.success(), "the gateway does not build");
    }
    Ok(binary)
}
