//! Guilds change hands, or stay where they are.

use throng_proto::id::GuildId;

use super::World;
use crate::host::{Letter, Wish};

impl World {
    /// Lets a guild begin to change hands, or breaks that off.
    pub(super) fn hand_off(&mut self) {
        let guilds: Vec<GuildId> = self.hosts.keys().copied().collect();
        let Some(guild) = self.chance.pick(&guilds) else { return };
        self.eras += 1;
        let number = self.eras;
        let Some(host) = self.hosts.get_mut(&guild) else { return };
        match host.departure {
            None => {
                host.hand_off(number);
                // Members come and go meanwhile.
                if self.chance.per_mille(400) {
                    self.kick(Some(guild));
                }
            }
            Some(_) if !host.is_leaving() => host.stay(),
            Some(_) => {}
        }
    }

    /// The barrier of a guild; its next owner may be gone by now.
    pub(super) fn hand_over(&mut self, guild: GuildId) -> Result<(), String> {
        let Some(host) = self.hosts.remove(&guild) else { return Ok(()) };
        self.eras += 1;
        let taken = self.chance.per_mille(700);
        let (mut host, lists) = host.surrender(taken, self.eras)?;
        self.orphans.extend(lists);
        self.oracle.guilds.entry(guild).or_default().anew = true;
        let mut wishes = Vec::new();
        host.tell_presences(self.now, &mut wishes);
        let owners = host.attendance.workers().map(|deck| Wish::Tell(deck, Letter::Owner(guild)));
        wishes.extend(owners.collect::<Vec<_>>());
        self.hosts.insert(guild, host);
        wishes.into_iter().try_for_each(|wish| self.grant(guild, wish))
    }
}
