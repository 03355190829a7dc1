//! The gateway as a process: started on its own data, killed, drained and started again.

use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread;

use anyhow::{Context as _, Result, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::{Account, Admin, Api, Fingerprint, PATIENCE, Route, Way, binary};

/// How many lines of the gateway's output a failed test shows.
const LINES_SHOWN_MAX: usize = 300;

/// Tests that measure have the machine to themselves; the others share it.
static STAGE: RwLock<()> = RwLock::new(());

/// What a gateway is started with.
#[derive(Debug, Default)]
pub struct Builder {
    env: Vec<(String, String)>,
    alone: bool,
}

impl Builder {
    /// Sets a configuration key, written as in the file: `gateway.resume_window_secs`.
    #[must_use]
    pub fn set(mut self, key: &str, value: &impl ToString) -> Self {
        let name = format!("THRONG_{}", key.to_uppercase().replace('.', "__"));
        self.env.push((name, value.to_string()));
        self
    }

    /// Keeps every other gateway of this test process out until this one is dropped.
    #[must_use]
    pub fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// Starts the gateway on empty data and waits until it listens.
    ///
    /// # Errors
    ///
    /// Fails when the binary cannot be built or does not say in time where it listens.
    pub fn start(self) -> Result<Gateway> {
        let turn = if self.alone {
            Turn::Alone(STAGE.write().unwrap_or_else(PoisonError::into_inner))
        } else {
            Turn::Shared(STAGE.read().unwrap_or_else(PoisonError::into_inner))
        };
        let data = tempfile::tempdir().context("no temporary directory")?;
        let env = self.env;
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let process = Process::spawn(data.path(), &env, [any, any])?;
        Ok(Gateway { process, data, env, _turn: turn })
    }
}

/// A running gateway, killed when it is dropped.
#[derive(Debug)]
pub struct Gateway {
    process: Process,
    data: TempDir,
    env: Vec<(String, String)>,
    _turn: Turn,
}

#[derive(Debug)]
enum Turn {
    Alone(#[expect(dead_code, reason = "held")] RwLockWriteGuard<'static, ()>),
    Shared(#[expect(dead_code, reason = "held")] RwLockReadGuard<'static, ()>),
}

impl Gateway {
    /// Begins to say what a gateway is started with.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Starts a gateway with its defaults.
    ///
    /// # Errors
    ///
    /// As [`Builder::start`].
    pub fn start() -> Result<Self> {
        Self::builder().start()
    }

    /// Returns the base of the gateway's WebSocket addresses: no path, no query, no slash.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}", self.public())
    }

    /// Returns the address of the public listener; it survives [`Gateway::restart`].
    #[must_use]
    pub fn public(&self) -> SocketAddr {
        self.process.places.public
    }

    /// Returns the address for QUIC, which survives too, and the certificate there.
    #[must_use]
    pub fn quic(&self) -> (SocketAddr, Fingerprint) {
        self.process.places.quic
    }

    /// Returns where and how a client connects.
    #[must_use]
    pub fn route(&self, way: Way) -> Route {
        let Places { public, quic: (address, certificate), .. } = self.process.places;
        match way {
            Way::Quic(wire) => Route::quic(address, certificate, wire),
            Way::WebSocket(wire) => Route::websocket(public, wire),
        }
    }

    /// Returns the admin API.
    ///
    /// # Errors
    ///
    /// Fails when the gateway has written no admin token.
    pub fn admin(&self) -> Result<Admin> {
        let path = self.data.path().join("admin.token");
        let token = std::fs::read_to_string(&path).with_context(|| format!("read {path:?}"))?;
        Ok(Admin::new(self.process.places.admin, token.trim()))
    }

    /// Returns the public API as `account` sees it.
    #[must_use]
    pub fn api(&self, account: &Account) -> Api {
        Api::new(self.public(), account)
    }

    /// Returns the resident memory of the process in bytes.
    ///
    /// # Errors
    ///
    /// Fails where there is no `/proc`.
    pub fn resident(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|rest| rest.split_whitespace().next()).context("no VmRSS")?;
        Ok(kib.parse::<u64>()? * 1024)
    }

    /// Kills the process with SIGKILL and waits for its end.
    ///
    /// # Errors
    ///
    /// Fails when the process has ended before.
    pub fn kill9(&mut self) -> Result<()> {
        let status = self.process.stop(Signal::KILL)?;
        if status.signal() != Some(Signal::KILL.as_raw()) {
            bail!("the gateway had ended before it was killed: {status}");
        }
        Ok(())
    }

    /// Asks the process to end, with SIGTERM, and does not wait.
    ///
    /// # Errors
    ///
    /// Fails when there is no such process.
    pub fn terminate(&self) -> Result<()> {
        signal(self.process.pid, Signal::TERM)
    }

    /// Asks the process to read again what may change while it runs, with SIGHUP.
    ///
    /// # Errors
    ///
    /// Fails when there is no such process.
    pub fn hang_up(&self) -> Result<()> {
        signal(self.process.pid, Signal::HUP)
    }

    /// Waits for the end of the process.
    ///
    /// # Errors
    ///
    /// Fails when it does not end in time.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        self.process.wait()
    }

    /// Starts the gateway again on the same data and the same ports.
    ///
    /// # Errors
    ///
    /// As [`Builder::start`].
    pub fn restart(&mut self) -> Result<()> {
        if self.process.status.is_none() {
            self.process.stop(Signal::KILL)?;
        }
        let same = [self.public(), self.quic().0];
        self.process = Process::spawn(self.data.path(), &self.env, same)?;
        Ok(())
    }
}

