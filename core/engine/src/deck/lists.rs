//! Member lists on a worker: what sessions want to see, and who gets which change.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;
use throng_proto::event::{EventClass, EventKind};
use throng_proto::id::{ChannelId, GuildId, UserId};
use throng_proto::intents::Intents;
use throng_proto::wire::Body;

use super::wishes::Wishes;
use super::{Ask, Deck, Identity, Line, Outgoing, Refusal, SessionRef, Watch};
use crate::planted::{self, Planted};
use crate::replay::{Recipients, Slot};
use crate::roll::{Blocks, ListId, Output, Wish};

/// Who watches lists of one guild.
#[derive(Debug, Default)]
pub(super) struct Watchers {
    /// Lists that the guild made before are not watched any more.
    epoch: u64,
    /// Sessions by exactly what they watch.
    by_blocks: BTreeMap<(ListId, Blocks), RoaringBitmap>,
    /// Sessions that asked to see something, answered or not.
    asking: RoaringBitmap,
}

impl Watchers {
    /// Sets what a session watches of a list.
    fn set(&mut self, slot: Slot, list: ListId, blocks: Blocks) {
        self.retain(|other| *other != list, slot);
        if !blocks.is_empty() {
            self.by_blocks.entry((list, blocks)).or_default().insert(slot);
        }
    }

    /// Lets a session watch only lists of which `keeps` is true.
    fn retain(&mut self, keeps: impl Fn(&ListId) -> bool, slot: Slot) {
        self.by_blocks.retain(|(list, _), slots| {
            if !keeps(list) {
                slots.remove(slot);
            }
            !slots.is_empty()
        });
    }
}

impl<L: Line> Deck<L> {
    /// Takes what a client wants to see of a guild's lists instead of what it wanted before.
    pub(super) fn wish(
        &mut self,
        slot: Slot,
        guild: GuildId,
        channels: impl IntoIterator<Item = (ChannelId, Vec<[u32; 2]>)>,
    ) {
        let Some(session) = self.sessions.get(slot) else { return };
        let entitled = is_entitled(&session.identity);
        let wishes = self.read_wishes(entitled, channels);
        let stamp = self.next_stamp();
        let Some(session) = self.sessions.get_mut(slot) else { return };
        let Some(membership) = session.membership_mut(guild) else { return };
        let had = membership.lists.is_some();
        let wants = wishes.iter().any(|wish| !wish.blocks.is_empty());
        let asks = wants || had || wishes.iter().any(|wish| !wish.refused.is_empty());
        membership.lists = wants.then(|| Box::new(Wishes { wishes: wishes.clone(), stamp }));
        let (attached, user) = (membership.relay().is_some(), session.identity.user);
        if asks
            && attached
            && let Some(session) = self.reference(slot)
        {
            self.ask_watch(guild, Watch { session, user, stamp, wishes });
        }
    }

    fn ask_watch(&mut self, guild: GuildId, watch: Watch) {
        let slot = watch.session.slot;
        if watch.wishes.iter().any(|wish| !wish.blocks.is_empty()) {
            self.lists.entry(guild).or_default().asking.insert(slot);
        } else if let Some(watchers) = self.lists.get_mut(&guild) {
            watchers.asking.remove(slot);
        }
        self.ask(guild, Ask::Watch(watch));
    }

    fn read_wishes(
        &mut self,
        entitled: bool,
        channels: impl IntoIterator<Item = (ChannelId, Vec<[u32; 2]>)>,
    ) -> Vec<Wish> {
        let mut wishes = Vec::new();
        for (channel, ranges) in channels {
            let wish = Wish::read(channel, &ranges, self.config.ranges_max);
            let backwards = wish.refused.iter().filter(|[first, last]| first > last).count();
            self.refuse(Refusal::ListRange, backwards as u64);
            self.refuse(Refusal::RangesPerChannel, (wish.refused.len() - backwards) as u64);
            let many = wishes.len() >= self.config.lists_max;
            if many || !entitled {
                let why = if many { Refusal::ListChannels } else { Refusal::Intents };
                self.refuse(why, 1);
                wishes.push(wish.refuse());
            } else {
                wishes.push(wish);
            }
        }
        wishes
    }

    fn next_stamp(&mut self) -> u32 {
        self.stamps = self.stamps.wrapping_add(1);
        self.stamps
    }

    /// Asks a guild again for what a session wants to see, once it is attached.
    pub(super) fn ask_lists(&mut self, slot: Slot, guild: GuildId) {
        let (Some(session), Some(found)) = (self.reference(slot), self.sessions.get(slot)) else {
            return;
        };
        let Some(wishes) =
            found.membership(guild).and_then(|membership| membership.lists.as_deref())
        else {
            return;
        };
        let (user, stamp, wishes) = (found.identity.user, wishes.stamp, wishes.wishes.clone());
        self.ask_watch(guild, Watch { session, user, stamp, wishes });
    }

