//! The gateway as a process: started on its own data, killed, drained and started again.

use std::fs::File;
use std::io::PipeReader;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};
use tempfile::TempDir;

use crate::process::Process;
use crate::{Account, Admin, Api, Disk, Fingerprint, Route, Way, binary};

/// Tests that measure have the machine to themselves; the others share it.
static STAGE: RwLock<()> = RwLock::new(());

/// Environment variable that the shell reads which starts a gateway with few files.
const FILES: &str = "FILES_MAX";
/// Variable that names another program than the gateway's own.
const PROGRAM: &str = "GATEWAY_PROGRAM";
/// Variable that tells the shell which umask to set.
const UMASK: &str = "FILES_UMASK";

/// What a gateway is started with.
#[derive(Debug, Default)]
pub struct Builder {
    env: Vec<(String, String)>,
    alone: bool,
    errors: Errors,
    disk: Option<Arc<Disk>>,
    log: Option<File>,
}

/// Where a gateway's log lines go.
#[derive(Clone, Copy, Debug, Default)]
pub enum Errors {
    /// To the test, which shows them beside a failure.
    #[default]
    Kept,
    /// To a disk that is full.
    Full,
    /// To a pipe that nobody reads any more.
    Closed,
    /// To a pipe that somebody holds and does not read.
    Unread,
}

impl Errors {
    /// Opens the place, and returns what must be kept for it.
    fn open(self) -> Result<(Stdio, Option<PipeReader>)> {
        let (reader, writer) = std::io::pipe()?;
        Ok(match self {
            Self::Kept => (Stdio::piped(), None),
            Self::Full => (File::options().write(true).open("/dev/full")?.into(), None),
            Self::Closed => (writer.into(), None),
            Self::Unread => (writer.into(), Some(reader)),
        })
    }
}

impl Builder {
    /// Sets a configuration key, written as in the file: `gateway.resume_window_secs`.
    #[must_use]
    pub fn set(mut self, key: &str, value: &impl ToString) -> Self {
        let name = format!("THRONG_{}", key.to_uppercase().replace('.', "__"));
        self.env.push((name, value.to_string()));
        self
    }

    /// Lets it open so many files.
    #[must_use]
    pub fn files(mut self, files: u64) -> Self {
        self.env.push((FILES.to_owned(), files.to_string()));
        self
    }

    /// Starts the process with a umask, such as `000`.
    #[must_use]
    pub fn umask(mut self, mask: &'static str) -> Self {
        self.env.push((UMASK.to_owned(), mask.to_owned()));
        self
    }

    /// Starts a program of somebody else's that is a gateway, too.
    #[must_use]
    pub fn program(mut self, program: &Path) -> Self {
        self.env.push((PROGRAM.to_owned(), program.display().to_string()));
        self
    }

    /// Sends log lines elsewhere.
    #[must_use]
    pub fn errors(mut self, errors: Errors) -> Self {
        self.errors = errors;
        self
    }

    /// Keeps its data on a disk of the test's own.
    #[must_use]
    pub fn disk(mut self, disk: &Arc<Disk>) -> Self {
        self.disk = Some(Arc::clone(disk));
        self
    }

    /// Sends log lines to a file.
    #[must_use]
    pub fn log(mut self, log: File) -> Self {
        self.log = Some(log);
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
        let data = match self.disk {
            Some(disk) => Home::Disk(disk),
            None => Home::Directory(tempfile::tempdir().context("no temporary directory")?),
        };
        let env = self.env;
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (errors, unread) = match self.log {
            Some(log) => (log.into(), None),
            None => self.errors.open()?,
        };
        let (process, places) = spawn(&data, &env, [any, any], errors)?;
        let seen = data.seen();
        Ok(Gateway { process, places, data, seen, env, _unread: unread, _turn: turn })
    }
}

/// A running gateway, killed when it is dropped.
#[derive(Debug)]
pub struct Gateway {
    process: Process,
    places: Places,
    data: Home,
    seen: PathBuf,
    env: Vec<(String, String)>,
    _unread: Option<PipeReader>,
    _turn: Turn,
}

/// Where a gateway keeps its data.
#[derive(Debug)]
enum Home {
    Directory(TempDir),
    Disk(Arc<Disk>),
}

