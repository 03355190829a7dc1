//! What a process costs, as the kernel counts it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// A process that is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    pid: u32,
}

impl Meter {
    pub(crate) const fn new(pid: u32) -> Self {
        Self { pid }
    }

    /// Returns the time that its threads have run, in the kernel and outside.
    pub(crate) fn cpu(self) -> Result<Duration> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.pid))?;
        let mut nanos = 0;
        for thread in threads {
            // A thread may end meanwhile.
            nanos += ran(&thread?.path()).unwrap_or_default();
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// Returns the resident memory in bytes.
    pub(crate) fn resident(self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|rest| rest.split_whitespace().next()).context("no VmRSS")?;
        Ok(kib.parse::<u64>()? * 1024)
    }
}

/// Returns the bytes that the kernel holds for all TCP sockets of the machine.
pub(crate) fn tcp_buffers() -> Result<u64> {
    let page = std::fs::read_to_string("/proc/net/sockstat")?;
    let line = page.lines().find_map(|line| line.strip_prefix("TCP:"));
    let mut words = line.context("no TCP sockets")?.split_whitespace();
    let pages: u64 =
        words.by_ref().skip_while(|word| *word != "mem").nth(1).context("no mem")?.parse()?;
    Ok(pages * rustix::param::page_size() as u64)
}

/// Returns the nanoseconds that a thread has run.
fn ran(thread: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(thread.join("schedstat")).ok()?;
    text.split_whitespace().next()?.parse().ok()
}
