//! A policy that is edited on disk while a guild is full of sessions.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use throng_e2e::{
    Account, Admin, Api, Client, Crowd, Founded, Gateway, Identity, PATIENCE, Seat, Way, intents,
};

/// Accounts, of which a tenth stays awake under the quiet policy.
const ACCOUNTS: usize = 20;
/// Sessions of each account.
const EACH: usize = 5;
/// Accounts that stay awake.
const AWAKE: usize = ACCOUNTS / 10;

const LOUD: &str = "fn passivity(session, guild) { \"active\" }\n";

/// A script on disk, and a gateway that runs it.
struct Stage {
    gateway: Gateway,
    admin: Admin,
    script: PathBuf,
    _folder: TempDir,
}

impl Stage {
    fn set(script: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("stage.rhai");
        std::fs::write(&path, script)?;
        let gateway = Gateway::builder().set("policy.path", &path.display()).start()?;
        let admin = gateway.admin()?;
        Ok(Self { gateway, admin, script: path, _folder: folder })
    }

    /// Saves the script as editors do: a new file takes the place of the old one.
    fn save(&self, script: &str) -> Result<()> {
        let draft = self.script.with_extension("draft");
        std::fs::write(&draft, script)?;
        Ok(std::fs::rename(draft, &self.script)?)
    }

    /// Waits until the gateway says something of its policy.
    fn until(&self, so: impl Fn(&Value) -> bool) -> Result<Value> {
        let start = Instant::now();
        loop {
            let policy = self.admin.policy()?;
            if so(&policy) {
                return Ok(policy);
            }
            ensure!(start.elapsed() < PATIENCE, "the policy stays {policy}");
        }
    }

    /// Saves the script and waits until every attachment was asked about it.
    fn replace(&self, script: &str) -> Result<()> {
        let before = self.admin.policy()?["version"].clone();
        self.save(script)?;
        self.until(|policy| policy["version"] != before && policy["review"]["running"] == false)?;
        Ok(())
    }

    fn metric(&self, name: &str) -> Result<u64> {
        let page = self.admin.metrics()?;
        let samples = page.lines().filter_map(|line| line.strip_prefix(name));
        let numbers = samples.filter_map(|rest| rest.rsplit(' ').next()?.parse::<u64>().ok());
        Ok(numbers.sum())
    }
}

fn found(admin: &Admin) -> Result<(Account, Vec<Account>, Founded)> {
    let owner = admin.bot("owner")?;
    let bots: Vec<_> =
        (0..ACCOUNTS).map(|n| admin.bot(&format!("bot{n}"))).collect::<Result<_>>()?;
    let members: Vec<_> = bots.iter().map(|bot| json!({ "user_id": bot.id })).collect();
    let guild = admin.guild(&json!({
        "name": "stage",
        "owner_id": owner.id,
        "channels": [{ "name": "general" }],
        "members": members,
    }))?;
    Ok((owner, bots, guild))
}

/// Turns everybody passive but the first accounts.
fn quiet(bots: &[Account]) -> String {
    let awake: Vec<_> = bots[..AWAKE].iter().map(|bot| bot.id.as_str()).collect();
    format!(
        "fn passivity(session, guild) {{\n    let awake = [{}];\n    \
         if session.user in awake {{ \"active\" }} else {{ \"passive\" }}\n}}\n",
        awake.join(", ")
    )
}

/// Posts numbered messages, and returns their numbers.
fn post(api: &Api, channel: &str, next: &mut u32, tail: &str, count: u32) -> Result<Vec<u32>> {
    let numbers: Vec<u32> = (*next..*next + count).collect();
    *next += count;
    for number in &numbers {
        api.post(channel, &format!("#{number} {tail}"))?;
    }
    Ok(numbers)
}

#[tokio::test]
async fn a_policy_edited_on_disk_turns_nine_tenths_passive_and_back() -> Result<()> {
    let stage = Stage::set(LOUD)?;
    let (owner, bots, guild) = found(&stage.admin)?;
    let channel = guild.channel("general")?;
    let seats: Vec<_> = (0..ACCOUNTS * EACH)
        .map(|n| Identity::bot(&bots[n / EACH], intents::MESSAGES))
        .map(|identity| Seat { identity, keeps: false })
        .collect();
    let crowd = Crowd::enter(&stage.gateway.route(Way::WEBSOCKET), &seats).await?;
    let (api, mut next) = (stage.gateway.api(&owner), 1);
    let (everybody, awake) = (ACCOUNTS * EACH, AWAKE * EACH);

    let loud = post(&api, &channel, &mut next, "to all", 4)?;
    crowd.until_messages(everybody * 4).await?;

    stage.replace(&quiet(&bots))?;
    let before = stage.metric("throng_deliveries_total{type=\"MESSAGE_CREATE\"}")?;
    let few = post(&api, &channel, &mut next, "to a tenth", 10)?;
    crowd.until_messages(everybody * 4 + awake * 10).await?;
    let delivered = stage.metric("throng_deliveries_total{type=\"MESSAGE_CREATE\"}")? - before;
    ensure!(delivered == (awake * 10) as u64, "{delivered} deliveries");
    let last = &bots[ACCOUNTS - 1];
    let mention = post(&api, &channel, &mut next, &format!("<@{}>", last.id), 1)?;
    let calling = post(&api, &channel, &mut next, "@everyone", 1)?;
    let so_far = everybody * 5 + awake * 11 + EACH;
    crowd.until_messages(so_far).await?;

    stage.replace(LOUD)?;
    let again = post(&api, &channel, &mut next, "to all again", 4)?;
    crowd.until_messages(so_far + everybody * 4).await?;
    for index in 0..everybody {
        let account = index / EACH;
        let mut expected = loud.clone();
        if account < AWAKE {
            expected.extend(&few);
        }
        if account < AWAKE || account == ACCOUNTS - 1 {
            expected.extend(&mention);
        }
        expected.extend(calling.iter().chain(&again));
        let heard = crowd.heard(index).marks;
        ensure!(heard == expected, "session {index}: {heard:?}, not {expected:?}");
    }
    let (links, resumes) = (stage.metric("throng_links")?, stage.metric("throng_resumes_total")?);
    ensure!((links, resumes) == (everybody as u64, 0), "{links} links, {resumes} resumes");
    Ok(())
}

