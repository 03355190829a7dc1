//! HTTP calls: the admin API founds the scene, the public one is what posts.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::{Method, Request};

use crate::PATIENCE;

/// Messages that one call lists at most.
const PAGE_MAX: usize = 100;

/// An account and the token that was shown once.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its id, in decimal.
    pub id: String,
    /// Its session token, bare.
    pub token: String,
    /// Whether it is a bot: then it identifies with intents and says `Bot` before its token.
    pub bot: bool,
}

/// A guild as the admin API answered it.
#[derive(Clone, Debug)]
pub struct Founded {
    /// Its id, in decimal.
    pub id: String,
    /// Whole answer.
    pub body: Value,
}

impl Founded {
    /// Returns the id of the channel called `name`.
    ///
    /// # Errors
    ///
    /// Fails when there is no such channel.
    pub fn channel(&self, name: &str) -> Result<String> {
        self.named("channels", name)
    }

    /// Returns the id of the role called `name`.
    ///
    /// # Errors
    ///
    /// Fails when there is no such role.
    pub fn role(&self, name: &str) -> Result<String> {
        self.named("roles", name)
    }

    fn named(&self, list: &str, name: &str) -> Result<String> {
        let items = self.body[list].as_array().with_context(|| format!("guild without {list}"))?;
        let item = items.iter().find(|item| item["name"] == name);
        text(item.with_context(|| format!("no {name} among the {list}"))?, "id")
    }
}

/// The admin API with its token.
#[derive(Clone, Debug)]
pub struct Admin {
    caller: Caller,
    address: SocketAddr,
}

impl Admin {
    pub(crate) fn new(address: SocketAddr, token: &str) -> Self {
        let caller = Caller::new(format!("http://{address}"), format!("Bearer {token}"));
        Self { caller, address }
    }

    /// Returns where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Calls any route and returns what is answered.
    ///
    /// # Errors
    ///
    /// Fails when the connection breaks or the answer is no JSON.
    pub fn call(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        self.caller.call(method, path, body)
    }

    /// Sends a body as it is and returns the text that is answered.
    ///
    /// # Errors
    ///
    /// Fails when the connection breaks.
    pub fn send(
        &self,
        method: &Method,
        path: &str,
        kind: &'static str,
        bytes: Vec<u8>,
    ) -> Result<(u16, String)> {
        self.caller.send(method, path, Body { bytes, kind })
    }

    /// Creates a bot.
    ///
    /// # Errors
    ///
    /// Fails with the answer when it is refused.
    pub fn bot(&self, username: &str) -> Result<Account> {
        self.account(username, true)
    }

    /// Creates a user who is no bot.
    ///
    /// # Errors
    ///
    /// Fails with the answer when it is refused.
    pub fn user(&self, username: &str) -> Result<Account> {
        self.account(username, false)
    }

    /// Founds a guild from the admin API's own description of one.
    ///
    /// # Errors
    ///
    /// Fails with the answer when it is refused.
    pub fn guild(&self, description: &Value) -> Result<Founded> {
        let body = self.caller.demand(&Method::POST, "/admin/v1/guilds", Some(description))?;
        Ok(Founded { id: text(&body, "id")?, body })
    }

    /// Imports one member for each name, in one stream of lines.
    ///
    /// # Errors
    ///
    /// Fails with the answer when it is refused.
    pub fn import(&self, guild: &Founded, names: impl Iterator<Item = String>) -> Result<()> {
        let lines: String =
            names.map(|name| format!("{}\n", json!({ "username": name, "roles": [] }))).collect();
        let path = format!("/admin/v1/guilds/{}/members/import", guild.id);
        let body = Body { bytes: lines.into_bytes(), kind: "application/x-ndjson" };
        let (status, answer) = self.caller.send(&Method::POST, &path, body)?;
        ensure!((200..300).contains(&status), "import: {status} {answer}");
        Ok(())
    }

    /// Begins the drain.
    ///
    /// # Errors
    ///
    /// Fails with the answer when it is refused.
    pub fn drain(&self) -> Result<()> {
        self.caller.demand(&Method::POST, "/admin/v1/drain", None).map(drop)
    }

    /// Returns the metrics as text.
    ///
    /// # Errors
    ///
    /// Fails when they are not served.
    pub fn metrics(&self) -> Result<String> {
        let (status, answer) = self.caller.send(&Method::GET, "/metrics", Body::none())?;
        ensure!(status == 200, "metrics: {status}");
        Ok(answer)
    }

    /// Adds up all samples of one metric.
    ///
    /// # Errors
    ///
    /// Fails when there is none.
    pub fn metric(&self, name: &str) -> Result<u64> {
        let metrics = self.metrics()?;
        let (mut samples, mut sum) = (0, 0);
        for line in metrics.lines() {
            let rest = line.strip_prefix(name).filter(|rest| rest.starts_with(['{', ' ']));
            if let Some((_, number)) = rest.and_then(|rest| rest.rsplit_once(' ')) {
                sum += number.parse::<u64>()?;
                samples += 1;
            }
        }
        ensure!(samples > 0, "{name} is not told");
        Ok(sum)
    }

    /// Returns what the gateway says of its policy.
    ///
    /// # Errors
    ///
    /// Fails with the answer when it is refused.
    pub fn policy(&self) -> Result<Value> {
        self.caller.demand(&Method::GET, "/admin/v1/policy", None)
    }

