//! What each read asks the tables.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, Row, params};
use throng_proto::id::{ChannelId, EPOCH_MILLIS, GuildId, MessageId, UserId};
use throng_proto::model::constant::{Empty, False};
use throng_proto::model::{Channel, Emoji, Message, ReactionCount, Role, User};
use throng_proto::record::{EventRecord, GuildRecord, NonceRecord, Page};
use throng_proto::time::Timestamp;

use crate::decision;
use crate::query::{Outcome, all, bound, id, json, key, one, readable, text};
use crate::salvage;
use crate::write::EventHead;

/// How far back a guild's nonces are read; Discord recognises repeated ones for a few minutes.
const NONCES_KEPT: Duration = Duration::from_mins(5);

pub(crate) fn guilds(db: &Connection) -> Outcome<Vec<GuildId>> {
    all(db, "SELECT id FROM guilds ORDER BY id", [], |row| id(row, 0))
}

pub(crate) fn guild(db: &Connection, guild: GuildId) -> Outcome<Option<GuildRecord>> {
    let of = [key(guild)];
    let Some(guild) = one(db, "SELECT body FROM guilds WHERE id = ?1", of, |row| json(row, 0))?
    else {
        return Ok(None);
    };
    Ok(Some(GuildRecord {
        guild,
        roles: roles(db, of[0])?,
        channels: readable(
            db,
            "SELECT id, body, last_message_id FROM channels WHERE guild_id = ?1 ORDER BY id",
            of,
            "channels",
            channel,
        )?,
        sequence: one(
            db,
            "SELECT ifnull(max(sequence), 0) FROM events WHERE guild_id = ?1",
            of,
            |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()),
        )?
        .unwrap_or_default(),
        nonces: nonces(db, of[0])?,
        invites: all(
            db,
            "SELECT body FROM invites WHERE guild_id = ?1 ORDER BY code",
            of,
            |row| json(row, 0),
        )?,
    }))
}

/// Reads a guild's roles. Without the one of everybody nobody could tell what members may do: then
/// the guild itself cannot be read.
fn roles(db: &Connection, guild: i64) -> Outcome<Vec<Role>> {
    let sql = "SELECT id, body FROM roles WHERE guild_id = ?1 ORDER BY id";
    all(db, sql, [guild], |row| {
        let (role, read) = (row.get(0)?, json(row, 1));
        if role == guild { read.map(Some) } else { salvage::pass_over("roles", role, read) }
    })
    .map(|roles| roles.into_iter().flatten().collect())
}

fn channel(row: &Row<'_>) -> Outcome<Channel> {
    let last: Option<i64> = row.get(2)?;
    let last_message_id = last.map(|id| MessageId::new(id.cast_unsigned()));
    Ok(Channel { last_message_id, ..json(row, 1)? })
}

fn nonces(db: &Connection, guild: i64) -> Outcome<Vec<NonceRecord>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let since = now.saturating_sub(NONCES_KEPT).as_millis();
    let since = u64::try_from(since).unwrap_or(u64::MAX).saturating_sub(EPOCH_MILLIS) << 22;
    readable(
        db,
        "SELECT messages.id, author_id, nonce, channel_id FROM channels JOIN messages \
         ON messages.channel_id = channels.id AND messages.id >= ?2 \
         WHERE channels.guild_id = ?1 AND nonce IS NOT NULL ORDER BY messages.id",
        [guild, bound(since)],
        "messages",
        |row| {
            Ok(NonceRecord {
                message: id(row, 0)?,
                author: id(row, 1)?,
                nonce: json(row, 2)?,
                channel: id(row, 3)?,
            })
        },
    )
}

pub(crate) fn user(db: &Connection, user: UserId) -> Outcome<Option<User>> {
    one(db, "SELECT body FROM users WHERE id = ?1", [key(user)], |row| json(row, 0))
}

pub(crate) fn user_named(db: &Connection, username: &str) -> Outcome<Option<User>> {
    one(db, "SELECT body FROM users WHERE username = ?1", [username], |row| json(row, 0))
}

pub(crate) fn guilds_of(db: &Connection, user: UserId) -> Outcome<Vec<GuildId>> {
    let sql = "SELECT guild_id FROM members WHERE user_id = ?1 ORDER BY guild_id";
    all(db, sql, [key(user)], |row| id(row, 0))
}

