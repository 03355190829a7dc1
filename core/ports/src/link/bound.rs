//! A listener that is bound, with what the gateway says of it and may ask it.

use std::error::Error;
use std::fmt;

use super::Listener;

/// Reads anew what may change while a transport runs, such as a certificate, and says in a sentence
/// what came of it.
pub type Reload = Box<dyn Fn() -> Result<String, Box<dyn Error + Send + Sync>> + Send + Sync>;

/// A transport that listens: what a [`Kind`](crate::kind::Kind) of transport opens.
pub struct Bound {
    /// Where links come from.
    pub listener: Box<dyn Listener>,
    /// Where clients find it, for whoever has started the gateway: `127.0.0.1:8443`.
    pub says: String,
    /// What SIGHUP reads again; most have nothing.
    pub reload: Option<Reload>,
}

impl Bound {
    /// Takes a listener that has nothing to reload.
    #[must_use]
    pub fn new(listener: impl Listener + 'static, says: impl Into<String>) -> Self {
        Self { listener: Box::new(listener), says: says.into(), reload: None }
    }
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound").field("says", &self.says).finish_non_exhaustive()
    }
}
