//! Events on their way to recipients: who gets which form of one, and what it leads to.

use std::sync::Arc;

use roaring::RoaringBitmap;
use throng_proto::event::{EventClass, EventKind};
use throng_proto::id::GuildId;
use throng_proto::wire::Body;

use super::{Deck, Line, Output, Refusal};
use crate::event::{Change, Event};
use crate::planted::{self, Planted};
use crate::policy::{Relief, Shed};
use crate::relay::{Audience, Digest, Variant};
use crate::replay::Recipients;

/// A dispatch on its way into the log.
#[derive(Debug)]
pub struct Outgoing {
    /// Kind.
    pub kind: EventKind,
    /// Guild that it is about; `None` for what is the session's own.
    pub guild: Option<GuildId>,
    /// Place in the guild's sequence, 0 for none.
    pub sequence: u64,
    /// What is sent.
    pub body: Body,
    /// Who gets it.
    pub to: Recipients,
}

impl<L: Line> Deck<L> {
    /// Says what the node does without, from the next event on.
    pub const fn shed(&mut self, shed: Shed) {
        self.shed = shed;
    }

    /// Finds the recipients of an event and appends it for them.
    pub fn event(&mut self, event: &Arc<Event>) {
        let Some(audience) = self.audience(event) else { return };
        self.deliver(event, &audience);
    }

    /// Appends an event that some sessions missed for them, or for all. Relays know what it changes
    /// already, and others were told.
    pub(super) fn tell_missed(&mut self, event: &Arc<Event>, only: Option<&RoaringBitmap>) {
        let Some(relays) = self.guilds.get_mut(&event.guild) else { return };
        relays.told = relays.told.max(event.sequence);
        self.counts.events[event.kind as usize] += relays.branch.len() as u64;
        let mut audience = relays.branch.audience(event);
        if let Some(only) = only {
            audience.keep(only);
        }
        self.deliver(event, &audience);
    }

    /// Applies what an event changes, and computes who gets it; `None` when nobody is there.
    /// [`Deck::deliver`] is to be called next.
    pub fn audience(&mut self, event: &Event) -> Option<Audience> {
        let relays = self.guilds.get_mut(&event.guild)?;
        relays.told = relays.told.max(event.sequence);
        let forgets = planted::has(Planted::ShapeForgotten) && event.sequence % 2 == 1;
        if !forgets || !matches!(event.change, Change::Shape(_)) {
            relays.branch.apply(&event.change);
        }
        self.counts.events[event.kind as usize] += relays.branch.len() as u64;
        Some(relays.branch.audience(event))
    }

    /// Appends an event for its recipients. All or nothing of it survives a crash: the guild is
    /// asked only for events after those that the journal has.
    pub fn deliver(&mut self, event: &Arc<Event>, audience: &Audience) {
        self.records.open_batch();
        let recorded = self.pass_on(event, audience);
        if !recorded && event.sequence > 0 {
            // Nobody here was to be told; the store may forget the event before somebody asks.
            self.records.told(event.guild, event.sequence);
        }
        self.records.close_batch();
    }

    /// Returns whether it has recipients.
    fn pass_on(&mut self, event: &Arc<Event>, audience: &Audience) -> bool {
        let changes = event.kind.class() == EventClass::MessageChange;
        let more = changes && planted::has(Planted::ShedChanges);
        if self.shed.contains(event.kind.class()) || more && self.shed.has(Relief::Reaction) {
            self.refuse(Refusal::Overload, 1);
            let presence = u64::from(event.kind == EventKind::PresenceUpdate);
            self.refuse(Refusal::PresenceShed, presence);
            return false;
        }
        let mut recorded = false;
        for variant in Variant::ALL {
            recorded |= self.append_for(event, variant, audience.to(variant).clone());
        }
        self.follow(event);
        recorded
    }

    /// Does what an event leads to once it has been passed on.
    fn follow(&mut self, event: &Event) {
        match &event.change {
            Change::Left(user) => self.expel(event.guild, *user),
            Change::Gone => self.dissolve(event.guild),
            Change::Member(user, _) => self.review_user(event.guild, *user),
            _ if matches!(event.kind, EventKind::GuildRoleUpdate | EventKind::GuildRoleDelete) => {
                self.review_guild(event.guild);
            }
            _ => {}
        }
    }

    /// Returns whether anybody gets it.
    fn append_for(&mut self, event: &Event, variant: Variant, to: RoaringBitmap) -> bool {
        let body = match variant {
            Variant::Full => Some(&event.body),
            Variant::Stripped => event.stripped.as_ref(),
            Variant::Outer => event.answered.as_ref().map(|answered| &answered.outer),
            Variant::Inner => event.answered.as_ref().map(|answered| &answered.inner),
        };
        let Some(body) = body.cloned() else { return false };
        let to = Recipients::from(to);
        let anybody = to.count() > 0;
        if let Some(author) = event.author
            && is_talk(event.kind)
        {
            // Sessions that wait to resume are sent nothing now, however many somebody left behind.
            let cost = to.count().min(self.linked) * body.text_bytes() as u64;
            self.out.push_back(Output::Delivered(author, cost));
        }
        let body = match &to {
            // What nobody is sent gets no place in the log, and so none in the chain.
            Recipients::Many(all) if !all.is_empty() => self.chain(event.guild, variant, body),
            _ => body,
        };
        let (kind, sequence) = (event.kind, event.sequence);
        self.append(Outgoing { kind, guild: Some(event.guild), sequence, body, to });
        anybody
    }

    /// Lets a body that is appended next refer to the one before it, when it is compressed.
    fn chain(&mut self, guild: GuildId, variant: Variant, body: Body) -> Body {
        let Some(relays) = self.guilds.get_mut(&guild) else { return body };
        let last = &mut relays.last[variant as usize];
        let chained = body.chained(self.log.end().value(), last.as_ref());
        *last = Some(chained.clone());
        chained
    }

    /// Appends every digest that is due.
    pub fn digest(&mut self) {
        let due = self.guilds.iter_mut().flat_map(|(guild, relays)| {
            relays.branch.digest().into_iter().map(|digest| (*guild, digest))
        });
        let due: Vec<(GuildId, Digest)> = due.collect();
        if planted::has(Planted::DigestTwice) {
            let again = due.iter().map(|(guild, digest)| (*guild, digest.clone()));
            self.append_digests(again.collect::<Vec<_>>());
        }
        self.append_digests(due);
    }

    pub(super) fn append_digests(&mut self, digests: impl IntoIterator<Item = (GuildId, Digest)>) {
        for (guild, Digest { kind, body, to }) in digests {
            let to = Recipients::from(to);
            self.append(Outgoing { kind, guild: Some(guild), sequence: 0, body, to });
        }
    }
}

/// Tells whether an event is something that its author said or did, as often as it liked.
const fn is_talk(kind: EventKind) -> bool {
    use EventClass::{Message, MessageChange, Reaction, Typing};
    matches!(kind.class(), Message | MessageChange | Reaction | Typing)
}
