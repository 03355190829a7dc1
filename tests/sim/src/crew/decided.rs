//! What is decided about the sessions of a guild when its deck hears of an event, as the deck has
//! it.

use throng_engine::deck::SessionId;
use throng_engine::event::Event;
use throng_engine::mode::Delivery;
use throng_engine::relay::Relay;
use throng_engine::replay::{Position, Slot};
use throng_proto::event::EventKind;
use throng_proto::id::{GuildId, UserId};

use super::Crew;

/// What is decided about one session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decided {
    pub(crate) slot: Slot,
    pub(crate) session: SessionId,
    pub(crate) user: UserId,
    /// The event is withheld from it.
    pub(crate) withheld: bool,
    /// It is told of messages by digests.
    pub(crate) digests: bool,
}

impl Crew {
    /// Lists what is decided about each session in the guild of an event.
    pub(crate) fn decided(&self, event: &Event) -> Vec<Decided> {
        let Some(relays) = self.deck.relays(event.guild) else { return Vec::new() };
        let all = self.deck.sessions().iter().filter_map(|(slot, session)| {
            let relay = relays.relay_of(session.membership(event.guild)?)?;
            let (user, digests) = (session.identity.user, relay.gets_digests(slot));
            let withheld = self.withholds(relay, (slot, user), event);
            Some(Decided { slot, session: session.id, user, withheld, digests })
        });
        all.collect()
    }

    fn withholds(&self, relay: &Relay, (slot, user): (Slot, UserId), event: &Event) -> bool {
        let class = event.kind.class();
        if self.shed.contains(class) {
            return true;
        }
        // Who is changed is told in any case.
        if event.kind == EventKind::GuildMemberUpdate && event.author == Some(user) {
            return false;
        }
        let roles = relay.facts(slot, false).map(|facts| facts.roles).unwrap_or_default();
        let mentioned = event.mentions.everyone
            || event.mentions.users.contains(&user)
            || event.mentions.roles.iter().any(|role| roles.contains(role));
        match relay.delivery(slot, class) {
            Some(Delivery::Full) => false,
            Some(Delivery::Digest) => !mentioned,
            Some(Delivery::Drop) | None => true,
        }
    }

    /// Lists who is to get the events of a kind that were appended from a place on.
    pub(crate) fn recipients(&self, from: Position, kind: EventKind, guild: GuildId) -> Vec<Slot> {
        let entries = self.deck.log().range(from, Position::MAX).map(|(_, entry)| entry);
        let some = entries.filter(|entry| entry.kind == kind && entry.guild == Some(guild));
        let slots = self.deck.sessions().iter().map(|(slot, _)| slot);
        let all: Vec<_> = some.collect();
        slots.filter(|slot| all.iter().any(|entry| entry.to.contains(*slot))).collect()
    }
}
