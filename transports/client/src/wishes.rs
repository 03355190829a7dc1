//! What the application wants the gateway to know, and what the gateway was told of it.
//!
//! Wishes are a state, not a queue: however often they change, only the difference is sent, and a
//! new session is told everything again.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};
use throng_proto::gateway::opcode;
use throng_proto::id::{ChannelId, GuildId};
use throng_proto::model::Status;
use throng_proto::throng::PAYLOAD_BYTES_MAX;

/// Guilds that may be focused at once: those of one shard, by the protocol.
pub(crate) const GUILDS_MAX: usize = 2_500;
/// Guilds in one payload, 85 bytes each: 8.5 of the 15 KiB that a payload may have.
const GUILDS_PER_PAYLOAD: usize = 100;
/// Longest presence: half a payload, so that IDENTIFY has room for one.
const PRESENCE_BYTES_MAX: usize = PAYLOAD_BYTES_MAX / 2;
/// Rows of a member list that a focused channel shows.
const ROWS: [u32; 2] = [0, 99];

/// What a user shows of being there.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Presence {
    /// Status.
    pub status: Status,
    /// Away from keyboard: the session is passive wherever it is not focused.
    pub afk: bool,
    /// Since when idle, in milliseconds since 1970.
    pub since: Option<u64>,
    /// Activities, passed on as they are.
    pub activities: Vec<Value>,
}

impl Presence {
    /// Tells whether it fits into a payload beside everything else.
    pub(crate) fn fits(&self) -> bool {
        serde_json::to_vec(self).is_ok_and(|text| text.len() <= PRESENCE_BYTES_MAX)
    }
}

/// What is wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    /// Focused guilds, each perhaps with a channel.
    pub(crate) focused: BTreeMap<GuildId, Option<ChannelId>>,
    pub(crate) presence: Option<Presence>,
}

/// What the session on the gateway's side knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    focused: BTreeMap<GuildId, Option<ChannelId>>,
    /// Told on a link that was lost, so perhaps never heard.
    unsure: BTreeSet<GuildId>,
    presence: Option<Presence>,
    /// Nothing differed at the last look, which takes time for many guilds.
    even: bool,
}

impl Wishes {
    /// Focuses a guild; `false` when there is no room for one more.
    pub(crate) fn focus(&mut self, guild: GuildId, channel: Option<ChannelId>) -> bool {
        let room = self.focused.len() < GUILDS_MAX || self.focused.contains_key(&guild);
        if room {
            let known = self.focused.entry(guild).or_default();
            *known = channel.or(*known);
        }
        room
    }
}

impl Told {
    /// Begins with a session that was told nothing but its first presence.
    pub(crate) fn fresh(presence: Option<Presence>) -> Self {
        Self { presence, ..Self::default() }
    }

    /// Doubts everything, as after a link was lost.
    pub(crate) fn doubt(&mut self) {
        self.unsure.extend(self.focused.keys());
        self.presence = None;
        self.even = false;
    }

    /// Looks for differences again, because wishes changed.
    pub(crate) const fn look_again(&mut self) {
        self.even = false;
    }

    /// Returns the next payload that brings the gateway closer to what is wanted, and counts it as
    /// told; `None` when nothing differs.
    pub(crate) fn next(&mut self, wishes: &Wishes) -> Option<String> {
        if self.even {
            return None;
        }
        let next = self.next_presence(wishes).or_else(|| self.next_subscriptions(wishes));
        self.even = next.is_none();
        next
    }

    fn next_presence(&mut self, wishes: &Wishes) -> Option<String> {
        let presence =
            wishes.presence.as_ref().filter(|wanted| self.presence.as_ref() != Some(*wanted))?;
        self.presence = Some(presence.clone());
        Some(json!({ "op": opcode::PRESENCE_UPDATE, "d": presence }).to_string())
    }

