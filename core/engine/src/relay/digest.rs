//! Digests: what passive attachments are told instead of messages.

use indexmap::IndexMap;
use roaring::RoaringBitmap;
use serde_json::json;
use throng_proto::event::EventKind;
use throng_proto::id::{ChannelId, MessageId};
use throng_proto::wire::Body;

use super::{DigestKind, Relay};
use crate::class::ClassId;
use crate::mode::Mode;
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
#[derive(Debug, Default)]
pub(super) struct News {
    clock: u64,
    changed: IndexMap<ChannelId, (MessageId, u64)>,
    fresh: IndexMap<Slot, u64>,
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
        if self.news.changed.is_empty() {
            self.news.fresh.clear();
            return Vec::new();
        }
        let digests = self.digests(None);
        self.news.changed.clear();
        self.news.fresh.clear();
        digests
    }

    /// Makes the digests of some passive attachments ahead of time, as when they become active.
    pub(super) fn digest_of(&self, slots: &RoaringBitmap) -> Vec<Digest> {
        if slots.is_empty() || self.news.changed.is_empty() {
            return Vec::new();
        }
        self.digests(Some(slots))
    }

    /// Makes the digests of all passive attachments, or of some.
    fn digests(&self, only: Option<&RoaringBitmap>) -> Vec<Digest> {
        let fresh: RoaringBitmap = match only {
            Some(only) => only.iter().filter(|s| self.news.fresh.contains_key(s)).collect(),
            None => self.news.fresh.keys().copied().collect(),
        };
        let mut sets: IndexMap<(ClassId, DigestKind, u64), RoaringBitmap> = IndexMap::new();
        for (key, slots) in self.groups.iter().filter(|(key, _)| key.mode == Mode::Passive) {
            let slots = only.map_or_else(|| slots.clone(), |only| slots & only);
            *sets.entry((key.class, key.digest, 0)).or_default() |= &slots - &fresh;
            for slot in slots & &fresh {
                let baseline = self.news.fresh.get(&slot).copied().unwrap_or(0);
                sets.entry((key.class, key.digest, baseline)).or_default().insert(slot);
            }
        }
        sets.into_iter()
            .filter_map(|((class, kind, baseline), to)| self.compose(class, kind, baseline, to))
            .collect()
    }

    fn compose(
        &self,
        class: ClassId,
        kind: DigestKind,
        baseline: u64,
        to: RoaringBitmap,
    ) -> Option<Digest> {
        let channels: Vec<_> = self
            .news
            .since(baseline)
            .filter(|(channel, _)| self.classes.can_view(&self.shape, class, *channel))
            .map(
                |(id, last)| json!({"id": id, "last_message_id": last, "last_pin_timestamp": null}),
            )
            .collect();
        if channels.is_empty() || to.is_empty() {
            return None;
        }
        let guild = self.guild();
        let (kind, payload) = match kind {
            DigestKind::V2 => (
                EventKind::PassiveUpdateV2,
                json!({"guild_id": guild, "updated_channels": channels, "updated_voice_states": [],
                    "removed_voice_states": [], "updated_members": []}),
            ),
            DigestKind::V1 => (
                EventKind::PassiveUpdateV1,
                json!({"guild_id": guild, "channels": channels, "voice_states": [], "members": []}),
            ),
            DigestKind::Unread => (
                EventKind::ChannelUnreadUpdate,
                json!({"guild_id": guild, "channel_unread_updates": channels}),
            ),
        };
        Some(Digest { kind, body: Body::dispatch(kind.name(), &payload.to_string()), to })
    }
}
