//! Random acts of several users on a few messages, with reads and commits that end in any order
//! and sometimes fail, beside a model that does one act after the other.
//!
//! - G4: every event is what the model does at that place, and every refusal what it says at some
//!   place while the command was under way.
//! - G5: what one actor did is in the order of its asking.

mod model;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use throng_engine::guild::{Config, Ticket};
use throng_proto::command::{Command, MessageDraft, MessagePatch, Outcome};
use throng_proto::id::{MessageId, UserId};
use throng_proto::model::{Emoji, MessageReference};
use throng_proto::refusal::Refusal;

use self::model::{Model, Said};
use super::hall::{ALICE, BOB, Hall, MODERATOR, OPEN, body, draft, form};
use crate::random::Random;
use crate::scene;

const ACTORS: [u64; 3] = [ALICE, BOB, MODERATOR];
const EMOJI: [&str; 4] = ["\u{1f980}", "\u{2764}", "\u{1f44d}", "\u{1f600}"];
const REACTIONS_MAX: usize = 2;

/// A command under way.
struct Asked {
    actor: u64,
    command: Command,
    /// Events when it was asked.
    since: usize,
}

/// A hall, the model after each event, and what is under way.
struct Race {
    hall: Hall,
    /// The model after so many events.
    states: Vec<Model>,
    asked: BTreeMap<Ticket, Asked>,
    /// The last command of each actor that took effect.
    last: BTreeMap<u64, Ticket>,
    ids: Vec<MessageId>,
    /// Words of the trace that were looked at.
    traced: usize,
    events: usize,
    seed: u64,
}

impl Race {
    fn new(seed: u64, random: &mut Random) -> Self {
        let config = Config {
            reactions_max: REACTIONS_MAX,
            batch_max: 1 + random.index(6),
            pending_max: 40,
            ..Config::default()
        };
        let mut hall = Hall::with(config);
        let ids = [ALICE, BOB, ALICE].map(|author| hall.post(author, "first").id).to_vec();
        let mut model = Model::new(REACTIONS_MAX);
        ids.iter()
            .zip([ALICE, BOB, ALICE])
            .for_each(|(id, author)| model.put(*id, author, "first"));
        (hall.held, hall.held_reads) = (true, true);
        hall.answers.clear();
        let (traced, events) = (hall.trace.len(), hall.events.len());
        let (asked, last) = (BTreeMap::new(), BTreeMap::new());
        Self { hall, states: vec![model], asked, last, ids, traced, events, seed }
    }

    fn act(&mut self, random: &mut Random) {
        let (actor, command) = (random.pick(&ACTORS), self.command(random));
        let since = self.states.len() - 1;
        let ticket = self.hall.ask(actor, command.clone());
        self.asked.insert(ticket, Asked { actor, command, since });
    }

    fn command(&self, random: &mut Random) -> Command {
        let message = random.pick(&self.ids);
        let emoji = Emoji { id: None, name: Some(random.pick(&EMOJI).to_owned()) };
        let user = UserId::new(random.pick(&ACTORS));
        let edit = |patch: Value| {
            Command::MessageEdit(OPEN, message, Box::new(form::<MessagePatch>(patch)))
        };
        match random.below(16) {
            0..3 => edit(json!({ "content": format!("text {}", random.below(1000)) })),
            3 => edit(json!({ "embeds": [{ "title": random.below(1000).to_string() }] })),
            4 => edit(json!({ "flags": if random.one_in(2) { 4 } else { 0 } })),
            5 => Command::MessageDelete(OPEN, message),
            6 => {
                let ids = [message, random.pick(&self.ids), MessageId::new(u64::MAX >> 2)];
                Command::MessageBulkDelete(OPEN, ids.to_vec())
            }
            7..11 => Command::ReactionAdd(OPEN, message, emoji),
            11 => Command::ReactionRemove(OPEN, message, emoji, user),
            12 => Command::ReactionClear(OPEN, message, random.one_in(2).then_some(emoji)),
            _ => {
                let (kind, channel_id, guild_id) = (0, None, None);
                let message_reference = random.one_in(2).then_some(MessageReference {
                    kind,
                    message_id: message,
                    channel_id,
                    guild_id,
                });
                let reference_optional = random.one_in(2);
                let text = format!("post {}", random.below(1000));
                let draft = MessageDraft { message_reference, reference_optional, ..draft(&text) };
                Command::MessageCreate(OPEN, Box::new(draft))
            }
        }
    }

