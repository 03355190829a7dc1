//! What messages take, and their end by age.

use rusqlite::{Connection, params};
use throng_ports::store::{Expired, GuildSize};
use throng_proto::id::{GuildId, MessageId};
use throng_proto::time::Timestamp;

use crate::query::{Outcome, bound, key, one, run};

/// Removes the oldest messages from before a time, then reactions to those that are gone: at most
/// so many rows, in one transaction. A message that is gone hides its reactions at once.
pub(crate) fn expire(db: &Connection, before: Timestamp, rows_max: usize) -> Outcome<Expired> {
    let before = bound(MessageId::first_at(before).value());
    let transaction = db.unchecked_transaction()?;
    let sql = "DELETE FROM messages WHERE id IN \
               (SELECT id FROM messages WHERE id < ?1 ORDER BY id LIMIT ?2)";
    let messages = run(&transaction, sql, params![before, bound(rows_max)])?;
    let room = rows_max.saturating_sub(messages);
    let sql = "DELETE FROM reactions WHERE (message_id, emoji, user_id) IN \
               (SELECT message_id, emoji, user_id FROM reactions WHERE message_id < ?1 \
               ORDER BY message_id, emoji, user_id LIMIT ?2)";
    // While there is no room old messages are left, whose reactions are still seen.
    let reactions =
        if room > 0 { run(&transaction, sql, params![before, bound(room)])? } else { 0 };
    transaction.commit()?;
    Ok(Expired { messages: messages as u64, reactions: reactions as u64 })
}

/// Adds up the channels of each guild.
pub(crate) fn sizes(db: &Connection, guilds: &[GuildId]) -> Outcome<Vec<GuildSize>> {
    let sql = "SELECT ifnull(sum(messages), 0), ifnull(sum(message_bytes), 0) FROM channels \
               WHERE guild_id = ?1";
    let size = |guild: &GuildId| {
        one(db, sql, [key(*guild)], |row| {
            let number = |column| Ok::<_, rusqlite::Error>(row.get::<_, i64>(column)?.max(0));
            let (messages, message_bytes) =
                (number(0)?.cast_unsigned(), number(1)?.cast_unsigned());
            Ok(GuildSize { messages, message_bytes })
        })
    };
    guilds.iter().map(|guild| Ok(size(guild)?.unwrap_or_default())).collect()
}
