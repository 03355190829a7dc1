//! One deck dies alone, while guilds and other decks go on.

use throng_engine::deck::{SessionRef, Story, Survivors};
use throng_engine::relay::Interest;
use throng_proto::id::{GuildId, UserId};

use super::World;
use crate::host::Wish;

impl World {
    /// Ends a deck and begins it anew from its journal, at times before its sessions are back.
    pub(super) fn relapse(&mut self) {
        let deck = self.chance.below(self.crews.len());
        self.restart(deck);
        while self.chance.per_mille(300) {
            self.restart(deck);
        }
    }

    fn restart(&mut self, deck: usize) {
        self.summary.crashes += 1;
        self.shake(|id, decks| (id.worker(decks) == deck).then_some(false));
        self.part(deck);
        let decks = self.crews.len();
        let next = self.crew(deck);
        let old = std::mem::replace(&mut self.crews[deck], next);
        let mut stories: Vec<Story> = (0..decks).map(|_| Story::default().finish()).collect();
        stories[deck] = old.story(old.flushed, None);
        self.oracle.guilds.values_mut().for_each(|ledger| ledger.anew = true);
        self.oracle.grants.retain(|(id, _), _| id.worker(decks) != deck);
        let survivors = Survivors::divide(stories, decks).into_iter().nth(deck);
        let (now, mut needs) = (self.moment(), Vec::new());
        self.crews[deck].revive(now, &mut needs, survivors.unwrap_or_default());
        self.fulfil(deck, needs);
        self.compare(deck);
    }

    /// Cuts the links of a deck's sessions, and lets guilds forget them.
    fn part(&mut self, deck: usize) {
        let decks = self.crews.len();
        for index in 0..self.clients.len() {
            let session = self.clients[index].session.as_ref();
            if session.is_some_and(|known| known.id.worker(decks) == deck) {
                self.lose_link(index);
                self.forget_wanted(index, &vec![self.crews[deck].flushed; decks]);
            }
        }
        let mut places: Vec<(GuildId, SessionRef, UserId, Interest)> = Vec::new();
        let sessions = &self.crews[deck].deck;
        for (slot, session) in sessions.sessions().iter() {
            let (user, interest) = (session.identity.user, session.identity.interest());
            let reference = sessions.reference(slot);
            let guilds = session.guilds.iter().map(|membership| membership.guild);
            places.extend(guilds.filter_map(|g| Some((g, reference?, user, interest))));
        }
        self.hosts.values_mut().for_each(|host| host.forget_deck(deck));
        let now = self.now;
        for (guild, session, user, interest) in places {
            let Some(host) = self.hosts.get_mut(&guild) else { continue };
            host.let_go(session, user, interest);
        }
        // What they are told after this must not be taken for the next sessions' with their names.
        let mut wishes = Vec::new();
        for host in self.hosts.values_mut() {
            host.serve_lists(&mut wishes);
            host.lists.iter_mut().for_each(|lists| lists.hear(now));
        }
        let orphans = wishes.into_iter().filter_map(|wish| match wish {
            Wish::Orphan(lists) => Some(*lists),
            _ => None,
        });
        self.orphans.extend(orphans);
        self.orphans.iter_mut().for_each(|lists| lists.hear(now));
    }
}