    /// Lets something happen in the store, or not.
    fn stir(&mut self, random: &mut Random) {
        let reads = self.hall.reads.len();
        match random.below(8) {
            0..3 if reads > 0 => self.hall.look(random.index(reads)),
            3 if reads > 0 => self.hall.peek(random.index(reads)),
            4 if reads > 0 && random.one_in(4) => self.hall.fail_read(random.index(reads)),
            5 if !self.hall.commits.is_empty() => self.hall.settle(),
            6 if !self.hall.commits.is_empty() => self.hall.commit(),
            7 if !self.hall.commits.is_empty() && self.hall.may_fail() && random.one_in(3) => {
                self.hall.fail();
            }
            _ => {}
        }
    }

    /// Compares what was said since the last call with the model.
    fn compare(&mut self) {
        let mut answers = Vec::new();
        let words: Vec<String> = self.hall.trace.drain(self.traced..).collect();
        for word in &words {
            if let Some(ticket) = word.strip_prefix("answer ") {
                answers.push(Ticket(ticket.parse().expect("a number")));
            } else if word.starts_with("publish") {
                // A command's own answer comes before its event, and others' that rest on it
                // between the two.
                let ticket = answers.remove(0);
                self.changed(ticket);
                answers.drain(..).for_each(|ticket| self.unchanged(ticket));
            }
        }
        self.hall.trace.truncate(self.traced);
        answers.drain(..).for_each(|ticket| self.unchanged(ticket));
    }

    fn take(&mut self, ticket: Ticket) -> (Asked, Outcome) {
        let asked = self.asked.remove(&ticket).expect("asked, and answered once");
        (asked, self.hall.answers.remove(&ticket).expect("answered"))
    }

    fn changed(&mut self, ticket: Ticket) {
        let seed = self.seed;
        let (asked, outcome) = self.take(ticket);
        assert!(outcome.is_ok(), "seed {seed}: {:?} was refused and told", asked.command);
        let event = &self.hall.events[self.events];
        self.events += 1;
        let payload = scene::payload(&event.body)["d"].clone();
        let mut next = self.states.last().expect("a state").clone();
        let said = next.act(asked.actor, &asked.command, Some(&payload));
        let told = Said::Told(event.kind, Model::essence(event.kind, &payload));
        assert_eq!(said, told, "G4, seed {seed}: {:?}", asked.command);
        self.states.push(next);
        if let Command::MessageCreate(..) = asked.command {
            self.ids.push(body(payload["id"].clone()));
        }
        let before = self.last.insert(asked.actor, ticket);
        assert!(before < Some(ticket), "G5, seed {seed}: {before:?} after {ticket:?}");
    }

    fn unchanged(&mut self, ticket: Ticket) {
        let seed = self.seed;
        let (Asked { actor, command, since }, outcome) = self.take(ticket);
        if matches!(outcome, Err(Refusal::Unavailable { .. })) {
            return;
        }
        let said = match outcome {
            Ok(reply) if reply.clone().into_text().is_none() => Said::Nothing,
            Ok(reply) => panic!("seed {seed}: {command:?} was answered {reply:?} and not told"),
            Err(refusal) => Said::Refused(refusal),
        };
        let mut while_under_way = self.states[since..].iter();
        let right = while_under_way.any(|state| state.clone().act(actor, &command, None) == said);
        assert!(right, "G4, seed {seed}: {said:?} to {command:?} by {actor} was never right");
    }

    fn finish(mut self) {
        loop {
            if !self.hall.reads.is_empty() {
                self.hall.look(0);
            } else if !self.hall.commits.is_empty() {
                self.hall.commit();
            } else {
                break;
            }
            self.compare();
        }
        let seed = self.seed;
        assert!(self.asked.is_empty(), "seed {seed}: every command is answered");
        assert_eq!(self.hall.guild.pending(), 0, "seed {seed}");
        let model = self.states.last().expect("a state");
        assert_eq!(Model::of(&self.hall.shelf, REACTIONS_MAX), *model, "G4, seed {seed}");
    }
}

#[test]
fn g4_g5_random_acts_on_messages_are_those_of_one_after_the_other() {
    for seed in 0..120 {
        let mut random = Random::new(seed);
        let mut race = Race::new(seed, &mut random);
        let eager = 1 + random.below(4);
        for _ in 0..200 {
            if random.below(5) < eager {
                race.act(&mut random);
                race.compare();
            }
            race.stir(&mut random);
            race.compare();
        }
        race.finish();
    }
}
