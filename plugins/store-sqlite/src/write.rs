//! What each write does to the tables.

use rusqlite::{Connection, ErrorCode, params};
use serde::{Deserialize, Serialize};
use throng_ports::store::StoreError;
use throng_proto::event::{EventKind, Mentions, Scope};
use throng_proto::id::{ChannelId, GuildId, MessageId, UserId};
use throng_proto::model::{Channel, Emoji, Guild, Invite, Member, Message, Referenced, Role, User};
use throng_proto::record::{EventRecord, Write};
use throng_proto::time::Timestamp;

use crate::accounts;
use crate::catalog;
use crate::failure::Failure;
use crate::query::{Outcome, bound, key, run};
use crate::row::{ProfileRow, UserRow};

/// What an event's row keeps as JSON beside its payloads.
#[derive(Deserialize)]
pub(crate) struct EventHead {
    pub(crate) kind: EventKind,
    pub(crate) scope: Scope,
    pub(crate) author: Option<UserId>,
    pub(crate) mentions: Mentions,
}

#[derive(Serialize)]
struct EventHeadRef<'a> {
    kind: EventKind,
    scope: Scope,
    author: Option<UserId>,
    mentions: &'a Mentions,
}

/// Makes one write inside the caller's transaction.
pub(crate) fn apply(db: &Connection, write: &Write) -> Outcome<()> {
    match write {
        Write::User(user) => put_user(db, user),
        Write::Account(account) => {
            put_user(db, &account.user)?;
            accounts::decide(db, account)
        }
        Write::Token { digest, user, made_at } => put_token(db, digest, *user, *made_at),
        Write::TokenDelete(digest) => {
            run(db, "DELETE FROM tokens WHERE digest = ?1", [digest]).map(drop)
        }
        Write::TokensDelete(user) => {
            run(db, "DELETE FROM tokens WHERE user_id = ?1", [key(*user)]).map(drop)
        }
        Write::Guild(guild) => put_guild(db, guild),
        Write::GuildDelete(guild) => delete_guild(db, *guild),
        Write::Role(guild, role) => put_role(db, *guild, role),
        Write::RoleDelete(guild, role) => {
            let sql = "DELETE FROM roles WHERE guild_id = ?1 AND id = ?2";
            run(db, sql, [key(*guild), key(*role)]).map(drop)
        }
        Write::Channel(channel) => put_channel(db, channel),
        Write::ChannelDelete(guild, channel) => delete_channel(db, *guild, *channel),
        Write::Member(guild, member) => put_member(db, *guild, member),
        Write::MemberDelete(guild, user) => {
            let sql = "DELETE FROM members WHERE guild_id = ?1 AND user_id = ?2";
            run(db, sql, [key(*guild), key(*user)])?;
            catalog::delete_in(db, *guild, *user)
        }
        Write::Invite(invite) => put_invite(db, invite),
        Write::InviteDelete(guild, code) => {
            let sql = "DELETE FROM invites WHERE guild_id = ?1 AND code = ?2";
            run(db, sql, params![key(*guild), code.as_str()]).map(drop)
        }
        Write::Message(message) => add_message(db, message),
        Write::MessageUpdate(message) => update_message(db, message),
        Write::MessageDelete(channel, messages) => delete_messages(db, *channel, messages),
        Write::ReactionAdd(message, emoji, user) => add_reaction(db, *message, emoji, *user),
        Write::ReactionRemove(message, emoji, user) => {
            let sql = "DELETE FROM reactions WHERE message_id = ?1 AND emoji = ?2 AND user_id = ?3";
            run(db, sql, params![key(*message), emoji.key(), key(*user)]).map(drop)
        }
        Write::ReactionClear(message, emoji) => clear_reactions(db, *message, emoji.as_ref()),
        Write::Command(command) => catalog::put(db, command),
        Write::CommandDelete(place, id) => catalog::delete(db, *place, *id),
        Write::CommandsDelete(user) => catalog::delete_of(db, *user),
        Write::Event(event) => add_event(db, event),
    }
}

fn put_user(db: &Connection, user: &User) -> Outcome<()> {
    // Members are written with their users, which seldom changed: then the row is left alone.
    let sql = "INSERT INTO users (id, username, body) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO \
               UPDATE SET username = excluded.username, body = excluded.body \
               WHERE body <> excluded.body";
    let body = serde_json::to_string(&UserRow::of(user))?;
    let done = db.prepare_cached(sql)?.execute(params![key(user.id), user.username, body]);
    match done {
        Ok(_) => Ok(()),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Err(Failure::refusal(format!("username {} is taken", user.username)))
        }
        Err(error) => Err(error.into()),
    }
}

