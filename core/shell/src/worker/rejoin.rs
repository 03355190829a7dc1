//! Sessions whose guild begins anew while they go on: after a restart, or after a panic.

use throng_proto::gateway::PresenceUpdate;
use throng_proto::id::GuildId;
use throng_proto::intents::Intents;

use super::{SessionRef, Slot, Worker};
use crate::guild::{Attach, Request};

impl Worker {
    /// Attaches a guild's sessions to its next owner, which knows none of them.
    pub(super) fn rejoin(&mut self, guild: GuildId) {
        let since = self.relays.remove(&guild).map_or(0, |relays| relays.told);
        self.lists.remove(&guild);
        let of_guild = |session: &super::Session| session.guilds.iter().any(|m| m.guild == guild);
        let slots = self.sessions.iter().filter(|(_, session)| of_guild(session));
        let slots: Vec<Slot> = slots.filter_map(|(key, _)| Slot::try_from(key).ok()).collect();
        self.ask_restore(guild, since, slots);
    }

    /// Asks a guild to take sessions that it had before, and for what they missed since.
    pub(crate) fn ask_restore(&mut self, guild: GuildId, since: u64, slots: Vec<Slot>) {
        self.recorder.told(guild, since);
        if self.shared.directory.guild(guild).is_none() {
            if self.shared.troubles.has(&format!("unreadable:{guild}")) {
                return;
            }
            // It was deleted, and its log with it, before they could be told.
            return slots.into_iter().for_each(|slot| self.expel_session(guild, slot));
        }
        let (known, new): (Vec<Slot>, Vec<Slot>) =
            slots.into_iter().partition(|slot| self.is_welcome(*slot, guild));
        let sessions =
            known.into_iter().filter_map(|slot| self.attach_again(slot, guild)).collect();
        self.ask_guild(guild, Request::Restore { worker: self.index, since, sessions });
        for slot in new {
            self.ask_anew(slot, guild);
        }
    }

    /// Tells whether a session was told of the guild, or need not be.
    fn is_welcome(&self, slot: Slot, guild: GuildId) -> bool {
        let Some(session) = self.sessions.get(slot as usize) else { return true };
        let quiet = !session.identity.intents.intersects(Intents::GUILDS);
        quiet || session.guilds.iter().any(|m| m.guild == guild && m.welcomed)
    }

    fn attach_again(&self, slot: Slot, guild: GuildId) -> Option<Attach> {
        let session = self.sessions.get(slot as usize)?;
        session.guilds.iter().find(|membership| membership.guild == guild)?;
        self.attach(slot, self.presence_of(slot), true)
    }

    /// Asks for a place that was asked for before, and not granted in time.
    fn ask_anew(&mut self, slot: Slot, guild: GuildId) {
        let presence = self.presence_of(slot);
        if let Some(session) = self.sessions.get_mut(slot as usize) {
            session.guilds.retain(|membership| membership.guild != guild);
        }
        self.ask_attach(slot, guild, presence, true);
    }

    fn presence_of(&self, slot: Slot) -> PresenceUpdate {
        let session = self.sessions.get(slot as usize);
        session.map_or_else(PresenceUpdate::default, |session| session.identity.shows())
    }

    /// Ends sessions of which something was lost: their clients are told to begin anew.
    pub(super) fn lose(&mut self, sessions: &[SessionRef]) {
        for session in sessions {
            if self.session_mut(*session).is_some() {
                tracing::info!(slot = session.slot, "a session is lost: what it missed is unknown");
                self.end_session(session.slot);
            }
        }
    }
}
