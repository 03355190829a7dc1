//! A link's far end.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::channel::{Channel, End, Payload, State, wake};

/// A client, which may live on any thread; dropping it loses the connection.
#[derive(Debug)]
pub struct Client {
    channel: Arc<Channel>,
}

impl Client {
    pub(crate) fn new(channel: Arc<Channel>) -> Self {
        Self { channel }
    }

    /// Sends one payload; it is lost when the link has ended.
    pub fn send(&self, payload: impl Into<Vec<u8>>) {
        let payload = payload.into();
        let mut state = self.channel.lock();
        if state.client_end != End::Open {
            return;
        }
        state.received += payload.len() as u64;
        state.queues.get_or_insert_default().to_link.push_back(payload);
        wake(state.receiver.take());
    }

    /// Takes the next payload as JSON text if one waits.
    #[must_use]
    pub fn try_recv(&self) -> Option<Vec<u8>> {
        take(&mut self.channel.lock())
    }

    /// Waits for the next payload as JSON text; `None` when the link has ended.
    pub async fn recv(&self) -> Option<Vec<u8>> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Returns the code with which the link was closed, if it was and everything before was taken.
    #[must_use]
    pub fn close_code(&self) -> Option<u16> {
        let state = self.channel.lock();
        let waiting = state.queues.as_ref().is_some_and(|queues| !queues.to_client.is_empty());
        match state.link_end {
            End::Closed(code) if !waiting => code,
            _ => None,
        }
    }

    /// Closes in order, or answers the link's close.
    pub fn close(&self, code: Option<u16>) {
        let mut state = self.channel.lock();
        if state.client_end == End::Open {
            state.client_end = End::Closed(code);
            wake(state.receiver.take());
        }
    }

    /// Changes how many payloads may wait before the link blocks.
    pub fn set_capacity(&self, capacity: u32) {
        let mut state = self.channel.lock();
        state.capacity = capacity;
        if !state.is_full() {
            state.flusher.take().into_iter().for_each(|boxed| boxed.wake());
        }
    }

    /// Returns how many dispatches the link has taken so far.
    #[must_use]
    pub fn dispatches(&self) -> u64 {
        self.channel.lock().dispatches
    }

    fn poll_recv(&self, cx: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        let mut state = self.channel.lock();
        match take(&mut state) {
            Some(bytes) => Poll::Ready(Some(bytes)),
            None if state.link_end != End::Open => Poll::Ready(None),
            None => {
                state.client = Some(Box::new(cx.waker().clone()));
                Poll::Pending
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let mut state = self.channel.lock();
        if state.client_end == End::Open {
            state.client_end = End::Gone;
        }
        state.wake_all();
    }
}

fn take(state: &mut State) -> Option<Vec<u8>> {
    let Payload { bytes, control } = state.queues.as_mut()?.to_client.pop_front()?;
    if control {
        state.control_bytes -= u32::try_from(bytes.len()).unwrap_or(0);
    }
    state.release();
    if !state.is_full() {
        state.flusher.take().into_iter().for_each(|boxed| boxed.wake());
    }
    Some(bytes)
}