    /// Loads the policy again, and returns how that went.
    ///
    /// # Errors
    ///
    /// Fails when the connection breaks.
    pub fn reload_policy(&self) -> Result<(u16, Value)> {
        self.caller.call(&Method::POST, "/admin/v1/policy/reload", None)
    }

    /// Returns whether clients may be sent here, as probes see it.
    ///
    /// # Errors
    ///
    /// Fails when the connection breaks.
    pub fn ready(&self) -> Result<(u16, Value)> {
        self.caller.call(&Method::GET, "/readyz", None)
    }

    fn account(&self, username: &str, bot: bool) -> Result<Account> {
        let body = json!({ "username": username, "bot": bot });
        let body = self.caller.demand(&Method::POST, "/admin/v1/users", Some(&body))?;
        Ok(Account { id: text(&body, "id")?, token: text(&body, "token")?, bot })
    }
}

/// The public API as one account.
#[derive(Clone, Debug)]
pub struct Api(Caller);

impl Api {
    pub(crate) fn new(address: SocketAddr, account: &Account) -> Self {
        let prefix = if account.bot { "Bot " } else { "" };
        let authorization = format!("{prefix}{}", account.token);
        Self(Caller::new(format!("http://{address}/api/v10"), authorization))
    }

    /// Posts a message and returns its id; that it returns is the acknowledgement.
    ///
    /// # Errors
    ///
    /// Fails when it is refused, or when the connection breaks and nobody knows what happened.
    pub fn post(&self, channel: &str, content: &str) -> Result<String> {
        let path = format!("/channels/{channel}/messages");
        let body = self.0.demand(&Method::POST, &path, Some(&json!({ "content": content })))?;
        text(&body, "id")
    }

    /// Returns every message of a channel, the oldest first.
    ///
    /// # Errors
    ///
    /// Fails with the answer when it is refused.
    pub fn history(&self, channel: &str) -> Result<Vec<Value>> {
        let (mut all, mut after) = (Vec::new(), "0".to_owned());
        loop {
            let path = format!("/channels/{channel}/messages?limit={PAGE_MAX}&after={after}");
            let Value::Array(mut page) = self.0.demand(&Method::GET, &path, None)? else {
                bail!("the list of messages is no list");
            };
            page.sort_by_key(|message| number(message, "id"));
            let Some(last) = page.last() else { return Ok(all) };
            after = text(last, "id")?;
            let full = page.len() == PAGE_MAX;
            all.append(&mut page);
            if !full {
                return Ok(all);
            }
        }
    }

    /// Calls any route and returns what is answered.
    ///
    /// # Errors
    ///
    /// Fails when the connection breaks or the answer is no JSON.
    pub fn call(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        self.0.call(method, path, body)
    }

    /// Sends a body as it is and returns the text that is answered.
    ///
    /// # Errors
    ///
    /// Fails when the connection breaks.
    pub fn send(
        &self,
        method: &Method,
        path: &str,
        kind: &'static str,
        bytes: Vec<u8>,
    ) -> Result<(u16, String)> {
        self.0.send(method, path, Body { bytes, kind })
    }
}

/// Returns a snowflake as a number, 0 when there is none.
pub(crate) fn number(object: &Value, key: &str) -> u64 {
    object[key].as_str().and_then(|id| id.parse().ok()).unwrap_or_default()
}

/// Returns a string of an answer.
pub(crate) fn text(object: &Value, key: &str) -> Result<String> {
    let text = object[key].as_str().with_context(|| format!("no string {key} in {object}"))?;
    Ok(text.to_owned())
}

#[derive(Clone, Debug)]
struct Caller {
    agent: Agent,
    base: String,
    authorization: String,
}

struct Body {
    bytes: Vec<u8>,
    kind: &'static str,
}

impl Body {
    fn none() -> Self {
        Self { bytes: Vec::new(), kind: "application/json" }
    }
}

impl Caller {
    fn new(base: String, authorization: String) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .user_agent("DiscordBot (throng-e2e, 1)")
            .build();
        Self { agent: config.into(), base, authorization }
    }

    /// Calls and insists on success, taking the pauses that the server asks for.
    fn demand(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (status, answer) = self.call(method, path, body)?;
            match status {
                200..300 => return Ok(answer),
                429 if Instant::now() < deadline => {
                    let seconds = answer["retry_after"].as_f64().unwrap_or(0.1);
                    // Nobody unparks this thread: the server said how long to wait.
                    thread::park_timeout(Duration::from_secs_f64(seconds.clamp(0.001, 5.0)));
                }
                _ => bail!("{method} {path}: {status} {answer}"),
            }
        }
    }

    fn call(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        let body = match body {
            Some(json) => Body { bytes: serde_json::to_vec(json)?, kind: "application/json" },
            None => Body::none(),
        };
        let (status, answer) = self.send(method, path, body)?;
        if answer.is_empty() {
            return Ok((status, Value::Null));
        }
        let answer = serde_json::from_str(&answer)
            .with_context(|| format!("{method} {path}: {status}, no JSON: {answer}"))?;
        Ok((status, answer))
    }

    fn send(&self, method: &Method, path: &str, body: Body) -> Result<(u16, String)> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("authorization", &self.authorization);
        let answer = if body.bytes.is_empty() && method != Method::POST {
            self.agent.run(request.body(())?)
        } else {
            self.agent.run(request.header("content-type", body.kind).body(body.bytes)?)
        };
        let mut answer = answer.with_context(|| format!("{method} {path}"))?;
        Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
    }
}
