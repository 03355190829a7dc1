//! A guild over QUIC beside a bare quinn server that sends frames of the same size over streams of
//! the same shape.
//!
//! Each server is a process of its own on one core; the clients run here, on another.

mod audience;
mod bare;
mod server;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::{Parser, ValueEnum};
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::report::{Options, Report, Target};
use audience::Audience;

/// Characters of a message.
const CONTENT_CHARS: usize = 200;
/// How long what begins a session is kept though it is acknowledged.
const KEPT: Duration = Duration::from_secs(31);
/// How long an idle server may give memory back before it is weighed.
const SETTLE: Duration = Duration::from_secs(12);

/// How the program is run.
#[derive(Clone, Debug, Default, Parser)]
pub struct Arguments {
    /// What every program takes.
    #[command(flatten)]
    pub options: Options,
    /// Serves, for the program that was started by a person.
    #[arg(long, hide = true)]
    serve: Option<Kind>,
    /// Users, or bytes of a frame, by what is served.
    #[arg(long, hide = true, default_value_t = 0)]
    size: usize,
}

/// What serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A node with one guild.
    Throng,
    /// quinn and nothing else.
    Bare,
}

/// Sizes of a run.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    connections: usize,
    messages: usize,
    kept: Duration,
    settle: Duration,
}

impl Sizes {
    const fn of(options: &Options) -> Self {
        if options.smoke {
            Self { connections: 20, messages: 3, kept: Duration::ZERO, settle: Duration::ZERO }
        } else {
            Self { connections: 2_000, messages: 50, kept: KEPT, settle: SETTLE }
        }
    }
}

/// What one server was measured at.
#[derive(Clone, Copy, Debug)]
struct Figures {
    bytes_per_connection: f64,
    deliveries_per_second: f64,
    frame_bytes: usize,
}

/// Serves, or measures both servers and prints the table.
///
/// # Errors
///
/// A server does not do what it should.
pub fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match arguments.serve {
        Some(Kind::Throng) => {
            server::run(arguments.size)?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Kind::Bare) => {
            bare::run(arguments.size)?;
            Ok(ExitCode::SUCCESS)
        }
        None => {
            let program = std::env::current_exe()?;
            run(&program, &arguments.options)?.finish(&arguments.options)
        }
    }
}

/// Measures both servers, which `program` runs.
///
/// # Errors
///
/// A server does not do what it should.
pub fn run(program: &PathBuf, options: &Options) -> anyhow::Result<Report> {
    let sizes = Sizes::of(options);
    pin(None, 1);
    let throng = measure(program, Kind::Throng, sizes.connections, sizes)?;
    let bare = measure(program, Kind::Bare, throng.frame_bytes, sizes)?;
    Ok(report(sizes, throng, bare))
}

fn measure(program: &PathBuf, kind: Kind, size: usize, sizes: Sizes) -> anyhow::Result<Figures> {
    let mut server = Server::start(program, kind, size)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let before = server.resident()?;
        let audience = Audience::enter(server.address, &server.tokens, sizes.connections).await?;
        tokio::time::sleep(sizes.kept).await;
        audience.beat();
        tokio::time::sleep(sizes.settle).await;
        let after = server.resident()?;
        // Connections that were never used are warmed up before anything is timed.
        server.publish()?;
        audience.until(sizes.connections).await?;
        let began = Instant::now();
        for message in 1..=sizes.messages {
            server.publish()?;
            audience.until((message + 1) * sizes.connections).await?;
        }
        let deliveries = (sizes.messages * sizes.connections) as f64;
        Ok(Figures {
            bytes_per_connection: after.saturating_sub(before) as f64 / sizes.connections as f64,
            deliveries_per_second: deliveries / began.elapsed().as_secs_f64(),
            frame_bytes: audience.frame_bytes(),
        })
    })
}

fn report(sizes: Sizes, throng: Figures, bare: Figures) -> Report {
    let mut report = Report::new("quic: a guild beside bare quinn streams");
    report.figure("connections", sizes.connections as f64, "");
    report.figure("bytes of a frame", throng.frame_bytes as f64, "");
    report.figure("RSS per idle connection, quinn", bare.bytes_per_connection, "bytes");
    report.figure("RSS per idle connection, throng", throng.bytes_per_connection, "bytes");
    let over = throng.bytes_per_connection - bare.bytes_per_connection;
    report.target("RSS per idle connection over quinn's", over, "bytes", Target::AtMost(4_096.0));
    report.figure("deliveries, quinn", bare.deliveries_per_second, "/s");
    report.figure("deliveries, throng", throng.deliveries_per_second, "/s");
    let ratio = throng.deliveries_per_second / bare.deliveries_per_second;
    report.target("deliveries: throng / quinn", ratio, "x", Target::AtLeast(0.9));
    report
}

/// A server in a process of its own; killed when dropped.
struct Server {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    address: SocketAddr,
    tokens: Vec<String>,
}

impl Server {
    fn start(program: &PathBuf, kind: Kind, size: usize) -> anyhow::Result<Self> {
        let kind = kind.to_possible_value().context("a kind has a name")?;
        let mut child = Command::new(program)
            .args(["--serve", kind.get_name(), "--size", &size.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the server does not start")?;
        pin(i32::try_from(child.id()).ok(), 0);
        let orders = child.stdin.take().context("no input")?;
        let mut answers = BufReader::new(child.stdout.take().context("no output")?);
        let mut line = String::new();
        answers.read_line(&mut line)?;
        let mut words = line.split_whitespace();
        let address = words.next().context("the server says nothing")?.parse()?;
        let tokens = words.map(str::to_owned).collect();
        Ok(Self { child, orders, answers, address, tokens })
    }

    /// Has one message sent to everybody, and waits for the acknowledgement.
    fn publish(&mut self) -> anyhow::Result<()> {
        self.orders.write_all(b"\n")?;
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            bail!("the server has ended");
        }
        Ok(())
    }

    /// Returns the resident memory in bytes.
    fn resident(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|rest| rest.split_whitespace().next()).context("no VmRSS")?;
        Ok(kib.parse::<u64>()? * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Keeps a process, or this one, on one core, where there are several.
fn pin(process: Option<i32>, core: usize) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut set = CpuSet::new();
    set.set(core % cores);
    if cores > 1 && sched_setaffinity(process.and_then(Pid::from_raw), &set).is_err() {
        eprintln!("not kept on one core");
    }
}
