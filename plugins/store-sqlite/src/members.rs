//! The members of a guild, page after page, read by several threads.
//!
//! # Algorithm
//!
//! Where pages end is found by skipping over members, which is quick and has to be done in order.
//! The pages themselves are read by as many threads as there are, and handed out in order.

use std::future::ready;

use futures_util::{Stream, StreamExt as _, stream};
use rusqlite::{Connection, params};
use throng_ports::store::{MemberPages, Stored};
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::Member;

use crate::query::{Outcome, bound, id, json, key, one, readable};
use crate::reader::Queue;

/// Members of one page: 8192 x about 400 bytes = 3 MB while it is looked at.
const PAGE: usize = 8_192;

/// Members after the first id, up to the second.
type Range = (UserId, UserId);

/// Reads all members in order of their ids; `ahead` pages at the same time.
pub(crate) fn pages(queue: Queue, guild: GuildId, ahead: usize) -> MemberPages {
    let read = move |range: Stored<Range>, queue: Queue| match range {
        Ok(range) => queue.read(move |db| page(db, guild, range)),
        Err(error) => Box::pin(ready(Err(error))),
    };
    let pages = ranges(queue.clone(), guild).map(move |range| read(range, queue.clone()));
    let filled = pages.buffered(ahead).filter(|page| {
        // The last page is empty when the one before it was full.
        ready(!page.as_ref().is_ok_and(Vec::is_empty))
    });
    filled.boxed()
}

fn ranges(queue: Queue, guild: GuildId) -> impl Stream<Item = Stored<Range>> {
    stream::unfold((queue, Some(UserId::new(0))), move |(queue, after)| async move {
        let after = after?;
        let end = queue.read(move |db| end_of_page(db, guild, after)).await;
        Some(match end {
            Ok(Some(end)) => (Ok((after, end)), (queue, Some(end))),
            Ok(None) => (Ok((after, UserId::new(u64::MAX))), (queue, None)),
            Err(error) => (Err(error), (queue, None)),
        })
    })
}

/// Finds the last member of a full page; `None` when there are fewer.
fn end_of_page(db: &Connection, guild: GuildId, after: UserId) -> Outcome<Option<UserId>> {
    let sql = "SELECT user_id FROM members WHERE guild_id = ?1 AND user_id > ?2 \
               ORDER BY user_id LIMIT 1 OFFSET ?3";
    let of = params![key(guild), bound(after.value()), bound(PAGE - 1)];
    one(db, sql, of, |row| id(row, 0))
}

fn page(db: &Connection, guild: GuildId, (after, end): Range) -> Outcome<Vec<Member>> {
    let sql = "SELECT user_id, users.body, members.profile FROM members JOIN users \
               ON users.id = members.user_id \
               WHERE guild_id = ?1 AND user_id > ?2 AND user_id <= ?3 ORDER BY user_id";
    let of = params![key(guild), bound(after.value()), bound(end.value())];
    readable(db, sql, of, "members", |row| {
        Ok(Member { user: json(row, 1)?, profile: json(row, 2)? })
    })
}
