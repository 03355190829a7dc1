//! Digests: what passive attachments are told instead of messages.

use indexmap::IndexMap;
use roaring::RoaringBitmap;
use throng_proto::event::EventKind;
use throng_proto::gateway::payload::{
    self, ChannelNews, ChannelUnreadUpdate, PassiveUpdateV1, PassiveUpdateV2,
};
use throng_proto::id::{ChannelId, GuildId, MessageId};
use throng_proto::wire::Body;

use super::{DigestKind, Relay};
use crate::class::ClassId;
use crate::mode::Mode;
use crate::planted::{self, Planted};
use crate::replay::Slot;

/// A digest and who gets it.
#[derive(Clone, Debug)]
pub struct Digest {
    /// Kind by capability.
    pub kind: EventKind,
    /// What is said.
    pub body: Body,
    /// To whom.
    pub to: RoaringBitmap,
}

/// Channels that changed since the last digest, and from where attachments have not been told.
///
/// An attachment that was passive at the last digest has been told everything before it. One that
/// became passive since is *fresh*: it knows everything up to its own beginning.
///
/// While the relay is *degraded*, active and conflated attachments get digests, too. They know
/// everything up to the beginning of that, or up to the last digest.
#[derive(Debug, Default)]
pub(super) struct News {
    clock: u64,
    changed: IndexMap<ChannelId, (MessageId, u64)>,
    fresh: IndexMap<Slot, u64>,
    degraded: Option<u64>,
}

impl News {
    pub(super) fn note(&mut self, channel: ChannelId, message: MessageId) {
        self.clock += 1;
        self.changed.insert(channel, (message, self.clock));
    }

    pub(super) fn begin(&mut self, slot: Slot) {
        self.fresh.insert(slot, self.clock);
    }

    pub(super) fn end(&mut self, slot: Slot) {
        self.fresh.swap_remove(&slot);
    }

    /// Tells whether a mode gets digests instead of messages now.
    pub(super) fn hides(&self, mode: Mode) -> bool {
        mode == Mode::Passive || (self.degraded.is_some() && mode < Mode::Passive)
    }

    /// Notes that an attachment changes its mode; one that gets digests before and after goes on
    /// from where it was told.
    pub(super) fn change(&mut self, slot: Slot, before: Mode, after: Mode) {
        match (self.hides(before), self.hides(after)) {
            (_, false) => self.end(slot),
            (false, true) => self.begin(slot),
            (true, true) => {
                let baseline = self.baseline(before);
                self.fresh.entry(slot).or_insert(baseline);
            }
        }
    }

    /// Returns from where attachments of a mode that are not fresh have not been told.
    fn baseline(&self, mode: Mode) -> u64 {
        if mode == Mode::Passive { 0 } else { self.degraded.unwrap_or(0) }
    }

    /// Returns from where a fresh attachment has not been told.
    pub(super) fn told(&self, slot: Slot) -> Option<u64> {
        self.fresh.get(&slot).copied()
    }

    /// Takes over from where an attachment has not been told.
    pub(super) fn take_over(&mut self, slot: Slot, told: Option<u64>) {
        match told {
            Some(baseline) => self.fresh.insert(slot, baseline),
            None => self.fresh.swap_remove(&slot),
        };
    }

    /// Returns the same news for a relay without attachments.
    pub(super) fn sibling(&self) -> Self {
        let Self { clock, changed, degraded, .. } = self;
        let (clock, degraded) = (*clock, *degraded);
        Self { clock, changed: changed.clone(), fresh: IndexMap::new(), degraded }
    }

    fn all_told(&mut self) {
        self.changed.clear();
        self.fresh.clear();
        self.degraded = self.degraded.map(|_| 0);
    }

    fn since(&self, baseline: u64) -> impl Iterator<Item = (ChannelId, MessageId)> {
        let changed = self.changed.iter().filter(move |(_, (_, at))| *at > baseline);
        changed.map(|(channel, (message, _))| (*channel, *message))
    }
}

impl Relay {
    /// Makes the digests that are due and counts everything as told.
    ///
    /// Costs O(passive groups × changed channels), plus O(attachments that became passive since).
    pub fn digest(&mut self) -> Vec<Digest> {
        let digests = if self.news.changed.is_empty() { Vec::new() } else { self.digests(None) };
        self.news.all_told();
        digests
    }

