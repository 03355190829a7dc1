//! Random histories: a store and the plain model are given the same commits and must look the same.

use throng_proto::catalog::CommandPlace;
use throng_proto::id::{ChannelId, CommandId, GuildId, MessageId, RoleId, UserId};
use throng_proto::model::{Channel, Emoji, Guild, Invite, Message, MessageReference, User};
use throng_proto::record::{Page, Write};

use super::commands::command;
use super::model::Model;
use super::sample::{PAST, add, channel, event, guild, invite, member, message, role, user};
use super::{members, ok};
use crate::store::Store;

// Few ids of each kind, so that writes meet each other.
const GUILDS: u64 = 3;
const CHANNELS: u64 = 6;
const USERS: u64 = 6;
const MESSAGES: u64 = 24;
const EMOJI: [&str; 3] = ["\u{1f980}", "x", "x:1"];

/// A history that goes on as long as a test likes, also over reopened stores.
#[derive(Debug)]
pub struct History {
    seed: u64,
    state: u64,
    model: Model,
}

impl History {
    /// Begins a history; the same seed gives the same one.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, model: Model::default() }
    }

    /// Makes `rounds` of a few commits at once and compares the outcomes, then everything that can
    /// be read.
    ///
    /// # Panics
    ///
    /// The store differs from the model.
    pub async fn run(&mut self, store: &dyn Store, rounds: usize) {
        for round in 0..rounds {
            let count = 1 + self.below(4);
            let commits: Vec<_> = (0..count).map(|_| self.writes()).collect();
            let pending: Vec<_> =
                commits.iter().map(|writes| store.commit(writes.clone())).collect();
            for (writes, answer) in commits.iter().zip(pending) {
                let expected = self.model.commit(writes);
                let answer = answer.await;
                let seed = self.seed;
                assert_eq!(
                    answer.is_ok(),
                    expected,
                    "seed {seed}, round {round}: {answer:?} to {writes:?}"
                );
            }
            self.compare(store).await;
        }
    }

    /// Compares everything that can be read with the model.
    ///
    /// # Panics
    ///
    /// The store differs from the model.
    pub async fn compare(&mut self, store: &dyn Store) {
        let seed = self.seed;
        for id in (1..=GUILDS).map(GuildId::new) {
            let record = ok(store.guild(id).await);
            let joined = members(store, id).await;
            let invites = record.as_ref().map(|all| all.invites.clone());
            let expected = record.is_some().then(|| self.model.invites(id));
            assert_eq!(invites, expected, "seed {seed}: invites of {id}");
            let found =
                record.map(|all| (all.guild, all.roles, all.channels, joined, all.sequence));
            assert_eq!(found, self.model.guild(id), "seed {seed}: guild {id}");
            let after = self.below(4);
            let events = ok(store.events(id, after).await);
            assert_eq!(events, self.model.events(id, after), "seed {seed}: events of {id}");
        }
        for id in 1..=USERS {
            let (found, named) = (store.user(UserId::new(id)), store.user_named(name(id)));
            assert_eq!(ok(found.await), self.model.user(UserId::new(id)), "seed {seed}");
            assert_eq!(ok(named.await), self.model.user_named(&name(id)), "seed {seed}");
            let guilds = ok(store.guilds_of(UserId::new(id)).await);
            assert_eq!(guilds, self.model.guilds_of(UserId::new(id)), "seed {seed}");
            for guild in (0..=GUILDS).map(|guild| (guild > 0).then(|| GuildId::new(guild))) {
                let place = CommandPlace { application: UserId::new(id), guild };
                let catalog = ok(store.catalog(place).await);
                assert_eq!(catalog, self.model.catalog(place), "seed {seed}: {place:?}");
            }
        }
        for id in (1..=CHANNELS).map(ChannelId::new) {
            let (page, limit, me) = (self.page(), 1 + self.size(9), self.user_id());
            for (page, limit) in [(page, limit), (Page::Latest, 100)] {
                let found = ok(store.messages(id, page, limit, Some(me)).await);
                let expected = self.model.messages(id, page, limit, Some(me));
                assert_eq!(found, expected, "seed {seed}: {page:?} of channel {id}");
            }
        }
        let (message, emoji) = (self.message_id(), self.emoji());
        let found = ok(store.reactors(message, emoji.clone(), UserId::new(0), 100).await);
        assert_eq!(found, self.model.reactors(message, &emoji), "seed {seed}");
    }

    fn writes(&mut self) -> Vec<Write> {
        (0..self.below(5)).map(|_| self.write()).collect()
    }

    fn write(&mut self) -> Write {
        let guild_id = GuildId::new(1 + self.below(GUILDS));
        match self.below(32) {
            0 => Write::GuildDelete(guild_id),
            1..3 => {
                Write::Guild(Guild { name: self.below(100).to_string(), ..guild(guild_id.value()) })
            }
            3 => Write::Role(guild_id, role(1 + self.below(4))),
            4 => Write::RoleDelete(guild_id, RoleId::new(1 + self.below(4))),
            5..8 => Write::Channel(self.channel()),
            8 => Write::ChannelDelete(guild_id, ChannelId::new(1 + self.below(CHANNELS))),
            9 => Write::User(self.user()),
            10..12 => {
                let mut joined = member(1 + self.below(3));
                joined.user = self.user();
                Write::Member(guild_id, joined)
            }
            12 => Write::MemberDelete(guild_id, self.user_id()),
            13..16 => add(self.message()),
            16 => Write::MessageUpdate(Box::new(self.message())),
            17 => {
                let ids = vec![self.message_id(), self.message_id()];
                Write::MessageDelete(channel_of(ids[0]), ids)
            }
            18..21 => Write::ReactionAdd(self.message_id(), self.emoji(), self.user_id()),
            21 => Write::ReactionRemove(self.message_id(), self.emoji(), self.user_id()),
            22 => {
                let emoji = self.emoji();
                Write::ReactionClear(self.message_id(), (self.below(2) == 0).then_some(emoji))
            }
            23..26 => Write::Invite(Box::new(self.invite())),
            26 => {
                let invite = self.invite();
                Write::InviteDelete(invite.guild_id, invite.code)
            }
            27..30 => {
                let (place, id) = (self.place(), 1 + self.below(6));
                Write::Command(Box::new(command(place, id, self.below(100))))
            }
            30 => Write::CommandDelete(self.place(), CommandId::new(1 + self.below(6))),
            _ if self.below(4) == 0 => Write::CommandsDelete(self.user_id()),
            _ => Write::Event(Box::new(event(guild_id.value(), 1 + self.below(9), PAST))),
        }
    }

    fn channel(&mut self) -> Channel {
        let id = 1 + self.below(CHANNELS);
        Channel { topic: Some(self.below(9).to_string()), ..channel(1 + id % GUILDS, id) }
    }

    fn invite(&mut self) -> Invite {
        let id = 1 + self.below(CHANNELS);
        let uses = u32::try_from(self.below(5)).unwrap_or_default();
        Invite { uses, ..invite(1 + id % GUILDS, id, 1 + self.below(4)) }
    }

    fn place(&mut self) -> CommandPlace {
        let guild = (self.below(3) > 0).then(|| GuildId::new(1 + self.below(GUILDS)));
        CommandPlace { application: self.user_id(), guild }
    }

    fn user(&mut self) -> User {
        // Names mostly follow ids: otherwise nearly every commit would find its name taken.
        let id = 1 + self.below(USERS);
        let username = name(if self.below(4) == 0 { 1 + self.below(USERS) } else { id });
        User { username, bot: self.below(2) == 0, ..user(id) }
    }

    fn message(&mut self) -> Message {
        let id = self.message_id();
        let content = self.below(1_000).to_string();
        // Every third one answers another, of its own channel or not.
        let message_reference = (self.below(3) == 0).then(|| MessageReference {
            kind: 0,
            message_id: self.message_id(),
            channel_id: None,
            guild_id: None,
        });
        let plain = message(channel_of(id).value(), id.value(), 1);
        Message { content, message_reference, ..plain }
    }

    fn page(&mut self) -> Page {
        let id = self.message_id();
        match self.below(4) {
            0 => Page::Latest,
            1 => Page::Before(id),
            2 => Page::After(id),
            _ => Page::Around(id),
        }
    }

    fn message_id(&mut self) -> MessageId {
        MessageId::new(1 + self.below(MESSAGES))
    }

    fn user_id(&mut self) -> UserId {
        UserId::new(1 + self.below(USERS))
    }

    fn emoji(&mut self) -> Emoji {
        Emoji::from_key(EMOJI[self.size(EMOJI.len())])
    }

    fn size(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).unwrap_or_default()
    }

    /// Returns a number below `end`, by xorshift.
    fn below(&mut self, end: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) % end
    }
}

/// A message stays in one channel, as its id says.
const fn channel_of(message: MessageId) -> ChannelId {
    ChannelId::new(1 + message.value() % CHANNELS)
}

fn name(user: u64) -> String {
    format!("name{user}")
}
