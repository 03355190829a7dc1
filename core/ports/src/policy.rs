//! The seam to policies as operators see them: which one runs, and how it is replaced.
//!
//! What a policy decides is `throng_engine::policy`; this is about its life.

#[cfg(feature = "conformance")]
pub mod conformance;

use std::io;

use serde::Serialize;
use thiserror::Error;
use throng_proto::time::Timestamp;

use crate::link::BoxFuture;
use crate::metrics::Source;

/// Where the policy in force comes from.
pub trait PolicyHost: Source {
    /// Returns which policy runs, and how the last load went.
    fn status(&self) -> PolicyStatus;

    /// Loads the policy again, runs its own tests, and swaps it in as a whole.
    ///
    /// # Errors
    ///
    /// The policy is broken; the one before goes on, and [`PolicyHost::status`] says why.
    fn reload(&self) -> BoxFuture<'static, Result<PolicyStatus, PolicyFault>>;

    /// Begins to notice by itself what changes, and tells it until the process ends; called once,
    /// when the node serves. Most hosts notice nothing.
    ///
    /// # Errors
    ///
    /// What there is cannot be watched.
    fn watch(&self, _tell: Tell) -> io::Result<()> {
        Ok(())
    }
}

/// Who is told what a [`PolicyHost`] has noticed; it must not wait for anything.
pub type Tell = Box<dyn Fn(Noticed) + Send + Sync>;

/// What a [`PolicyHost`] notices by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noticed {
    /// What it reads has changed: it should be loaded again.
    Changed,
    /// Another policy than before is in force already: everybody should be asked about again.
    Replaced,
}

/// Which policy runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PolicyStatus {
    /// Name: that of the script, or `native`.
    pub name: String,
    /// Hash of everything that it consists of, in hexadecimal.
    pub version: String,
    /// Since when it runs.
    pub since: Timestamp,
    /// File it was read from; `None` for the native one.
    pub path: Option<String>,
    /// Hooks that it answers; the native default answers the others.
    pub hooks: Vec<String>,
    /// When a load was last tried.
    pub loaded_at: Timestamp,
    /// Why the last load failed; `None` when it did not.
    pub fault: Option<PolicyFault>,
    /// What is wrong with what runs: hooks that fail and are left alone, and a version that was
    /// taken back because one did. Empty when all is well.
    pub troubles: Vec<String>,
}

/// Why a policy cannot run: where, what, and the line with a caret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Error)]
#[error("{report}")]
pub struct PolicyFault {
    /// File.
    pub file: String,
    /// Line, counted from 1; 0 when it is about the whole file.
    pub line: usize,
    /// Column, counted from 1; 0 when it is about the whole line.
    pub column: usize,
    /// What is wrong and what to do.
    pub message: String,
    /// All of that as a person reads it, with the line and a caret under the place.
    pub report: String,
}

/// How far asking every attachment again has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReviewStatus {
    /// Attachments that were there when the review began.
    pub total: u64,
    /// Of those, attachments asked so far.
    pub done: u64,
    /// Of those, attachments whose mode changed.
    pub changed: u64,
    /// Milliseconds that it took, or takes until now.
    pub millis: u64,
    /// Tells whether it goes on.
    pub running: bool,
}
