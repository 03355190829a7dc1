//! The adapters that a gateway may be made of, by the names by which settings choose them.

use std::sync::Arc;

use anyhow::{Context as _, anyhow, ensure};
use throng_engine::policy::Policy;
use throng_plugin_policy_rhai_tool::Rhai;
use throng_plugin_store_memory::Memory;
use throng_plugin_store_sqlite::Sqlite;
use throng_plugin_tokens_jwt::Jwt;
use throng_ports::kind::{Given, Kind};
use throng_ports::link::Bound;
use throng_ports::plugin::Plugin;
use throng_ports::policy::PolicyHost;
use throng_ports::settings::Section;
use throng_ports::store::Store;
use throng_ports::token::Tokens;
use throng_transport_quic::Quic;

use crate::config::{Area, Choice, Loaded, PLUGINS, Scheme, Settings};

/// A policy, and where it comes from.
pub type Policies = (Arc<dyn Policy>, Arc<dyn PolicyHost>);

/// Names that an adapter cannot have at the top of the settings, beside those of the gateway's own
/// sections: what is set for clients in the environment begins like the first.
const TAKEN: [&str; 2] = ["client", PLUGINS];

/// Every adapter that may be chosen.
pub(crate) struct Adapters {
    pub(crate) stores: Shelf<Arc<dyn Store>>,
    pub(crate) policies: Shelf<Policies>,
    pub(crate) tokens: Shelf<Arc<dyn Tokens>>,
    pub(crate) transports: Shelf<Bound>,
    pub(crate) plugins: Shelf<Arc<dyn Plugin>>,
}

impl Default for Adapters {
    fn default() -> Self {
        let mut adapters = Self {
            stores: Shelf::new("store", "store."),
            policies: Shelf::new("policy", "policy."),
            tokens: Shelf::new("issuer of tokens", "auth."),
            transports: Shelf::new("transport", ""),
            plugins: Shelf::new("plugin", "plugins."),
        };
        adapters.stores.add(Sqlite);
        adapters.stores.add(Memory);
        adapters.policies.add_at("policy", Rhai);
        adapters.tokens.add_at("auth", Jwt);
        adapters.transports.add(Quic);
        adapters
    }
}

impl Adapters {
    /// Returns what they add to the settings.
    ///
    /// # Errors
    ///
    /// A name is none, or two adapters have the same.
    pub(crate) fn scheme(&self) -> anyhow::Result<Scheme> {
        let mut scheme = Scheme::default();
        scheme.choices.extend([
            self.stores.choice("store.kind")?,
            self.tokens.choice("auth.kind")?,
            self.policies.choice("policy.kind")?,
        ]);
        scheme.areas.extend(self.stores.areas(false)?);
        scheme.areas.extend(self.tokens.areas(false)?);
        let policies = self.policies.areas(false)?.into_iter();
        // Its settings are many and deep: the gateway has them among its own.
        scheme.areas.extend(policies.map(|area| Area { is_own: area.path == "policy", ..area }));
        scheme.areas.extend(self.transports.areas(true)?);
        scheme.areas.extend(self.plugins.areas(true)?);
        let own = Settings::names();
        for transport in &self.transports.placed {
            let (name, path) = (transport.kind.name(), &transport.path);
            let taken = TAKEN.contains(&name) || own.iter().any(|own| own == path);
            ensure!(
                !taken,
                "no transport can be named `{name}`: other settings are; name it otherwise"
            );
        }
        Ok(scheme)
    }
}

/// All adapters of one seam.
pub(crate) struct Shelf<T> {
    seam: &'static str,
    /// What stands before a name in settings.
    prefix: &'static str,
    placed: Vec<Placed<T>>,
}

struct Placed<T> {
    kind: Box<dyn Kind<T>>,
    path: String,
}

impl<T: 'static> Shelf<T> {
    const fn new(seam: &'static str, prefix: &'static str) -> Self {
        Self { seam, prefix, placed: Vec::new() }
    }

    /// Adds one with its section at its name.
    pub(crate) fn add(&mut self, kind: impl Kind<T>) {
        let path = format!("{}{}", self.prefix, kind.name());
        self.add_at(&path, kind);
    }

    fn add_at(&mut self, path: &str, kind: impl Kind<T>) {
        self.placed.push(Placed { kind: Box::new(kind), path: path.to_owned() });
    }

    /// Describes the key that chooses; by default it is the first that there was.
    fn choice(&self, key: &str) -> anyhow::Result<Choice> {
        let first = self.placed.first().with_context(|| format!("there is no {}", self.seam))?;
        let names = self.placed.iter().map(|placed| {
            let about = placed.kind.section().about().to_owned();
            (placed.kind.name().to_owned(), about)
        });
        Ok(Choice {
            key: key.to_owned(),
            default: first.kind.name().to_owned(),
            names: names.collect(),
        })
    }

    /// Lists their sections; those that run side by side can be turned off.
    fn areas(&self, can_be_off: bool) -> anyhow::Result<Vec<Area>> {
        let mut areas: Vec<Area> = Vec::new();
        for (index, Placed { kind, path }) in self.placed.iter().enumerate() {
            let name = kind.name();
            let seam = self.seam;
            ensure!(
                is_name(name),
                "no {seam} can be named {name:?}: lower-case letters, digits and single `_` make a \
                 name, and a letter begins it"
            );
            let before = self.placed.iter().take(index);
            let twice = before.map(|other| other.kind.name()).any(|other| other == name);
            ensure!(!twice, "more than one {seam} is named `{name}`; name one of them otherwise");
            let section = if can_be_off { switched(kind.section()) } else { kind.section() };
            areas.push(Area { path: path.clone(), section, is_own: false });
        }
        Ok(areas)
    }

    /// Opens the one with a name.
    pub(crate) async fn open(&self, name: &str, loaded: &Loaded) -> anyhow::Result<T> {
        let named = self.placed.iter().find(|placed| placed.kind.name() == name);
        let placed = named.with_context(|| format!("there is no {} `{name}`", self.seam))?;
        placed.open(loaded).await
    }

    /// Opens all that are not turned off.
    pub(crate) async fn open_all(&self, loaded: &Loaded) -> anyhow::Result<Vec<(&'static str, T)>> {
        let mut open = Vec::new();
        for placed in &self.placed {
            let values = loaded.values.get(&placed.path);
            if values.is_none_or(|values| values.get("enabled").unwrap_or(true)) {
                open.push((placed.kind.name(), placed.open(loaded).await?));
            }
        }
        Ok(open)
    }
}

impl<T: 'static> Placed<T> {
    async fn open(&self, loaded: &Loaded) -> anyhow::Result<T> {
        let settings = &loaded.settings;
        let values = loaded.values.get(&self.path).cloned().unwrap_or_default();
        let given = Given {
            values: values.without(&["enabled".to_owned()]),
            data: settings.data.clone(),
            listen: settings.listen,
            relay_capacity: settings.relay.capacity,
        };
        self.kind.open(given).await.map_err(|error| anyhow!(error))
    }
}

/// Adds the key that turns an adapter off.
fn switched(section: Section) -> Section {
    section
        .led_by("enabled", &true, "Whether it is there at all.")
        .check(|values| values.get::<bool>("enabled").map(drop))
}

/// Tells whether a name can be one of a key, also in the environment.
fn is_name(name: &str) -> bool {
    let plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(plain)
        && !name.contains("__")
        && !name.ends_with('_')
}
