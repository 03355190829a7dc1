//! What viewers are told of changes.

use std::hash::Hash;

use indexmap::{IndexMap, IndexSet};
use throng_proto::id::UserId;

use super::change::Op;
use super::list::News;
use super::scribe::Scribe;
use super::{ListId, Output, Roll};

impl<V: Copy + Eq + Hash> Roll<V> {
    /// Tells everybody what is new to them. Lists that are not full yet wait.
    ///
    /// Costs O(watched blocks) at most, and one encoding for each set of blocks that is watched.
    pub fn flush(&mut self) -> Vec<Output<V>> {
        let mut out = Vec::new();
        self.withdraw(&mut out);
        let mut seen: IndexMap<UserId, IndexSet<(ListId, u32)>> = IndexMap::new();
        let ids: Vec<ListId> = self.lists.keys().copied().collect();
        for id in ids {
            for (user, block) in self.tell(id, &mut out) {
                seen.entry(user).or_default().insert((id, block));
            }
        }
        for (user, seen) in seen {
            if let Some(Some(body)) = self.changed.get(&user) {
                let (seen, body) = (seen.into_iter().collect(), body.clone());
                out.push(Output::Presence { user, seen, body });
            }
        }
        self.changed.clear();
        self.settle(&mut out);
        if self.pending.is_empty() {
            self.lists.retain(|_, list| list.is_watched());
        }
        out
    }

    /// Tells the viewers of a list, and returns who of those that changed is in which block.
    fn tell(&mut self, id: ListId, out: &mut Vec<Output<V>>) -> Vec<(UserId, u32)> {
        let full = self.lists.get_mut(&id).filter(|list| list.is_full());
        let Some(list) = full else { return Vec::new() };
        let changed = &self.changed;
        let News { changes, seen } = list.tell(|user| changed.contains_key(&user));
        if !changes.is_empty() {
            self.write(id, &changes, out);
            self.operations += changes.iter().map(|(_, ops)| ops.len() as u64).sum::<u64>();
        }
        seen
    }

    /// Encodes changes once for each set of blocks that is watched.
    fn write(&self, id: ListId, changes: &[(u32, Vec<Op>)], out: &mut Vec<Output<V>>) {
        let scribe = self.scribe();
        let Some(list) = self.lists.get(&id) else { return };
        let texts: Vec<(u32, String)> =
            changes.iter().map(|(block, ops)| (*block, scribe.ops(list, ops))).collect();
        let head = scribe.head(id, list);
        for blocks in list.holders() {
            let own = texts.iter().filter(|(block, _)| blocks.binary_search(block).is_ok());
            let own: Vec<&str> = own.map(|(_, text)| text.as_str()).collect();
            if !own.is_empty() {
                let body = scribe.body(&head, &own.join(","));
                out.push(Output::Shared { list: id, blocks: blocks.clone(), body });
            }
        }
    }

    pub(super) fn scribe(&self) -> Scribe<'_> {
        Scribe {
            guild: self.shape.id(),
            people: &self.people,
            member_count: self.member_count,
            online_count: self.online_count,
        }
    }
}
