//! Member lists: they have their turn beside guilds, and clients ask to see parts of them.

use throng_proto::gateway::Subscription;
use throng_proto::id::{ChannelId, GuildId};

use super::World;
use crate::client::Wanted;
use crate::host::Letter;

/// Ranges that clients ask for.
const RANGES: [[u32; 2]; 4] = [[0, 99], [100, 199], [0, 199], [50, 120]];

impl World {
    /// Lets the lists of a guild do the next thing.
    pub(super) fn serve_lists(&mut self, guild: GuildId) -> Result<(), String> {
        let now = self.now;
        let lists = self.hosts.get_mut(&guild).and_then(|host| host.lists.as_mut());
        let letters = lists.map(|lists| lists.turn(now)).unwrap_or_default();
        self.post_lists(guild, letters);
        Ok(())
    }

    /// Lets lists that have no guild any more tell the rest.
    pub(super) fn end_lists(&mut self) -> Result<(), String> {
        let index = self.chance.below(self.orphans.len());
        let lists = self.orphans.swap_remove(index);
        let guild = lists.guild();
        let letters = lists.finish(self.now);
        self.post_lists(guild, letters);
        Ok(())
    }

    fn post_lists(&mut self, guild: GuildId, letters: Vec<(usize, Letter)>) {
        for (deck, letter) in letters {
            self.post(deck, guild, letter);
        }
    }

    /// Lets a client look at a guild, at other parts of its lists, or no longer.
    pub(super) fn look(&mut self, index: usize) {
        let Some(known) = &self.clients[index].session else { return };
        let (id, guilds): (_, Vec<GuildId>) = (known.id, known.guilds.keys().copied().collect());
        let Some(guild) = self.chance.pick(&guilds) else { return };
        let Some(host) = self.hosts.get(&guild) else { return };
        let channels: Vec<ChannelId> = host.guild.shape().channels.keys().copied().collect();
        let mut wanted = Wanted::new();
        for _ in 0..self.chance.below(3) {
            let Some(channel) = self.chance.pick(&channels) else { return };
            let ranges = (0..1 + self.chance.below(2)).filter_map(|_| self.chance.pick(&RANGES));
            wanted.insert(channel, ranges.collect());
        }
        let (now, mut needs) = (self.moment(), Vec::new());
        let deck = id.worker(self.crews.len());
        let crew = &mut self.crews[deck];
        let Some(slot) = crew.deck.sessions().named(id) else { return };
        let session = crew.deck.session(slot);
        if session.is_none_or(|session| session.membership(guild).is_none()) {
            return;
        }
        let typing = self.chance.per_mille(300).then(|| self.chance.per_mille(500));
        let channels = Some(wanted.clone().into_iter().collect());
        let subscription = Subscription { typing, channels, ..Subscription::default() };
        crew.act(now, &mut needs, |deck| {
            deck.subscribe(slot, guild, subscription);
            deck.write_state(slot);
        });
        let client = &mut self.clients[index];
        client.wanted.insert(guild, wanted);
        client.wanted_at = self.crews[deck].journal.len();
        self.fulfil(deck, needs);
    }
}
