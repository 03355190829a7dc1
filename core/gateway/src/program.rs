//! The gateway as a whole program: command line, log lines, signals.

use std::process::ExitCode;

use anyhow::Context as _;

use crate::builder::{Builder, Plan};
use crate::cli::{self, Action};
use crate::gateway::Gateway;
use crate::{config, log, policy, private, reload, signal, storage, vital};

/// Does what the command line says, and tells in a sentence why it could not.
pub(crate) fn main(builder: Builder) -> ExitCode {
    match run(builder) {
        Ok(code) => code,
        Err(error) => {
            log::fail(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(builder: Builder) -> anyhow::Result<ExitCode> {
    let cli = cli::parse();
    // What only tells what there is needs no settings that are right.
    match &cli.action {
        Some(Action::Config { adapters: true }) => {
            log::page(&config::describe(&builder.adapters.scheme()?));
            return Ok(ExitCode::SUCCESS);
        }
        Some(Action::Completions { shell }) => {
            cli::complete(*shell);
            return Ok(ExitCode::SUCCESS);
        }
        Some(Action::Man) => return cli::describe().map(|()| ExitCode::SUCCESS),
        _ => {}
    }
    let plan = builder.command_line(&cli).plan()?;
    match cli.action {
        Some(Action::Config { .. }) => config::print(&plan.loaded, &plan.scheme)?,
        Some(Action::Backup { file }) => storage::backup(&plan.loaded, &file)?,
        Some(Action::Policy(action)) => return policy::run(action, plan.loaded.settings.policy),
        _ => serve(plan)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Serves until a signal or an operator ends it.
fn serve(plan: Plan) -> anyhow::Result<()> {
    log::start(&plan.loaded.settings.log)?;
    private::by_default();
    vital::watch_panics();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_name("control")
        .enable_all()
        .build()
        .context("the runtime cannot start")?;
    let served = runtime.block_on(attend(plan));
    // Whatever still runs has had its time; nothing it could do is unacknowledged.
    runtime.shutdown_background();
    log::finish();
    served
}

async fn attend(plan: Plan) -> anyhow::Result<()> {
    let signals = signal::Signals::listen()?;
    let hangups = reload::Hangups::listen()?;
    let gateway = Gateway::start(plan).await?;
    gateway.lines().iter().for_each(|line| log::say(line));
    hangups.reload(&gateway);
    signals.drain_on_terminate(gateway.node());
    gateway.finished().await;
    Ok(())
}
