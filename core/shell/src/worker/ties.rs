//! What ties a worker to the rest of the node.

use std::sync::{Arc, OnceLock};

use throng_ports::api::Api;
use throng_ports::hub::Facts;

use crate::archive::Archive;
use crate::bounds::Bounds;
use crate::config::Config;
use crate::connections::Connections;
use crate::meter::Meter;
use crate::post::Post;
use crate::stage::Stage;
use crate::verdicts::Verdicts;

/// What a worker holds of the node. Clones share it.
#[derive(Clone)]
pub(crate) struct Ties {
    pub(crate) settings: Arc<Config>,
    /// Where requests to guilds and links on their way go.
    pub(crate) post: Post,
    pub(crate) meter: Meter,
    pub(crate) verdicts: Verdicts,
    pub(crate) bounds: Arc<Bounds>,
    /// Who lets links in.
    pub(crate) gate: Arc<Gate>,
    /// Who answers requests that come over links.
    pub(crate) api: Arc<OnceLock<Arc<dyn Api>>>,
    pub(crate) stage: Arc<Stage>,
}

/// What it takes to let a link in, with IDENTIFY or RESUME.
pub(crate) struct Gate {
    pub(crate) settings: Arc<Config>,
    pub(crate) facts: Arc<Facts>,
    /// Whose tokens are, and which guilds users are in.
    pub(crate) archive: Archive,
    pub(crate) bounds: Arc<Bounds>,
    pub(crate) verdicts: Verdicts,
    pub(crate) meter: Meter,
    /// What clients say of themselves.
    pub(crate) connections: Connections,
}
