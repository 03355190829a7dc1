//! Cuts connections under a library that does not give them out.

use std::fs;
use std::os::fd::RawFd;

use anyhow::{Context as _, Result, bail};
use rustix::net::{Shutdown, shutdown};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

/// Shuts every connection of this process to `host`, which must be an IPv4 address on loopback.
pub fn connections_to(host: &str) -> Result<()> {
    let port: u16 = host.rsplit(':').next().context("no port")?.parse()?;
    let own = pidfd_open(getpid(), PidfdFlags::empty())?;
    for file in sockets_to(port)? {
        shutdown(pidfd_getfd(&own, file, PidfdGetfdFlags::empty())?, Shutdown::Both)?;
    }
    Ok(())
}

/// Lists this process's files that are TCP connections to `port` on loopback.
fn sockets_to(port: u16) -> Result<Vec<RawFd>> {
    let remote = format!("0100007F:{port:04X}");
    let table = fs::read_to_string("/proc/self/net/tcp")?;
    let inodes: Vec<_> = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|columns| columns.get(2) == Some(&remote.as_str()))
        .filter_map(|columns| columns.get(9).map(|inode| format!("socket:[{inode}]")))
        .collect();
    let mut files = Vec::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        let path = entry?.path();
        // The file that lists the folder is gone when it is looked at.
        let Ok(target) = fs::read_link(&path) else { continue };
        if inodes.iter().any(|inode| target.as_os_str() == inode.as_str()) {
            let name = path.file_name().and_then(|name| name.to_str());
            files.push(name.context("an odd file")?.parse()?);
        }
    }
    if files.is_empty() {
        bail!("no connection to cut");
    }
    Ok(files)
}