#[tokio::test]
async fn a_broken_policy_is_refused_with_its_place_and_the_old_one_goes_on() -> Result<()> {
    let stage = Stage::set(LOUD)?;
    let (owner, bots, guild) = found(&stage.admin)?;
    let channel = guild.channel("general")?;
    let identity = Identity::bot(&bots[0], intents::MESSAGES);
    let mut client = Client::enter(&stage.gateway.route(Way::WEBSOCKET), &identity).await?;
    let version = stage.admin.policy()?["version"].clone();

    stage.save("fn passivity(session, guild) {\n    \"passive\" +\n}\n")?;
    let policy = stage.until(|policy| !policy["fault"].is_null())?;
    ensure!(policy["version"] == version, "the old one should go on: {policy}");
    let fault = &policy["fault"];
    ensure!(fault["line"] == 3 && fault["file"].as_str().is_some(), "{fault}");
    let report = fault["report"].as_str().unwrap_or_default();
    ensure!(report.contains("stage.rhai:3:") && report.contains('^'), "{report}");
    ensure!(stage.metric("throng_policy_load_failed")? == 1, "the metric does not say so");
    let (status, ready) = stage.admin.ready()?;
    ensure!(status == 200 && ready["status"] == "degraded", "{status} {ready}");
    stage.gateway.api(&owner).post(&channel, "still loud")?;
    client.until_message("still loud").await?;

    let (status, _) = stage.admin.reload_policy()?;
    ensure!(status == 422, "{status}");
    stage.save(LOUD)?;
    stage.until(|policy| policy["fault"].is_null())?;
    ensure!(stage.admin.ready()?.1["status"] == "ready", "{:?}", stage.admin.ready()?);
    Ok(())
}

#[tokio::test]
async fn a_hangup_signal_and_the_admin_api_load_the_policy_again() -> Result<()> {
    let stage = Stage::set(LOUD)?;
    let mut seen: HashSet<String> = HashSet::new();
    for round in 0..3 {
        let before = stage.admin.policy()?["version"].as_str().unwrap_or_default().to_owned();
        stage.save(&format!("// {round}\n{LOUD}"))?;
        if round == 0 {
            let (status, policy) = stage.admin.reload_policy()?;
            ensure!(status == 200 && policy["version"] != before.as_str(), "{status} {policy}");
        } else {
            stage.gateway.hang_up()?;
            stage.until(|policy| policy["version"] != before.as_str())?;
        }
        let policy = stage.admin.policy()?;
        let (Some(version), Some(since)) = (policy["version"].as_str(), policy["since"].as_str())
        else {
            bail!("no version or time in {policy}");
        };
        ensure!(!since.is_empty() && seen.insert(version.to_owned()), "{policy}");
        ensure!(policy["name"] == "stage", "{policy}");
    }
    Ok(())
}

#[tokio::test]
async fn the_shipped_policies_run() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/policies");
    for name in ["default", "quiet-hours", "event-day", "by-region", "bots-first"] {
        let script = folder.join(format!("{name}.rhai")).canonicalize()?;
        let gateway = Gateway::builder().set("policy.path", &script.display()).start()?;
        let admin = gateway.admin()?;
        let policy = admin.policy()?;
        ensure!(policy["name"] == name && policy["fault"].is_null(), "{policy}");
        let (owner, bots, guild) = found(&admin)?;
        let identity = Identity::bot(&bots[0], intents::MESSAGES);
        let mut client = Client::enter(&gateway.route(Way::WEBSOCKET), &identity).await?;
        let mention = format!("<@{}> {name}", bots[0].id);
        gateway.api(&owner).post(&guild.channel("general")?, &mention)?;
        client.until_message(&mention).await?;
        let page = admin.metrics()?;
        let failed = page
            .lines()
            .filter(|line| line.starts_with("throng_policy_errors_total"))
            .filter(|line| !line.ends_with(" 0"))
            .collect::<Vec<_>>();
        ensure!(failed.is_empty(), "{name}: {failed:?}");
    }
    Ok(())
}
