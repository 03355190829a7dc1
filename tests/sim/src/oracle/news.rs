//! What sessions are told by digests instead of messages.

use std::collections::BTreeMap;

use throng_engine::deck::SessionId;
use throng_proto::id::{ChannelId, GuildId, MessageId};

/// Time within which a digest must have come, in milliseconds: four times as long as usual under
/// pressure, and some ticks.
const PATIENCE: u64 = 6_000;

/// What sessions have not been told by digests yet.
#[derive(Debug, Default)]
pub(crate) struct News {
    untold: BTreeMap<(SessionId, GuildId), BTreeMap<ChannelId, Untold>>,
    /// Last number that a session read of which it was the first time.
    heard: BTreeMap<SessionId, u32>,
}

/// Messages of a channel that came while a session took digests; with since when it is owed one: it
/// could see the message then, and nothing has changed since that may be a reason to tell it
/// nothing.
type Untold = Vec<(MessageId, Option<u64>)>;

impl News {
    /// Notes a message that came while a session takes digests.
    pub(crate) fn note(
        &mut self,
        key: (SessionId, GuildId),
        (channel, message): (ChannelId, MessageId),
        sees_at: Option<u64>,
    ) {
        let channels = self.untold.entry(key).or_default();
        channels.entry(channel).or_default().push((message, sees_at));
    }

    /// Owes a session nothing, because who may see what may have changed.
    pub(crate) fn excuse(&mut self, session: SessionId, guild: GuildId) {
        let channels = self.untold.get_mut(&(session, guild)).into_iter().flatten();
        channels.flat_map(|(_, untold)| untold).for_each(|(_, since)| *since = None);
    }

    /// Owes a session nothing of any guild: what was to be told died with the process.
    pub(crate) fn excuse_all(&mut self, session: SessionId) {
        let guilds = self.untold.range_mut((session, GuildId::new(0))..);
        for ((_, _), channels) in guilds.take_while(|((other, _), _)| *other == session) {
            channels.values_mut().flatten().for_each(|(_, since)| *since = None);
        }
    }

    /// Notes that a session reads a number, and tells whether that is for the first time.
    pub(crate) fn hears(&mut self, session: SessionId, sequence: u32) -> bool {
        let heard = self.heard.entry(session).or_default();
        let first = sequence > *heard;
        *heard = sequence.max(*heard);
        first
    }

    /// Notes that a session is told what is the last message of a channel.
    ///
    /// # Errors
    ///
    /// It has been told already, or need not be (L4).
    pub(crate) fn tell(
        &mut self,
        key: (SessionId, GuildId),
        channel: ChannelId,
        last: MessageId,
    ) -> Result<(), String> {
        let untold = self.untold.get_mut(&key).and_then(|channels| channels.get_mut(&channel));
        let found = untold.filter(|untold| untold.iter().any(|(message, _)| *message == last));
        let Some(untold) = found else {
            return Err(format!("L4: a digest tells of {last} in {channel} again, or for nothing"));
        };
        untold.retain(|(message, _)| *message > last);
        Ok(())
    }

    /// Finds a channel of which a session is told nothing for too long.
    pub(crate) fn overdue(&self, key: (SessionId, GuildId), now: u64) -> Option<ChannelId> {
        let channels = self.untold.get(&key)?;
        let late = |since: Option<u64>| since.is_some_and(|at| now > at + PATIENCE);
        let found = channels.iter().find(|(_, all)| all.iter().any(|(_, since)| late(*since)));
        found.map(|(channel, _)| *channel)
    }
}
