//! Processes that end with whoever started them.

use std::io::{BufRead as _, BufReader, Lines};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::meter::Meter;

/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked whether it does.
const LOOK: Duration = Duration::from_millis(20);

/// A process, killed when dropped, and a folder that ends with it.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    _folder: Option<TempDir>,
}

impl Process {
    /// Starts a command whose output is read here.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self> {
        let child = command.stdout(Stdio::piped()).spawn();
        let child = child.with_context(|| command.get_program().display().to_string())?;
        Ok(Self { child, _folder: None })
    }

    /// Keeps a folder as long as the process.
    pub(crate) fn with_folder(self, folder: TempDir) -> Self {
        // Taken apart, the process would be killed.
        let mut this = self;
        this._folder = Some(folder);
        this
    }

    /// Starts this program in another role.
    pub(crate) fn own(arguments: &[&str]) -> Result<Self> {
        Self::spawn(Command::new(std::env::current_exe()?).args(arguments).stdin(Stdio::piped()))
    }

    /// Returns what it costs.
    pub(crate) fn meter(&self) -> Meter {
        Meter::new(self.child.id())
    }

    /// Takes its input.
    pub(crate) fn input(&mut self) -> Result<ChildStdin> {
        self.child.stdin.take().context("its input was taken")
    }

    /// Takes its output.
    pub(crate) fn lines(&mut self) -> Result<Lines<BufReader<ChildStdout>>> {
        Ok(BufReader::new(self.child.stdout.take().context("its output was taken")?).lines())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Returns an address on loopback that was free a moment ago, for servers that take no port 0.
pub(crate) fn free_port() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

/// Waits until somebody listens there.
pub(crate) fn until_open(address: SocketAddr) -> Result<()> {
    let began = Instant::now();
    while TcpStream::connect(address).is_err() {
        ensure!(began.elapsed() < PATIENCE, "nobody listens on {address}");
        thread::sleep(LOOK);
    }
    Ok(())
}
