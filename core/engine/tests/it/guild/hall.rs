//! A guild with people, beside a store that commits when it is told to.
//!
//! Every test that goes through a hall also checks G1 and G2.

use std::borrow::Borrow;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use throng_engine::Outbox;
use throng_engine::event::Event;
use throng_engine::guild::{Config, Guild, Input, MemberChange, Output, Ticket};
use throng_proto::command::{Actor, Command, MessageDraft, Outcome, Reply};
use throng_proto::event::EventKind;
use throng_proto::form::FromForm;
use throng_proto::id::{ChannelId, GuildId, MessageId, RoleId, UserId};
use throng_proto::model::{
    Channel, ChannelKind, Guild as Settings, Member, Message, Overwrite, OverwriteKind, Profile,
    Role, User,
};
use throng_proto::permissions::Permissions;
use throng_proto::record::{EventRecord, GuildRecord, MessageRow, NonceRecord, RowQuery, Write};
use throng_proto::refusal::Refusal;
use throng_proto::time::Timestamp;

use super::shelf::Shelf;
use crate::scene;

pub(super) const GUILD: GuildId = GuildId::new(100);
pub(super) const OWNER: u64 = 1;
pub(super) const ALICE: u64 = 2;
pub(super) const BOB: u64 = 3;
/// Has [`MOD`].
pub(super) const MODERATOR: u64 = 4;
/// Has [`ADMIN`].
pub(super) const ADMINISTRATOR: u64 = 5;
/// Has [`MOD`] too.
pub(super) const COLLEAGUE: u64 = 6;
/// Is no member.
pub(super) const STRANGER: u64 = 9;
/// Is no user.
pub(super) const OPERATOR: u64 = 0;

/// Position 1, no permissions.
pub(super) const RED: RoleId = RoleId::new(200);
/// Position 5, manages everything.
pub(super) const MOD: RoleId = RoleId::new(201);
/// Position 9.
pub(super) const ADMIN: RoleId = RoleId::new(202);
/// Position 2, everybody may mention it.
pub(super) const PING: RoleId = RoleId::new(203);

pub(super) const OPEN: ChannelId = ChannelId::new(300);
/// Only [`MOD`] sees it.
pub(super) const SECRET: ChannelId = ChannelId::new(301);
pub(super) const CATEGORY: ChannelId = ChannelId::new(302);
/// In [`CATEGORY`], voice.
pub(super) const VOICE: ChannelId = ChannelId::new(303);
/// Slow mode of 10 seconds.
pub(super) const SLOW: ChannelId = ChannelId::new(304);
/// Nobody may mention everyone.
pub(super) const QUIET: ChannelId = ChannelId::new(305);

pub(super) const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// The guild, what it said, and what the store holds back.
pub(super) struct Hall {
    pub(super) guild: Guild,
    pub(super) now: Timestamp,
    /// Commits are answered by [`Hall::commit`] and [`Hall::fail`] only.
    pub(super) held: bool,
    pub(super) commits: VecDeque<Vec<Write>>,
    pub(super) answers: BTreeMap<Ticket, Outcome>,
    pub(super) events: Vec<Arc<Event>>,
    /// Outputs but commits, in order, as short words.
    pub(super) trace: Vec<String>,
    /// What the store has committed.
    pub(super) log: Vec<EventRecord>,
    pub(super) writes: Vec<Write>,
    /// What it has of messages.
    pub(super) shelf: Shelf,
    /// The commit in flight shows in reads already.
    settled: bool,
    /// Reads are answered by [`Hall::look`] only.
    pub(super) held_reads: bool,
    pub(super) reads: Vec<Read>,
    /// Who had a role that was deleted just now.
    holders: Vec<UserId>,
    /// What the next owner was told.
    pub(super) changes: Vec<MemberChange>,
    tickets: u64,
}

/// A read that is not answered yet.
pub(super) struct Read {
    pub(super) number: u64,
    pub(super) queries: Vec<RowQuery>,
    /// What was found when the store looked.
    found: Option<Vec<Option<MessageRow>>>,
}

