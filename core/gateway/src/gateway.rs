//! A running gateway: how it is put together, and what whoever holds it may do.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use throng_plugin_http_api::{Traffic, Tunnel, plugin_router, public_router};
use throng_ports::hub::{Health, Hub};
use throng_ports::link::Bound;
use throng_ports::plugin::Door;
use throng_ports::store::Store;
use throng_proto::token::Token;
use throng_shell::{Node, Parts, PlaceLimits};

use crate::adapters::Policies;
use crate::builder::{Builder, Plan};
use crate::plugins::Plugins;
use crate::reload::{self, Certificates};
use crate::vital::vital;
use crate::{admin, demo, descriptors, facts, files, log, process, public, storage};

/// A running gateway. Clones share it; it runs until it is told to drain, or the process ends.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    node: Node,
    hub: Arc<dyn Hub>,
    plugins: Plugins,
    certificates: Certificates,
    addresses: Addresses,
    admin_token: Token,
    /// What whoever has started it may want to know.
    lines: Vec<String>,
    drain: Duration,
}

/// Where it is reached.
struct Addresses {
    gateway: String,
    http: String,
    admin: String,
    others: Vec<(&'static str, String)>,
}

/// Everything that listens, bound and not yet served.
struct Listeners {
    public: public::Listening,
    admin: admin::Listening,
    others: Vec<(&'static str, Bound)>,
}

impl Gateway {
    /// Begins to say what a gateway is made of.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) async fn start(plan: Plan) -> anyhow::Result<Self> {
        let settings = &plan.loaded.settings;
        let places = process::announce(settings, descriptors::places(settings)?);
        files::prepare(&settings.data)?;
        let policy = plan.policy().await?;
        let plugins = Plugins::open(&plan).await?;
        let listeners = Listeners::bind(&plan).await?;
        let store = plan.store().await?;
        let first_start = settings.demo && storage::is_empty(&store).await?;
        let host = Arc::clone(&policy.1);
        let node = plan.node(policy, store, listeners.public.gateway_url(), places).await?;
        let hub: Arc<dyn Hub> = Arc::new(node.clone());
        let addresses = listeners.addresses();
        let admin_token = files::admin_token(&settings.data)?;
        let mut lines = addresses.lines(&settings.data.join("admin.token"));
        if first_start {
            lines.extend(demo::create(&hub, &settings.data, &addresses.http).await?);
        }
        let certificates = listeners.serve(&plan, &node, admin_token.clone(), &plugins);
        reload::watch_policy(&*host, &hub)?;
        let drain = Duration::from_secs(settings.limits.drain_secs);
        plugins.start(&node);
        let inner =
            Inner { node, hub, plugins, certificates, addresses, admin_token, lines, drain };
        Ok(Self(Arc::new(inner)))
    }

    /// Returns the node as APIs ask it: accounts, guilds, posts, health, metrics.
    #[must_use]
    pub fn hub(&self) -> Arc<dyn Hub> {
        Arc::clone(&self.0.hub)
    }

    /// Returns the address of WebSocket clients: `ws://127.0.0.1:8080`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.addresses.gateway
    }

    /// Returns the address of the HTTP API, without `/api/v10`: `http://127.0.0.1:8080`.
    #[must_use]
    pub fn http_url(&self) -> &str {
        &self.0.addresses.http
    }

    /// Returns the address of the admin API, without `/admin/v1`.
    #[must_use]
    pub fn admin_url(&self) -> &str {
        &self.0.addresses.admin
    }

    /// Returns the token of the admin API.
    #[must_use]
    pub fn admin_token(&self) -> &Token {
        &self.0.admin_token
    }

    /// Returns what a transport says of where clients find it; `None` when it is not there.
    #[must_use]
    pub fn address(&self, transport: &str) -> Option<&str> {
        let mut others = self.0.addresses.others.iter();
        others.find(|(name, _)| *name == transport).map(|(_, says)| says.as_str())
    }

    /// Returns how it is; ready once every plugin has started.
    #[must_use]
    pub fn health(&self) -> Health {
        self.0.hub.health()
    }

    /// Loads the policy and certificates again, as SIGHUP does.
    pub async fn reload(&self) {
        reload::reload_policy(self.hub()).await;
        reload::reload_certificates(&self.0.certificates);
    }

