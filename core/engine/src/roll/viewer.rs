//! Who watches: what each session asked for, and what it has.

use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::Arc;

use indexmap::IndexMap;
use throng_proto::model::Member;
use throng_proto::wire::Body;

use super::change::Op;
use super::list::List;
use super::range::{Blocks, Wish, rows_of};
use super::rights::may_view;
use super::{ListId, Output, Roll};
use crate::planted::{self, Planted};

/// A session that watches.
#[derive(Clone, Debug)]
pub(super) struct Viewer {
    member: Arc<Member>,
    stamp: u32,
    wishes: Vec<Wish>,
    /// What it was told that it has.
    held: BTreeMap<ListId, Blocks>,
    /// What it asked for and was not answered yet.
    asked: BTreeMap<ListId, Blocks>,
    /// The refusals in its wishes were not told yet.
    unanswered: bool,
}

/// What changes for a viewer in one list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Turn {
    list: ListId,
    /// Blocks that it is sent whole.
    sync: Blocks,
    /// Ranges that it loses or does not get.
    invalid: Vec<[u32; 2]>,
}

impl<V: Copy + Eq + Hash> Roll<V> {
    /// Takes what a session wants to see, instead of what it wanted before.
    ///
    /// Every block that it names is sent whole with the next [`Roll::flush`], also those that it
    /// had. Channels that are not there, or that `member` may not view, bring nothing.
    pub fn watch(&mut self, viewer: V, stamp: u32, member: Arc<Member>, wishes: Vec<Wish>) {
        let held = self.viewers.swap_remove(&viewer).map(|old| old.held).unwrap_or_default();
        let (asked, unanswered) = (BTreeMap::new(), true);
        let mut new = Viewer { member, stamp, wishes, held, asked, unanswered };
        new.asked = self.wanted(&new);
        self.watching.entry(new.member.user.id).or_default().insert(viewer);
        self.viewers.insert(viewer, new);
        self.pending.insert(viewer);
        self.prepare(&[viewer]);
    }

    /// Forgets a session that is gone; it is told nothing.
    pub fn leave(&mut self, viewer: V) {
        self.pending.swap_remove(&viewer);
        let Some(old) = self.viewers.swap_remove(&viewer) else { return };
        let user = old.member.user.id;
        if let Some(keys) = self.watching.get_mut(&user) {
            keys.swap_remove(&viewer);
            if keys.is_empty() {
                self.watching.swap_remove(&user);
            }
        }
        for (list, blocks) in &old.held {
            if let Some(list) = self.lists.get_mut(list) {
                list.release(blocks);
            }
        }
    }

    /// Looks again at what a member's sessions may watch, when its roles have changed.
    pub(super) fn recheck(&mut self, member: &Arc<Member>) {
        let Some(keys) = self.watching.get(&member.user.id) else { return };
        let mut others = Vec::new();
        for key in keys {
            let Some(viewer) = self.viewers.get_mut(key) else { continue };
            if viewer.member.profile.roles != member.profile.roles {
                others.push(*key);
            }
            viewer.member = Arc::clone(member);
        }
        self.pending.extend(others.iter().copied());
        self.prepare(&others);
    }

    /// Makes the lists that viewers want.
    pub(super) fn prepare(&mut self, viewers: &[V]) {
        let viewers = viewers.iter().filter_map(|key| self.viewers.get(key));
        let wanted = viewers.flat_map(|viewer| self.wanted(viewer).into_keys());
        let missing: Vec<ListId> = wanted.filter(|id| !self.lists.contains_key(id)).collect();
        if missing.is_empty() {
            return;
        }
        let named = self.named();
        for id in missing {
            if let Some(channel) = named.get(&id) {
                let fresh = || List::new(Arc::clone(channel), &self.groups);
                self.lists.entry(id).or_insert_with(fresh);
            }
        }
    }

    /// Returns the blocks that a viewer wants and may have, by list.
    fn wanted(&self, viewer: &Viewer) -> BTreeMap<ListId, Blocks> {
        let mut wanted: BTreeMap<ListId, Blocks> = BTreeMap::new();
        for wish in viewer.wishes.iter().filter(|wish| !wish.blocks.is_empty()) {
            let Some(list) = self.list_of(viewer, wish) else { continue };
            let blocks = wanted.entry(list).or_default();
            blocks.extend_from_slice(&wish.blocks);
            blocks.sort_unstable();
            blocks.dedup();
        }
        wanted
    }

    /// Returns the list of a wish, unless the channel is not there for the viewer.
    fn list_of(&self, viewer: &Viewer, wish: &Wish) -> Option<ListId> {
        let channel = self.shape.channels.get(&wish.channel)?;
        let visible = may_view(&self.shape, &viewer.member, channel);
        visible.then(|| ListId::of(&self.shape, channel))
    }

