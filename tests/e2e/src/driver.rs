//! A process with a client library of others in it, spoken to by lines of JSON.
//!
//! It is told `{"do":"post"...}`, `edit`, `react`, `presence`, `members`, `history`, `invite`,
//! `uninvite`, `commands`, `drop` or `close`, and tells `ready`, `guild`, `message`, `edit`,
//! `reaction`, `presence`, `posted`, `edited`, `reacted`, `members`, `history`, `invited`,
//! `uninvited`, `commands`, `invite`, `uninvite`, `dropped`, `disconnected`, `resumed` and `fatal`,
//! each as `{"event":...}`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::{Account, Founded, Gateway, Library, PATIENCE, Wire};

/// Lines that wait for the test; far more than one tells in a story.
const LINES_MAX: usize = 65_536;
/// How often a stopped driver is told to go on, in case it stopped after it was told.
const NUDGE: Duration = Duration::from_millis(200);

/// A running driver, killed when it is dropped.
#[derive(Debug)]
pub struct Driver {
    name: &'static str,
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<Value>,
    told: Vec<Value>,
}

impl Driver {
    /// Starts `library` as `account`, or returns `None` where the tools for it are missing.
    ///
    /// # Errors
    ///
    /// Fails when the driver does not start; under `CI=true` also when a tool is missing.
    pub fn start(
        library: Library,
        wire: Wire,
        gateway: &Gateway,
        account: &Account,
    ) -> Result<Option<Self>> {
        let Some(mut command) = crate::driver(library, wire)? else { return Ok(None) };
        let config = json!({
            "api": format!("http://{}/api", gateway.public()),
            "gateway": gateway.url(),
            "token": account.token,
            "compression": wire.name(),
        });
        command.arg(config.to_string());
        Self::spawn(library.name(), command).map(Some)
    }

