//! Reads of messages on which a guild decides, and of messages inside answers.

use rusqlite::{Connection, Row, params};
use throng_proto::id::{ChannelId, MessageId, UserId};
use throng_proto::model::{Emoji, Message, Referenced};
use throng_proto::record::{MessageRow, ReactionRow, RowQuery};

use crate::query::{Outcome, all, id, json, key, one};

/// Reads rows in the order of the queries.
pub(crate) fn rows(db: &Connection, queries: &[RowQuery]) -> Outcome<Vec<Option<MessageRow>>> {
    queries.iter().map(|query| row(db, query)).collect()
}

fn row(db: &Connection, query: &RowQuery) -> Outcome<Option<MessageRow>> {
    let Some((author, message)) = stored(db, query.channel, query.message)? else {
        return Ok(None);
    };
    let reactions = reactions(db, query.message, &query.users)?;
    Ok(Some(MessageRow { author, message: message.map(Box::new), reactions }))
}

/// Reads who wrote a message, and the message if it can be read.
fn stored(
    db: &Connection,
    channel: ChannelId,
    message: MessageId,
) -> Outcome<Option<(UserId, Option<Message>)>> {
    let sql = "SELECT author_id, body FROM messages WHERE id = ?1 AND channel_id = ?2";
    one(db, sql, [key(message), key(channel)], |row| {
        let message = json::<Message>(row, 1).ok();
        let message =
            message.map(|message| Message { referenced_message: Referenced::Absent, ..message });
        Ok((id(row, 0)?, message))
    })
}

/// Counts reactions, and finds those of some users.
fn reactions(db: &Connection, message: MessageId, users: &[UserId]) -> Outcome<Vec<ReactionRow>> {
    let sql = "SELECT emoji, count(*) FROM reactions WHERE message_id = ?1 \
               GROUP BY emoji ORDER BY min(ordinal)";
    let mut found: Vec<ReactionRow> = all(db, sql, [key(message)], |row| {
        Ok(ReactionRow { emoji: emoji(row)?, count: row.get(1)?, users: Vec::new() })
    })?;
    if found.is_empty() || users.is_empty() {
        return Ok(found);
    }
    let sql = "SELECT emoji, user_id FROM reactions WHERE message_id = ?1 \
               AND user_id IN (SELECT value FROM json_each(?2)) ORDER BY user_id";
    let users: Vec<i64> = users.iter().map(|user| key(*user)).collect();
    let users = serde_json::to_string(&users)?;
    for (emoji, user) in
        all(db, sql, params![key(message), users], |row| Ok((emoji(row)?, id(row, 1)?)))?
    {
        let of = found.iter_mut().find(|of| of.emoji == emoji);
        of.into_iter().for_each(|of| of.users.push(user));
    }
    Ok(found)
}

fn emoji(row: &Row<'_>) -> Outcome<Emoji> {
    Ok(Emoji::from_key(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?))
}

/// Reads the message that a message answers; one that cannot be read is left out.
pub(crate) fn referenced(db: &Connection, message: &Message) -> Outcome<Referenced> {
    let Some((channel, answered)) = message.answers() else { return Ok(Referenced::Absent) };
    Ok(match stored(db, channel, answered)? {
        Some((_, Some(message))) => Referenced::to(&message),
        Some((_, None)) => Referenced::Absent,
        None => Referenced::Deleted,
    })
}
