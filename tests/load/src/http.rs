//! Calls over HTTP, on connections that are kept.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use ureq::Agent;

use crate::floor::Around;
use crate::publish::{Post, Publisher};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest answer that is read.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

/// One side of an API, with what lets in there.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    agent: Agent,
    base: String,
    authorization: String,
}

impl Api {
    /// Speaks to `base`, which ends without a slash.
    pub(crate) fn new(base: String, authorization: String) -> Self {
        Self { agent: agent(), base, authorization }
    }

    /// Speaks to the public API of a gateway with a bot's token, over connections of its own.
    pub(crate) fn public(gateway: SocketAddr, token: &str) -> Self {
        Self::new(format!("http://{gateway}/api/v10"), format!("Bot {token}"))
    }

    /// Sends any request and returns the status, whatever it is; the answer is read and dropped.
    pub(crate) fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<u16> {
        let url = format!("{}{path}", self.base);
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(&url)
            .header("authorization", &self.authorization)
            .header("content-type", "application/json");
        let text = body.map(Value::to_string).unwrap_or_default();
        let mut answer = self.agent.run(request.body(text)?).with_context(|| url)?;
        let status = answer.status().as_u16();
        answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec()?;
        Ok(status)
    }

    /// Posts JSON and returns the answer, which must be a success.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let url = format!("{}{path}", self.base);
        let request = self.agent.post(&url).header("authorization", &self.authorization);
        let mut answer = request.send_json(body).with_context(|| url.clone())?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string()?;
        ensure!((200..300).contains(&status), "POST {url}: {status} {text}");
        Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? })
    }

    /// Returns a page as text.
    pub(crate) fn page(&self, path: &str) -> Result<String> {
        let url = format!("{}{path}", self.base);
        let request = self.agent.get(&url).header("authorization", &self.authorization);
        Ok(request.call().with_context(|| url)?.body_mut().read_to_string()?)
    }
}

/// Posts into channels, over HTTP.
#[derive(Debug)]
pub(crate) struct HttpPublisher {
    api: Api,
    paths: Vec<String>,
}

impl HttpPublisher {
    /// Posts with a token, over a connection of its own.
    pub(crate) fn new(base: &str, token: &str, channels: &[String]) -> Self {
        let api = Api::new(format!("{base}/api/v10"), format!("Bot {token}"));
        let path = |channel| format!("/channels/{channel}/messages");
        Self { api, paths: channels.iter().map(path).collect() }
    }
}

impl Publisher for HttpPublisher {
    fn publish(&mut self, post: &Post) -> Result<()> {
        let path = &self.paths[post.number as usize % self.paths.len()];
        self.api.post(path, &json!({ "content": post.content })).map(drop)
    }
}

/// Posts whole payloads to one address.
#[derive(Debug)]
pub(crate) struct BodyPublisher {
    agent: Agent,
    url: String,
    around: Around,
}

impl BodyPublisher {
    /// Posts payloads of the shape of `sample`, over a connection of its own.
    pub(crate) fn new(url: String, sample: &str) -> Result<Self> {
        Ok(Self { agent: agent(), url, around: Around::of(sample)? })
    }
}

impl Publisher for BodyPublisher {
    fn publish(&mut self, post: &Post) -> Result<()> {
        let mut answer = self.agent.post(&self.url).send(self.around.payload(post))?;
        // A connection is kept only when its answer was read.
        answer.body_mut().read_to_string()?;
        ensure!(answer.status().is_success(), "POST {}: {}", self.url, answer.status());
        Ok(())
    }
}

fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .user_agent("DiscordBot (throng-load, 1)")
        .build();
    config.into()
}
