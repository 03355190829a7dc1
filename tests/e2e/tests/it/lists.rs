//! Member lists over real links: what a client makes of the changes is what a new one is shown.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use throng_e2e::{Account, Api, Client, Founded, Gateway, Identity, Way};
use ureq::http::Method;

const UPDATE: &str = "GUILD_MEMBER_LIST_UPDATE";

/// The rows of one list by their index, as far as they were told.
#[derive(Debug, Default)]
struct Screen(BTreeMap<u64, Value>);

impl Screen {
    fn follow(&mut self, update: &Value) -> Result<()> {
        let ops = update["ops"].as_array().context("no operations")?;
        ops.iter().try_for_each(|op| self.apply(op).with_context(|| op.to_string()))
    }

    fn apply(&mut self, op: &Value) -> Result<()> {
        let rows = &mut self.0;
        let at = op["index"].as_u64().unwrap_or_default();
        let [from, to] = [0, 1].map(|end| op["range"][end].as_u64().unwrap_or_default());
        match op["op"].as_str() {
            Some("SYNC") => {
                rows.retain(|at, _| !(from..=to).contains(at));
                let items = op["items"].as_array().context("no items")?;
                rows.extend((from..).zip(items.iter().cloned()));
            }
            Some("INSERT") => {
                let later = rows.split_off(&at);
                rows.insert(at, op["item"].clone());
                rows.extend(later.into_iter().map(|(at, item)| (at + 1, item)));
            }
            Some("UPDATE") => {
                rows.insert(at, op["item"].clone()).context("no such row")?;
            }
            Some("DELETE") => {
                let later = rows.split_off(&at);
                ensure!(later.contains_key(&at), "no such row");
                rows.extend(later.into_iter().skip(1).map(|(at, item)| (at - 1, item)));
            }
            Some("INVALIDATE") => rows.retain(|at, _| !(from..=to).contains(at)),
            _ => bail!("an unknown operation"),
        }
        Ok(())
    }

    /// Returns headings as `@group`, and members by the name that is shown and their status.
    fn rows(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let row = |item: &Value| match item["group"]["id"].as_str() {
            Some(group) => format!("@{group}"),
            None => {
                let member = &item["member"];
                let nick = member["nick"].as_str().map(str::to_owned);
                let name = nick.unwrap_or_else(|| text(&member["user"]["username"]));
                format!("{name} {}", text(&member["presence"]["status"]))
            }
        };
        self.0.values().map(row).collect()
    }

    /// Returns everything but the counts of headings, which only `groups` keep up to date.
    fn items(&self) -> Vec<Value> {
        let mut items: Vec<Value> = self.0.values().cloned().collect();
        for group in items.iter_mut().filter_map(|item| item.get_mut("group")) {
            group["count"] = Value::Null;
        }
        items
    }
}

/// A guild that its owner watches.
struct Hall {
    gateway: Gateway,
    guild: Founded,
    channel: String,
    role: String,
    owner: Account,
    others: Vec<Account>,
    api: Api,
    way: Way,
}

impl Hall {
    fn open(way: Way) -> Result<Self> {
        let gateway = Gateway::builder().set("presence.window_ms", &20).start()?;
        let admin = gateway.admin()?;
        let owner = admin.user("owner")?;
        let names = ["anna", "bert", "carl"];
        let others: Vec<_> = names.iter().map(|name| admin.user(name)).collect::<Result<_>>()?;
        let members: Vec<_> = others.iter().map(|user| json!({ "user_id": user.id })).collect();
        let guild = admin.guild(&json!({
            "name": "hall",
            "owner_id": owner.id,
            "channels": [{ "name": "open" }],
            "roles": [{ "name": "staff", "hoist": true }],
            "members": members,
        }))?;
        let (channel, role) = (guild.channel("open")?, guild.role("staff")?);
        let api = gateway.api(&owner);
        Ok(Self { gateway, guild, channel, role, owner, others, api, way })
    }

    async fn enter(&self, account: &Account) -> Result<Client> {
        Client::enter(&self.gateway.route(self.way), &Identity::user(account, 0)).await
    }

    async fn watch(&self, client: &mut Client, ranges: &Value) -> Result<Value> {
        let mut subscription = json!({ "channels": {} });
        subscription["channels"][&self.channel] = ranges.clone();
        let mut subscriptions = json!({});
        subscriptions[&self.guild.id] = subscription;
        let d = json!({ "subscriptions": subscriptions });
        client.send(&json!({ "op": 37, "d": d })).await?;
        Ok(client.expect(UPDATE).await?.d)
    }