fn put_token(db: &Connection, digest: &[u8; 32], user: UserId, made_at: Timestamp) -> Outcome<()> {
    let sql = "INSERT INTO tokens (digest, user_id, made_at) VALUES (?1, ?2, ?3) \
               ON CONFLICT (digest) DO UPDATE SET user_id = excluded.user_id, \
               made_at = excluded.made_at";
    run(db, sql, params![digest, key(user), bound(made_at.millis())]).map(drop)
}

fn put_guild(db: &Connection, guild: &Guild) -> Outcome<()> {
    let sql = "INSERT INTO guilds (id, body) VALUES (?1, ?2) \
               ON CONFLICT (id) DO UPDATE SET body = excluded.body";
    run(db, sql, params![key(guild.id), serde_json::to_string(guild)?]).map(drop)
}

fn delete_guild(db: &Connection, guild: GuildId) -> Outcome<()> {
    let guild = [key(guild)];
    run(
        db,
        "DELETE FROM reactions WHERE message_id IN (SELECT messages.id FROM channels \
         JOIN messages ON messages.channel_id = channels.id WHERE channels.guild_id = ?1)",
        guild,
    )?;
    run(
        db,
        "DELETE FROM messages WHERE channel_id IN (SELECT id FROM channels WHERE guild_id = ?1)",
        guild,
    )?;
    run(db, "DELETE FROM invites WHERE guild_id = ?1", guild)?;
    run(db, "DELETE FROM commands WHERE guild_id = ?1", guild)?;
    run(db, "DELETE FROM channels WHERE guild_id = ?1", guild)?;
    run(db, "DELETE FROM roles WHERE guild_id = ?1", guild)?;
    run(db, "DELETE FROM members WHERE guild_id = ?1", guild)?;
    run(db, "DELETE FROM events WHERE guild_id = ?1", guild)?;
    run(db, "DELETE FROM guilds WHERE id = ?1", guild).map(drop)
}

fn put_role(db: &Connection, guild: GuildId, role: &Role) -> Outcome<()> {
    let sql = "INSERT INTO roles (guild_id, id, body) VALUES (?1, ?2, ?3) \
               ON CONFLICT (guild_id, id) DO UPDATE SET body = excluded.body";
    run(db, sql, params![key(guild), key(role.id), serde_json::to_string(role)?]).map(drop)
}

fn put_channel(db: &Connection, channel: &Channel) -> Outcome<()> {
    // A channel that was read before its newest message was written must not take that back.
    let sql = "INSERT INTO channels (id, guild_id, last_message_id, body) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (id) DO UPDATE SET guild_id = excluded.guild_id, body = excluded.body, \
               last_message_id = nullif(max(ifnull(last_message_id, -1), \
               ifnull(excluded.last_message_id, -1)), -1)";
    let last = channel.last_message_id.map(key);
    let body = serde_json::to_string(channel)?;
    run(db, sql, params![key(channel.id), key(channel.guild_id), last, body]).map(drop)
}

fn delete_channel(db: &Connection, guild: GuildId, channel: ChannelId) -> Outcome<()> {
    let sql = "DELETE FROM channels WHERE id = ?1 AND guild_id = ?2";
    if run(db, sql, [key(channel), key(guild)])? == 0 {
        return Ok(());
    }
    run(db, "DELETE FROM invites WHERE channel_id = ?1", [key(channel)])?;
    run(
        db,
        "DELETE FROM reactions WHERE message_id IN \
         (SELECT id FROM messages WHERE channel_id = ?1)",
        [key(channel)],
    )?;
    run(db, "DELETE FROM messages WHERE channel_id = ?1", [key(channel)]).map(drop)
}

fn put_member(db: &Connection, guild: GuildId, member: &Member) -> Outcome<()> {
    put_user(db, &member.user)?;
    let sql = "INSERT INTO members (guild_id, user_id, profile) VALUES (?1, ?2, ?3) \
               ON CONFLICT (guild_id, user_id) DO UPDATE SET profile = excluded.profile";
    let profile = serde_json::to_string(&ProfileRow::of(&member.profile))?;
    run(db, sql, params![key(guild), key(member.user.id), profile]).map(drop)
}

