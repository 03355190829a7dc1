//! What guilds and decks want of each other, on its way.

use futures_util::FutureExt as _;
use throng_engine::deck::Ask;
use throng_engine::event::Change;
use throng_ports::store::Store as _;
use throng_proto::id::GuildId;

use super::World;
use super::archive::Asked;
use crate::crew::Need;
use crate::host::{Letter, Request, Wish};

impl World {
    /// Lets a guild take its next request.
    pub(super) fn serve(&mut self, guild: GuildId) -> Result<(), String> {
        let (now, store) = (self.wall(), self.store.clone());
        let Some(host) = self.hosts.get_mut(&guild) else { return Ok(()) };
        let Some(request) = host.requests.pop_front() else { return Ok(()) };
        let missed = |since| {
            let records = store.events(guild, since).now_or_never().and_then(Result::ok);
            records.unwrap_or_default()
        };
        let mut wishes = Vec::new();
        host.heed(now, request, missed, &mut wishes);
        wishes.into_iter().try_for_each(|wish| self.grant(guild, wish))
    }

    /// Does what a guild wants done.
    pub(super) fn grant(&mut self, guild: GuildId, wish: Wish) -> Result<(), String> {
        match wish {
            Wish::Commit(writes) => self.ask_store(guild, Asked::Commit(writes)),
            Wish::Read(read, queries) => self.ask_store(guild, Asked::Read(read, queries)),
            Wish::Answered(errand, outcome) => self.answered(errand, &outcome),
            Wish::Orphan(lists) => self.orphans.push(*lists),
            Wish::Deleted => self.end_guild(guild),
            Wish::Wrong(what) => return Err(what),
            Wish::Tell(deck, letter) => self.post(deck, guild, letter),
            Wish::TellAll(Letter::Joined(user, guild)) => {
                for deck in 0..self.crews.len() {
                    self.post(deck, guild, Letter::Joined(user, guild));
                }
            }
            Wish::TellAll(_) => {}
            Wish::Published(event) => {
                self.summary.published += 1;
                let host = &self.hosts[&guild];
                let (kind, sequence) = (event.kind.name(), event.sequence);
                self.trace.note(format_args!("{guild} publishes {kind} {sequence}"));
                self.oracle.publish(&host.guild, &event)?;
                if let (Change::LastMessage(channel, message), Some(author)) =
                    (&event.change, event.author)
                {
                    self.messages.push((guild, *channel, *message, author));
                }
            }
            Wish::Told(sessions, events) => {
                let host = &self.hosts[&guild];
                for session in sessions {
                    let found = self.crews[usize::from(session.worker)].deck.find(session);
                    if let Some(found) = found {
                        let who = (found.id, found.identity.user);
                        self.oracle.tell_later(&host.guild, who, &events);
                    }
                }
            }
        }
        Ok(())
    }

    /// Lets a deck take a letter.
    pub(super) fn deliver(&mut self, deck: usize) -> Result<(), String> {
        let (now, mut needs) = (self.moment(), Vec::new());
        let Some(letter) = self.crews[deck].next_letter(&mut self.chance) else { return Ok(()) };
        let heard = self.crews[deck].heed(now, &mut needs, letter);
        if let Some((key, sequence)) = heard.granted {
            self.oracle.grants.entry(key).or_default().push(sequence);
        }
        self.fulfil(deck, needs);
        heard.told.iter().try_for_each(|told| self.oracle.judge(told, self.now))
    }

    /// Ends a guild that was deleted; whoever asks to be taken, or taken back, is turned away.
    fn end_guild(&mut self, guild: GuildId) {
        let Some(host) = self.hosts.remove(&guild) else { return };
        self.orphans.extend(host.lists);
        for request in host.requests {
            if let Request::Ask(deck, ask) = request {
                self.refuse(deck, guild, ask);
            }
        }
    }

    pub(super) fn post(&mut self, deck: usize, guild: GuildId, letter: Letter) {
        if let Some(crew) = self.crews.get_mut(deck) {
            crew.inboxes.entry(guild).or_default().push_back(letter);
        }
    }

    /// Does what a deck needs.
    pub(super) fn fulfil(&mut self, deck: usize, needs: Vec<Need>) {
        for (guild, ask) in needs {
            match self.hosts.get_mut(&guild) {
                Some(host) => host.requests.push_back(Request::Ask(deck, ask)),
                None => self.refuse(deck, guild, ask),
            }
        }
    }

    /// A guild that is asked is not there.
    pub(super) fn refuse(&mut self, deck: usize, guild: GuildId, ask: Ask) {
        let attaches = match ask {
            Ask::Attach(attach) => vec![*attach],
            Ask::Restore { sessions, .. } => sessions,
            _ => Vec::new(),
        };
        for attach in attaches {
            self.post(deck, guild, Letter::TurnedAway(attach.session, guild));
        }
    }
}
