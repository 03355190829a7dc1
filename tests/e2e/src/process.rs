//! A process whose output is kept: waited for, and shown beside a failure.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::PATIENCE;

/// How many lines of the output a failed test shows.
const LINES_SHOWN_MAX: usize = 300;

/// A running process, killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    pid: i32,
    stdin: Option<ChildStdin>,
    exit: Receiver<ExitStatus>,
    status: Option<ExitStatus>,
    output: Arc<Output>,
}

impl Process {
    /// Starts the command.
    pub(crate) fn spawn(name: &str, command: &mut Command) -> Result<Self> {
        Self::spawn_into(name, command, Stdio::piped())
    }

    /// As [`Process::spawn`], with another standard error.
    pub(crate) fn spawn_into(name: &str, command: &mut Command, errors: Stdio) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .with_context(|| format!("{name} does not start"))?;
        let output = Arc::new(Output::default());
        output.follow(child.stdout.take());
        output.follow(child.stderr.take());
        let pid = i32::try_from(child.id()).context("the process has an odd id")?;
        let (name, stdin) = (name.to_owned(), child.stdin.take());
        Ok(Self { name, pid, stdin, exit: reap(child), status: None, output })
    }

    pub(crate) fn pid(&self) -> i32 {
        self.pid
    }

    /// Writes a line to its input.
    pub(crate) fn say(&mut self, line: &str) -> Result<()> {
        let stdin = self.stdin.as_mut().context("its input was closed")?;
        stdin.write_all(format!("{line}\n").as_bytes()).context(self.shown())
    }

    /// Ends its input.
    pub(crate) fn hush(&mut self) {
        self.stdin = None;
    }

    /// Waits for the first line of its output that can be read so.
    pub(crate) fn told<T>(&self, what: &str, read: impl Fn(&str) -> Option<T>) -> Result<T> {
        let found = self.output.find(read);
        found.with_context(|| format!("{} does not tell {what}:\n{}", self.name, self.shown()))
    }

    /// Returns the lines of its output so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.output.lock().lines.clone()
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(self.pid).context("no process")?;
        kill_process(pid, signal).with_context(|| format!("signal {signal:?}"))
    }

    /// Kills it if it runs, and tells whether it did.
    pub(crate) fn kill(&mut self) -> Result<bool> {
        if self.status.is_some() {
            return Ok(false);
        }
        self.signal(Signal::KILL)?;
        Ok(self.wait()?.signal() == Some(Signal::KILL.as_raw()))
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> Result<ExitStatus> {
        if let Some(status) = self.status {
            return Ok(status);
        }
        let status = self.exit.recv_timeout(PATIENCE);
        let status =
            status.map_err(|_| anyhow!("{} does not end:\n{}", self.name, self.shown()))?;
        self.status = Some(status);
        Ok(status)
    }

    /// Returns the last lines of its output.
    fn shown(&self) -> String {
        let lines = &self.output.lock().lines;
        lines[lines.len().saturating_sub(LINES_SHOWN_MAX)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.exit.try_recv().is_err() {
            drop(self.kill());
        }
        // The runner shows this only beside a failure.
        eprintln!("---- {}, process {}\n{}", self.name, self.pid, self.shown());
    }
}

/// What a process has written so far.
#[derive(Debug, Default)]
struct Output {
    written: Mutex<Written>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct Written {
    lines: Vec<String>,
    /// Streams that have not ended.
    open: usize,
}

impl Output {
    fn lock(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what comes from a stream.
    fn follow(self: &Arc<Self>, stream: Option<impl Read + Send + 'static>) {
        let Some(stream) = stream else { return };
        self.lock().open += 1;
        let output = Arc::clone(self);
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                output.lock().lines.push(line);
                output.news.notify_all();
            }
            output.lock().open -= 1;
            output.news.notify_all();
        });
    }

    /// Waits for the first line that can be read so, in time and before the end.
    fn find<T>(&self, read: impl Fn(&str) -> Option<T>) -> Result<T> {
        let (mut next, deadline) = (0, Instant::now() + PATIENCE);
        let mut written = self.lock();
        loop {
            if let Some(found) = written.lines[next..].iter().find_map(|line| read(line)) {
                return Ok(found);
            }
            next = written.lines.len();
            ensure!(written.open > 0, "it has ended");
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("nothing more in {PATIENCE:?}");
            }
            let waited = self.news.wait_timeout(written, left);
            written = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Waits for the process on a thread, so that others can wait with a bound.
fn reap(mut child: Child) -> Receiver<ExitStatus> {
    let (sender, exit) = sync_channel(1);
    thread::spawn(move || {
        if let Ok(status) = child.wait() {
            // There is room for the one status; that nobody may wait any more is no fault.
            sender.send(status).ok();
        }
    });
    exit
}
