//! `throng policy`: checking, testing and trying policies before a gateway runs them.

#[cfg(test)]
mod tests;

use std::fs;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use throng_plugin_policy_rhai::{Config, Hook};
use throng_plugin_policy_rhai_tool::{Given, Workshop, starter};

/// What to do with policies.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum PolicyAction {
    /// Compiles policies, looks for mistakes, and measures what their hooks take.
    #[command(after_help = "Findings have file, line and column, and say what to do. \
An error ends with exit code 1.

Examples:
  throng policy check scripts                 every script below a folder
  throng policy check night.rhai --strict     warnings are errors, for CI")]
    Check {
        /// Scripts, or folders of scripts.
        #[arg(required = true, value_name = "DIR|FILE")]
        paths: Vec<PathBuf>,
        /// Ends with exit code 1 for warnings too.
        #[arg(long)]
        strict: bool,
        /// Folder to import from; by default `lib` beside a script or beside its folder.
        #[arg(long, value_name = "DIR")]
        library: Option<PathBuf>,
    },
    /// Runs the tests of policies: the cases beside each script, and its functions `test_*`.
    #[command(after_help = "A test that fails ends with exit code 1.

Examples:
  throng policy test scripts                  every script below a folder
  throng policy test scripts --filter night   tests whose names contain a word
  throng policy test scripts --coverage       also which lines no test reaches
  throng policy test scripts --min-coverage 100
                                              fails below, for CI")]
    Test {
        /// Scripts, or folders of scripts.
        #[arg(required = true, value_name = "DIR|FILE")]
        paths: Vec<PathBuf>,
        /// Shows how many lines of each script its tests reach, and which they do not.
        #[arg(long)]
        coverage: bool,
        /// Ends with exit code 1 when less of a script is reached, in percent of its lines.
        #[arg(long, value_name = "PERCENT", value_parser = percent)]
        min_coverage: Option<f64>,
        /// Ends with exit code 1 when a script has no tests, or cases belong to no script.
        #[arg(long)]
        strict: bool,
        /// Runs only tests whose names contain this.
        #[arg(long, value_name = "NAME", default_value = "")]
        filter: String,
        /// Folder to import from; by default `lib` beside a script or beside its folder.
        #[arg(long, value_name = "DIR")]
        library: Option<PathBuf>,
    },
    /// Asks one hook, and shows the facts it read, the lines that ran, and the verdict.
    #[command(after_help = "Facts are TOML, or JSON in files that end so: the tables session, \
guild, event, author, channel and node, the array relays, and now. \
What is left out has a plain value.

Examples:
  throng policy run passivity --policy night.rhai --facts facts.toml
  echo 'session.afk = true' | throng policy run passivity --policy night.rhai --facts -")]
    Run {
        /// Hook to ask, such as `passivity`.
        #[arg(value_parser = hook)]
        hook: Hook,
        /// File with facts; `-` reads them from standard input.
        #[arg(long, value_name = "FILE")]
        facts: Option<PathBuf>,
        /// Folder to import from; by default `lib` beside the script or beside its folder.
        #[arg(long, value_name = "DIR")]
        library: Option<PathBuf>,
    },
    /// Writes a commented policy to begin with, and its cases. Overwrites nothing.
    #[command(after_help = "Examples:
  throng policy new quiet-sundays                        in this folder
  throng policy new quiet-sundays --in scripts/policies  in another")]
    New {
        /// Name, which is that of the files too.
        name: String,
        /// Folder for it.
        #[arg(long = "in", value_name = "DIR", default_value = ".")]
        folder: PathBuf,
    },
    /// Writes what scripts may read and call as definitions, for editors that know Rhai.
    #[command(after_help = "Examples:
  throng policy definitions                              into definitions/
  throng policy definitions --out .rhai                  into another folder")]
    Definitions {
        /// Folder for them.
        #[arg(long, value_name = "DIR", default_value = "definitions")]
        out: PathBuf,
    },
}

/// Does it within the limits of the settings, and prints what comes of it.
pub(crate) fn run(action: PolicyAction, config: Config) -> anyhow::Result<ExitCode> {
    let (report, passes) = answer(action, config, &mut io::stdin())?;
    match io::stdout().write_all(report.as_bytes()) {
        // Whoever reads along has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written.context("the report cannot be printed")?,
    }
    Ok(if passes { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns a report, and whether all is well.
fn answer(
    action: PolicyAction,
    config: Config,
    input: &mut dyn Read,
) -> anyhow::Result<(String, bool)> {
    Ok(match action {
        PolicyAction::Check { paths, strict, library } => {
            let report = Workshop::new(config, library).check(&paths)?;
            (report.to_string(), report.passes(strict))
        }
        PolicyAction::Test { paths, coverage, min_coverage, strict, filter, library } => {
            let coverage = coverage || min_coverage.is_some();
            let report = Workshop::new(config, library).test(&paths, &filter, coverage)?;
            let passes = report.passes()
                && report.covers(min_coverage.unwrap_or(0.0))
                && (report.is_complete() || !strict);
            (report.to_string(), passes)
        }
        PolicyAction::Run { hook, facts, library } => {
            let given = given(facts.as_deref(), input)?;
            let scene = given.scene().with_context(|| match &facts {
                Some(path) => format!("the facts of {}", path.display()),
                None => "the facts".to_owned(),
            })?;
            let script = script(&config)?;
            let explanation = Workshop::new(config, library).explain(&script, hook, &scene)?;
            (explanation.to_string(), explanation.verdict.is_ok())
        }
        PolicyAction::New { name, folder } => {
            let files = starter(&name, &folder)?;
            let (files, script) = (written(&files), files[0].display());
            (format!("{files}next: throng policy test {script}\n"), true)
        }
        PolicyAction::Definitions { out } => {
            let files = Workshop::new(config, None).definitions(&out);
            (written(&files.with_context(|| out.display().to_string())?), true)
        }
    })
}

fn script(config: &Config) -> anyhow::Result<PathBuf> {
    let shipped = Path::new("scripts/policies/default.rhai");
    if config.path.as_os_str().is_empty() && shipped.is_file() {
        return Ok(shipped.to_owned());
    }
    if config.path.as_os_str().is_empty() {
        bail!("which policy? Name its script with --policy FILE");
    }
    Ok(config.path.clone())
}

fn given(path: Option<&Path>, input: &mut dyn Read) -> anyhow::Result<Given> {
    let Some(path) = path else { return Ok(Given::default()) };
    let text = if path.as_os_str() == "-" {
        let mut text = String::new();
        input.read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(path)
    };
    let text = text.with_context(|| path.display().to_string())?;
    Given::read(path, &text).with_context(|| path.display().to_string())
}

fn written(files: &[PathBuf]) -> String {
    files.iter().map(|file| format!("wrote {}\n", file.display())).collect()
}

fn hook(name: &str) -> Result<Hook, String> {
    Hook::named(name).ok_or_else(|| {
        let all = Hook::ALL.map(Hook::name).join(", ");
        format!("there is no such hook; there are {all}")
    })
}

fn percent(text: &str) -> Result<f64, String> {
    let percent: Option<f64> = text.parse().ok();
    percent
        .filter(|percent| (0.0..=100.0).contains(percent))
        .ok_or_else(|| "give a number from 0 to 100".to_owned())
}
