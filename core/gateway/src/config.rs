//! The tree of settings: defaults, then the file, then the environment, then the command line.

mod line;
#[cfg(test)]
mod page;
mod secret;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use figment::error::Kind;
use figment::providers::{Env, Format as _, Serialized, Toml};
use figment::{Figment, Metadata, Source};
use serde::{Deserialize, Serialize};
use throng_ports::link::Network;
use throng_shell::{
    GatewayConfig, JobsConfig, LimitsConfig, ListsConfig, OverloadConfig, PassiveConfig,
    PresenceConfig, RelayConfig, ReplayConfig,
};

use crate::cli::Cli;
pub(crate) use secret::Secret;

/// All settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Public address: WebSocket and HTTP API.
    pub(crate) listen: SocketAddr,
    /// Address of the admin API.
    pub(crate) admin: SocketAddr,
    /// Directory for everything that lasts.
    pub(crate) data: PathBuf,
    /// Address that clients are told, such as `wss://gateway.example.org`; the public address by
    /// default, and on a wildcard address the host by which each came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) public_url: Option<String>,
    /// Makes a demo guild with two users at the first start.
    pub(crate) demo: bool,
    /// Worker threads; 0 takes one per core.
    pub(crate) workers: usize,
    /// Log lines.
    pub(crate) log: LogConfig,
    /// Where state is kept.
    pub(crate) store: StoreConfig,
    /// Tokens.
    pub(crate) auth: AuthConfig,
    /// WebSocket connections.
    pub(crate) websocket: WebSocketConfig,
    /// What stands between the public address and its clients: proxies, TLS.
    pub(crate) public: PublicConfig,
    /// QUIC connections.
    pub(crate) quic: QuicConfig,
    /// Who gets what, as scripts decide it; see POLICIES.md.
    pub(crate) policy: throng_plugin_policy_rhai::Config,
    /// The HTTP API and the admin API.
    pub(crate) http: throng_plugin_http_api::Config,
    /// The protocol.
    pub(crate) gateway: GatewayConfig,
    /// Relays.
    pub(crate) relay: RelayConfig,
    /// Passive attachments.
    pub(crate) passive: PassiveConfig,
    /// Presences.
    pub(crate) presence: PresenceConfig,
    /// Member lists.
    pub(crate) lists: ListsConfig,
    /// What happens when there is too much to do; see OPERATIONS.md.
    pub(crate) overload: OverloadConfig,
    /// What is kept for sessions that resume.
    pub(crate) replay: ReplayConfig,
    /// Walks over all members of a guild.
    pub(crate) jobs: JobsConfig,
    /// Bounds.
    pub(crate) limits: LimitsConfig,
    /// What one user may cause in a time, over all its links, requests and workers. Reaching one is
    /// counted in `throng_refusals_total` as `budgets_` and its name.
    pub(crate) budgets: throng_shell::budgets::BudgetsConfig,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            admin: SocketAddr::from((Ipv4Addr::LOCALHOST, 9090)),
            data: PathBuf::from("throng-data"),
            public_url: None,
            demo: true,
            workers: 0,
            log: LogConfig::default(),
            store: StoreConfig::default(),
            auth: AuthConfig::default(),
            websocket: WebSocketConfig::default(),
            public: PublicConfig::default(),
            quic: QuicConfig::default(),
            policy: throng_plugin_policy_rhai::Config::default(),
            http: throng_plugin_http_api::Config::default(),
            gateway: GatewayConfig::default(),
            relay: RelayConfig::default(),
            passive: PassiveConfig::default(),
            presence: PresenceConfig::default(),
            lists: ListsConfig::default(),
            overload: OverloadConfig::default(),
            replay: ReplayConfig::default(),
            jobs: JobsConfig::default(),
            limits: LimitsConfig::default(),
            budgets: throng_shell::budgets::BudgetsConfig::default(),
        }
    }
}

