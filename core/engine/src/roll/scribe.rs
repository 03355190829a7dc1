//! GUILD_MEMBER_LIST_UPDATE as text.

use std::collections::BTreeMap;
use std::fmt::Display;

use throng_proto::event::EventKind;
use throng_proto::gateway::payload::{ListChange, ListGroup, ListRow, ListedMember, MemberList};
use throng_proto::id::{GuildId, UserId};
use throng_proto::json;
use throng_proto::wire::Body;

use super::change::{Op, Row};
use super::list::List;
use super::range::rows_of;
use super::{ListId, Person};

/// Writes what viewers are told.
pub(super) struct Scribe<'a> {
    pub(super) guild: GuildId,
    pub(super) people: &'a BTreeMap<UserId, Person>,
    pub(super) member_count: usize,
    pub(super) online_count: usize,
}

impl Scribe<'_> {
    /// Writes everything before the operations of a list.
    pub(super) fn head(&self, id: ListId, list: &List) -> String {
        let groups = list.groups().map(|(id, count)| ListGroup { id, count });
        self.open(&id, &groups.collect::<Vec<_>>())
    }

    /// Writes everything before the operations of a list that is not shown.
    pub(super) fn bare_head(&self, id: &impl Display) -> String {
        self.open(id, &[])
    }

    fn open(&self, id: &impl Display, groups: &[ListGroup]) -> String {
        let &Self { guild: guild_id, member_count, online_count, .. } = self;
        let id = id.to_string();
        MemberList { guild_id, id, member_count, online_count, groups }.open()
    }

    /// Puts the event together.
    #[expect(clippy::unused_self, reason = "one object writes all parts")]
    pub(super) fn body(&self, head: &str, ops: &str) -> Body {
        let data = MemberList::close(head, ops);
        Body::dispatch(EventKind::GuildMemberListUpdate.name(), &data)
    }

    /// Writes operations, with commas between them.
    pub(super) fn ops(&self, list: &List, ops: &[Op]) -> String {
        self.join(ops, |row| self.item(list, row))
    }

    /// Writes operations that have no rows.
    pub(super) fn bare_ops(&self, ops: &[Op]) -> String {
        self.join(ops, |_| None)
    }

    #[expect(clippy::unused_self, reason = "one object writes all parts")]
    fn join<'b>(&'b self, ops: &[Op], item: impl Fn(&Row) -> Option<ListRow<'b>>) -> String {
        let written = ops.iter().filter_map(|op| {
            Some(match op {
                Op::Sync(block, rows) => ListChange::Sync {
                    range: rows_of(*block),
                    items: rows.iter().filter_map(&item).collect(),
                },
                Op::Insert(index, row) => ListChange::Insert { index: *index, item: item(row)? },
                Op::Update(index, row) => ListChange::Update { index: *index, item: item(row)? },
                Op::Delete(index) => ListChange::Delete { index: *index },
                Op::Invalidate(range) => ListChange::Invalidate { range: *range },
            })
        });
        written.map(|op| json::text(&op)).collect::<Vec<_>>().join(",")
    }

    fn item(&self, list: &List, row: &Row) -> Option<ListRow<'_>> {
        let Some(name) = &row.name else {
            let (id, count) = list.heading(row)?;
            return Some(ListRow::Group(ListGroup { id, count }));
        };
        let person = self.people.get(&name.user())?;
        let presence = person.shown.presence(self.guild, name.user());
        Some(ListRow::Member(ListedMember { member: &person.member, presence }))
    }
}
