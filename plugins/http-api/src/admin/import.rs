//! Imports members from NDJSON, line by line, in batches that are committed one after the other.

mod progress;
mod report;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use http::StatusCode;
use throng_proto::form::{Form, FromForm};
use throng_proto::id::{GuildId, RoleId, UserId};
use throng_proto::model::{Member, Profile, bound};

use self::report::Report;
use super::blueprint::references;
use super::directory::{Directory, Reference};
use super::lines::{Lines, LinesError};
use super::people::{People, Who};
use super::users::username;
use crate::answer::Answer;
use crate::api::Api;
use crate::clock;
use crate::fault::Fault;
use crate::request::{At, Json, Search};

/// Content type of lines of JSON.
pub(super) const NDJSON: &str = "application/x-ndjson";

/// Imports members.
///
/// `?on_error` says what a broken line does: `abort` (the default) ends the import before its
/// batch, `skip` goes on after it, `refuse` looks at all lines first and then imports all or
/// nobody. `?from=N` leaves out the lines before one, to go on after a break. `?progress=true`
/// answers with lines of JSON while the import runs; the last one is the report.
#[utoipa::path(post, path = "/admin/v1/guilds/{guild_id}/members/import", tag = "guilds",
    request_body(content_type = "application/x-ndjson", content = String),
    params(
        ("on_error" = Option<String>, Query, description = "`abort`, `skip` or `refuse`."),
        ("from" = Option<u64>, Query, description = "Number of the first line to import."),
        ("progress" = Option<bool>, Query, description = "Answers while the import runs."),
    ),
    responses((status = 200)))]
pub(super) async fn import(
    State(api): State<Arc<Api>>,
    At((guild,)): At<(GuildId,)>,
    search: Search,
    request: Request,
) -> Answer {
    let broken = Broken::of(&search)?;
    let from = search.number("from", "int")?.unwrap_or(1);
    let progress = search.flag("progress");
    let directory = directory(&api, guild).await?;
    let line_bytes_max = api.config.import.line_bytes_max;
    let lines = Lines::new(request.into_body(), line_bytes_max, api.config.request_timeout());
    let report = Report::default();
    let (batch, began) = (Vec::new(), Instant::now());
    let mut import = Import { api, guild, directory, broken, from, lines, batch, report, began };
    tracing::info!(%guild, from, "an import begins");
    if progress {
        return Ok(progress::stream(import));
    }
    let end = import.run().await;
    Ok(import.report.answer(end))
}

/// What a broken line does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    /// Ends the import; batches before its own stay.
    Abort,
    /// Nothing to the others.
    Skip,
    /// Has nobody imported.
    Refuse,
}

impl Broken {
    fn of(search: &Search) -> Result<Self, Fault> {
        match search.word("on_error") {
            None | Some("abort") => Ok(Self::Abort),
            Some("skip") => Ok(Self::Skip),
            Some("refuse") => Ok(Self::Refuse),
            Some(other) => {
                let message =
                    format!("Value \"{other}\" must be one of ('abort', 'skip', 'refuse').");
                Err(Fault::field("on_error", "BASE_TYPE_CHOICES", message))
            }
        }
    }
}

async fn directory(api: &Api, guild: GuildId) -> Result<Directory, Fault> {
    let roles = api.roles(guild).await?;
    Ok(Directory::new(guild, roles.iter().map(|role| (role.name.clone(), role.id))))
}

/// One line.
struct Line {
    user_id: Option<UserId>,
    username: Option<String>,
    roles: Vec<Reference>,
    nick: Option<String>,
}

impl FromForm for Line {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        form.only(&["user_id", "username", "roles", "nick"]);
        Some(Self {
            user_id: form.field("user_id").id(),
            username: form.field("username").str().map(str::to_owned),
            roles: references(&form.field("roles")),
            nick: form.field("nick").name(0..=bound::NICK_CHARS),
        })
    }
}

/// A line that was understood.
struct Entry {
    number: usize,
    who: Who,
    roles: Vec<RoleId>,
    nick: Option<String>,
}

struct Import {
    api: Arc<Api>,
    guild: GuildId,
    directory: Directory,
    broken: Broken,
    /// First line that counts.
    from: usize,
    lines: Lines,
    batch: Vec<Entry>,
    report: Report,
    began: Instant,
}

