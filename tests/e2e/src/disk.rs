//! A small disk of a test's own, mounted where nobody else on the machine sees it.
//!
//! A process holds a mount namespace with the disk in it; the gateway is started in there, and the
//! test looks in by `/proc`. When the holder's input ends, so does the disk.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::process::Process;
use crate::say;

/// What the holder says when the disk is there.
const MOUNTED: &str = "the disk is mounted";
/// Bytes written at once while a disk is filled; the last ones are written one by one.
const PIECE: usize = 64 * 1024;

/// A mounted disk; gone when it is dropped, and with it everything on it.
#[derive(Debug)]
pub struct Disk {
    holder: i32,
    /// Keeps it running; several threads may look at the disk.
    _process: Mutex<Process>,
    /// Holds the directory that the disk is mounted on, and the image of one that has one.
    place: TempDir,
}

impl Disk {
    /// Mounts memory as a disk, such as `size=24m` or `size=24m,nr_inodes=64`; `None`, and a line
    /// that says so, where mounting is not allowed.
    ///
    /// # Errors
    ///
    /// Fails when the tools do not start.
    pub fn of_memory(options: &str) -> Result<Option<Self>> {
        Self::mount(&format!("mount -t tmpfs -o {options} tmpfs \"$0\""))
    }

    /// As [`Disk::of_memory`], with a file system of 24 MiB that can break.
    ///
    /// # Errors
    ///
    /// As [`Disk::of_memory`].
    pub fn of_image() -> Result<Option<Self>> {
        let make = "truncate -s 24M \"$0.img\" && mkfs.ext4 -q -m 0 \"$0.img\"";
        Self::mount(&format!("{make} && mount -o loop \"$0.img\" \"$0\""))
    }

    fn mount(script: &str) -> Result<Option<Self>> {
        let place = tempfile::tempdir().context("no temporary directory")?;
        let point = place.path().join("disk");
        fs::create_dir(&point)?;
        let script = format!("{script} && echo {MOUNTED} && exec cat");
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", &script]).arg(&point);
        let Ok(holder) = Process::spawn("a disk", &mut command) else {
            say("skipped: there is no unshare(1), and so no disk of the test's own");
            return Ok(None);
        };
        match holder.told("a disk", |line| (line == MOUNTED).then_some(())) {
            Ok(()) => Ok(Some(Self { holder: holder.pid(), _process: Mutex::new(holder), place })),
            Err(error) => {
                say(&format!("skipped: no disk of the test's own: {error:#}"));
                Ok(None)
            }
        }
    }

    /// Returns the directory on the disk as processes in there name it.
    pub(crate) fn inside(&self) -> PathBuf {
        self.place.path().join("disk/data")
    }

    /// Returns the same directory as this process names it.
    #[must_use]
    pub fn seen(&self) -> PathBuf {
        self.root().join("data")
    }

    fn root(&self) -> PathBuf {
        let point = self.place.path().join("disk");
        let point = point.strip_prefix("/").unwrap_or(&point);
        Path::new("/proc").join(self.holder.to_string()).join("root").join(point)
    }

    /// Begins a command in there.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--target={}", self.holder)).arg("--mount").arg("--");
        command.arg(program);
        command
    }

    /// Opens the file on the disk that takes a gateway's log lines.
    ///
    /// # Errors
    ///
    /// Fails when it cannot be made.
    pub fn log(&self) -> Result<File> {
        let mut log = File::options();
        Ok(log.create(true).append(true).read(true).open(self.root().join("log"))?)
    }

    /// Fills the disk to the last byte.
    ///
    /// # Errors
    ///
    /// Fails when it takes nothing for another reason.
    pub fn fill(&self) -> Result<()> {
        let mut ballast = File::options().create(true).append(true).open(self.ballast())?;
        for size in [PIECE, 4096, 1] {
            let piece = vec![0; size];
            loop {
                match ballast.write(&piece) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(ballast.sync_all()?)
    }

    /// Makes files until there can be no more.
    ///
    /// # Errors
    ///
    /// Fails when they cannot be made for another reason.
    pub fn fill_with_files(&self) -> Result<()> {
        fs::create_dir(self.ballast())?;
        for number in 0_u64.. {
            match File::create(self.ballast().join(number.to_string())) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Gives the room back.
    ///
    /// # Errors
    ///
    /// Fails when it was not filled.
    pub fn free(&self) -> Result<()> {
        let ballast = self.ballast();
        if ballast.is_dir() {
            fs::remove_dir_all(ballast)?
        } else {
            fs::remove_file(ballast)?
        }
        Ok(())
    }

    fn ballast(&self) -> PathBuf {
        self.root().join("ballast")
    }

    /// Mounts the disk anew, with options such as `ro`; what is open must allow it.
    ///
    /// # Errors
    ///
    /// Fails when the system refuses.
    pub fn remount(&self, options: &str) -> Result<()> {
        let mut command = self.command(Path::new("mount"));
        command.args(["-o", &format!("remount,{options}")]).arg(self.place.path().join("disk"));
        let Output { status, stderr, .. } = command.stdin(Stdio::null()).output()?;
        let error = String::from_utf8_lossy(&stderr);
        ensure!(status.success(), "remount,{options}: {error}");
        Ok(())
    }
}
