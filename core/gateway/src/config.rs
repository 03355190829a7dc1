//! The gateway's own settings; what its adapters bring along is beside them.

mod layers;
mod line;
mod load;
#[cfg(test)]
mod page;
mod quoted;
mod scheme;
mod shown;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use throng_ports::link::Network;
use throng_shell::{
    GatewayConfig, JobsConfig, LimitsConfig, ListsConfig, OverloadConfig, PassiveConfig,
    PresenceConfig, RelayConfig, ReplayConfig,
};

pub(crate) use layers::Layers;
pub(crate) use load::{Loaded, load};
pub(crate) use scheme::{Area, Choice, PLUGINS, Scheme};
pub(crate) use shown::{describe, print};

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
    /// WebSocket connections.
    pub(crate) websocket: WebSocketConfig,
    /// What stands between the public address and its clients: proxies, TLS.
    pub(crate) public: PublicConfig,
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
            websocket: WebSocketConfig::default(),
            public: PublicConfig::default(),
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
    /// Days for which messages are kept, with their reactions; 0 keeps them for ever. Older ones
    /// are removed a few at a time, and nobody is told. At most 36500.
    pub(crate) messages_days: u32,
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

impl Settings {
    /// Names the keys at the top.
    pub(crate) fn names() -> Vec<String> {
        let all = toml::Table::try_from(Self::default()).unwrap_or_default();
        all.into_iter().map(|(key, _)| key).chain(["public_url".to_owned()]).collect()
    }

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

    /// Lists what cannot be, with what it must be instead.
    fn problems(&self) -> Vec<(String, String)> {
        let mut problems = self.shell().problems();
        if let Some(url) = &self.public_url
            && !(url.starts_with("ws://") || url.starts_with("wss://"))
        {
            problems.push(("public_url", "an address that begins with ws:// or wss://"));
        }
        if self.public.has_tls() == self.public.certificate_key.as_os_str().is_empty() {
            problems
                .push(("public.certificate_key", "set together with `public.certificate_chain`"));
        }
        if self.public.proxy_protocol && self.public.trusted_proxies.is_empty() {
            problems.push(("public.trusted_proxies", "named for `public.proxy_protocol`"));
        }
        if self.listen == self.admin && self.listen.port() != 0 {
            problems.push(("listen", "another address than `admin`"));
        }
        if self.websocket.payload_bytes_max < 1_024 {
            problems.push(("websocket.payload_bytes_max", "at least 1024"));
        }
        if self.websocket.send_buffer_bytes < 16 * 1024 {
            problems.push(("websocket.send_buffer_bytes", "at least 16384"));
        }
        if self.websocket.unsent_bytes < 4 * 1024 {
            problems.push(("websocket.unsent_bytes", "at least 4096"));
        }
        let mut problems: Vec<(String, String)> =
            problems.into_iter().map(|(key, right)| (key.to_owned(), right.to_owned())).collect();
        let policy = self.policy.problem();
        problems.extend(policy.map(|(key, right)| (format!("policy.{key}"), right)));
        problems
    }
}
