//! What messages take, and their end by age.

use throng_ports::store::{Expired, GuildSize};
use throng_proto::id::{GuildId, MessageId};
use throng_proto::time::Timestamp;

use super::Tables;

impl Tables {
    /// Removes the oldest messages from before a time, then reactions to those that are gone.
    pub(crate) fn expire(&mut self, before: Timestamp, rows_max: usize) -> Expired {
        let before = MessageId::first_at(before);
        let old: Vec<MessageId> =
            self.messages.range(..before).take(rows_max).map(|(id, _)| *id).collect();
        for id in &old {
            if let Some(message) = self.messages.remove(id) {
                self.channel_messages.remove(&(message.channel_id, *id));
            }
        }
        let mut expired = Expired { messages: old.len() as u64, reactions: 0 };
        let mut room = rows_max - old.len();
        while room > 0 {
            let Some(mut entry) = self.reactions.first_entry().filter(|e| *e.key() < before) else {
                break;
            };
            let users = entry.get_mut().iter_mut().map(|reaction| &mut reaction.users);
            for users in users {
                while room > 0 && users.pop_first().is_some() {
                    (room, expired.reactions) = (room - 1, expired.reactions + 1);
                }
            }
            if entry.get().iter().all(|reaction| reaction.users.is_empty()) {
                entry.remove();
            }
        }
        expired
    }

    /// Adds up the messages of a guild.
    pub(crate) fn size(&self, guild: GuildId) -> GuildSize {
        let mut size = GuildSize::default();
        for channel in self.channels_of(guild) {
            for message in self.messages_of(channel) {
                let Some(message) = self.messages.get(&message) else { continue };
                size.messages += 1;
                size.message_bytes += (size_of_val(message) + message.content.len()) as u64;
            }
        }
        size
    }
}