pub(crate) fn message(
    db: &Connection,
    channel: ChannelId,
    message: MessageId,
    me: Option<UserId>,
) -> Outcome<Option<Message>> {
    let sql = "SELECT body FROM messages WHERE id = ?1 AND channel_id = ?2";
    let found = one(db, sql, [key(message), key(channel)], |row| {
        salvage::pass_over("messages", key(message), text(row, 0).and_then(salvage::message))
    })?;
    found.flatten().map(|message| with_reactions(db, message, me)).transpose()
}

pub(crate) fn messages(
    db: &Connection,
    channel: ChannelId,
    page: Page,
    limit: usize,
    me: Option<UserId>,
) -> Outcome<Vec<Message>> {
    let found = match page {
        Page::Latest => until(db, channel, i64::MAX, limit)?,
        Page::Before(before) => until(db, channel, bound(before.value()).saturating_sub(1), limit)?,
        Page::After(after) => after_of(db, channel, bound(after.value()), limit)?,
        Page::Around(around) => {
            let around = bound(around.value());
            let mut found = after_of(db, channel, around, limit / 2)?;
            found.extend(until(db, channel, around, limit - limit / 2)?);
            found
        }
    };
    found.into_iter().map(|message| with_reactions(db, message, me)).collect()
}

/// Reads the newest messages up to an id, itself among them, newest first.
fn until(db: &Connection, channel: ChannelId, last: i64, limit: usize) -> Outcome<Vec<Message>> {
    let sql = "SELECT id, body FROM messages WHERE channel_id = ?1 AND id <= ?2 \
               ORDER BY id DESC LIMIT ?3";
    page(db, sql, (channel, last, limit))
}

/// Reads the oldest messages after an id, newest first.
fn after_of(db: &Connection, channel: ChannelId, id: i64, limit: usize) -> Outcome<Vec<Message>> {
    let sql = "SELECT id, body FROM messages WHERE channel_id = ?1 AND id > ?2 \
               ORDER BY id LIMIT ?3";
    let mut found = page(db, sql, (channel, id, limit))?;
    found.reverse();
    Ok(found)
}

fn page(
    db: &Connection,
    sql: &str,
    (channel, id, limit): (ChannelId, i64, usize),
) -> Outcome<Vec<Message>> {
    readable(db, sql, params![key(channel), id, bound(limit)], "messages", |row| {
        salvage::message(text(row, 1)?)
    })
}

fn with_reactions(db: &Connection, mut message: Message, me: Option<UserId>) -> Outcome<Message> {
    message.referenced_message = decision::referenced(db, &message)?;
    let sql = "SELECT emoji, count(*), max(user_id IS ?2) FROM reactions WHERE message_id = ?1 \
               GROUP BY emoji ORDER BY min(ordinal)";
    message.reactions = all(db, sql, params![key(message.id), me.map(key)], |row| {
        Ok(ReactionCount {
            emoji: Emoji::from_key(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?),
            count: row.get(1)?,
            me: row.get(2)?,
            me_burst: False,
            burst_colors: Empty,
        })
    })?;
    Ok(message)
}

pub(crate) fn reactors(
    db: &Connection,
    message: MessageId,
    emoji: &Emoji,
    after: UserId,
    limit: usize,
) -> Outcome<Vec<User>> {
    let sql = "SELECT user_id, users.body FROM reactions JOIN users ON users.id = user_id \
               WHERE message_id = ?1 AND emoji = ?2 AND user_id > ?3 ORDER BY user_id LIMIT ?4";
    let after = bound(after.value());
    let of = params![key(message), emoji.key(), after, bound(limit)];
    readable(db, sql, of, "users", |row| json(row, 1))
}

pub(crate) fn events(db: &Connection, guild: GuildId, after: u64) -> Outcome<Vec<EventRecord>> {
    let sql = "SELECT sequence, at, head, payload, stripped FROM events \
               WHERE guild_id = ?1 AND sequence > ?2 ORDER BY sequence";
    readable(db, sql, [key(guild), bound(after)], "events", |row| {
        let head: EventHead = json(row, 2)?;
        Ok(EventRecord {
            guild,
            sequence: row.get::<_, i64>(0)?.cast_unsigned(),
            at: Timestamp::from_millis(row.get::<_, i64>(1)?.cast_unsigned()),
            kind: head.kind,
            scope: head.scope,
            payload: row.get(3)?,
            stripped: row.get(4)?,
            author: head.author,
            mentions: head.mentions,
        })
    })
}