impl Hall {
    pub(super) fn new() -> Self {
        Self::with(Config::default())
    }

    pub(super) fn with(config: Config) -> Self {
        Self::of(record(), config)
    }

    pub(super) fn of(record: GuildRecord, config: Config) -> Self {
        Self {
            guild: Guild::load(record, members().into_iter().collect(), config),
            now: START,
            held: false,
            commits: VecDeque::new(),
            answers: BTreeMap::new(),
            events: Vec::new(),
            trace: Vec::new(),
            log: Vec::new(),
            writes: Vec::new(),
            shelf: Shelf::default(),
            settled: false,
            held_reads: false,
            reads: Vec::new(),
            holders: Vec::new(),
            changes: Vec::new(),
            tickets: 0,
        }
    }

    /// Asks for something and returns what names the answer.
    pub(super) fn ask(&mut self, actor: u64, command: Command) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.input(Input::Command(ticket, self::actor(actor), Box::new(command)));
        ticket
    }

    /// Asks for something and returns the answer.
    pub(super) fn run(&mut self, actor: u64, command: Command) -> Outcome {
        let ticket = self.ask(actor, command);
        self.answers.remove(&ticket).expect("an answer, because commits are not held")
    }

    /// Asks for something that is granted and returns the object.
    pub(super) fn json(&mut self, actor: u64, command: Command) -> Value {
        let reply = self.run(actor, command).expect("granted");
        serde_json::from_str(&reply.into_text().expect("an object")).expect("JSON")
    }

    pub(super) fn import(&mut self, members: Vec<Member>) -> Outcome {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.input(Input::Import(ticket, members));
        self.answers.remove(&ticket).expect("an answer, because commits are not held")
    }

    /// Posts a text in [`OPEN`].
    pub(super) fn post(&mut self, actor: u64, text: &str) -> Message {
        self.post_in(actor, OPEN, draft(text)).expect("granted")
    }

    pub(super) fn post_in(
        &mut self,
        actor: u64,
        channel: ChannelId,
        draft: MessageDraft,
    ) -> Result<Message, Refusal> {
        let reply = self.run(actor, Command::MessageCreate(channel, Box::new(draft)))?;
        Ok(message_of(&reply))
    }

    /// Lets the store commit what it was asked to.
    pub(super) fn commit(&mut self) {
        let writes = self.commits.pop_front().expect("a commit");
        for write in &writes {
            if let Write::Event(record) = write {
                // Invariant: G2, as the store sees it.
                assert_eq!(record.sequence, self.log.len() as u64 + 1, "G2: no gaps in the log");
                self.log.push(EventRecord::clone(record));
            }
        }
        if !std::mem::take(&mut self.settled) {
            writes.iter().for_each(|write| self.shelf.apply(write));
        }
        self.writes.extend(writes);
        self.input(Input::Committed);
    }

    /// Lets the store commit, and not say so yet.
    pub(super) fn settle(&mut self) {
        if !std::mem::replace(&mut self.settled, true) {
            self.commits[0].iter().for_each(|write| self.shelf.apply(write));
        }
    }

    /// Answers a read, with what was found when it was looked at or with what is there now.
    pub(super) fn look(&mut self, index: usize) {
        let Read { number, queries, found } = self.reads.swap_remove(index);
        let rows = found.unwrap_or_else(|| self.shelf.rows(&queries));
        self.input(Input::Read(number, rows));
    }

    /// Lets a read find what is there now, and answer later.
    pub(super) fn peek(&mut self, index: usize) {
        let read = &mut self.reads[index];
        read.found.get_or_insert_with(|| self.shelf.rows(&read.queries));
    }

    /// Lets a read fail.
    pub(super) fn fail_read(&mut self, index: usize) {
        let read = self.reads.swap_remove(index);
        self.input(Input::ReadFailed(read.number, "overloaded".into()));
    }

    /// Tells whether the commit in flight can still fail.
    pub(super) const fn may_fail(&self) -> bool {
        !self.settled
    }

    /// Lets the store fail.
    pub(super) fn fail(&mut self) {
        assert!(self.may_fail(), "it is committed");
        self.commits.pop_front().expect("a commit");
        self.input(Input::CommitFailed("the disk is full".into()));
    }

    pub(super) fn commit_all(&mut self) {
        while !self.commits.is_empty() {
            self.commit();
        }
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now = self.now.after(time);
    }

    pub(super) fn input(&mut self, input: Input) {
        let mut out = Outbox::default();
        self.guild.handle(self.now, input, &mut out);
        let outputs: Vec<Output> = out.drain().collect();
        for output in outputs {
            self.take(output);
        }
        let holders = std::mem::take(&mut self.holders);
        if !holders.is_empty() {
            self.held_by(holders);
        }
        while !self.held_reads && !self.reads.is_empty() {
            self.look(0);
        }
        if !self.held {
            self.commit_all();
        }
    }

    /// Answers as the job does that looks for holders of a deleted role.
    fn held_by(&mut self, holders: Vec<UserId>) {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.input(Input::Held(ticket, holders));
        self.answers.remove(&ticket);
    }

    fn take(&mut self, output: Output) {
        match output {
            Output::Commit(writes) => {
                self.commits.push_back(writes);
                assert_eq!(self.commits.len(), 1, "one commit at a time");
            }
            Output::Answer(ticket, outcome) => {
                self.trace.push(format!("answer {}", ticket.0));
                assert!(self.answers.insert(ticket, outcome).is_none(), "one answer each");
            }
            Output::Read(number, queries) => {
                self.reads.push(Read { number, queries, found: None });
            }
            Output::Publish(event) => self.publish(event),
            Output::Joined(user) => self.trace.push(format!("joined {user}")),
            Output::Channels { added, removed } => {
                self.trace.push(format!("channels +{added:?} -{removed:?}"));
            }
            Output::Invites { added, removed } => {
                self.trace.push(format!("invites +{} -{}", added.len(), removed.len()));
            }
            Output::Holders { role, members } => {
                let holders = members.iter().filter(|entry| entry.roles().any(|held| held == role));
                self.holders.extend(holders.map(|entry| entry.user()));
            }
            Output::Changed(change) => self.changes.push(change),
            Output::Deleted => self.trace.push("deleted".into()),
        }
    }

    fn publish(&mut self, event: Arc<Event>) {
        self.trace.push(format!("publish {}", event.kind.name()));
        if event.sequence > 0 {
            let before = self.durable().last().map_or(0, |before| before.sequence);
            // Invariant: G2.
            assert_eq!(event.sequence, before + 1, "G2: events are in order, without gaps");
            let committed = self.log.get(before as usize).expect("G1: committed before published");
            assert_eq!(committed.kind, event.kind, "G1: the event is the committed one");
            let logged = Event::from_record(committed);
            assert_eq!(logged.body.text(), event.body.text(), "G1: with the committed payload");
        }
        self.events.push(event);
    }

    fn durable(&self) -> impl DoubleEndedIterator<Item = &Arc<Event>> {
        self.events.iter().filter(|event| event.sequence > 0)
    }

    /// Returns the kinds of all events since the last call.
    pub(super) fn kinds(&mut self) -> Vec<EventKind> {
        let kinds = self.events.iter().skip(self.seen()).map(|event| event.kind).collect();
        self.trace.push("seen".into());
        kinds
    }

    fn seen(&self) -> usize {
        let end = self.trace.iter().rposition(|word| word == "seen").unwrap_or(0);
        self.trace[..end].iter().filter(|word| word.starts_with("publish")).count()
    }

    /// Returns the last event.
    pub(super) fn last(&self) -> &Arc<Event> {
        self.events.last().expect("an event")
    }

    /// Returns `d` of the last event.
    pub(super) fn payload(&self) -> Value {
        scene::payload(&self.last().body)["d"].clone()
    }
}

