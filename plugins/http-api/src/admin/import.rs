//! Imports members from NDJSON, line by line, in batches that are committed one after the other.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::{Request, State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use throng_proto::command::Command;
use throng_proto::id::{GuildId, RoleId, UserId};
use throng_proto::model::{Member, Profile};

use super::directory::{Directory, Reference};
use super::lines::{Lines, LinesError};
use super::people::{People, Who};
use super::users::username;
use crate::answer::{self, Answer};
use crate::api::Api;
use crate::clock;
use crate::fault::Fault;
use crate::request::{At, Json, Search};

/// Imports members; `?on_error=skip` goes on after a broken line, `abort` (the default) does not.
///
/// With `abort` nothing of the batch with the broken line is imported, nor anything after it;
/// batches
/// before it stay.
pub(super) async fn import(
    State(api): State<Arc<Api>>,
    At((guild,)): At<(GuildId,)>,
    search: Search,
    request: Request,
) -> Answer {
    let skip = skips(&search)?;
    let directory = directory(&api, guild).await?;
    let line_bytes_max = api.config.import.line_bytes_max;
    let lines = Lines::new(request.into_body(), line_bytes_max, api.config.request_timeout());
    let mut import =
        Import { api: &api, guild, directory, skip, batch: Vec::new(), report: Report::default() };
    let end = import.run(lines).await;
    Ok(import.report.answer(end))
}

fn skips(search: &Search) -> Result<bool, Fault> {
    match search.word("on_error") {
        None | Some("abort") => Ok(false),
        Some("skip") => Ok(true),
        Some(other) => {
            let message = format!("Value \"{other}\" must be one of ('abort', 'skip').");
            Err(Fault::field("on_error", "BASE_TYPE_CHOICES", message))
        }
    }
}

#[derive(Deserialize)]
struct Named {
    id: RoleId,
    name: String,
}

async fn directory(api: &Api, guild: GuildId) -> Result<Directory, Fault> {
    let json = api.operate(guild, Command::RoleList).await?.json.unwrap_or_default();
    let roles: Vec<Named> = serde_json::from_str(&json).map_err(|_| Fault::internal())?;
    Ok(Directory::new(guild, roles.into_iter().map(|role| (role.name, role.id))))
}

/// One line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default)]
    user_id: Option<UserId>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    roles: Vec<Reference>,
    #[serde(default)]
    nick: Option<String>,
}

/// A line that was understood.
struct Entry {
    number: usize,
    who: Who,
    roles: Vec<RoleId>,
    nick: Option<String>,
}

struct Import<'a> {
    api: &'a Api,
    guild: GuildId,
    directory: Directory,
    skip: bool,
    batch: Vec<Entry>,
    report: Report,
}

/// Why an import ended early.
enum Stop {
    /// A line was broken; the report says which.
    Line,
    /// Something else.
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Import<'_> {
    async fn run(&mut self, mut lines: Lines) -> Result<(), Stop> {
        loop {
            match lines.next().await {
                Ok(None) => return self.flush().await,
                Ok(Some(line)) => self.take(lines.number(), &line).await?,
                Err(error) => return Err(Stop::Fault(stopped(error, lines.number()))),
            }
        }
    }

