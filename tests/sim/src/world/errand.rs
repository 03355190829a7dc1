//! Posts as an HTTP API sends them: with a nonce, and again when no answer comes.

use std::collections::{BTreeMap, BTreeSet};

use throng_engine::policy::{Act, Publish, PublishFacts};
use throng_proto::command::{Actor, Command, MessageDraft, Outcome};
use throng_proto::id::{ChannelId, GuildId};
use throng_proto::model::Nonce;
use throng_proto::refusal::Refusal;

use super::World;
use crate::fault::Fault;
use crate::host::Request;

/// How long an answer is waited for, in milliseconds.
const PATIENCE: u64 = 1_500;
/// How often a post is sent.
const TRIES_MAX: u32 = 8;

/// Posts and what came of them.
#[derive(Debug, Default)]
pub(super) struct Errands {
    all: BTreeMap<u64, Errand>,
    /// When those are sent again that are not answered.
    open: BTreeSet<(u64, u64)>,
}

#[derive(Debug)]
struct Errand {
    guild: GuildId,
    client: usize,
    channel: ChannelId,
    text: String,
    tries: u32,
    due: u64,
    /// It was answered that it is posted.
    posted: bool,
}

impl Errands {
    pub(super) fn next(&self) -> Option<u64> {
        self.open.first().map(|(due, _)| *due)
    }
}

impl World {
    /// Posts something, as often as it takes.
    pub(super) fn post_text(
        &mut self,
        client: usize,
        (guild, channel): (GuildId, ChannelId),
        text: String,
    ) {
        let facts = PublishFacts {
            act: Act::Message,
            author: self.clients[client].user,
            bot: !self.clients[client].passive,
            guild,
            channel,
            length: text.len(),
            everyone: text.contains("@everyone"),
        };
        if self.council.policy().publish(self.wall(), &facts) != Publish::Allow {
            return;
        }
        let number = self.errands.all.len() as u64;
        let (tries, due, posted) = (0, 0, false);
        let errand = Errand { guild, client, channel, text, tries, due, posted };
        self.errands.all.insert(number, errand);
        self.send(number);
    }

    fn send(&mut self, number: u64) {
        let Some(errand) = self.errands.all.get_mut(&number) else { return };
        errand.tries += 1;
        errand.due = self.now + PATIENCE;
        self.errands.open.insert((errand.due, number));
        let draft = MessageDraft {
            content: Some(errand.text.clone()),
            nonce: Some(Nonce::Number(number as i64)),
            enforce_nonce: true,
            ..MessageDraft::default()
        };
        let command = Command::MessageCreate(errand.channel, Box::new(draft));
        let (guild, client) = (errand.guild, errand.client);
        let actor = Actor::User(self.user(client));
        if let Some(host) = self.hosts.get_mut(&guild) {
            host.requests.push_back(Request::Command(actor, Box::new(command), Some(number)));
        }
    }

    /// Sends again what was not answered in time.
    pub(super) fn retry(&mut self) {
        while let Some((due, number)) = self.errands.open.first().copied() {
            if due > self.now {
                return;
            }
            self.errands.open.pop_first();
            let tries = self.errands.all.get(&number).map_or(TRIES_MAX, |errand| errand.tries);
            if tries < TRIES_MAX {
                self.send(number);
            }
        }
    }

    /// Takes an answer.
    pub(super) fn answered(&mut self, number: u64, outcome: &Outcome) {
        let Some(errand) = self.errands.all.get_mut(&number) else { return };
        // One that failed by no fault of its own is sent again when its time has come.
        if !matches!(outcome, Err(Refusal::Unavailable { .. })) {
            self.errands.open.remove(&(errand.due, number));
            errand.tries = TRIES_MAX;
        }
        errand.posted |= outcome.is_ok();
    }

    /// Finds a post that is there twice, or that is not there though it was answered.
    pub(super) fn check_errands(&self) -> Result<(), String> {
        // Nonces are kept for minutes of the wall clock.
        let most = if self.plan.has(Fault::Clocks) { usize::MAX } else { 1 };
        for errand in self.errands.all.values() {
            let Some(ledger) = self.oracle.guilds.get(&errand.guild) else { continue };
            let posts = ledger.posts(&errand.text);
            if posts > most || (errand.posted && posts == 0) {
                let Errand { text, guild, .. } = errand;
                return Err(format!("{text:?} is {posts} times in {guild}"));
            }
        }
        Ok(())
    }
}