    /// Asks a guild again for what everybody here wants to see, also who has no answer yet: the
    /// lists that were asked may be gone by now.
    pub fn ask_all_lists(&mut self, guild: GuildId) {
        let Some(watchers) = self.lists.get(&guild) else { return };
        let mut asking = watchers.asking.clone();
        if planted::has(Planted::ListUnanswered) {
            asking = watchers.by_blocks.values().fold(RoaringBitmap::new(), |all, one| all | one);
        }
        for slot in asking {
            self.ask_lists(slot, guild);
        }
    }

    /// Passes on what a guild's lists have to tell.
    pub fn lists_told(&mut self, guild: GuildId, epoch: u64, outputs: Vec<Output<SessionRef>>) {
        if !self.guilds.contains_key(&guild) {
            return;
        }
        let watchers = self.lists.entry(guild).or_default();
        if watchers.epoch < epoch {
            let asking = std::mem::take(&mut watchers.asking);
            *watchers = Watchers { epoch, asking, ..Watchers::default() };
        }
        let current = watchers.epoch == epoch;
        for output in outputs {
            match output {
                Output::Own { viewer, stamp, watches, body } => {
                    // Losing rows always counts. Rows are given only as the answer to what the
                    // session asked for last: it may have left and come back since, and the lists
                    // would not know that it has them.
                    let gives = watches.as_ref().is_some_and(|(_, blocks)| !blocks.is_empty());
                    let Some(asked) = self.asked(viewer, guild) else { continue };
                    if gives && !(current && asked == stamp) {
                        continue;
                    }
                    let watchers = self.lists.get_mut(&guild).filter(|_| current);
                    if let Some(((list, blocks), watchers)) = watches.zip(watchers) {
                        watchers.set(viewer.slot, list, blocks);
                    }
                    self.own(viewer, EventKind::GuildMemberListUpdate, Some(guild), body);
                }
                _ if !current => {}
                Output::Shared { list, blocks, body } => {
                    let watchers = self.lists.get(&guild);
                    let to = watchers.and_then(|w| w.by_blocks.get(&(list, blocks))).cloned();
                    self.append_list(guild, EventKind::GuildMemberListUpdate, body, to);
                }
                Output::Presence { user, seen, body } => {
                    self.show_watched(guild, user, &seen, body);
                }
            }
        }
    }

    fn append_list(
        &mut self,
        guild: GuildId,
        kind: EventKind,
        body: Body,
        to: Option<RoaringBitmap>,
    ) {
        let Some(to) = to else { return };
        let to = Recipients::from(to);
        self.append(Outgoing { kind, guild: Some(guild), sequence: 0, body, to });
    }

    /// Returns the number of what a session asked for last; `None` when it is not in the guild.
    fn asked(&self, viewer: SessionRef, guild: GuildId) -> Option<u32> {
        let membership = self.find(viewer)?.membership(guild)?;
        Some(membership.lists.as_ref().map_or(0, |wishes| wishes.stamp))
    }

    /// Forgets what a session watched in a guild that it leaves.
    pub(super) fn unwatch(&mut self, guild: GuildId, slot: Slot) {
        if let Some(watchers) = self.lists.get_mut(&guild) {
            watchers.asking.remove(slot);
            watchers.retain(|_| false, slot);
        }
    }

    /// Shows a presence to who watches a row of it, unless it is sent to them anyway.
    fn show_watched(&mut self, guild: GuildId, user: UserId, seen: &[(ListId, u32)], body: Body) {
        if self.shed.contains(EventClass::Presence) {
            return;
        }
        let (Some(watchers), Some(relays)) = (self.lists.get(&guild), self.guilds.get(&guild))
        else {
            return;
        };
        let sees = |list: &ListId, blocks: &Blocks| {
            seen.iter().any(|(other, block)| other == list && blocks.contains(block))
        };
        let all = watchers.by_blocks.iter().filter(|((list, blocks), _)| sees(list, blocks));
        let viewers = all.fold(RoaringBitmap::new(), |all, (_, slots)| all | slots);
        let seeing = relays.iter().map(|relay| relay.sees(user, &viewers));
        let to = seeing.fold(RoaringBitmap::new(), |to, seeing| to | seeing);
        let to = (!to.is_empty()).then_some(to);
        self.append_list(guild, EventKind::PresenceUpdate, body, to);
    }
}

/// Lists show members and presences, so who names its intents must name both.
const fn is_entitled(identity: &Identity) -> bool {
    let both = Intents::from_bits(Intents::GUILD_MEMBERS.bits() | Intents::GUILD_PRESENCES.bits());
    !identity.named || identity.intents.contains(both)
}