    async fn take(&mut self, number: usize, line: &[u8]) -> Result<(), Stop> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        self.report.lines += 1;
        match self.entry(number, line) {
            Ok(entry) => self.batch.push(entry),
            Err(problem) => self.wrong(number, &problem)?,
        }
        if self.batch.len() >= self.api.config.import.batch_members_max.max(1) {
            self.flush().await?;
        }
        Ok(())
    }

    fn entry(&self, number: usize, line: &[u8]) -> Result<Entry, String> {
        let line: Line = Json::parse(line)
            .and_then(Json::object)
            .and_then(Json::decode)
            .map_err(|fault| words(&fault))?;
        let who = match (line.user_id, line.username) {
            (Some(id), None) => Who::Id(id),
            (None, Some(name)) => {
                Who::Name(username(&name).map_err(|fault| words(&fault))?.to_owned())
            }
            _ => return Err("A line needs either `user_id` or `username`.".to_owned()),
        };
        let roles = self.directory.find_all(&line.roles)?;
        Ok(Entry { number, who, roles, nick: line.nick.filter(|nick| !nick.is_empty()) })
    }

    /// Notes a broken line, and stops unless broken lines are skipped.
    fn wrong(&mut self, number: usize, problem: &str) -> Result<(), Stop> {
        self.report.failed += 1;
        if self.report.errors.len() < self.api.config.import.errors_max {
            self.report.errors.push(json!({ "line": number, "message": problem }));
        }
        if self.skip { Ok(()) } else { Err(Stop::Line) }
    }

    /// Commits what was gathered.
    async fn flush(&mut self) -> Result<(), Stop> {
        let batch = std::mem::take(&mut self.batch);
        let hub = self.api.hub.as_ref();
        let mut people = People::find(hub, batch.iter().map(|entry| &entry.who)).await?;
        for entry in &batch {
            if let Who::Id(id) = &entry.who
                && people.get(&entry.who).is_none()
            {
                self.wrong(entry.number, &format!("Unknown user `{id}`."))?;
            }
        }
        people.create(hub).await?;
        let (given, members) = members(batch, &people);
        if members.is_empty() {
            return Ok(());
        }
        let imported = hub.import_members(self.guild, members).await.map_err(Fault::from)?;
        self.report.imported += imported;
        self.report.existing += given.saturating_sub(imported);
        Ok(())
    }
}

/// Makes members of lines, each user once: the first line counts. Returns how many lines there
/// were.
fn members(batch: Vec<Entry>, people: &People) -> (usize, Vec<Member>) {
    let now = clock::now();
    let mut seen = HashSet::new();
    let mut given = 0;
    let mut members = Vec::with_capacity(batch.len());
    for entry in batch {
        let Some(user) = people.get(&entry.who) else { continue };
        given += 1;
        if seen.insert(user.id) {
            let mut profile = Profile::new(now, entry.roles);
            profile.nick = entry.nick;
            members.push(Member { user: user.clone(), profile });
        }
    }
    (given, members)
}

fn stopped(error: LinesError, number: usize) -> Fault {
    match error {
        LinesError::Paused => Fault::timed_out(),
        LinesError::Broken => {
            Fault::bad_request(format!("The body broke off after line {number}."))
        }
        LinesError::TooLong => {
            let message = format!("Line {number} is longer than `import.line_bytes_max`.");
            Fault::new(StatusCode::PAYLOAD_TOO_LARGE, 40_005, message)
        }
    }
}

/// Says in one sentence what is wrong with a line.
fn words(fault: &Fault) -> String {
    fault.first_field().unwrap_or_else(|| fault.message().to_owned())
}

/// What an import did.
#[derive(Default)]
struct Report {
    imported: usize,
    existing: usize,
    lines: usize,
    failed: usize,
    errors: Vec<Value>,
}

impl Report {
    fn answer(self, end: Result<(), Stop>) -> axum::response::Response {
        let mut body = json!({
            "imported": self.imported,
            "existing": self.existing,
            "lines": self.lines,
            "failed": self.failed,
            "errors": self.errors,
        });
        let fault = match end {
            Ok(()) => return answer::ok(&body),
            Err(Stop::Line) => Fault::bad_request(
                "A line is broken; its batch and everything after it was not imported.",
            ),
            Err(Stop::Fault(fault)) => fault,
        };
        if let (Value::Object(body), Value::Object(fault)) = (&mut body, fault.body()) {
            // `errors` of the report are lines; a fault's own would be fields of a body.
            body.extend(fault.into_iter().filter(|(key, _)| key != "errors"));
        }
        answer::json(fault.status(), &body)
    }
}