impl Drop for Import {
    /// Says what came of it, whichever way it ends.
    fn drop(&mut self) {
        let Report { lines, imported, existing, failed, through, .. } = self.report;
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let guild = self.guild;
        tracing::info!(
            %guild, lines, imported, existing, failed, through, millis, "an import is over"
        );
    }
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

impl Import {
    async fn run(&mut self) -> Result<(), Stop> {
        if self.broken == Broken::Refuse {
            return self.run_whole().await;
        }
        while self.step().await? {}
        Ok(())
    }

    /// Imports one batch. `false` when it was the last one.
    async fn step(&mut self) -> Result<bool, Stop> {
        while self.batch.len() < self.batch_max() {
            let Some(line) = self.line().await? else {
                self.flush(self.lines.number()).await?;
                return Ok(false);
            };
            self.take(self.lines.number(), &line)?;
        }
        self.flush(self.lines.number()).await?;
        Ok(true)
    }

    /// Looks at all lines and all users before anybody is imported.
    async fn run_whole(&mut self) -> Result<(), Stop> {
        let (mut entries, mut bytes) = (Vec::new(), 0);
        while let Some(line) = self.line().await? {
            bytes += line.len();
            if bytes > self.api.config.import.whole_bytes_max {
                return Err(Stop::Fault(too_large()));
            }
            self.take(self.lines.number(), &line)?;
            entries.append(&mut self.batch);
        }
        for batch in entries.chunks(self.batch_max()) {
            self.people(batch).await?;
        }
        if self.report.failed > 0 {
            return Err(Stop::Line);
        }
        let mut entries = entries.into_iter();
        loop {
            self.batch = entries.by_ref().take(self.batch_max()).collect();
            let through =
                self.batch.last().map_or_else(|| self.lines.number(), |entry| entry.number);
            let last = self.batch.is_empty();
            self.flush(through).await?;
            if last {
                return Ok(());
            }
        }
    }

    fn batch_max(&self) -> usize {
        self.api.config.import.batch_members_max.max(1)
    }

    /// Reads the next line that counts.
    async fn line(&mut self) -> Result<Option<Vec<u8>>, Stop> {
        loop {
            match self.lines.next().await {
                Ok(Some(_)) if self.lines.number() < self.from => {}
                Ok(line) => return Ok(line),
                Err(error) => return Err(Stop::Fault(stopped(error, self.lines.number()))),
            }
        }
    }

    fn take(&mut self, number: usize, line: &[u8]) -> Result<(), Stop> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        self.report.lines += 1;
        match self.entry(number, line) {
            Ok(entry) => self.batch.push(entry),
            Err(problem) => self.wrong(number, &problem)?,
        }
        Ok(())
    }

    fn entry(&self, number: usize, line: &[u8]) -> Result<Entry, String> {
        let json = Json::parse(line).map_err(|fault| words(&fault))?;
        let line: Line = json.form().map_err(|fault| words(&fault))?;
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

    /// Notes a broken line, and stops when that is what broken lines do.
    fn wrong(&mut self, number: usize, problem: &str) -> Result<(), Stop> {
        self.report.note(number, problem, self.api.config.import.errors_max);
        if self.broken == Broken::Abort { Err(Stop::Line) } else { Ok(()) }
    }

    /// Finds the users of a batch; lines whose user is unknown are broken.
    async fn people(&mut self, batch: &[Entry]) -> Result<People, Stop> {
        let hub = self.api.hub.as_ref();
        let people = People::find(hub, batch.iter().map(|entry| &entry.who)).await?;
        for entry in batch {
            if let Who::Id(id) = &entry.who
                && people.get(&entry.who).is_none()
            {
                self.wrong(entry.number, &format!("Unknown user `{id}`."))?;
            }
        }
        Ok(people)
    }

    /// Commits what was gathered, which is everything up to a line.
    async fn flush(&mut self, through: usize) -> Result<(), Stop> {
        let batch = std::mem::take(&mut self.batch);
        let mut people = self.people(&batch).await?;
        let hub = self.api.hub.as_ref();
        people.create(hub).await?;
        let (given, members) = members(batch, &people);
        if !members.is_empty() {
            let imported = hub.import_members(self.guild, members).await.map_err(Fault::from)?;
            self.report.imported += imported;
            self.report.existing += given.saturating_sub(imported);
        }
        self.report.through = through;
        Ok(())
    }
}

fn too_large() -> Fault {
    let message = "The lines are longer together than `import.whole_bytes_max`; use `abort` or \
                   `skip`.";
    Fault::new(StatusCode::PAYLOAD_TOO_LARGE, 40_005, message.to_owned())
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
