//! Ten thousand sessions in one guild over several relays, and some hundred of them over QUIC.
//!
//! Alone: `cargo test -p throng-e2e crowd`, with `THRONG_E2E_SESSIONS` for another number.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use serde::Deserialize;
use serde_json::json;
use throng_e2e::{
    Account, Admin, Api, Crowd, Founded, Gateway, Heard, Identity, Seat, Way, alike, intents, say,
};

/// Sessions over QUIC: each has a socket of its own here, as clients do.
const OVER_QUIC: usize = 400;
/// Relays at least.
const RELAYS: usize = 4;
/// Accounts behind the active sessions; every third of them may not see the vault.
const BOTS: usize = 90;
/// Accounts behind the passive sessions, of which there are a tenth.
const USERS: usize = 30;
/// Messages, of which every third is for the vault.
const MESSAGES: u32 = 30;
/// Capability bit of delta digests.
const DELTAS: u64 = 1 << 14;

#[tokio::test]
async fn ten_thousand_sessions_are_told_what_they_may_see_and_nothing_else() -> Result<()> {
    let sessions = match std::env::var("THRONG_E2E_SESSIONS") {
        Ok(sessions) => sessions.parse()?,
        Err(_) => 10_000,
    };
    are_told_what_they_may_see(Way::WEBSOCKET, sessions).await
}

#[tokio::test]
async fn hundreds_of_sessions_over_quic_are_told_the_same() -> Result<()> {
    are_told_what_they_may_see(Way::QUIC, OVER_QUIC).await
}

async fn are_told_what_they_may_see(way: Way, sessions: usize) -> Result<()> {
    let gateway = Gateway::builder()
        .set("relay.capacity", &sessions.div_ceil(RELAYS))
        .set("gateway.heartbeat_interval_ms", &600_000)
        .set("gateway.heartbeat_timeout_ms", &900_000)
        .set("passive.digest_interval_ms", &200)
        .alone()
        .start()?;
    let house = House::found(&gateway.admin()?)?;
    let seats = house.seats(sessions);
    let before = gateway.resident()?;
    let start = Instant::now();
    let crowd = Crowd::enter(&gateway.route(way), &seats).await?;
    let entered = start.elapsed();
    let each = gateway.resident()?.saturating_sub(before) / sessions as u64;
    say(&format!("{sessions} sessions entered in {entered:.1?}, {each} bytes of RSS for each"));

    let start = Instant::now();
    let posting = house.post(gateway.api(&house.owner));
    let expected = house.expected(sessions);
    crowd.until_messages(expected.iter().map(Vec::len).sum()).await?;
    report(&expected, start.elapsed());
    let posted = posting.join().map_err(|_| anyhow!("the poster panicked"))??;
    for (index, marks) in expected.iter().enumerate() {
        let heard = crowd.heard(index);
        alike(&heard.marks, marks).with_context(|| format!("session {index}"))?;
        if let Face::User(n) = face(index) {
            house.passive(&heard, n, &posted).with_context(|| format!("session {index}"))?;
        } else {
            ensure!(heard.others.is_empty(), "session {index}: {:?}", heard.others);
        }
    }
    let relays = relays(&gateway.admin()?.metrics()?)?;
    say(&format!("{relays} relays"));
    ensure!(relays >= RELAYS, "only {relays} relays");
    Ok(())
}

/// A guild with a channel for everybody and a vault that a third may not see.
struct House {
    guild: Founded,
    owner: Account,
    bots: Vec<Account>,
    users: Vec<Account>,
}

impl House {
    fn found(admin: &Admin) -> Result<Self> {
        let owner = admin.bot("owner")?;
        let bots: Vec<_> =
            (0..BOTS).map(|n| admin.bot(&format!("bot{n}"))).collect::<Result<_>>()?;
        let users: Vec<_> =
            (0..USERS).map(|n| admin.user(&format!("user{n}"))).collect::<Result<_>>()?;
        let members: Vec<_> = [&bots, &users]
            .into_iter()
            .flat_map(|accounts| accounts.iter().enumerate())
            .map(|(n, account)| {
                let roles: &[&str] = if outside(n) { &["outsider"] } else { &[] };
                json!({ "user_id": account.id, "roles": roles })
            })
            .collect();
        let guild = admin.guild(&json!({
            "name": "house",
            "owner_id": owner.id,
            "roles": [{ "name": "outsider", "permissions": "0" }],
            "channels": [
                { "name": "hall" },
                { "name": "vault", "permission_overwrites":
                    [{ "id": "outsider", "type": 0, "allow": "0", "deny": "1024" }] },
            ],
            "members": members,
        }))?;
        Ok(Self { guild, owner, bots, users })
    }

