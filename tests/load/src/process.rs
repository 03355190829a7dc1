//! Processes that end with whoever started them.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result};

use crate::meter::Meter;

/// A process, killed when dropped.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Starts a command whose output is read here.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self> {
        let child = command.stdout(Stdio::piped()).spawn();
        child.map(Self).with_context(|| command.get_program().display().to_string())
    }

    /// Starts this program in another role.
    pub(crate) fn own(arguments: &[&str]) -> Result<Self> {
        Self::spawn(Command::new(std::env::current_exe()?).args(arguments).stdin(Stdio::piped()))
    }

    /// Returns what it costs.
    pub(crate) fn meter(&self) -> Meter {
        Meter::new(self.0.id())
    }

    /// Takes its input.
    pub(crate) fn input(&mut self) -> Result<ChildStdin> {
        self.0.stdin.take().context("its input was taken")
    }

    /// Takes its output.
    pub(crate) fn lines(&mut self) -> Result<Lines<BufReader<ChildStdout>>> {
        Ok(BufReader::new(self.0.stdout.take().context("its output was taken")?).lines())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
