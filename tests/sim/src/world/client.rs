//! What clients do while they have a link.

use futures_util::FutureExt as _;
use throng_ports::store::Store as _;
use throng_proto::command::{Actor, Command, MessagePatch};
use throng_proto::gateway::PresenceUpdate;
use throng_proto::id::GuildId;
use throng_proto::model::{Emoji, Status, User};

use super::World;
use crate::chance::Chance;
use crate::fault::Fault;
use crate::host::Request;

impl World {
    /// Lets a client do something.
    pub(super) fn wake(&mut self, index: usize) -> Result<(), String> {
        let most = 2 * self.plan.pause as usize;
        let pause = if self.calm { 500 } else { 1 + self.chance.below(most) as u64 };
        self.clients[index].wakes = self.now + pause;
        if self.clients[index].wire.is_none() {
            return self.come(index);
        }
        if self.calm {
            return Ok(());
        }
        match self.chance.below(24) {
            20 | 21 => self.write_down(index),
            22 | 23 if self.plan.has(Fault::Lists) => self.look(index),
            0..=8 => self.talk(index),
            9 => self.acknowledge(index),
            10 => self.show(index),
            11 if self.plan.has(Fault::Cuts) => self.cut(index),
            12 if self.plan.has(Fault::SlowLinks) => self.slow_down(index),
            13 if self.plan.has(Fault::Leavers) => {
                self.leave(index);
                // Another one may be there at once, and have its slot.
                if self.chance.per_mille(500) {
                    return self.identify(index);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Writes down what it knows.
    fn write_down(&mut self, index: usize) {
        let client = &mut self.clients[index];
        client.saved = client.session.clone().map(|known| (self.now, known));
    }

    fn acknowledge(&mut self, index: usize) {
        let Some(known) = &self.clients[index].session else { return };
        let (id, sequence) = (known.id, known.sequence);
        let deck = id.worker(self.crews.len());
        let Some(slot) = self.crews[deck].deck.sessions().named(id) else { return };
        let (now, mut needs) = (self.moment(), Vec::new());
        self.crews[deck].act(now, &mut needs, |deck| deck.acknowledge(slot, sequence.into()));
        self.fulfil(deck, needs);
    }

    /// Shows another status in all its guilds.
    fn show(&mut self, index: usize) {
        let Some(known) = &self.clients[index].session else { return };
        let id = known.id;
        let statuses = [Status::Online, Status::Idle, Status::Dnd, Status::Invisible];
        let status = self.chance.pick(&statuses).unwrap_or_default();
        let update = PresenceUpdate { status, ..PresenceUpdate::default() };
        let (now, mut needs) = (self.moment(), Vec::new());
        let deck = id.worker(self.crews.len());
        let crew = &mut self.crews[deck];
        let Some(slot) = crew.deck.sessions().named(id) else { return };
        let Some(session) = crew.deck.reference(slot) else { return };
        let guilds: Vec<GuildId> =
            crew.deck.session(slot).into_iter().flat_map(|s| &s.guilds).map(|m| m.guild).collect();
        crew.act(now, &mut needs, |deck| {
            let changed = deck.show(slot, &update);
            for guild in &guilds {
                deck.show_in(slot, *guild, status, changed);
            }
            deck.write_state(slot);
        });
        self.fulfil(deck, needs);
        let user = self.clients[index].user;
        for guild in guilds {
            if let Some(host) = self.hosts.get_mut(&guild) {
                host.requests.push_back(Request::Presence(session, user, update.clone()));
            }
        }
    }

    /// Posts, edits, deletes, or shows that it types.
    fn talk(&mut self, index: usize) {
        let guilds: Vec<GuildId> = self.hosts.keys().copied().collect();
        let Some(guild) = self.chance.pick(&guilds) else { return };
        let channels: Vec<_> = self.hosts[&guild].guild.shape().channels.keys().copied().collect();
        let Some(channel) = self.chance.pick(&channels) else { return };
        let user = self.clients[index].user;
        let known = self.messages.iter().rev().take(20).copied();
        let all: Vec<_> = known.collect();
        let own: Vec<_> = all.iter().filter(|one| one.3 == user).copied().collect();
        self.links += 1;
        let text = format!("{index} says {}", self.links);
        let actor = Actor::User(self.user(index));
        let thumb = Emoji { id: None, name: Some("👍".to_owned()) };
        let some = |all: &[_], chance: &mut Chance| chance.pick(all);
        match self.chance.below(14) {
            0 => {
                if let Some((guild, channel, message, _)) = some(&own, &mut self.chance) {
                    self.command(guild, actor, Command::MessageDelete(channel, message));
                }
            }
            1 => {
                if let Some((guild, channel, message, _)) = some(&own, &mut self.chance) {
                    let content = Some(Some(text));
                    let patch = Box::new(MessagePatch { content, ..MessagePatch::default() });
                    self.command(guild, actor, Command::MessageEdit(channel, message, patch));
                }
            }
            2 => self.command(guild, actor, Command::Typing(channel)),
            adds @ (3 | 4) => {
                if let Some((guild, channel, message, _)) = some(&all, &mut self.chance) {
                    let command = match adds {
                        3 => Command::ReactionAdd(channel, message, thumb),
                        _ => Command::ReactionRemove(channel, message, thumb, user),
                    };
                    self.command(guild, actor, command);
                }
            }
            mention @ (5 | 6) => {
                let whom = self.chance.below(self.clients.len());
                let whom = self.clients[whom].user;
                let whom = if mention == 5 { "@everyone".to_owned() } else { format!("<@{whom}>") };
                self.post_text(index, (guild, channel), format!("{text} to {whom}"));
            }
            _ => self.post_text(index, (guild, channel), text),
        }
    }

    pub(super) fn user(&self, index: usize) -> User {
        let id = self.clients[index].user;
        let found = self.store.user(id).now_or_never().and_then(Result::ok).flatten();
        found.unwrap_or_else(|| User::new(id, format!("user{id}"), false))
    }

    pub(super) fn command(&mut self, guild: GuildId, actor: Actor, command: Command) {
        if let Some(host) = self.hosts.get_mut(&guild) {
            host.requests.push_back(Request::Command(actor, Box::new(command), None));
        }
    }
}