    fn next_subscriptions(&mut self, wishes: &Wishes) -> Option<String> {
        let wanted = |guild: &GuildId| wishes.focused.get(guild);
        let new = wishes.focused.iter().filter(|(guild, channel)| {
            self.focused.get(guild) != Some(channel) || self.unsure.contains(guild)
        });
        let gone = self.focused.keys().filter(|guild| wanted(guild).is_none());
        let differing = new.map(|(guild, _)| *guild).chain(gone.copied());
        let some: Vec<_> = differing.take(GUILDS_PER_PAYLOAD).collect();
        if some.is_empty() {
            return None;
        }
        let mut subscriptions = Map::new();
        for guild in some {
            subscriptions.insert(guild.to_string(), subscription(wanted(&guild)));
            self.unsure.remove(&guild);
            match wanted(&guild) {
                Some(channel) => self.focused.insert(guild, *channel),
                None => self.focused.remove(&guild),
            };
        }
        let data = json!({ "subscriptions": subscriptions });
        Some(json!({ "op": opcode::GUILD_SUBSCRIPTIONS_BULK, "d": data }).to_string())
    }
}

fn subscription(wanted: Option<&Option<ChannelId>>) -> Value {
    match wanted {
        None => json!({ "typing": false }),
        Some(None) => json!({ "typing": true }),
        Some(Some(channel)) => {
            json!({ "typing": true, "channels": { channel.to_string(): [ROWS] } })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUILD: GuildId = GuildId::new(7);
    const CHANNEL: ChannelId = ChannelId::new(8);

    fn said(told: &mut Told, wishes: &Wishes) -> Value {
        told.look_again();
        serde_json::from_str(&told.next(wishes).expect("something to say")).expect("JSON")
    }

    #[test]
    fn only_differences_are_told() {
        let (mut told, mut wishes) = (Told::default(), Wishes::default());
        assert_eq!(told.next(&wishes), None);
        assert!(wishes.focus(GUILD, None));
        let op37 = said(&mut told, &wishes);
        assert_eq!(op37, json!({"op": 37, "d": {"subscriptions": {"7": {"typing": true}}}}));
        assert_eq!(told.next(&wishes), None);
        assert!(wishes.focus(GUILD, Some(CHANNEL)));
        let op37 = said(&mut told, &wishes);
        assert_eq!(op37["d"]["subscriptions"]["7"]["channels"], json!({"8": [[0, 99]]}));
        wishes.focused.clear();
        let op37 = said(&mut told, &wishes);
        assert_eq!(op37["d"]["subscriptions"]["7"], json!({"typing": false}));
        assert_eq!(told.next(&wishes), None);
    }

    #[test]
    fn focusing_the_guild_again_keeps_its_channel() {
        let mut wishes = Wishes::default();
        assert!(wishes.focus(GUILD, Some(CHANNEL)) && wishes.focus(GUILD, None));
        assert_eq!(wishes.focused[&GUILD], Some(CHANNEL));
    }

    #[test]
    fn what_may_not_have_been_heard_is_told_again() {
        let (mut told, mut wishes) = (Told::default(), Wishes::default());
        wishes.presence = Some(Presence { afk: true, ..Presence::default() });
        assert!(wishes.focus(GUILD, None));
        assert_eq!(said(&mut told, &wishes)["op"], 3);
        assert_eq!(said(&mut told, &wishes)["op"], 37);
        told.doubt();
        assert_eq!(said(&mut told, &wishes)["op"], 3);
        assert_eq!(said(&mut told, &wishes)["op"], 37);
        told.doubt();
        wishes.focused.clear();
        assert_eq!(said(&mut told, &wishes)["op"], 3);
        assert_eq!(said(&mut told, &wishes)["d"]["subscriptions"]["7"]["typing"], false);
        assert_eq!(told.next(&wishes), None);
    }

    #[test]
    fn many_guilds_go_out_in_payloads_that_fit() {
        let (mut told, mut wishes) = (Told::default(), Wishes::default());
        for guild in 0..GUILDS_MAX as u64 {
            let guild = GuildId::new(u64::MAX - guild);
            assert!(wishes.focus(guild, Some(ChannelId::new(u64::MAX))));
        }
        assert!(!wishes.focus(GUILD, None));
        let mut payloads = 0;
        while let Some(payload) = told.next(&wishes) {
            assert!(payload.len() <= PAYLOAD_BYTES_MAX);
            payloads += 1;
        }
        assert_eq!(payloads, GUILDS_MAX / GUILDS_PER_PAYLOAD);
    }
}