fn put_invite(db: &Connection, invite: &Invite) -> Outcome<()> {
    let sql = "INSERT INTO invites (code, guild_id, channel_id, body) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (code) DO UPDATE SET guild_id = excluded.guild_id, \
               channel_id = excluded.channel_id, body = excluded.body";
    let (guild, channel) = (key(invite.guild_id), key(invite.channel_id));
    let body = serde_json::to_string(invite)?;
    run(db, sql, params![invite.code.as_str(), guild, channel, body]).map(drop)
}

fn add_message(db: &Connection, message: &Message) -> Outcome<()> {
    let sql = "INSERT INTO messages (id, channel_id, author_id, nonce, body) \
               VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO UPDATE SET \
               channel_id = excluded.channel_id, author_id = excluded.author_id, \
               nonce = excluded.nonce, body = excluded.body";
    let nonce = message.nonce.as_ref().map(serde_json::to_string).transpose()?;
    let (id, channel) = (key(message.id), key(message.channel_id));
    run(db, sql, params![id, channel, key(message.author.id), nonce, body(message)?])?;
    let sql = "UPDATE channels SET last_message_id = max(ifnull(last_message_id, -1), ?2) \
               WHERE id = ?1";
    run(db, sql, [channel, id]).map(drop)
}

fn update_message(db: &Connection, message: &Message) -> Outcome<()> {
    let sql = "UPDATE messages SET body = ?3 WHERE id = ?1 AND channel_id = ?2";
    run(db, sql, params![key(message.id), key(message.channel_id), body(message)?]).map(drop)
}

/// Returns a message's JSON without its reactions, which have their own table, and without what it
/// answers, which has its own row.
fn body(message: &Message) -> Outcome<String> {
    let (reactions, referenced_message) = (Vec::new(), Referenced::Absent);
    if message.reactions.is_empty() && message.referenced_message.is_absent() {
        return Ok(serde_json::to_string(message)?);
    }
    Ok(serde_json::to_string(&Message { reactions, referenced_message, ..message.clone() })?)
}

fn delete_messages(db: &Connection, channel: ChannelId, messages: &[MessageId]) -> Outcome<()> {
    let sql = "DELETE FROM messages WHERE id = ?1 AND channel_id = ?2";
    for message in messages {
        if run(db, sql, [key(*message), key(channel)])? > 0 {
            clear_reactions(db, *message, None)?;
        }
    }
    Ok(())
}

fn add_reaction(db: &Connection, message: MessageId, emoji: &Emoji, user: UserId) -> Outcome<()> {
    let sql = "INSERT INTO reactions (message_id, emoji, user_id, ordinal) SELECT ?1, ?2, ?3, \
               coalesce((SELECT ordinal FROM reactions WHERE message_id = ?1 AND emoji = ?2 \
               LIMIT 1), (SELECT max(ordinal) + 1 FROM reactions WHERE message_id = ?1), 0) \
               WHERE EXISTS (SELECT 1 FROM messages WHERE id = ?1) ON CONFLICT DO NOTHING";
    run(db, sql, params![key(message), emoji.key(), key(user)]).map(drop)
}

fn clear_reactions(db: &Connection, message: MessageId, emoji: Option<&Emoji>) -> Outcome<()> {
    let sql = "DELETE FROM reactions WHERE message_id = ?1 AND (?2 IS NULL OR emoji = ?2)";
    run(db, sql, params![key(message), emoji.map(Emoji::key)]).map(drop)
}

fn add_event(db: &Connection, event: &EventRecord) -> Outcome<()> {
    let sql = "INSERT INTO events (guild_id, sequence, at, head, payload, stripped) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let head = serde_json::to_string(&EventHeadRef {
        kind: event.kind,
        scope: event.scope,
        author: event.author,
        mentions: &event.mentions,
    })?;
    let (guild, sequence) = (key(event.guild), bound(event.sequence));
    let (at, payload) = (bound(event.at.millis()), &event.payload);
    let added = run(db, sql, params![guild, sequence, at, head, payload, event.stripped]);
    added.map(drop).map_err(|failure| match failure.0 {
        // Replacing it would change what sessions catch up with.
        StoreError::Failed(text) if text.contains("UNIQUE") => Failure::refusal(format!(
            "event {} of guild {} is there already",
            event.sequence, event.guild
        )),
        other => Failure(other),
    })
}