impl Home {
    /// Returns the directory as this process names it.
    fn seen(&self) -> PathBuf {
        match self {
            Self::Directory(directory) => directory.path().to_owned(),
            Self::Disk(disk) => disk.seen(),
        }
    }
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
        self.places.public
    }

    /// Returns the address for QUIC, which survives too, and the certificate there.
    #[must_use]
    pub fn quic(&self) -> (SocketAddr, Fingerprint) {
        self.places.quic
    }

    /// Returns where and how a client connects.
    #[must_use]
    pub fn route(&self, way: Way) -> Route {
        let Places { public, quic: (address, certificate), .. } = self.places;
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
        let path = self.seen.join("admin.token");
        let token = std::fs::read_to_string(&path).with_context(|| format!("read {path:?}"))?;
        Ok(Admin::new(self.places.admin, token.trim()))
    }

    /// Returns the public API as `account` sees it.
    #[must_use]
    pub fn api(&self, account: &Account) -> Api {
        Api::new(self.public(), account)
    }

    /// Returns where it keeps everything that lasts.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.seen
    }

    /// Lets the process make no file longer than this, until `None` ends it.
    ///
    /// # Errors
    ///
    /// Fails when there is no such process.
    pub fn limit_files(&self, bytes: Option<u64>) -> Result<()> {
        let limit = Rlimit { current: bytes, maximum: None };
        let pid = Pid::from_raw(self.process.pid()).context("no process")?;
        prlimit(Some(pid), Resource::Fsize, limit).context("no limit")?;
        Ok(())
    }

    /// Returns the resident memory of the process in bytes.
    ///
    /// # Errors
    ///
    /// Fails where there is no `/proc`.
    pub fn resident(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.pid()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|rest| rest.split_whitespace().next()).context("no VmRSS")?;
        Ok(kib.parse::<u64>()? * 1024)
    }

    /// Waits for the first line of its log, or of its standard output, that can be read so.
    ///
    /// # Errors
    ///
    /// It writes none in time.
    pub fn told<T>(&self, what: &str, read: impl Fn(&str) -> Option<T>) -> Result<T> {
        self.process.told(what, read)
    }

    /// Returns the lines that it has written so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.process.lines()
    }

    /// Kills the process with SIGKILL and waits for its end.
    ///
    /// # Errors
    ///
    /// Fails when the process has ended before.
    pub fn kill9(&mut self) -> Result<()> {
        ensure!(self.process.kill()?, "the gateway had ended before it was killed");
        Ok(())
    }

    /// Asks the process to end, with SIGTERM, and does not wait.
    ///
    /// # Errors
    ///
    /// Fails when there is no such process.
    pub fn terminate(&self) -> Result<()> {
        self.process.signal(Signal::TERM)
    }

    /// Asks the process to read again what may change while it runs, with SIGHUP.
    ///
    /// # Errors
    ///
    /// Fails when there is no such process.
    pub fn hang_up(&self) -> Result<()> {
        self.process.signal(Signal::HUP)
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
        self.process.kill()?;
        let same = [self.public(), self.quic().0];
        (self.process, self.places) = spawn(&self.data, &self.env, same, Stdio::piped())?;
        Ok(())
    }

    /// Returns a user of the demo guild, with the token whose file the first start printed.
    ///
    /// # Errors
    ///
    /// Fails when the gateway has printed none.
    pub fn printed(&self, username: &str) -> Result<Account> {
        let label = format!("  {username}: ");
        let read = |line: &str| line.strip_prefix(&label).map(str::to_owned);
        let path = self.process.told(&format!("the token of {username}"), read)?;
        let token = std::fs::read_to_string(&path).with_context(|| format!("read {path}"))?;
        let token = token.trim().to_owned();
        let known = Account { id: String::new(), token, bot: true };
        let (_, user) = self.api(&known).call(&"GET".try_into()?, "/users/@me", None)?;
        Ok(Account { id: crate::api::text(&user, "id")?, ..known })
    }
}

/// Where a gateway listens.
#[derive(Clone, Copy, Debug)]
struct Places {
    public: SocketAddr,
    admin: SocketAddr,
    quic: (SocketAddr, Fingerprint),
}

impl Places {
    /// Waits until the gateway has said all of them.
    fn read(process: &Process) -> Result<Self> {
        Ok(Self {
            public: process.told("its public address", |line| web("public", line))?,
            admin: process.told("its admin address", |line| web("admin", line))?,
            quic: process.told("its address for QUIC", certified)?,
        })
    }
}

/// Begins one life of the binary.
fn spawn(
    home: &Home,
    env: &[(String, String)],
    listen: [SocketAddr; 2],
    errors: Stdio,
) -> Result<(Process, Places)> {
    let other = env.iter().find(|(name, _)| name == PROGRAM);
    let binary = other.map_or_else(binary::throng, |(_, path)| Ok(path.into()))?;
    let has = |wanted: &str| env.iter().any(|(name, _)| name == wanted);
    let mut command = if let Home::Disk(disk) = home {
        disk.command(&binary)
    } else if has(FILES) || has(UMASK) {
        let files = if has(FILES) { format!("ulimit -n ${FILES} && ") } else { String::new() };
        let mask = if has(UMASK) { format!("umask ${UMASK} && ") } else { String::new() };
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("{files}{mask}exec \"$0\" \"$@\"")).arg(binary);
        shell
    } else {
        Command::new(binary)
    };
    let data = match home {
        Home::Directory(directory) => {
            command.current_dir(directory);
            directory.path().to_owned()
        }
        Home::Disk(disk) => disk.inside(),
    };
    // What is meant for the tests is no setting of the gateway.
    let own = std::env::vars_os().map(|(name, _)| name);
    for name in own.filter(|name| name.to_string_lossy().starts_with("THRONG_")) {
        command.env_remove(name);
    }
    let [public, quic] = listen.map(|address| address.to_string());
    command
        .args(["--listen", &public, "--quic", &quic, "--admin", "127.0.0.1:0", "--data"])
        .arg(&data)
        .envs(env.iter().map(|(name, value)| (name, value)));
    let process = Process::spawn_into("gateway", &mut command, errors)?;
    let places = Places::read(&process)?;
    Ok((process, places))
}

/// Reads `listening: public http://127.0.0.1:8080`.
fn web(name: &str, line: &str) -> Option<SocketAddr> {
    listener(name, line)?.strip_prefix("http://")?.parse().ok()
}

/// Reads `listening: quic 127.0.0.1:8443 certificate sha256 0123...`.
fn certified(line: &str) -> Option<(SocketAddr, Fingerprint)> {
    let (address, fingerprint) = listener("quic", line)?.split_once(" certificate sha256 ")?;
    Some((address.parse().ok()?, fingerprint.parse().ok()?))
}

fn listener<'a>(name: &str, line: &'a str) -> Option<&'a str> {
    // In JSON it is a text in quotes.
    let (_, place) = line.split_once("listening: ")?;
    let place = place.split('"').next()?;
    place.trim_end().strip_prefix(name)?.strip_prefix(' ')
}
