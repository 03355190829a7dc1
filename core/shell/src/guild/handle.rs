//! A way to talk to a guild, whoever owns it now.

use throng_proto::id::GuildId;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::Request;
use crate::directory::Directory;

/// A way to talk to one owner of a guild.
#[derive(Clone, Debug)]
pub(crate) struct GuildHandle {
    requests: mpsc::Sender<Request>,
}

/// Why a guild does not take a request.
#[derive(Debug)]
pub(crate) enum Untaken {
    /// There is no such guild.
    Gone,
    /// Too much waits for it; here is the request again.
    Full(Box<Request>),
}

impl GuildHandle {
    pub(crate) const fn new(requests: mpsc::Sender<Request>) -> Self {
        Self { requests }
    }

    /// Returns how full the queue is, in percent.
    pub(crate) fn fullness(&self) -> u8 {
        let room = self.requests.max_capacity().max(1);
        let waiting = room.saturating_sub(self.requests.capacity());
        u8::try_from(waiting.saturating_mul(100) / room).unwrap_or(100)
    }
}

impl Directory {
    /// Hands a guild a request if there is room.
    ///
    /// An owner that hands the guild over takes no more requests; those go to the next one.
    pub(crate) fn try_send(&self, guild: GuildId, request: Request) -> Result<(), Untaken> {
        let (mut request, mut before) = (request, None::<GuildHandle>);
        loop {
            let handle = self.guild(guild).ok_or(Untaken::Gone)?;
            if before.is_some_and(|before| before.requests.same_channel(&handle.requests)) {
                return Err(Untaken::Gone);
            }
            match handle.requests.try_send(request) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(back)) => return Err(Untaken::Full(Box::new(back))),
                Err(TrySendError::Closed(back)) => request = back,
            }
            before = Some(handle);
        }
    }

    /// Hands a guild a request, waiting for room. `false` when there is no such guild.
    pub(crate) async fn send(&self, guild: GuildId, request: Request) -> bool {
        let (mut request, mut before) = (request, None::<GuildHandle>);
        loop {
            let Some(handle) = self.guild(guild) else { return false };
            if before.is_some_and(|before| before.requests.same_channel(&handle.requests)) {
                return false;
            }
            match handle.requests.send(request).await {
                Ok(()) => return true,
                Err(back) => request = back.0,
            }
            before = Some(handle);
        }
    }
}
