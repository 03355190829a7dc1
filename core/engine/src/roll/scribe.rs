//! GUILD_MEMBER_LIST_UPDATE as text.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::Serialize;
use throng_proto::event::EventKind;
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::{Member, Presence};
use throng_proto::wire::Body;

use super::change::{Op, Row};
use super::list::List;
use super::place::GroupId;
use super::range::rows_of;
use super::{ListId, Person};
use crate::json;

/// Writes what viewers are told.
pub(super) struct Scribe<'a> {
    pub(super) guild: GuildId,
    pub(super) people: &'a BTreeMap<UserId, Person>,
    pub(super) member_count: usize,
    pub(super) online_count: usize,
}

/// An operation on the wire.
#[derive(Serialize)]
#[serde(tag = "op", rename_all = "UPPERCASE")]
enum Written<'a> {
    Sync { range: [u32; 2], items: Vec<Item<'a>> },
    Insert { index: u32, item: Item<'a> },
    Update { index: u32, item: Item<'a> },
    Delete { index: u32 },
    Invalidate { range: [u32; 2] },
}

/// A row on the wire.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Item<'a> {
    Group(Heading),
    Member(Listed<'a>),
}

#[derive(Serialize)]
struct Heading {
    id: GroupId,
    count: usize,
}

#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    member: &'a Member,
    presence: Presence<'a>,
}

impl Scribe<'_> {
    /// Writes everything before the operations of a list.
    pub(super) fn head(&self, id: ListId, list: &List) -> String {
        let headings = list.groups().map(|(id, count)| Heading { id, count });
        self.start(&id, &json::text(&headings.collect::<Vec<_>>()))
    }

    /// Writes everything before the operations of a list that is not shown.
    pub(super) fn bare_head(&self, id: &impl Display) -> String {
        self.start(id, "[]")
    }

    fn start(&self, id: &impl Display, groups: &str) -> String {
        let Self { guild, member_count, online_count, .. } = self;
        format!(
            "{{\"guild_id\":\"{guild}\",\"id\":\"{id}\",\"member_count\":{member_count},\
             \"online_count\":{online_count},\"groups\":{groups},\"ops\":["
        )
    }

    /// Puts the event together.
    #[expect(clippy::unused_self, reason = "one object writes all parts")]
    pub(super) fn body(&self, head: &str, ops: &str) -> Body {
        Body::dispatch(EventKind::GuildMemberListUpdate.name(), &format!("{head}{ops}]}}"))
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
    fn join<'b>(&'b self, ops: &[Op], item: impl Fn(&Row) -> Option<Item<'b>>) -> String {
        let written = ops.iter().filter_map(|op| {
            Some(match op {
                Op::Sync(block, rows) => Written::Sync {
                    range: rows_of(*block),
                    items: rows.iter().filter_map(&item).collect(),
                },
                Op::Insert(index, row) => Written::Insert { index: *index, item: item(row)? },
                Op::Update(index, row) => Written::Update { index: *index, item: item(row)? },
                Op::Delete(index) => Written::Delete { index: *index },
                Op::Invalidate(range) => Written::Invalidate { range: *range },
            })
        });
        written.map(|op| json::text(&op)).collect::<Vec<_>>().join(",")
    }

    fn item(&self, list: &List, row: &Row) -> Option<Item<'_>> {
        let Some(name) = &row.name else {
            let (id, count) = list.heading(row)?;
            return Some(Item::Group(Heading { id, count }));
        };
        let person = self.people.get(&name.user())?;
        let presence = person.shown.presence(self.guild, name.user());
        Some(Item::Member(Listed { member: &person.member, presence }))
    }
}
