//! What a client's application sees.

use throng_client::{Client, Event, Events, Transport};

use crate::gateway::soon;

/// A client and its events.
pub(crate) struct Witness {
    pub(crate) client: Client,
    pub(crate) events: Events,
}

impl From<(Client, Events)> for Witness {
    fn from((client, events): (Client, Events)) -> Self {
        Self { client, events }
    }
}

impl Witness {
    pub(crate) async fn next(&mut self) -> Event {
        soon(self.events.next()).await.expect("the stream goes on")
    }

    /// Waits for the next event, which must be over this transport.
    pub(crate) async fn connected(&mut self) -> Transport {
        match self.next().await {
            Event::Connected { transport } => transport,
            other => panic!("{other:?} where Connected is due"),
        }
    }

    /// Waits until something is seen, passing over what is not.
    pub(crate) async fn until<T>(&mut self, see: impl Fn(&Event) -> Option<T>) -> T {
        loop {
            if let Some(seen) = see(&self.next().await) {
                return seen;
            }
        }
    }

    /// Waits for READY, passing over what comes before.
    pub(crate) async fn ready(&mut self) {
        self.until(|event| matches!(event, Event::Ready(_)).then_some(())).await;
    }

    /// Waits for RESUMED, passing over what comes before.
    pub(crate) async fn resumed(&mut self) {
        self.until(|event| matches!(event, Event::Resumed).then_some(())).await;
    }

    /// Waits for so many dispatches but RESUMED, and returns their sequences in order.
    pub(crate) async fn sequences(&mut self, count: usize) -> Vec<u64> {
        let mut sequences = Vec::new();
        while sequences.len() < count {
            sequences.push(self.until(Event::sequence).await);
        }
        sequences
    }

    /// Waits for the end of the stream, passing over what comes before, and returns the last event.
    pub(crate) async fn last(&mut self) -> Event {
        let mut last = self.next().await;
        while let Some(event) = soon(self.events.next()).await {
            last = event;
        }
        last
    }
}
