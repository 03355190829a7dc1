//! Verdicts: the policy, where it comes from, and what follows for the whole node.

use std::sync::Arc;

use parking_lot::Mutex;
use throng_engine::policy::Policy;
use throng_ports::policy::{PolicyHost, PolicyStatus};

use crate::config::Config;
use crate::meter::Meter;
use crate::overload::Overload;
use crate::post::Post;
use crate::reviews::Reviews;

/// Who decides who gets what. Clones share it.
#[derive(Clone)]
pub(crate) struct Verdicts {
    /// What is asked.
    pub(crate) policy: Arc<dyn Policy>,
    /// Loads and swaps what is asked.
    pub(crate) host: Arc<dyn PolicyHost>,
    /// What the node does without for a while.
    pub(crate) overload: Arc<Overload>,
    /// How far everybody was asked about again.
    pub(crate) reviews: Arc<Reviews>,
    /// The version that everybody was asked about at last.
    followed: Arc<Mutex<Option<String>>>,
}

impl Verdicts {
    pub(crate) fn new(
        policy: Arc<dyn Policy>,
        host: Arc<dyn PolicyHost>,
        settings: &Config,
        meter: &Meter,
        post: &Post,
    ) -> Self {
        let (asked, directory) = (Arc::clone(&policy), Arc::clone(&post.directory));
        let overload = Overload::new(&settings.overload, asked, meter.clone(), directory);
        Self {
            policy,
            overload: Arc::new(overload),
            reviews: Arc::new(Reviews::new(post.worker_count())),
            followed: Arc::new(Mutex::new(Some(host.status().version))),
            host,
        }
    }

    /// Tells whether the version in force is another one than at the last call; it is new once.
    pub(crate) fn is_new(&self) -> bool {
        let version = self.host.status().version;
        let before = self.followed.lock().replace(version.clone());
        before.as_ref() != Some(&version)
    }

    /// Notes what is wrong with the policy now.
    pub(crate) fn note_troubles(&self, meter: &Meter) {
        let PolicyStatus { fault, troubles, .. } = self.host.status();
        let fault = fault.map(|fault| format!("the policy was not loaded: {fault}"));
        let hooks = (!troubles.is_empty()).then(|| troubles.join("; "));
        for (name, wrong) in [("policy", fault), ("policy:hooks", hooks)] {
            match wrong {
                Some(text) => meter.troubles.set(name, text),
                None => drop(meter.troubles.clear(name)),
            }
        }
    }
}
