//! Metrics as Prometheus, dashboards and alerts read them.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use throng_e2e::{Client, Gateway, Identity, Scene, Way, intents, part};

/// Endings that a histogram's samples have beside its name.
const PARTS: [&str; 3] = ["_bucket", "_sum", "_count"];

#[tokio::test]
async fn a_scrape_is_what_prometheus_wants_and_has_all_that_board_and_alerts_ask_for() -> Result<()>
{
    let scene = Scene::with_readers(Gateway::start()?, 1)?;
    let identity = Identity::bot(&scene.author, intents::MESSAGES);
    let mut client = Client::enter(&scene.gateway.route(Way::WEBSOCKET), &identity).await?;
    scene.api().post(&scene.channel, "counted")?;
    client.expect("MESSAGE_CREATE").await?;
    let page = scene.gateway.admin()?.metrics()?;
    for (sample, least) in [
        ("throng_delivery_seconds_count", 1.0),
        ("throng_publish_seconds_count", 1.0),
        ("throng_commit_seconds_count", 1.0),
        ("process_open_fds", 3.0),
        ("process_resident_memory_bytes", 1e6),
    ] {
        let value = value(&page, sample).with_context(|| format!("no {sample}"))?;
        ensure!(value >= least, "{sample} is {value}");
    }
    let posts = "throng_http_requests_total{method=\"POST\",\
        route=\"/channels/{channel_id}/messages\",status=\"200\"} 1";
    ensure!(page.contains(posts), "no {posts} in\n{page}");

    let known: BTreeSet<&str> = page.lines().filter_map(family).collect();
    for document in ["monitoring/grafana.json", "monitoring/alerts.yml", "OPERATIONS.md"] {
        let text = std::fs::read_to_string(docs().join(document))?;
        for name in names(&text) {
            let whole = PARTS.iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
            let told = known.contains(name) || known.contains(whole);
            ensure!(told, "{document} names {name}, which no scrape has");
        }
    }
    check(&["check", "metrics"], &page)?;
    let rules = docs().join("monitoring/alerts.yml");
    check(&["check", "rules", &rules.to_string_lossy()], "")
}

/// Families with their help, and samples whose labels say the same in every gateway.
///
/// What is new may be added; what is here is on somebody's board.
const PROMISED: &str = include_str!("metrics/promised.txt");

#[tokio::test]
async fn nothing_that_a_board_may_show_is_renamed() -> Result<()> {
    let policy = docs().join("../../scripts/policies/default.rhai");
    let gateway = Gateway::builder().set("policy.path", &policy.display()).start()?;
    let page = gateway.admin()?.metrics()?;
    let told: BTreeSet<&str> = page.lines().filter_map(promise).collect();
    let gone: Vec<&str> = PROMISED.lines().filter(|line| !told.contains(line)).collect();
    ensure!(gone.is_empty(), "no longer told: {gone:#?}");
    Ok(())
}

/// Returns what of a line is the same in every gateway.
fn promise(line: &str) -> Option<&str> {
    if line.starts_with("# ") {
        return Some(line);
    }
    let (sample, _) = line.rsplit_once(' ')?;
    let (_, labels) = sample.split_once('{')?;
    let differs = ["version=", "worker=", "route=", "path="];
    let is_own = differs.iter().any(|label| labels.contains(label));
    (!is_own).then_some(sample)
}

/// Runs promtool, which must have nothing to complain of.
fn check(arguments: &[&str], input: &str) -> Result<()> {
    let Some(promtool) = part("promtool", "prometheus")? else { return Ok(()) };
    let mut child = Command::new(promtool)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child.stdin.take().context("no input")?.write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success() && said.is_empty(), "promtool {arguments:?}: {said}");
    Ok(())
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/docs")
}

fn family(line: &str) -> Option<&str> {
    line.strip_prefix("# TYPE ")?.split(' ').next()
}

fn value(page: &str, sample: &str) -> Option<f64> {
    let line =
        page.lines().find(|line| line.strip_prefix(sample).is_some_and(|r| r.starts_with(' ')));
    line?.rsplit(' ').next()?.parse().ok()
}

/// Finds what a document names of ours and of the process.
fn names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|char: char| !(char.is_ascii_alphanumeric() || char == '_'));
    let metric = |word: &&str| word.starts_with("throng_") || word.starts_with("process_");
    words.filter(metric).collect()
}