/// Log lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogConfig {
    /// Which, such as `info` or `warn,throng_shell=debug`.
    pub(crate) filter: String,
    /// `human` or `json`; standard output has the same form.
    pub(crate) format: LogFormat,
    /// Lines of one kind, which is a place in the code with its reason, that are written in
    /// `log.repeats_window_secs`; then one says how many more there were. 0 is any number. Audit
    /// lines and those below `info` have no bound.
    pub(crate) repeats_max: u32,
    /// Seconds in which lines of one kind are counted.
    pub(crate) repeats_window_secs: u64,
}

impl Default for LogConfig {
    fn default() -> Self {
        let (filter, format) = ("info".to_owned(), LogFormat::Human);
        Self { filter, format, repeats_max: 20, repeats_window_secs: 10 }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Human,
    /// One JSON object per line.
    Json,
}

/// Where state is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoreConfig {
    /// `sqlite`, or `memory`, which forgets everything at the end.
    pub(crate) kind: StoreKind,
    /// Days for which messages are kept, with their reactions; 0 keeps them for ever. Older ones
    /// are removed a few at a time, and nobody is told. At most 36500.
    pub(crate) messages_days: u32,
    /// SQLite.
    pub(crate) sqlite: throng_plugin_store_sqlite::Config,
}

/// Which store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StoreKind {
    /// SQLite in the data directory.
    #[default]
    Sqlite,
    /// Memory.
    Memory,
}

/// Tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AuthConfig {
    /// Secret for JWTs signed with HS256, at least 32 bytes; empty turns them off. Never shown.
    pub(crate) jwt_hs256_secret: Secret,
    /// File with the public key, in PEM, for JWTs signed with EdDSA; empty turns them off.
    pub(crate) jwt_eddsa_public_key: PathBuf,
    /// What `iss` must be, and then it must be there; empty takes any.
    pub(crate) jwt_issuer: String,
    /// What `aud` must be or have, and then it must be there; empty takes any.
    pub(crate) jwt_audience: String,
    /// Seconds by which the clock of whoever signs JWTs may differ: `exp` counts so much longer,
    /// `nbf` and `iat` may lie so far ahead. At most 300.
    pub(crate) jwt_leeway_secs: u64,
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self {
            jwt_hs256_secret: Secret::default(),
            jwt_eddsa_public_key: PathBuf::new(),
            jwt_issuer: String::new(),
            jwt_audience: String::new(),
            jwt_leeway_secs: 2,
        }
    }
}

/// WebSocket connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WebSocketConfig {
    /// Seconds that the opening handshake may take.
    pub(crate) handshake_timeout_secs: u64,
    /// Bytes of a client's payload; longer ones close the link with 4002. Discord: 4096, users
    /// 15360.
    pub(crate) payload_bytes_max: usize,
    /// Connections that the kernel holds until they are accepted.
    pub(crate) backlog: u32,
    /// Bytes that may be on their way to a client; the kernel makes twice as much memory of it. A
    /// client 100 ms away can be sent ten times as much in a second.
    pub(crate) send_buffer_bytes: u32,
    /// Bytes that the kernel takes for a client that has no room for them, before its session
    /// counts as behind. Linux only; elsewhere it is `websocket.send_buffer_bytes`.
    pub(crate) unsent_bytes: u32,
}

impl Default for WebSocketConfig {
    fn default() -> Self {
        Self {
            handshake_timeout_secs: 10,
            payload_bytes_max: 15_360,
            backlog: 4_096,
            send_buffer_bytes: 256 * 1024,
            unsent_bytes: 16 * 1024,
        }
    }
}

/// What stands between the public address and its clients: proxies, TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PublicConfig {
    /// Addresses of proxies, such as `["127.0.0.1", "10.0.0.0/8"]`: of them the last address in
    /// `X-Forwarded-For` that is none of theirs is the client's.
    pub(crate) trusted_proxies: Vec<Network>,
    /// Connections of trusted proxies begin with a header of the PROXY protocol, version 1 or 2.
    pub(crate) proxy_protocol: bool,
    /// File with the certificate chain, in PEM, with which the public address speaks TLS; empty
    /// leaves TLS to a proxy. SIGHUP reads it again.
    pub(crate) certificate_chain: PathBuf,
    /// File with the private key of that certificate, in PEM.
    pub(crate) certificate_key: PathBuf,
}

