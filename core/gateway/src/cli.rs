//! The command line.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;

use crate::policy::PolicyAction;

/// What the command line says; it goes before environment, file and defaults.
#[derive(Debug, Parser)]
#[command(
    name = "throng",
    version,
    about = "Carries the events of communities of a million people, live, to every one of them.",
    after_help = "Examples:
  throng                                     start with defaults: SQLite in throng-data/, loopback
  throng --listen 127.0.0.1:9000             another public address
  throng --policy scripts/policies/quiet-hours.rhai
                                             who gets what, by a script that may be edited live
  throng --config throng.toml                settings from a file; see core/docs/CONFIG.md
  THRONG_RELAY__CAPACITY=5000 throng         settings from the environment
  throng policy test scripts                 run the tests of all policies below a folder
  throng backup throng-backup.db             copy the database of --data, also while it runs
  throng config                              show the settings in force, as TOML"
)]
pub(crate) struct Cli {
    /// File with settings, in TOML.
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// Public address: WebSocket and HTTP API. Port 0 takes any free port.
    #[arg(long, value_name = "ADDR", global = true, value_parser = address)]
    pub(crate) listen: Option<SocketAddr>,
    /// Address of the admin API.
    #[arg(long, value_name = "ADDR", global = true, value_parser = address)]
    pub(crate) admin: Option<SocketAddr>,
    /// UDP address of QUIC clients.
    #[arg(long, value_name = "ADDR", global = true, value_parser = address)]
    pub(crate) quic: Option<SocketAddr>,
    /// Script of the policy; it is loaded again when it changes. See core/docs/POLICIES.md.
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) policy: Option<PathBuf>,
    /// Directory for everything that lasts.
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data: Option<PathBuf>,
    /// Which log lines, such as `info` or `warn,throng_shell=debug`.
    #[arg(long, value_name = "FILTER", global = true)]
    pub(crate) log: Option<String>,
    /// Log lines as JSON.
    #[arg(long, global = true)]
    pub(crate) log_json: bool,
    #[command(subcommand)]
    pub(crate) action: Option<Action>,
}

/// What to do instead of serving.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Action {
    /// Shows the settings in force, as TOML, and ends.
    Config {
        /// Describes instead, as Markdown, what may be set of stores, transports, policies, tokens
        /// and plugins that this program has.
        #[arg(long)]
        adapters: bool,
    },
    /// Copies the database into a file, while a gateway runs on it or while none does.
    ///
    /// The copy is of one moment, whole and checked. To restore it, see core/docs/OPERATIONS.md.
    Backup {
        /// File to make; one that is there already is left alone.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Prints completions for a shell: `source <(throng completions bash)`.
    Completions {
        /// Shell.
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
    /// Prints the manual page: `throng man > throng.1`.
    Man,
    /// Checks, tests and tries policies before a gateway runs them.
    #[command(subcommand)]
    Policy(PolicyAction),
}

/// Reads an address; the standard library says only that it is none.
fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "it must be an IP address with a port, such as 127.0.0.1:8080")
}

/// Prints what a shell needs to complete the command line.
pub(crate) fn complete(shell: Shell) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "throng", &mut script);
    // Whoever reads may have had enough.
    _ = std::io::stdout().write_all(&script);
}

/// Prints the manual page, with one section for all subcommands.
pub(crate) fn describe() -> anyhow::Result<()> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    // Whoever reads may have had enough.
    _ = std::io::stdout().write_all(&page);
    Ok(())
}

/// Reads the command line, or ends the process with help or an error.
pub(crate) fn parse() -> Cli {
    Cli::parse()
}