/// Returns who acts: an operator for [`OPERATOR`], a user for everything else.
pub(super) fn actor(number: u64) -> Actor {
    if number == OPERATOR { Actor::Operator } else { Actor::User(user(number)) }
}

pub(super) fn user(number: u64) -> User {
    User::new(UserId::new(number), format!("user{number}"), false)
}

pub(super) fn member(number: u64, roles: &[RoleId]) -> Member {
    Member { user: user(number), profile: Profile::new(START, roles.to_vec()) }
}

pub(super) fn draft(text: &str) -> MessageDraft {
    MessageDraft { content: Some(text.into()), ..MessageDraft::default() }
}

pub(super) fn create(text: &str) -> Command {
    Command::MessageCreate(OPEN, Box::new(draft(text)))
}

pub(super) fn message_of(reply: &Reply) -> Message {
    let text = reply.clone().into_text().expect("an object");
    serde_json::from_str(&text).expect("a message")
}

pub(super) fn of_role(role: RoleId, allow: Permissions, deny: Permissions) -> Overwrite {
    Overwrite { id: role.into(), kind: OverwriteKind::Role, allow, deny }
}

/// Reads a patch or a draft as the HTTP API does.
pub(super) fn form<T: FromForm>(value: impl Borrow<Value>) -> T {
    throng_proto::form::read(value.borrow()).expect("a form")
}

