//! What decks make of events, held against what must be at the moment when they hear of them.

use throng_engine::event::{Change, Event};
use throng_proto::event::{EventClass, EventKind, Scope};
use throng_proto::id::{ChannelId, MessageId};

use super::entry::payload;
use super::{Ledger, Oracle};
use crate::crew::{Decided, Told};

impl Oracle {
    /// Notes what is decided about the sessions that an event may be for.
    ///
    /// # Errors
    ///
    /// The deck appends it for others than those who are due it.
    pub(crate) fn judge(&mut self, told: &Told, now: u64) -> Result<(), String> {
        let Told { event, decided, recipients } = told;
        let guild = event.guild;
        let message = message_of(event);
        let ledger = self.guilds.entry(guild).or_default();
        let restructures = matches!(event.kind.class(), EventClass::Structure | EventClass::Member);
        for one in decided {
            let (due, visible) = dues(ledger, event, one);
            if let (Some(message), true) = (message, one.digests) {
                self.news.note((one.session, guild), message, visible.then_some(now));
            }
            if restructures {
                self.news.excuse(one.session, guild);
            }
            let Some(recipients) = recipients.as_ref().filter(|_| is_judged(event.kind)) else {
                continue;
            };
            let goes = recipients.contains(&one.slot);
            let wrong = if event.sequence > 0 { goes != due } else { goes && one.withheld };
            if wrong {
                let (law, does) = if goes { ("L1", "goes") } else { ("F1", "does not go") };
                let (kind, sequence, user) = (event.kind.name(), event.sequence, one.user);
                return Err(format!("{law}: {kind} {sequence} of {guild} {does} to {user}"));
            }
        }
        let known = |slot: &u32| decided.iter().any(|one| one.slot == *slot);
        let stranger = recipients.iter().flatten().find(|slot| !known(slot));
        match stranger.filter(|_| is_judged(event.kind)) {
            Some(slot) => Err(format!("L6: {} of {guild} goes to slot {slot}", event.kind.name())),
            None => Ok(()),
        }
    }
}

/// A session that is told of a guild's end in another way is told that by the same name.
const fn is_judged(kind: EventKind) -> bool {
    !matches!(kind, EventKind::GuildDelete)
}

/// Tells whether a session is due an event, and whether it may see it.
fn dues(ledger: &mut Ledger, event: &Event, one: &Decided) -> (bool, bool) {
    let Some(entry) = ledger.entry_mut(event.sequence) else { return (false, false) };
    entry.withhold(one.session, one.withheld);
    (entry.is_due(one.session, one.user), entry.is_visible(one.session, one.user))
}

/// Returns the channel that has a new last message, and the message.
fn message_of(event: &Event) -> Option<(ChannelId, MessageId)> {
    if let Change::LastMessage(channel, message) = event.change {
        return Some((channel, message));
    }
    let Scope::Channel(channel) = event.scope else { return None };
    if event.kind != EventKind::MessageCreate {
        return None;
    }
    Some((channel, payload(&event.body)?["id"].as_str()?.parse().ok()?))
}
