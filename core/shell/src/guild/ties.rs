//! What ties a guild to the rest of the node.

use std::sync::Arc;

use crate::archive::Archive;
use crate::config::Config;
use crate::jobs::Jobs;
use crate::meter::Meter;
use crate::post::Post;

/// What a guild's task holds of the node. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Ties {
    pub(crate) settings: Arc<Config>,
    /// Where events go.
    pub(crate) post: Post,
    pub(crate) meter: Meter,
    /// Where commits go.
    pub(crate) archive: Archive,
    /// Who walks over members.
    pub(crate) jobs: Arc<Jobs>,
}