    fn change(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<()> {
        let path = format!("/guilds/{}{path}", self.guild.id);
        let (status, answer) = self.api.call(method, &path, body)?;
        ensure!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        Ok(())
    }

    /// Reads updates until the rows are these, which a new client must be shown, too.
    async fn comes_to(
        &self,
        client: &mut Client,
        screen: &mut Screen,
        rows: &[&str],
    ) -> Result<()> {
        while screen.rows() != rows {
            let update = client.expect(UPDATE).await;
            let update = update.with_context(|| format!("{:?} is not {rows:?}", screen.rows()))?;
            screen.follow(&update.d)?;
        }
        let mut fresh = self.enter(&self.owner).await?;
        let mut shown = Screen::default();
        shown.follow(&self.watch(&mut fresh, &json!([[0, 99]])).await?)?;
        ensure!(shown.items() == screen.items(), "{:?} is {:?}", screen.items(), shown.items());
        Ok(())
    }
}

over_each_transport!(a_watched_list_is_what_a_new_client_would_be_shown);
async fn a_watched_list_is_what_a_new_client_would_be_shown(way: Way) -> Result<()> {
    let hall = Hall::open(way)?;
    let (staff, mut screen) = (format!("@{}", hall.role), Screen::default());
    let mut client = hall.enter(&hall.owner).await?;
    screen.follow(&hall.watch(&mut client, &json!([[0, 99]])).await?)?;
    let rows =
        ["@online", "owner online", "@offline", "anna offline", "bert offline", "carl offline"];
    hall.comes_to(&mut client, &mut screen, &rows).await?;

    let [anna, bert, carl] = &hall.others[..] else { bail!("three others") };
    let mut other = hall.enter(anna).await?;
    let rows =
        ["@online", "anna online", "owner online", "@offline", "bert offline", "carl offline"];
    hall.comes_to(&mut client, &mut screen, &rows).await?;

    let member = format!("/members/{}", anna.id);
    hall.change(&Method::PATCH, &member, Some(&json!({ "nick": "Zoe" })))?;
    hall.change(&Method::PUT, &format!("{member}/roles/{}", hall.role), None)?;
    let rows = [
        &staff,
        "Zoe online",
        "@online",
        "owner online",
        "@offline",
        "bert offline",
        "carl offline",
    ];
    hall.comes_to(&mut client, &mut screen, &rows).await?;

    // Meanwhile the client is away, and catches up.
    let away = client.cut()?;
    other
        .send(&json!({ "op": 3, "d": {
        "since": 0, "activities": [], "status": "idle", "afk": false } }))
        .await?;
    hall.change(&Method::DELETE, &format!("/members/{}", bert.id), None)?;
    let _carl = hall.enter(carl).await?;
    let mut client = away.resume().await?;
    let rows = [&staff, "Zoe idle", "@online", "carl online", "owner online"];
    hall.comes_to(&mut client, &mut screen, &rows).await
}

over_each_transport!(ranges_that_cannot_be_are_refused_and_lose_nothing);
async fn ranges_that_cannot_be_are_refused_and_lose_nothing(way: Way) -> Result<()> {
    let hall = Hall::open(way)?;
    let mut client = hall.enter(&hall.owner).await?;
    let wrong = json!([[99, 0], [0, 99], [50, 60], [0, 99], [100, 299], [300, 399]]);
    let refused = hall.watch(&mut client, &wrong).await?;
    let ranges = |update: &Value| -> Vec<(String, String)> {
        let ops = update["ops"].as_array().into_iter().flatten();
        ops.map(|op| (op["op"].to_string(), op["range"].to_string())).collect()
    };
    let pair = |op: &str, range: &str| (format!("\"{op}\""), range.to_owned());
    let expected = [pair("INVALIDATE", "[99,0]"), pair("INVALIDATE", "[300,399]")];
    ensure!(ranges(&refused) == expected, "{refused}");
    let shown = client.expect(UPDATE).await?.d;
    let expected = ["[0,99]", "[100,199]", "[200,299]"].map(|range| pair("SYNC", range));
    ensure!(ranges(&shown) == expected, "{shown}");
    for limit in ["list_range", "ranges_per_channel"] {
        let metrics = hall.gateway.admin()?.metrics()?;
        let line = format!("throng_refusals_total{{limit=\"{limit}\"}} 1");
        ensure!(metrics.contains(&line), "{limit} is not counted");
    }
    hall.api.post(&hall.channel, "all is well")?;
    client.until_message("all is well").await.map(drop)
}