impl PublicConfig {
    /// Tells whether the public address speaks TLS.
    pub(crate) fn has_tls(&self) -> bool {
        !self.certificate_chain.as_os_str().is_empty()
    }
}

/// QUIC connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct QuicConfig {
    /// Takes QUIC connections.
    pub(crate) enabled: bool,
    /// UDP address of QUIC clients; by default port 8443 beside `listen`, or any free port when
    /// that is taken or `listen` has port 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) listen: Option<SocketAddr>,
    /// How they are taken.
    pub(crate) transport: throng_transport_quic::Config,
}

impl Default for QuicConfig {
    fn default() -> Self {
        let transport = throng_transport_quic::Config::default();
        Self { enabled: true, listen: None, transport }
    }
}

/// Reads all settings and checks them as a whole.
///
/// # Errors
///
/// A file that is not there, a key that does not exist, a value that cannot be: each with its
/// place.
pub(crate) fn load(cli: &Cli) -> anyhow::Result<Settings> {
    let mut figment = Figment::from(Serialized::defaults(Settings::default()));
    if let Some(file) = &cli.config {
        if !file.is_file() {
            bail!("the settings file {} is not there; check --config", file.display());
        }
        figment = figment.merge(Toml::file_exact(file));
    }
    // What is meant for clients on the same machine is no setting of the gateway.
    let env =
        Env::prefixed("THRONG_").filter(|key| !key.as_str().to_lowercase().starts_with("client_"));
    figment = figment.merge(env.split("__"));
    let figment = overlay(figment, cli);
    let settings = figment.extract().map_err(|error| explain(&error))?;
    check(&settings, &figment)?;
    Ok(settings)
}

fn overlay(mut figment: Figment, cli: &Cli) -> Figment {
    if let Some(listen) = cli.listen {
        figment = figment.merge(Serialized::default("listen", listen));
    }
    if let Some(admin) = cli.admin {
        figment = figment.merge(Serialized::default("admin", admin));
    }
    if let Some(quic) = cli.quic {
        figment = figment.merge(Serialized::default("quic.listen", quic));
    }
    if let Some(policy) = &cli.policy {
        figment = figment.merge(Serialized::default("policy.path", policy));
    }
    if let Some(data) = &cli.data {
        figment = figment.merge(Serialized::default("data", data));
    }
    if let Some(filter) = &cli.log {
        figment = figment.merge(Serialized::default("log.filter", filter));
    }
    if cli.log_json {
        figment = figment.merge(Serialized::default("log.format", LogFormat::Json));
    }
    figment
}

/// Names key and source of every error on a line of its own.
fn explain(errors: &figment::Error) -> anyhow::Error {
    let lines: Vec<String> = errors
        .clone()
        .into_iter()
        .map(|error| {
            let key = error.path.join(".").to_lowercase();
            let source = error.metadata.as_ref().map_or_else(String::new, |one| place(one, &key));
            let kind = if secret::KEYS.contains(&key.as_str()) {
                "the value, which is not shown, is no text in quotes".to_owned()
            } else {
                words(&error.kind)
            };
            let key = if key.is_empty() { String::new() } else { format!(" (key `{key}`)") };
            format!("{kind}{key}{source}")
        })
        .collect();
    anyhow::anyhow!("the settings are wrong: {}", lines.join("; "))
}

/// Says what is wrong, and what would be right.
fn words(kind: &Kind) -> String {
    match kind {
        Kind::UnknownField(name, known) => {
            format!("there is no key `{name}`; there are {}", known.join(", "))
        }
        Kind::UnknownVariant(name, known) => {
            format!("`{name}` is not known; it may be {}", known.join(", "))
        }
        kind => secret::without_quotes(&kind.to_string()),
    }
}

