//! Sessions whose guild begins anew while they go on: after a restart, or after a panic.

use throng_proto::gateway::PresenceUpdate;
use throng_proto::id::GuildId;
use throng_proto::intents::Intents;

use super::{Ask, Attach, Deck, Line};
use crate::replay::Slot;

impl<L: Line> Deck<L> {
    /// Attaches a guild's sessions to its next owner, which knows none of them.
    pub fn rejoin(&mut self, guild: GuildId) {
        let since = self.guilds.remove(&guild).map_or(0, |relays| relays.told);
        self.lists.remove(&guild);
        let all = self.sessions.iter();
        let of_guild = all.filter(|(_, session)| session.membership(guild).is_some());
        let slots: Vec<Slot> = of_guild.map(|(slot, _)| slot).collect();
        self.ask_restore(guild, since, slots);
    }

    /// Asks a guild to take sessions that it had before, and for what they missed since.
    pub(super) fn ask_restore(&mut self, guild: GuildId, since: u64, slots: Vec<Slot>) {
        self.records.told(guild, since);
        let (known, new): (Vec<Slot>, Vec<Slot>) =
            slots.into_iter().partition(|slot| self.is_welcome(*slot, guild));
        let known = known.into_iter();
        let sessions: Vec<Attach> =
            known.filter_map(|slot| self.attach(slot, self.presence_of(slot), true)).collect();
        let waiting = new.into_iter().filter_map(|slot| self.wait_again(slot, guild)).collect();
        self.ask(guild, Ask::Restore { since, sessions, waiting });
    }

    /// Tells whether a session was told of the guild, or need not be.
    fn is_welcome(&self, slot: Slot, guild: GuildId) -> bool {
        let Some(session) = self.sessions.get(slot) else { return true };
        let quiet = !session.identity.intents.intersects(Intents::GUILDS);
        quiet || session.membership(guild).is_some_and(|membership| membership.welcomed)
    }

    /// Asks for a place that was asked for before, and not granted in time.
    fn wait_again(&mut self, slot: Slot, guild: GuildId) -> Option<Attach> {
        let session = self.sessions.get_mut(slot)?;
        session.guilds.retain(|membership| membership.guild != guild);
        self.wait_for(slot, guild).then(|| self.attach(slot, self.presence_of(slot), true))?
    }

    fn presence_of(&self, slot: Slot) -> PresenceUpdate {
        let session = self.sessions.get(slot);
        session.map_or_else(PresenceUpdate::default, |session| session.identity.shows())
    }
}