    /// Gives digests to everybody who would get messages, or messages again. Returns what those who
    /// get messages again have missed. Costs O(groups × changed channels).
    pub fn set_degraded(&mut self, degraded: bool) -> Vec<Digest> {
        if degraded {
            self.news.degraded.get_or_insert(self.news.clock);
            return Vec::new();
        }
        if self.news.degraded.is_none() {
            return Vec::new();
        }
        let restored = self.groups.iter().filter(|(key, _)| key.mode < Mode::Passive);
        let restored = restored.fold(RoaringBitmap::new(), |all, (_, slots)| all | slots);
        let digests = self.digest_of(&restored);
        self.news.degraded = None;
        self.news.fresh.retain(|slot, _| !restored.contains(*slot));
        if planted::has(Planted::DegradedUntold) { Vec::new() } else { digests }
    }

    /// Returns how much a mode receives now.
    pub(super) fn effective(&self, mode: Mode) -> Mode {
        if self.news.hides(mode) { Mode::Passive } else { mode }
    }

    /// Makes the digests of some passive attachments ahead of time, as when they become active.
    pub(super) fn digest_of(&self, slots: &RoaringBitmap) -> Vec<Digest> {
        if slots.is_empty() || self.news.changed.is_empty() {
            return Vec::new();
        }
        self.digests(Some(slots))
    }

    /// Makes digests of messages that some attachments missed while they were on no relay, for
    /// those of them that get digests.
    pub(crate) fn digest_missed(
        &self,
        slots: &RoaringBitmap,
        missed: &[(ChannelId, MessageId)],
    ) -> Vec<Digest> {
        let groups = self.groups.iter().filter(|(key, _)| self.news.hides(key.mode));
        groups
            .filter_map(|(key, all)| self.compose(key.class, key.digest, missed, all & slots))
            .collect()
    }

    /// Makes the digests of all attachments that get them, or of some.
    fn digests(&self, only: Option<&RoaringBitmap>) -> Vec<Digest> {
        let fresh: RoaringBitmap = match only {
            Some(only) => only.iter().filter(|s| self.news.fresh.contains_key(s)).collect(),
            None => self.news.fresh.keys().copied().collect(),
        };
        let mut sets: IndexMap<(ClassId, DigestKind, u64), RoaringBitmap> = IndexMap::new();
        for (key, slots) in self.groups.iter().filter(|(key, _)| self.news.hides(key.mode)) {
            let slots = only.map_or_else(|| slots.clone(), |only| slots & only);
            let usual = self.news.baseline(key.mode);
            *sets.entry((key.class, key.digest, usual)).or_default() |= &slots - &fresh;
            for slot in slots & &fresh {
                let baseline = self.news.fresh.get(&slot).copied().unwrap_or(0);
                sets.entry((key.class, key.digest, baseline)).or_default().insert(slot);
            }
        }
        sets.into_iter()
            .filter_map(|((class, kind, baseline), to)| {
                let news: Vec<_> = self.news.since(baseline).collect();
                self.compose(class, kind, &news, to)
            })
            .collect()
    }

    fn compose(
        &self,
        class: ClassId,
        kind: DigestKind,
        news: &[(ChannelId, MessageId)],
        to: RoaringBitmap,
    ) -> Option<Digest> {
        let news = news.iter().copied();
        let seen = news.filter(|(id, _)| self.classes.can_view(&self.shape, class, *id));
        let channels: Vec<_> = seen.map(|(id, last)| ChannelNews::new(id, last)).collect();
        if channels.is_empty() || to.is_empty() {
            return None;
        }
        let (kind, body) = encode(self.guild(), kind, &channels);
        Some(Digest { kind, body, to })
    }
}

fn encode(guild: GuildId, kind: DigestKind, channels: &[ChannelNews]) -> (EventKind, Body) {
    let event = match kind {
        DigestKind::V2 => EventKind::PassiveUpdateV2,
        DigestKind::V1 => EventKind::PassiveUpdateV1,
        DigestKind::Unread => EventKind::ChannelUnreadUpdate,
    };
    let body = match kind {
        DigestKind::V2 => payload::dispatch(event, &PassiveUpdateV2::new(guild, channels)),
        DigestKind::V1 => payload::dispatch(event, &PassiveUpdateV1::new(guild, channels)),
        DigestKind::Unread => payload::dispatch(event, &ChannelUnreadUpdate::new(guild, channels)),
    };
    (event, body)
}