/// Says which file and line or which layer a setting came from.
fn place(metadata: &Metadata, key: &str) -> String {
    match &metadata.source {
        Some(Source::File(path)) => {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let line = line::of(&text, key).map_or_else(String::new, |line| format!(":{line}"));
            format!(" in {}{line}", path.display())
        }
        Some(Source::Code(_)) if metadata.name.contains("Settings") => " by default".to_owned(),
        Some(Source::Code(_)) => " on the command line".to_owned(),
        Some(source) => format!(" in {source}"),
        None => format!(" in {}", metadata.name),
    }
}

fn check(settings: &Settings, figment: &Figment) -> anyhow::Result<()> {
    let mut problems = settings.shell().problems();
    let secret = settings.auth.jwt_hs256_secret.expose().len();
    if secret > 0 && secret < 32 {
        problems.push(("auth.jwt_hs256_secret", "at least 32 bytes long"));
    }
    if settings.auth.jwt_leeway_secs > 300 {
        problems.push(("auth.jwt_leeway_secs", "at most 300"));
    }
    if let Some(url) = &settings.public_url
        && !(url.starts_with("ws://") || url.starts_with("wss://"))
    {
        problems.push(("public_url", "an address that begins with ws:// or wss://"));
    }
    if settings.public.has_tls() == settings.public.certificate_key.as_os_str().is_empty() {
        problems.push(("public.certificate_key", "set together with `public.certificate_chain`"));
    }
    if settings.public.proxy_protocol && settings.public.trusted_proxies.is_empty() {
        problems.push(("public.trusted_proxies", "named for `public.proxy_protocol`"));
    }
    if settings.listen == settings.admin && settings.listen.port() != 0 {
        problems.push(("listen", "another address than `admin`"));
    }
    if settings.websocket.payload_bytes_max < 1_024 {
        problems.push(("websocket.payload_bytes_max", "at least 1024"));
    }
    if settings.websocket.send_buffer_bytes < 16 * 1024 {
        problems.push(("websocket.send_buffer_bytes", "at least 16384"));
    }
    if settings.websocket.unsent_bytes < 4 * 1024 {
        problems.push(("websocket.unsent_bytes", "at least 4096"));
    }
    let mut problems: Vec<(String, String)> =
        problems.into_iter().map(|(key, right)| (key.to_owned(), right.to_owned())).collect();
    let policy = settings.policy.problem();
    problems.extend(policy.map(|(key, right)| (format!("policy.{key}"), right)));
    if !problems.is_empty() {
        let problems: Vec<String> = problems
            .into_iter()
            .map(|(key, right)| {
                let metadata = figment.find_metadata(&key);
                let source = metadata.map_or_else(String::new, |one| place(one, &key));
                format!("`{key}`{source} must be {right}")
            })
            .collect();
        bail!("the settings are wrong: {}", problems.join("; "));
    }
    Ok(())
}

/// Shows settings as TOML.
#[allow(clippy::print_stdout, reason = "this is what the action is for")]
pub(crate) fn print(settings: &Settings) -> anyhow::Result<()> {
    print!("{}", toml::to_string(settings).context("the settings cannot be shown")?);
    Ok(())
}

impl Settings {
    /// Tells whether clients are told the address by which they came: nobody has said another one,
    /// and the one to listen on is none to connect to.
    pub(crate) fn tells_host(&self) -> bool {
        self.public_url.is_none() && self.listen.ip().is_unspecified()
    }

    /// Returns what the shell needs.
    pub(crate) fn shell(&self) -> throng_shell::Config {
        throng_shell::Config {
            workers: self.workers,
            messages_days: self.store.messages_days,
            gateway: self.gateway.clone(),
            relay: self.relay.clone(),
            passive: self.passive.clone(),
            presence: self.presence.clone(),
            lists: self.lists.clone(),
            overload: self.overload.clone(),
            replay: self.replay.clone(),
            jobs: self.jobs.clone(),
            limits: self.limits.clone(),
            budgets: self.budgets.clone(),
        }
    }
}