    /// Seats every tenth session as a passive user, the others as bots.
    fn seats(&self, sessions: usize) -> Vec<Seat> {
        let seat = |index| match face(index) {
            Face::Bot(n) => {
                Seat { identity: Identity::bot(&self.bots[n], intents::MESSAGES), keeps: false }
            }
            Face::User(n) => Seat { identity: Identity::user(&self.users[n], DELTAS), keeps: true },
        };
        (0..sessions).map(seat).collect()
    }

    /// Posts one message after the other, each with its mark, and returns their ids by mark.
    fn post(&self, api: Api) -> thread::JoinHandle<Result<Vec<String>>> {
        let channels = [self.guild.channel("hall"), self.guild.channel("vault")];
        let mentions: Vec<_> = self.users.iter().map(|user| format!("<@{}>", user.id)).collect();
        thread::spawn(move || {
            let [hall, vault] = channels;
            let (hall, vault) = (hall?, vault?);
            let post = |mark: u32| {
                let channel = if in_vault(mark) { &vault } else { &hall };
                let mention = mentioned(mark).map_or("nobody", |n| mentions[n].as_str());
                api.post(channel, &format!("#{mark} for {mention}"))
            };
            let mut ids = (0..MESSAGES).map(post).collect::<Result<Vec<_>>>()?;
            // Mentions all of them at the end, so that each session has an event after all others.
            ids.push(api.post(&hall, &format!("#{MESSAGES} for {}", mentions.join("")))?);
            Ok(ids)
        })
    }

    /// Returns the marks that each session must be told, in order.
    fn expected(&self, sessions: usize) -> Vec<Vec<u32>> {
        let marks = |index| {
            let told = |mark: &u32| match face(index) {
                Face::Bot(n) => !in_vault(*mark) || !outside(n),
                Face::User(n) => {
                    *mark == MESSAGES
                        || mentioned(*mark) == Some(n) && (!in_vault(*mark) || !outside(n))
                }
            };
            (0..=MESSAGES).filter(told).collect()
        };
        (0..sessions).map(marks).collect()
    }

    /// Checks that a passive session was told nothing but mentions and digests of what it sees.
    fn passive(&self, heard: &Heard, user: usize, posted: &[String]) -> Result<()> {
        let others: Vec<_> =
            heard.others.iter().filter(|name| *name != "PASSIVE_UPDATE_V2").collect();
        ensure!(others.is_empty(), "a passive session is told {others:?}");
        let (hall, vault) = (self.guild.channel("hall")?, self.guild.channel("vault")?);
        for payload in heard.payloads.iter().filter(|raw| raw.contains("PASSIVE_UPDATE_V2")) {
            let digest: Digest = serde_json::from_str(payload).with_context(|| payload.clone())?;
            for Unread { id, last_message_id } in digest.d.updated_channels {
                let mark = posted.iter().position(|id| *id == last_message_id);
                let mark = mark.with_context(|| format!("of another message: {payload}"))?;
                let right = if in_vault(u32::try_from(mark)?) { &vault } else { &hall };
                ensure!(id == *right, "of another channel: {payload}");
                ensure!(id != vault || !outside(user), "of a hidden channel: {payload}");
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Digest {
    d: Updates,
}

#[derive(Deserialize)]
struct Updates {
    updated_channels: Vec<Unread>,
}

#[derive(Deserialize)]
struct Unread {
    id: String,
    last_message_id: String,
}

enum Face {
    Bot(usize),
    User(usize),
}

fn face(index: usize) -> Face {
    if index.is_multiple_of(10) { Face::User(index / 10 % USERS) } else { Face::Bot(index % BOTS) }
}

fn outside(account: usize) -> bool {
    account.is_multiple_of(3)
}

fn in_vault(mark: u32) -> bool {
    mark % 3 == 1 && mark < MESSAGES
}

/// Returns the user whom a message mentions: some of them also in the vault, seen or not.
fn mentioned(mark: u32) -> Option<usize> {
    (mark < MESSAGES && !mark.is_multiple_of(2)).then_some(mark as usize % USERS)
}

fn report(expected: &[Vec<u32>], elapsed: Duration) {
    let deliveries: usize = expected.iter().map(Vec::len).sum();
    let rate = deliveries as f64 / elapsed.as_secs_f64();
    say(&format!("{deliveries} deliveries in {elapsed:.1?}: {rate:.0} a second"));
}

/// Adds up what every worker says about its relays.
fn relays(metrics: &str) -> Result<usize> {
    let lines = metrics.lines().filter_map(|line| line.strip_prefix("throng_relays{"));
    let counts = lines.filter_map(|line| line.rsplit(' ').next()).map(str::parse::<usize>);
    Ok(counts.sum::<Result<usize, _>>()?)
}