    fn spawn(name: &'static str, mut command: Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{name} does not start"))?;
        let stdin = child.stdin.take().context("no stdin")?;
        let stdout = child.stdout.take().context("no stdout")?;
        let stderr = child.stderr.take().context("no stderr")?;
        thread::spawn(move || {
            // The runner shows this only beside a failure.
            let lines = BufReader::new(stderr).lines().map_while(Result::ok);
            lines.for_each(|line| eprintln!("{name}: {line}"));
        });
        let (sender, lines) = sync_channel(LINES_MAX);
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line)
                    .unwrap_or_else(|_| json!({ "event": "noise", "line": line }));
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self { name, child, stdin, lines, told: Vec::new() })
    }

    /// Tells the driver what to do.
    ///
    /// # Errors
    ///
    /// Fails when the driver has ended.
    pub fn tell(&mut self, command: &Value) -> Result<()> {
        let line = format!("{command}\n");
        let told = self.stdin.write_all(line.as_bytes());
        told.with_context(|| format!("{} has ended; it told {:?}", self.name, self.told))
    }

    /// Waits for an event, passing over others.
    ///
    /// # Errors
    ///
    /// Fails when it does not come in time, or `fatal` comes before it.
    pub fn expect(&mut self, event: &str) -> Result<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let line = self.line(deadline.saturating_duration_since(Instant::now()));
            let line = line.with_context(|| format!("{} does not tell {event}", self.name))?;
            if line["event"] == event {
                return Ok(line);
            }
        }
    }

    /// Waits until it is ready and has seen the guild.
    ///
    /// # Errors
    ///
    /// Fails when either does not come in time, or the guild is another.
    pub fn enter(&mut self, guild: &Founded) -> Result<()> {
        let seen = self.expect("guild")?;
        ensure!(seen["id"] == guild.id.as_str(), "{}: another guild: {seen}", self.name);
        self.expect("ready").map(drop)
    }

    /// Posts through the library and returns the id of the message.
    ///
    /// # Errors
    ///
    /// Fails when the library does.
    pub fn post(&mut self, channel: &str, content: &str) -> Result<String> {
        self.tell(&json!({ "do": "post", "channel": channel, "content": content }))?;
        crate::api::text(&self.expect("posted")?, "id")
    }

    /// Has the library read a whole channel and returns the ids of the messages.
    ///
    /// # Errors
    ///
    /// Fails when the library does.
    pub fn history(&mut self, channel: &str) -> Result<Vec<String>> {
        self.tell(&json!({ "do": "history", "channel": channel }))?;
        let read = self.expect("history")?;
        Ok(serde_json::from_value(read["ids"].clone())?)
    }

    /// Waits for an event of which these keys are part, passing over others.
    ///
    /// # Errors
    ///
    /// Fails when none comes in time, and tells the last of those that were passed over.
    pub fn told_of(&mut self, event: &str, keys: &Value) -> Result<Value> {
        let mut passed = Value::Null;
        loop {
            let told = self.expect(event).with_context(|| format!("{keys}, after {passed}"))?;
            let mut due = keys.as_object().into_iter().flatten();
            if due.all(|(key, value)| told[key] == *value) {
                return Ok(told);
            }
            passed = told;
        }
    }

    /// Reads messages up to the one with this content and returns all contents, in order.
    ///
    /// # Errors
    ///
    /// Fails when it does not come in time.
    pub fn messages_until(&mut self, content: &str) -> Result<Vec<String>> {
        let mut contents = Vec::new();
        loop {
            let message = self.expect("message")?;
            let text = crate::api::text(&message, "content")?;
            let done = text == content;
            contents.push(text);
            if done {
                return Ok(contents);
            }
        }
    }

    /// Has the driver cut its own socket and stop, so that the library cannot resume yet.
    ///
    /// # Errors
    ///
    /// Fails when the driver cannot.
    pub fn drop_socket(&mut self) -> Result<()> {
        self.tell(&json!({ "do": "drop" }))?;
        self.expect("dropped").map(drop)
    }

    /// Stops the driver from outside, so that it notices nothing until it carries on.
    ///
    /// # Errors
    ///
    /// Fails when the driver has ended.
    pub fn stop(&self) -> Result<()> {
        let stopped = kill_process(Pid::from_child(&self.child), Signal::STOP);
        stopped.with_context(|| format!("{} has ended", self.name))
    }

    /// Lets the driver go on and collects the contents that it is told until it has resumed.
    ///
    /// # Errors
    ///
    /// Fails when it does not resume in time; a new READY is a failure too.
    pub fn carry_on(&mut self) -> Result<Vec<String>> {
        let (mut contents, deadline) = (Vec::new(), Instant::now() + PATIENCE);
        let pid = Pid::from_child(&self.child);
        while Instant::now() < deadline {
            kill_process(pid, Signal::CONT).context("the driver has ended")?;
            let line = match self.lines.recv_timeout(NUDGE) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => bail!("{} has ended", self.name),
            };
            self.told.push(line.clone());
            match line["event"].as_str() {
                Some("resumed") => return Ok(contents),
                Some("message") => contents.push(crate::api::text(&line, "content")?),
                Some("ready" | "fatal") => bail!("{} does not resume: {line}", self.name),
                _ => {}
            }
        }
        bail!("{} does not resume; it told {:?}", self.name, self.told)
    }

    /// Asks the driver to leave and waits for its end.
    ///
    /// # Errors
    ///
    /// Fails when it does not end in order.
    pub fn close(mut self) -> Result<()> {
        self.tell(&json!({ "do": "close" }))?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.told.push(line),
                // Its end closes its output.
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => bail!("{} does not leave", self.name),
            }
        }
        let status = self.child.wait()?;
        ensure!(status.success(), "{} ends with {status}; it told {:?}", self.name, self.told);
        Ok(())
    }

    fn line(&mut self, patience: Duration) -> Result<Value> {
        match self.lines.recv_timeout(patience) {
            Ok(line) if line["event"] == "fatal" => bail!("{line}"),
            Ok(line) => {
                self.told.push(line.clone());
                Ok(line)
            }
            Err(RecvTimeoutError::Timeout) => bail!("nothing more after {:?}", self.told),
            Err(RecvTimeoutError::Disconnected) => bail!("it ended after {:?}", self.told),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
        let tail = &self.told[self.told.len().saturating_sub(40)..];
        eprintln!("---- {} told {} lines, the last: {tail:?}", self.name, self.told.len());
    }
}