/// One life of the binary.
#[derive(Debug)]
struct Process {
    pid: i32,
    places: Places,
    exit: Receiver<ExitStatus>,
    status: Option<ExitStatus>,
    output: Arc<Mutex<Vec<String>>>,
}

/// Where a gateway listens.
#[derive(Clone, Copy, Debug)]
struct Places {
    public: SocketAddr,
    admin: SocketAddr,
    quic: (SocketAddr, Fingerprint),
}

impl Process {
    fn spawn(data: &Path, env: &[(String, String)], listen: [SocketAddr; 2]) -> Result<Self> {
        let mut command = Command::new(binary::throng()?);
        // What is meant for the tests is no setting of the gateway.
        let own = std::env::vars_os().map(|(name, _)| name);
        for name in own.filter(|name| name.to_string_lossy().starts_with("THRONG_")) {
            command.env_remove(name);
        }
        let [public, quic] = listen.map(|address| address.to_string());
        let mut child = command
            .args(["--listen", &public, "--quic", &quic, "--admin", "127.0.0.1:0", "--data"])
            .arg(data)
            .current_dir(data)
            .envs(env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("the gateway does not start")?;
        let output = Arc::default();
        // Three addresses and the ends of both outputs.
        let (lines, news) = sync_channel(5);
        follow(child.stdout.take(), &output, Some(lines));
        follow(child.stderr.take(), &output, None);
        let pid = i32::try_from(child.id()).context("the process has an odd id")?;
        let exit = reap(child);
        match Places::read(&news) {
            Ok(places) => Ok(Self { pid, places, exit, status: None, output }),
            Err(error) => {
                // It may have ended by itself, which is why it says nothing.
                drop(signal(pid, Signal::KILL));
                bail!("{error:#}:\n{}", shown(&output))
            }
        }
    }

    fn stop(&mut self, with: Signal) -> Result<ExitStatus> {
        if self.status.is_none() {
            signal(self.pid, with)?;
        }
        self.wait()
    }

    fn wait(&mut self) -> Result<ExitStatus> {
        if let Some(status) = self.status {
            return Ok(status);
        }
        let status = self.exit.recv_timeout(PATIENCE);
        let output = &self.output;
        let status = status.map_err(|_| anyhow!("the gateway does not end:\n{}", shown(output)))?;
        self.status = Some(status);
        Ok(status)
    }
}

impl Places {
    /// Waits until the gateway has said all of them.
    fn read(news: &Receiver<(String, String)>) -> Result<Self> {
        let (mut public, mut admin, mut quic) = (None, None, None);
        loop {
            if let (Some(public), Some(admin), Some(quic)) = (public, admin, quic) {
                return Ok(Self { public, admin, quic });
            }
            let Ok((name, place)) = news.recv_timeout(PATIENCE) else {
                bail!("the gateway does not say where it listens");
            };
            match name.as_str() {
                "public" => public = Some(web(&place)?),
                "admin" => admin = Some(web(&place)?),
                "quic" => quic = Some(certified(&place)?),
                _ => {}
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.status.is_none() && self.exit.try_recv().is_err() {
            drop(self.stop(Signal::KILL));
        }
        // The runner shows this only beside a failure.
        eprintln!("---- gateway, process {}\n{}", self.pid, shown(&self.output));
    }
}

fn signal(pid: i32, signal: Signal) -> Result<()> {
    let pid = Pid::from_raw(pid).context("no process")?;
    kill_process(pid, signal).with_context(|| format!("signal {signal:?}"))
}

/// Returns the last lines of an output.
fn shown(output: &Mutex<Vec<String>>) -> String {
    let lines = output.lock().unwrap_or_else(PoisonError::into_inner);
    lines[lines.len().saturating_sub(LINES_SHOWN_MAX)..].join("\n")
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

/// Keeps what the process writes, and passes on where it listens.
fn follow(
    stream: Option<impl Read + Send + 'static>,
    output: &Arc<Mutex<Vec<String>>>,
    listeners: Option<SyncSender<(String, String)>>,
) {
    let Some(stream) = stream else { return };
    let output = Arc::clone(output);
    let mut listeners = listeners;
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if let (Some(found), Some(sender)) = (listener(&line), &listeners)
                && sender.try_send(found).is_err()
            {
                listeners = None;
            }
            output.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    });
}

/// Reads `listening: public http://127.0.0.1:8080`.
fn listener(line: &str) -> Option<(String, String)> {
    let (name, place) = line.trim().strip_prefix("listening: ")?.split_once(' ')?;
    Some((name.to_owned(), place.to_owned()))
}

/// Reads `http://127.0.0.1:8080`.
fn web(place: &str) -> Result<SocketAddr> {
    place.strip_prefix("http://").unwrap_or(place).parse().context(place.to_owned())
}

/// Reads `127.0.0.1:8443 certificate sha256 0123...`.
fn certified(place: &str) -> Result<(SocketAddr, Fingerprint)> {
    let (address, fingerprint) =
        place.split_once(" certificate sha256 ").with_context(|| format!("{place} of QUIC"))?;
    Ok((address.parse()?, fingerprint.parse()?))
}
