//! A process with an example of the client library in it, as somebody at a terminal runs it.

use std::process::{Command, ExitStatus};

use anyhow::Result;

use crate::process::Process;
use crate::{Gateway, binary};

/// A running example, killed when it is dropped.
#[derive(Debug)]
pub struct Example(Process);

impl Example {
    /// Starts an example with its arguments; the environment tells it where the gateway is.
    ///
    /// # Errors
    ///
    /// Fails when the examples cannot be built.
    pub fn start(name: &str, gateway: &Gateway, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(binary::example(name)?);
        command
            .args(arguments)
            .env_remove("THRONG_CLIENT_TOKEN")
            .env_remove("THRONG_CLIENT_HOST")
            .env("THRONG_CLIENT_WEBSOCKET", gateway.url())
            .env("THRONG_CLIENT_QUIC", gateway.quic().0.to_string());
        Process::spawn(name, &mut command).map(Self)
    }

    /// Types a line.
    ///
    /// # Errors
    ///
    /// Fails when the example has ended.
    pub fn types(&mut self, line: &str) -> Result<()> {
        self.0.say(line)
    }

    /// Waits for a line with this in it, shown before or now.
    ///
    /// # Errors
    ///
    /// Fails when it does not come in time.
    pub fn shows(&self, text: &str) -> Result<String> {
        self.0.told(text, |line| line.contains(text).then(|| line.to_owned()))
    }

    /// Ends what is typed, and waits for the end of the example.
    ///
    /// # Errors
    ///
    /// Fails when it does not end in time.
    pub fn leave(mut self) -> Result<ExitStatus> {
        self.0.hush();
        self.0.wait()
    }
}