/// Reads an object of an answer.
pub(super) fn body<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a body")
}

/// Makes the guild of every hall.
pub(super) fn record() -> GuildRecord {
    GuildRecord {
        guild: Settings::new(GUILD, "hall", UserId::new(OWNER)),
        roles: roles(),
        channels: channels(),
        sequence: 0,
        invites: Vec::new(),
        nonces: vec![NonceRecord {
            author: UserId::new(ALICE),
            nonce: throng_proto::model::Nonce::Text("before".into()),
            channel: OPEN,
            message: MessageId::new((START.millis() - 1_420_070_400_000 - 1000) << 22),
        }],
    }
}

/// Makes the members of every hall.
fn members() -> Vec<Member> {
    vec![
        member(OWNER, &[]),
        member(ALICE, &[]),
        member(BOB, &[]),
        member(MODERATOR, &[MOD]),
        member(ADMINISTRATOR, &[ADMIN]),
        member(COLLEAGUE, &[MOD]),
    ]
}

fn roles() -> Vec<Role> {
    let managing = [1, 4, 5, 13, 22, 23, 26, 27, 28, 40];
    let managing = managing.iter().fold(0_u64, |bits, bit| bits | 1 << bit);
    let role = |id: RoleId, name: &str, position, permissions| Role {
        position,
        ..Role::new(id, name, permissions)
    };
    vec![
        role(GUILD.cast(), "@everyone", 0, Permissions::DEFAULT),
        role(RED, "red", 1, Permissions::NONE),
        role(MOD, "mod", 5, Permissions::from_bits(managing)),
        role(ADMIN, "admin", 9, Permissions::ADMINISTRATOR),
        Role { mentionable: true, ..role(PING, "ping", 2, Permissions::NONE) },
    ]
}

fn channels() -> Vec<Channel> {
    let channel = |id, name: &str, kind| Channel::new(id, GUILD, name, kind);
    let (view, none) = (Permissions::VIEW_CHANNEL, Permissions::NONE);
    let text = ChannelKind::TEXT;
    vec![
        channel(OPEN, "open", text),
        Channel {
            permission_overwrites: vec![
                of_role(GUILD.cast(), none, view),
                of_role(MOD, view, none),
            ],
            ..channel(SECRET, "secret", text)
        },
        channel(CATEGORY, "category", ChannelKind::CATEGORY),
        Channel { parent_id: Some(CATEGORY), ..channel(VOICE, "voice", ChannelKind::VOICE) },
        Channel { rate_limit_per_user: 10, ..channel(SLOW, "slow", text) },
        Channel {
            permission_overwrites: vec![of_role(GUILD.cast(), none, Permissions::MENTION_EVERYONE)],
            ..channel(QUIET, "quiet", text)
        },
    ]
}