    /// Takes lists from pending viewers that they may not watch, or want, any more.
    pub(super) fn withdraw(&mut self, out: &mut Vec<Output<V>>) {
        for key in self.pending.clone() {
            let Some(mut viewer) = self.viewers.get(&key).cloned() else { continue };
            let wanted = self.wanted(&viewer);
            let held: Vec<ListId> = viewer.held.keys().copied().collect();
            let keeps = planted::has(Planted::ListKeepsHidden);
            for id in held.into_iter().filter(|id| !wanted.contains_key(id) && !keeps) {
                let Some(turn) = self.turn(&mut viewer, id, &Blocks::new()) else { continue };
                let ops: Vec<Op> = turn.invalid.into_iter().map(Op::Invalidate).collect();
                let scribe = self.scribe();
                let body = scribe.body(&scribe.bare_head(&id), &scribe.bare_ops(&ops));
                let (stamp, watches) = (viewer.stamp, Some((id, Blocks::new())));
                out.push(Output::Own { viewer: key, stamp, watches, body });
            }
            self.viewers.insert(key, viewer);
        }
    }

    /// Gives pending viewers what they should have, as far as lists are full.
    pub(super) fn settle(&mut self, out: &mut Vec<Output<V>>) {
        let mut bodies: IndexMap<Turn, Body> = IndexMap::new();
        for key in std::mem::take(&mut self.pending) {
            let Some(mut viewer) = self.viewers.get(&key).cloned() else { continue };
            self.refuse(key, &mut viewer, out);
            for (id, blocks) in self.wanted(&viewer) {
                if !self.lists.get(&id).is_some_and(List::is_full) {
                    self.pending.insert(key);
                    continue;
                }
                let Some(turn) = self.turn(&mut viewer, id, &blocks) else { continue };
                let body = bodies.entry(turn).or_insert_with_key(|turn| self.turned(turn)).clone();
                let (stamp, watches) = (viewer.stamp, Some((id, blocks)));
                out.push(Output::Own { viewer: key, stamp, watches, body });
            }
            let done = viewer.held.is_empty() && viewer.wishes.iter().all(|w| w.blocks.is_empty());
            self.viewers.insert(key, viewer);
            if done {
                self.leave(key);
            }
        }
    }

    /// Changes what a viewer holds of a list to these blocks; `None` when that changes nothing.
    fn turn(&mut self, viewer: &mut Viewer, id: ListId, blocks: &Blocks) -> Option<Turn> {
        let held = viewer.held.remove(&id).unwrap_or_default();
        let asked = viewer.asked.remove(&id).unwrap_or_default();
        let new = |block: &&u32| !held.contains(block) || asked.contains(block);
        let sync: Blocks = blocks.iter().filter(new).copied().collect();
        let gone = held.iter().filter(|block| !blocks.contains(block));
        let invalid: Vec<_> = gone.map(|block| rows_of(*block)).collect();
        if let Some(list) = self.lists.get_mut(&id) {
            list.hold(blocks);
            list.release(&held);
        }
        if !blocks.is_empty() {
            viewer.held.insert(id, blocks.clone());
        }
        let changes = !sync.is_empty() || !invalid.is_empty();
        changes.then_some(Turn { list: id, sync, invalid })
    }

    fn turned(&self, turn: &Turn) -> Body {
        let scribe = self.scribe();
        let Some(list) = self.lists.get(&turn.list) else {
            return scribe.body(&scribe.bare_head(&turn.list), "");
        };
        let sync = turn.sync.iter().map(|block| Op::Sync(*block, list.rows(*block)));
        let invalid = turn.invalid.iter().map(|range| Op::Invalidate(*range));
        let ops: Vec<Op> = invalid.chain(sync).collect();
        scribe.body(&scribe.head(turn.list, list), &scribe.ops(list, &ops))
    }

    /// Tells a viewer, once, which of the ranges that it asked for it does not get.
    fn refuse(&self, key: V, viewer: &mut Viewer, out: &mut Vec<Output<V>>) {
        if !std::mem::take(&mut viewer.unanswered) {
            return;
        }
        let scribe = self.scribe();
        for wish in &viewer.wishes {
            let list = self.list_of(viewer, wish);
            let given = if list.is_some() { &[][..] } else { &wish.blocks[..] };
            let given = given.iter().map(|block| rows_of(*block));
            let ops: Vec<Op> =
                given.chain(wish.refused.iter().copied()).map(Op::Invalidate).collect();
            if ops.is_empty() {
                continue;
            }
            // A channel that is hidden is answered like one that does not exist.
            let head = list
                .map_or_else(|| scribe.bare_head(&wish.channel), |list| scribe.bare_head(&list));
            let body = scribe.body(&head, &scribe.bare_ops(&ops));
            out.push(Output::Own { viewer: key, stamp: viewer.stamp, watches: None, body });
        }
    }
}
