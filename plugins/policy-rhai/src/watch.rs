//! Notices that files of the policy change, once they have stopped changing.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use throng_ports::policy::{Noticed, Tell};

use crate::config::Config;
use crate::footprint::Footprint;
use crate::policy::RhaiPolicy;
use crate::settle::Settle;

/// Watches the policy's files until it is dropped.
#[derive(Debug)]
pub struct Watch {
    _watcher: RecommendedWatcher,
}

impl RhaiPolicy {
    /// Calls `on_change` on a thread of its own whenever the script, its fixtures or its library
    /// have changed and stood still since for as long as the settings say. Folders are watched,
    /// because editors replace files by renaming others.
    ///
    /// # Errors
    ///
    /// The folders cannot be watched, or no thread can be started.
    pub fn watch(&self, on_change: impl Fn() + Send + Sync + 'static) -> io::Result<Watch> {
        let (changes, changed) = sync_channel(1);
        let mut watcher = notify::recommended_watcher(move |event| note(event, &changes))
            .map_err(io::Error::other)?;
        for (folder, mode) in self.folders() {
            watcher.watch(&folder, mode).map_err(io::Error::other)?;
        }
        let config = self.config().clone();
        thread::Builder::new()
            .name("policy-watch".to_owned())
            .spawn(move || tell(&changed, &config, on_change))?;
        Ok(Watch { _watcher: watcher })
    }

    /// Watches the files for as long as there is a handle, and tells when the version before has
    /// come back by itself.
    pub(crate) fn tell(&self, tell: Tell) -> io::Result<()> {
        let tell: Arc<dyn Fn(Noticed) + Send + Sync> = tell.into();
        let told = Arc::clone(&tell);
        self.keep(Self::watch(self, move || told(Noticed::Changed))?);
        let changed = self.changed();
        tokio::spawn(async move {
            loop {
                changed.notified().await;
                tell(Noticed::Replaced);
            }
        });
        Ok(())
    }

    /// Lists the folders in which something can change the policy, and whether those in them too.
    fn folders(&self) -> BTreeMap<PathBuf, RecursiveMode> {
        let mut folders = BTreeMap::new();
        let path = &self.config().path;
        if path.as_os_str().is_empty() {
            return folders;
        }
        // A link, and what it leads to: either may be replaced.
        for path in [Some(path.clone()), path.canonicalize().ok()].into_iter().flatten() {
            let folder = if path.is_dir() { path } else { parent(path) };
            folders.insert(folder, RecursiveMode::NonRecursive);
        }
        let script = if path.is_dir() { path.join("policy.rhai") } else { path.clone() };
        if let Ok(library) = self.config().library_of(&script).canonicalize() {
            folders.insert(library, RecursiveMode::Recursive);
        }
        folders
    }
}

fn parent(mut path: PathBuf) -> PathBuf {
    path.pop();
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path }
}

/// Passes on that something changed; one change that waits stands for all.
fn note(event: notify::Result<Event>, changes: &SyncSender<()>) {
    // Reading the files is an event too.
    if event.is_ok_and(|event| !event.kind.is_access()) {
        let _waits_already = changes.try_send(());
    }
}

/// Tells each change once the files stand still; what is no file of the policy changes nothing.
fn tell(changed: &Receiver<()>, config: &Config, on_change: impl Fn()) {
    let begin = Instant::now();
    let mut told = None;
    while changed.recv().is_ok() {
        let mut settle = Settle::new(config.settle());
        while let Some(rest) = settle.look(begin.elapsed(), Footprint::of(config)) {
            match changed.recv_timeout(rest) {
                Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        let seen = settle.into_last();
        if seen != told {
            told = seen;
            on_change();
        }
    }
}
