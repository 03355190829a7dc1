//! Where guilds are, whoever owns them now, and which guild a channel or an invite belongs to.

use std::collections::HashMap;

use parking_lot::RwLock;
use throng_proto::id::{ChannelId, GuildId};
use throng_proto::model::InviteCode;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::letter::GuildLetter;

/// A way to talk to one owner of a guild.
#[derive(Clone, Debug)]
pub(crate) struct GuildHandle {
    requests: mpsc::Sender<GuildLetter>,
}

/// Why a guild does not take a request.
#[derive(Debug)]
pub(crate) enum Untaken {
    /// There is no such guild.
    Gone,
    /// Too much waits for it; here is the request again.
    Full(Box<GuildLetter>),
}

impl GuildHandle {
    /// Makes a guild's queue.
    pub(crate) fn open(room: usize) -> (Self, mpsc::Receiver<GuildLetter>) {
        let (requests, queue) = mpsc::channel(room);
        (Self { requests }, queue)
    }

    /// Returns how full the queue is, in percent.
    fn fullness(&self) -> u8 {
        let room = self.requests.max_capacity().max(1);
        let waiting = room.saturating_sub(self.requests.capacity());
        u8::try_from(waiting.saturating_mul(100) / room).unwrap_or(100)
    }
}

/// Handles of all guilds, and the guilds of all channels and invites. Reads hold a lock for one
/// look-up.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    guilds: RwLock<HashMap<GuildId, GuildHandle>>,
    channels: RwLock<HashMap<ChannelId, GuildId>>,
    invites: RwLock<HashMap<InviteCode, GuildId>>,
}

impl Directory {
    pub(crate) fn guild(&self, guild: GuildId) -> Option<GuildHandle> {
        self.guilds.read().get(&guild).cloned()
    }

    pub(crate) fn guild_of(&self, channel: ChannelId) -> Option<GuildId> {
        self.channels.read().get(&channel).copied()
    }

    pub(crate) fn add_guild(&self, guild: GuildId, handle: GuildHandle) {
        self.guilds.write().insert(guild, handle);
    }

    pub(crate) fn remove_guild(&self, guild: GuildId) {
        self.guilds.write().remove(&guild);
        self.channels.write().retain(|_, owner| *owner != guild);
        self.invites.write().retain(|_, owner| *owner != guild);
    }

    pub(crate) fn add_channels(
        &self,
        guild: GuildId,
        channels: impl IntoIterator<Item = ChannelId>,
    ) {
        self.channels.write().extend(channels.into_iter().map(|channel| (channel, guild)));
    }

    pub(crate) fn remove_channels(&self, channels: &[ChannelId]) {
        let mut known = self.channels.write();
        for channel in channels {
            known.remove(channel);
        }
    }

    pub(crate) fn guild_of_invite(&self, code: &InviteCode) -> Option<GuildId> {
        self.invites.read().get(code).copied()
    }

    /// Changes which invites lead to a guild.
    pub(crate) fn set_invites(
        &self,
        guild: GuildId,
        added: impl IntoIterator<Item = InviteCode>,
        removed: &[InviteCode],
    ) {
        let mut known = self.invites.write();
        known.extend(added.into_iter().map(|code| (code, guild)));
        for code in removed {
            known.remove(code);
        }
    }

    /// Lists guilds with greater ids, in order of their ids. Costs a look per guild.
    pub(crate) fn ids(&self, after: GuildId, limit: usize) -> Vec<GuildId> {
        let all = self.guilds.read();
        let mut ids: Vec<GuildId> = all.keys().copied().filter(|id| *id > after).collect();
        drop(all);
        ids.sort_unstable();
        ids.truncate(limit);
        ids
    }

    /// Returns how full the fullest queue of a guild is, in percent. Costs a look per guild.
    pub(crate) fn fullest(&self) -> u8 {
        self.guilds.read().values().map(GuildHandle::fullness).max().unwrap_or(0)
    }

    pub(crate) fn count(&self) -> usize {
        self.guilds.read().len()
    }

    /// Hands a guild a request if there is room.
    ///
    /// An owner that hands the guild over takes no more requests; those go to the next one.
    pub(crate) fn try_send(&self, guild: GuildId, request: GuildLetter) -> Result<(), Untaken> {
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
    pub(crate) async fn send(&self, guild: GuildId, request: GuildLetter) -> bool {
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
