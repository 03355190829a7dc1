//! Events as a plugin reads them.

use std::fmt;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// One dispatch of a session.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its name, such as `MESSAGE_CREATE`.
    pub name: String,
    /// What it says, as JSON.
    pub data: Box<RawValue>,
}

impl Event {
    /// Reads what it says.
    ///
    /// # Errors
    ///
    /// It is of another form.
    pub fn read<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(self.data.get())
    }
}

/// The events of a session, each once and in order. Dropping them ends it.
pub struct Events(BoxStream<'static, Event>);

impl Events {
    /// Takes them from a stream.
    #[must_use]
    pub fn new(stream: BoxStream<'static, Event>) -> Self {
        Self(stream)
    }

    /// Waits for the next; `None` when there are no more.
    pub async fn next(&mut self) -> Option<Event> {
        self.0.next().await
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}
