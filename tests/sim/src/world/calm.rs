//! When faults have ended: everybody comes back, and has what it is due.

use futures_util::FutureExt as _;
use throng_ports::store::Store as _;

use super::World;

impl World {
    /// Ends all faults, and lets everybody come back and read.
    pub(super) fn begin_calm(&mut self) {
        self.calm = true;
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
        for (index, client) in self.clients.iter().enumerate() {
            client.check_calm(&self.oracle).map_err(|what| format!("client {index}: {what}"))?;
            let guilds = self.store.guilds_of(client.user).now_or_never().and_then(Result::ok);
            for guild in guilds.unwrap_or_default() {
                let known = client.session.as_ref();
                if !known.is_some_and(|known| known.guilds.contains_key(&guild)) {
                    let attached =
                        self.crews.iter().any(|crew| crew.is_attached(client.user, guild));
                    return Err(format!(
                        "client {index} is told nothing of {guild}, where it is a member \
                         (attached: {attached})"
                    ));
                }
            }
        }
        Ok(())
    }
}
