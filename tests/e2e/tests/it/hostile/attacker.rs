//! Somebody who may do nearly everything in the guild, and does it wrong.

use anyhow::{Context as _, Result, bail, ensure};
use rand::RngExt as _;
use rand::rngs::SmallRng;
use serde_json::{Value, json};
use throng_e2e::{Account, Admin, Api, Link, News, PATIENCE, Route, intents};
use tokio::time::timeout;
use ureq::http::Method;

use super::template::Carrier;

/// Bytes of a line that an import takes.
const LINE_BYTES_MAX: usize = 16 * 1024;

/// Its connections to everything that takes bodies.
pub(super) struct Attacker {
    account: Account,
    api: Api,
    admin: Admin,
    routes: Vec<Route>,
    links: Vec<Option<Link>>,
}

impl Attacker {
    /// Comes by some routes.
    pub(super) fn new(account: Account, api: Api, admin: Admin, routes: Vec<Route>) -> Self {
        let links = routes.iter().map(|_| None).collect();
        Self { account, api, admin, routes, links }
    }

    /// Sends a body and returns the status of the answer, if that has one.
    pub(super) async fn send(
        &mut self,
        carrier: &Carrier,
        body: Vec<u8>,
        rng: &mut SmallRng,
    ) -> Result<Option<u16>> {
        let by = rng.random_range(0..self.routes.len());
        match carrier {
            Carrier::Http(method, path) => self.request(method, path, "application/json", body),
            Carrier::Form(method, path) => {
                let (kind, body) = form(body, rng);
                self.request(method, path, kind, body)
            }
            Carrier::Admin(method, path) => {
                let method = Method::from_bytes(method.as_bytes())?;
                let long = body.len() > LINE_BYTES_MAX;
                match self.admin.send(&method, path, "application/json", body) {
                    Ok(answer) => is_answered(&answer).map(Some),
                    // An import ends at a line that is too long, whatever is still sent of it.
                    Err(_) if long => Ok(None),
                    Err(error) => Err(error),
                }
            }
            Carrier::Link => {
                // Frames of text are in UTF-8; what is not is tried elsewhere.
                let text = String::from_utf8_lossy(&body).into_owned();
                let mut link = match self.links[by].take() {
                    Some(link) => link,
                    None => self.entered(by).await?,
                };
                if says(&mut link, &text).await? {
                    self.links[by] = Some(link);
                }
                Ok(None)
            }
            Carrier::Greeting => {
                let mut link = greeted(&self.routes[by]).await?;
                says(&mut link, &String::from_utf8_lossy(&body)).await.map(|_| None)
            }
        }
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        kind: &'static str,
        body: Vec<u8>,
    ) -> Result<Option<u16>> {
        let method = Method::from_bytes(method.as_bytes())?;
        is_answered(&self.api.send(&method, path, kind, body)?).map(Some)
    }

    async fn entered(&self, by: usize) -> Result<Link> {
        let mut link = greeted(&self.routes[by]).await?;
        let d =
            json!({ "token": self.account.token, "intents": intents::MESSAGES, "properties": {} });
        ensure!(says(&mut link, &json!({ "op": 2, "d": d }).to_string()).await?, "not let in");
        Ok(link)
    }
}

async fn greeted(route: &Route) -> Result<Link> {
    let mut link = Link::connect(route).await?;
    match timeout(PATIENCE, link.hear()).await.context("no HELLO")?? {
        News::Payload(..) => Ok(link),
        other => bail!("{other:?} where HELLO is due"),
    }
}

/// Says something, and tells whether the link is still there when that was read.
async fn says(link: &mut Link, text: &str) -> Result<bool> {
    // What closes the link may be read before this is written.
    let beat = json!({ "op": 1, "d": null }).to_string();
    if link.say(text).await.is_err() || link.say(&beat).await.is_err() {
        return Ok(false);
    }
    loop {
        match timeout(PATIENCE, link.hear()).await.context("neither heard nor closed")? {
            Ok(News::Payload(text, _)) => {
                let payload: Value = serde_json::from_str(&text).context(text)?;
                let status = payload["d"]["status"].as_u64();
                ensure!(payload["op"] != 101 || status < Some(500), "{payload}");
                if payload["op"] == 11 {
                    return Ok(true);
                }
            }
            Ok(News::Skipped(_)) => {}
            Ok(News::Closed(closed)) => {
                // Closing it is an answer too, as long as it says why.
                ensure!(closed.code.is_some_and(|code| code >= 4000), "{closed:?}");
                return Ok(false);
            }
            Err(_) => return Ok(false),
        }
    }
}

fn is_answered((status, answer): &(u16, String)) -> Result<u16> {
    ensure!(*status < 500, "{status}: {answer}");
    if !answer.is_empty() {
        let answer: Result<Value, _> = serde_json::from_str(answer);
        answer.context("the answer is no JSON")?;
    }
    Ok(*status)
}

/// Puts a body beside a file, in parts that are not always as they should be.
fn form(body: Vec<u8>, rng: &mut SmallRng) -> (&'static str, Vec<u8>) {
    let names = ["payload_json", "payload_json", "payload_json", "content", "", "files[0]"];
    let files =
        ["files[0]", "files[0]", "file", "files[99]", "files[-1]", "files[18446744073709551616]"];
    let filenames = ["a.txt", "../../a", "", "a\u{202e}b", "a\\\"b", "CON", "\u{0}"];
    let mut pick = |words: &[&str]| words[rng.random_range(0..words.len())].to_owned();
    let (name, file, filename) = (pick(&names), pick(&files), pick(&filenames));
    let end = pick(&["\r\n--b--\r\n", "\r\n--b--\r\n", "\r\n--b", ""]);
    let mut bytes =
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").into_bytes();
    bytes.extend(body);
    let head = format!(
        "\r\n--b\r\nContent-Disposition: form-data; name=\"{file}\"; \
         filename=\"{filename}\"\r\n\r\nbytes{end}"
    );
    bytes.extend(head.into_bytes());
    ("multipart/form-data; boundary=b", bytes)
}
