//! What a gateway is made of, said before it starts.

use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;
use throng_ports::kind::Kind;
use throng_ports::link::Bound;
use throng_ports::plugin::Plugin;
use throng_ports::store::Store;
use throng_ports::token::Tokens;

use crate::adapters::{Adapters, Policies};
use crate::config::{self, Layers, Loaded, Scheme};
use crate::error::Error;
use crate::gateway::Gateway;
use crate::program;

/// What a gateway is made of. It begins with what is there: the stores `sqlite` and `memory`, the
/// transport `quic` beside WebSocket and HTTP, the policy `rhai`, the tokens `jwt`, no plugin.
///
/// Whatever is added brings its settings along, and settings choose by its name.
#[derive(Default)]
pub struct Builder {
    pub(crate) adapters: Adapters,
    layers: Layers,
}

/// What to make, with settings that passed every check.
pub(crate) struct Plan {
    pub(crate) adapters: Adapters,
    pub(crate) scheme: Scheme,
    pub(crate) loaded: Loaded,
}

impl Builder {
    /// Adds a store: `store.kind` chooses it, and `store.<name>` are its settings.
    #[must_use]
    pub fn store(mut self, kind: impl Kind<Arc<dyn Store>>) -> Self {
        self.adapters.stores.add(kind);
        self
    }

    /// Adds a transport, which takes connections beside all others unless `<name>.enabled` says no.
    #[must_use]
    pub fn transport(mut self, kind: impl Kind<Bound>) -> Self {
        self.adapters.transports.add(kind);
        self
    }

    /// Adds a policy: `policy.kind` chooses it, and `policy.<name>` are its settings.
    #[must_use]
    pub fn policy(mut self, kind: impl Kind<Policies>) -> Self {
        self.adapters.policies.add(kind);
        self
    }

    /// Adds an issuer of tokens: `auth.kind` chooses it, and `auth.<name>` are its settings.
    #[must_use]
    pub fn tokens(mut self, kind: impl Kind<Arc<dyn Tokens>>) -> Self {
        self.adapters.tokens.add(kind);
        self
    }

    /// Adds a plugin, which runs unless `plugins.<name>.enabled` says no.
    #[must_use]
    pub fn plugin(mut self, kind: impl Kind<Arc<dyn Plugin>>) -> Self {
        self.adapters.plugins.add(kind);
        self
    }

    /// Sets one key, written as in CONFIG.md: `set("store.kind", "memory")`. What comes later goes
    /// before what came earlier; a file, the environment and the command line go before all.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Serialize) -> Self {
        self.layers.set(key, value);
        self
    }

    /// Sets what a text in TOML says.
    #[must_use]
    pub fn settings(mut self, toml: &str) -> Self {
        self.layers.text(toml);
        self
    }

    /// Describes the settings of the adapters as Markdown, as CONFIG.md does.
    ///
    /// # Errors
    ///
    /// A name is none, or two adapters have the same.
    pub fn describe(&self) -> Result<String, Error> {
        Ok(config::describe(&self.adapters.scheme()?))
    }

    /// Starts the gateway in the runtime of the calling task, which needs its I/O and its time.
    ///
    /// Only what is set here counts, not the environment. The process stays the caller's: signals,
    /// log lines and panics are its business, and so is a demo guild, which is made only if `demo`
    /// is set.
    ///
    /// # Errors
    ///
    /// Settings that cannot be, addresses that are taken, a store that cannot be opened: in a
    /// sentence that says what would be right.
    pub async fn start(mut self) -> Result<Gateway, Error> {
        self.layers.first("demo", false);
        Ok(Gateway::start(self.plan()?).await?)
    }

    /// Runs the gateway as the whole program, and returns how the process ends: reads the command
    /// line, the environment and files, writes log lines, follows signals, drains.
    ///
    /// This is all that the `throng` binary does, so a program of one line has its flags, its help
    /// and its tools.
    #[must_use]
    pub fn run(self) -> ExitCode {
        program::main(self)
    }

    /// Adds what the command line and the environment say.
    pub(crate) fn command_line(mut self, cli: &crate::cli::Cli) -> Self {
        self.layers.command_line(cli);
        self
    }

    /// Reads the settings.
    pub(crate) fn plan(self) -> anyhow::Result<Plan> {
        let scheme = self.adapters.scheme()?;
        let loaded = config::load(&self.layers, &scheme)?;
        Ok(Plan { adapters: self.adapters, scheme, loaded })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").finish_non_exhaustive()
    }
}
