//! The gateway: reads its configuration, builds everything, serves, and drains.

mod admin;
mod cli;
mod config;
mod demo;
mod descriptors;
mod facts;
mod files;
mod log;
mod policy;
mod private;
mod process;
mod public;
mod quic;
mod reload;
mod signal;
mod storage;
mod tokens;
mod vital;
mod web;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use throng_engine::policy::Native;
use throng_plugin_policy_rhai::RhaiPolicy;
use throng_plugin_policy_rhai_tool as policy_tool;
use throng_ports::hub::Hub;
use throng_ports::token::Tokens;
use throng_shell::{Node, Parts};

use config::Settings;

#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            log::fail(&error);
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<ExitCode> {
    let cli = cli::parse();
    let settings = config::load(&cli)?;
    match cli.action {
        Some(cli::Action::Config) => return config::print(&settings).map(|()| ExitCode::SUCCESS),
        Some(cli::Action::Backup { file }) => {
            return storage::backup(&settings, &file).map(|()| ExitCode::SUCCESS);
        }
        Some(cli::Action::Completions { shell }) => {
            cli::complete(shell);
            return Ok(ExitCode::SUCCESS);
        }
        Some(cli::Action::Man) => return cli::describe().map(|()| ExitCode::SUCCESS),
        Some(cli::Action::Policy(action)) => return policy::run(action, settings.policy),
        None => log::start(&settings.log)?,
    }
    private::by_default();
    vital::watch_panics();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_name("control")
        .enable_all()
        .build()
        .context("the runtime cannot start")?;
    let served = runtime.block_on(serve(settings));
    // Whatever still runs has had its time; nothing it could do is unacknowledged.
    runtime.shutdown_background();
    log::finish();
    served.map(|()| ExitCode::SUCCESS)
}

async fn serve(settings: Settings) -> anyhow::Result<()> {
    let signals = signal::Signals::listen()?;
    let places = process::announce(&settings, descriptors::places(&settings)?);
    let hangups = reload::Hangups::listen()?;
    files::prepare(&settings.data)?;
    let policy = policy(&settings)?;
    let public = public::Listening::bind(&settings)?;
    let admin = admin::Listening::bind(&settings).await?;
    let quic = quic::Listening::bind(&settings)?;
    let (store, first_start) = storage::open(&settings)?;
    let tokens: Arc<dyn Tokens> = Arc::new(tokens::Issuer::new(&settings.auth)?);
    let node = Node::start(Parts {
        config: settings.shell(),
        store,
        policy: Arc::new(policy.clone()),
        policies: Arc::new(policy.clone()),
        tokens,
        facts: facts::of(&settings, public.gateway_url()),
        places,
    })
    .await?;
    let hub: Arc<dyn Hub> = Arc::new(node.clone());
    let admin_token = files::admin_token(&settings.data)?;
    admin.announce(&settings.data);
    admin.start(&node, admin_token, settings.http.clone());
    public.announce();
    if let Some(quic) = &quic {
        quic.announce();
    }
    if first_start && settings.demo {
        demo::create(&hub, &settings.data, public.http_url()).await?;
    }
    let router = throng_plugin_http_api::public_router(Arc::clone(&hub), settings.http.clone());
    let slow = settings.http.slow_request();
    let (router, traffic) = throng_plugin_http_api::Traffic::of(router, slow);
    node.show(Arc::new(process::Process));
    node.show(Arc::new(log::Counts));
    node.show(traffic);
    node.answer_requests(Arc::new(throng_plugin_http_api::Tunnel::new(router.clone())));
    hangups.reload(&hub, quic.as_ref().map(quic::Listening::certificates), public.tls());
    public.start(&node, router, &settings.http);
    let _watch = reload::watch_policy(&policy, &hub)?;
    reload::follow_policy(&policy, &hub);
    if let Some(quic) = quic {
        quic.start(&node);
    }
    signals.drain_on_terminate(&node);
    node.drained().await;
    node.finish().await;
    Ok(())
}

/// Loads the policy that the settings name.
fn policy(settings: &Settings) -> anyhow::Result<RhaiPolicy> {
    let native = Native { relay_capacity: settings.relay.capacity };
    policy_tool::open(settings.policy.clone(), native)
        .context("the policy cannot run; mend it, or leave `policy.path` empty")
}
