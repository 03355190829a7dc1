//! When faults have ended: everybody comes back, and has what it is due.

use futures_util::FutureExt as _;
use throng_ports::store::Store as _;

use super::World;
use crate::fault::Fault;

impl World {
    /// Ends all faults, and lets everybody come back and read.
    pub(super) fn begin_calm(&mut self) {
        self.calm = true;
        self.council.calm();
        for client in &mut self.clients {
            client.room = 1_000_000;
            if let Some(wire) = &client.wire {
                wire.make_room(1_000_000);
                wire.owe();
            }
            client.wakes = client.wakes.min(self.now + 1_000);
        }
    }

    /// Finds what is missing, now that everything is calm.
    pub(super) fn check_calm(&self) -> Result<(), String> {
        self.check_errands()?;
        for (guild, host) in &self.hosts {
            if host.unanswered() > 0 {
                return Err(format!(
                    "H1: {} commands of {guild} are unanswered",
                    host.unanswered()
                ));
            }
        }
        for (index, client) in self.clients.iter().enumerate() {
            let Some(known) = &client.session else {
                return Err(format!("client {index}: it has no session"));
            };
            let member = self.store.guilds_of(client.user).now_or_never().and_then(Result::ok);
            let member = member.unwrap_or_default();
            if let Some(guild) = member.iter().find(|guild| !known.guilds.contains_key(guild)) {
                let attached = self.crews.iter().any(|crew| crew.is_attached(client.user, *guild));
                return Err(format!(
                    "client {index} is told nothing of {guild}, where it is a member (attached: \
                     {attached})"
                ));
            }
            if let Some(guild) = known.awaited.first() {
                return Err(format!("client {index} waits for {guild}, which READY has named"));
            }
            if let Some(guild) = known.guilds.keys().find(|guild| !member.contains(guild)) {
                return Err(format!("client {index} is not told that {guild} is gone"));
            }
        }
        self.check_modes()
    }

    /// Finds an attachment of which a policy that does not change its mind thinks otherwise.
    fn check_modes(&self) -> Result<(), String> {
        // What a link that lags made of it stays until something changes.
        if !self.council.is_steady() || self.plan.has(Fault::SlowLinks) {
            return Ok(());
        }
        for crew in &self.crews {
            for (slot, session) in crew.deck.sessions().iter() {
                for membership in &session.guilds {
                    let Some(verdict) = crew.deck.verdict(slot, membership.guild) else { continue };
                    let relays = crew.deck.relays(membership.guild);
                    let relay = relays.and_then(|relays| relays.relay_of(membership));
                    let mode = relay.and_then(|relay| Some(relay.attachment(slot)?.mode));
                    if mode != Some(verdict.mode) {
                        let (user, now) = (session.identity.user, verdict.mode.name());
                        return Err(format!("{user} is still {mode:?} in a guild, and not {now}"));
                    }
                }
            }
        }
        Ok(())
    }
}