    /// Begins to drain: no new links, and clients are asked to resume elsewhere.
    pub fn drain(&self) {
        self.0.hub.drain();
    }

    /// Waits until a drain is over, whoever began it: links are closed, plugins have ended, the
    /// store is in the form in which it is best copied.
    pub async fn finished(&self) {
        let Inner { node, plugins, drain, .. } = &*self.0;
        tokio::join!(node.drained(), plugins.drain(node, *drain));
        node.finish().await;
    }

    /// Drains, and waits until that is over. The store stays open until the process ends.
    pub async fn stop(&self) {
        self.drain();
        self.finished().await;
    }

    pub(crate) fn lines(&self) -> &[String] {
        &self.0.lines
    }

    pub(crate) fn node(&self) -> &Node {
        &self.0.node
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl Plan {
    fn chosen(&self, key: &str) -> &str {
        self.loaded.chosen.get(key).map_or("", String::as_str)
    }

    async fn policy(&self) -> anyhow::Result<Policies> {
        let opened = self.adapters.policies.open(self.chosen("policy.kind"), &self.loaded).await;
        opened.context("the policy cannot run")
    }

    async fn store(&self) -> anyhow::Result<Arc<dyn Store>> {
        self.adapters.stores.open(self.chosen(storage::KIND), &self.loaded).await
    }

    async fn node(
        &self,
        (policy, policies): Policies,
        store: Arc<dyn Store>,
        gateway_url: String,
        places: PlaceLimits,
    ) -> anyhow::Result<Node> {
        let settings = &self.loaded.settings;
        let tokens = self.adapters.tokens.open(self.chosen("auth.kind"), &self.loaded).await?;
        let facts = facts::of(settings, gateway_url);
        let config = settings.shell();
        let parts = Parts { config, store, policy, policies, tokens, facts, places };
        Ok(Node::start(parts).await?)
    }
}

impl Listeners {
    async fn bind(plan: &Plan) -> anyhow::Result<Self> {
        let settings = &plan.loaded.settings;
        Ok(Self {
            public: public::Listening::bind(settings)?,
            admin: admin::Listening::bind(settings).await?,
            others: plan.adapters.transports.open_all(&plan.loaded).await?,
        })
    }

    fn addresses(&self) -> Addresses {
        let others = self.others.iter().map(|(name, bound)| (*name, bound.says.clone()));
        Addresses {
            gateway: self.public.gateway_url(),
            http: self.public.http_url(),
            admin: self.admin.http_url(),
            others: others.collect(),
        }
    }

    /// Serves until the node drains; returns what may be reloaded.
    fn serve(self, plan: &Plan, node: &Node, token: Token, plugins: &Plugins) -> Certificates {
        let config = &plan.loaded.settings.http;
        let hub: Arc<dyn Hub> = Arc::new(node.clone());
        let others = plugin_router(plugins.all(), Door::Admin, config);
        self.admin.start(node, token, config.clone(), others);
        let api = public_router(hub, config.clone());
        let router = plugin_router(plugins.all(), Door::Public, config).fallback_service(api);
        let (router, traffic) = Traffic::of(router, config.slow_request());
        node.show(Arc::new(process::Process));
        node.show(Arc::new(log::Counts));
        node.show(traffic);
        node.answer_requests(Arc::new(Tunnel::new(router.clone())));
        let tls = self.public.tls();
        self.public.start(node, router, config);
        let mut certificates = Certificates::new();
        for (name, Bound { listener, reload, .. }) in self.others {
            certificates.extend(reload.map(|reload| (name, reload)));
            let serving = node.clone();
            let what = format!("the listener of {name}");
            vital(node, what, async move { serving.serve(listener).await });
        }
        certificates.extend(tls.map(|tls| ("public", reload::of_public(tls))));
        certificates
    }
}

impl Addresses {
    /// Tells where everything is, for whoever has started it.
    fn lines(&self, token: &Path) -> Vec<String> {
        let mut lines = vec![
            format!("listening: admin {}", self.admin),
            format!("admin token: {}", token.display()),
            format!("listening: public {}", self.http),
        ];
        lines.extend(self.others.iter().map(|(name, says)| format!("listening: {name} {says}")));
        lines
    }
}
