//! A relay beside a naive model that decides for every session on its own, as the protocol says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use throng_engine::event::{Change, Event};
use throng_engine::mode::{Delivery, DeliveryTable, Mode};
use throng_engine::relay::{Attachment, Digest, DigestKind, Interest, Relay};
use throng_engine::replay::Slot;
use throng_engine::shape::Shape;
use throng_proto::event::{EventClass, EventKind, Mentions, Scope};
use throng_proto::id::{AnyId, ChannelId, MessageId, RoleId, UserId};
use throng_proto::intents::Intents;
use throng_proto::model::{Channel, ChannelKind, Overwrite, OverwriteKind, Profile, Role};
use throng_proto::permissions::Permissions;
use throng_proto::wire::Body;

use crate::intent::intent_bit;
use crate::random::Random;
use crate::scene::{self, GUILD};

const USERS: [u64; 6] = [1, 2, 3, 4, 5, 6];
const ROLES: [u64; 4] = [200, 201, 202, 203];
const CHANNELS: [u64; 4] = [300, 301, 302, 303];
const SLOTS: u64 = 12;
const ADMINISTRATOR: u64 = 1 << 3;
const MANAGE: u64 = 1 << 4;
const VIEW: u64 = 1 << 10;

/// What one session was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    Full,
    Stripped,
}

/// The relay and the model.
pub(crate) struct World {
    pub(crate) relay: Relay,
    pub(crate) random: Random,
    shape: Arc<Shape>,
    table: [[Delivery; 8]; 4],
    roles: BTreeMap<UserId, Vec<RoleId>>,
    sessions: BTreeMap<Slot, Attachment>,
    hidden: BTreeSet<Slot>,
    /// What each passive session has not been told yet.
    pending: BTreeMap<Slot, BTreeMap<ChannelId, MessageId>>,
    next_message: u64,
    degraded: bool,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        use Delivery::{Digest, Drop, Full};
        let shape = Arc::new(scene::shape());
        Self {
            relay: Relay::new(Arc::clone(&shape), DeliveryTable::default()),
            random: Random::new(seed),
            shape,
            // Structure, message, its changes, reaction, member, typing, presence, own.
            table: [
                [Full, Full, Full, Full, Full, Full, Full, Full],
                [Full, Full, Full, Full, Full, Drop, Drop, Full],
                [Full, Digest, Drop, Drop, Drop, Drop, Drop, Full],
                [Full, Drop, Drop, Drop, Drop, Drop, Drop, Full],
            ],
            roles: USERS.iter().map(|user| (UserId::new(*user), Vec::new())).collect(),
            sessions: BTreeMap::new(),
            hidden: BTreeSet::new(),
            pending: BTreeMap::new(),
            next_message: 1000,
            degraded: false,
        }
    }

    /// Does one random thing to relay and model alike.
    pub(crate) fn step(&mut self) {
        match self.random.below(14) {
            0..=2 => self.attach(),
            3 => self.detach(),
            4..=5 => {
                let digest = self.set_mode();
                assert!(digest.is_none_or(|digest| digest.to.len() == 1));
            }
            6 => self.watch(),
            7..=8 => self.change_member(),
            9..=10 => self.change_shape(),
            11 => self.hide(),
            12 => self.degrade(),
            _ => self.change_table(),
        }
    }

    fn hide(&mut self) {
        let slot = Slot::try_from(self.random.below(SLOTS)).unwrap();
        let hidden = self.random.one_in(2);
        self.relay.set_hidden(slot, hidden);
        if hidden && self.sessions.contains_key(&slot) {
            self.hidden.insert(slot);
        } else {
            self.hidden.remove(&slot);
        }
    }

    fn user(&mut self) -> UserId {
        UserId::new(self.random.pick(&USERS))
    }

    fn channel(&mut self) -> ChannelId {
        ChannelId::new(self.random.pick(&CHANNELS))
    }

    fn users(&mut self) -> Vec<UserId> {
        self.random.some(&USERS.map(UserId::new))
    }

    pub(crate) fn attach(&mut self) {
        let slot = Slot::try_from(self.random.below(SLOTS)).unwrap();
        let user = self.user();
        let named = !self.random.one_in(3);
        let intents = if named { self.intents() } else { Intents::ALL };
        let attachment = Attachment {
            user,
            mode: self.random.pick(&Mode::ALL),
            interest: Interest { intents, named },
            digest: self.random.pick(&[DigestKind::V1, DigestKind::V2, DigestKind::Unread]),
            watched: self.users().into(),
        };
        self.relay.attach(slot, attachment.clone(), &self.roles[&user]);
        self.hidden.remove(&slot);
        self.pending.remove(&slot);
        if self.hides(attachment.mode) {
            self.pending.insert(slot, BTreeMap::new());
        }
        self.sessions.insert(slot, attachment);
    }

    fn intents(&mut self) -> Intents {
        let bits = [0_u32, 1, 8, 9, 10, 11, 15];
        Intents::from_bits(self.random.some(&bits).iter().map(|bit| 1 << bit).sum())
    }

    fn detach(&mut self) {
        let slot = Slot::try_from(self.random.below(SLOTS)).unwrap();
        assert_eq!(self.relay.detach(slot), self.sessions.remove(&slot));
        self.hidden.remove(&slot);
        self.pending.remove(&slot);
    }

    /// Changes a mode and compares the digest that comes with leaving passivity.
    pub(crate) fn set_mode(&mut self) -> Option<Digest> {
        let slot = Slot::try_from(self.random.below(SLOTS)).unwrap();
        let mode = self.random.pick(&Mode::ALL);
        let digest = self.relay.set_modes([(slot, mode)]).pop();
        if self.sessions.get(&slot).is_none_or(|session| session.mode == mode) {
            assert!(digest.is_none(), "nothing changed for slot {slot}");
            return None;
        }
        let expected = if self.hides(mode) { None } else { self.due(slot) };
        self.sessions.get_mut(&slot).unwrap().mode = mode;
        if self.hides(mode) {
            self.pending.entry(slot).or_default();
        } else {
            self.pending.remove(&slot);
        }
        let told: BTreeMap<_, _> = self.read(digest.as_slice());
        assert_eq!(told.into_values().next(), expected, "slot {slot} becomes {mode:?}");
        digest
    }

    /// Tells whether a mode gets digests instead of messages.
    fn hides(&self, mode: Mode) -> bool {
        mode == Mode::Passive || self.degraded && mode < Mode::Passive
    }

    /// Gives digests to everybody, or messages again, and compares what those who get messages
    /// again are told.
    pub(crate) fn degrade(&mut self) {
        self.degraded = !self.degraded;
        let told = self.relay.set_degraded(self.degraded);
        let mut expected = BTreeMap::new();
        for (slot, session) in &self.sessions {
            if session.mode >= Mode::Passive {
                continue;
            }
            if self.degraded {
                self.pending.insert(*slot, BTreeMap::new());
            } else {
                expected.extend(self.due(*slot).map(|due| (*slot, due)));
                self.pending.remove(slot);
            }
        }
        assert_eq!(self.read(&told), expected);
    }

    fn watch(&mut self) {
        let slot = Slot::try_from(self.random.below(SLOTS)).unwrap();
        let users = self.users();
        self.relay.set_watched(slot, users.clone());
        if let Some(session) = self.sessions.get_mut(&slot) {
            session.watched = users.into();
        }
    }

    fn change_member(&mut self) {
        let user = self.user();
        let roles = self.random.some(&ROLES.map(RoleId::new));
        let profile = Profile::new(scene::JOINED, roles.clone());
        self.roles.insert(user, roles);
        self.relay.apply(&Change::Member(user, Arc::new(profile)));
    }

    pub(crate) fn change_shape(&mut self) {
        let mut shape = Shape::clone(&self.shape);
        match self.random.below(7) {
            0 => shape.guild.owner_id = self.user(),
            1 => {
                let role = RoleId::new(self.random.pick(&ROLES));
                let bits = self.random.pick(&[0, VIEW, VIEW | MANAGE, ADMINISTRATOR]);
                let role = Role::new(role, "role", Permissions::from_bits(bits));
                shape.roles.insert(role.id, Arc::new(role));
            }
            2 => {
                shape.roles.shift_remove(&RoleId::new(self.random.pick(&ROLES)));
            }
            3 => {
                shape.channels.shift_remove(&self.channel());
            }
            4 => {
                let bits = self.random.pick(&[0, VIEW]);
                let everyone = Role::new(GUILD.cast(), "@everyone", Permissions::from_bits(bits));
                shape.roles.insert(everyone.id, Arc::new(everyone));
            }
            _ => {
                let id = self.channel();
                let mut channel = Channel::new(id, GUILD, "channel", ChannelKind::TEXT);
                channel.permission_overwrites = self.overwrites();
                shape.channels.insert(id, Arc::new(channel));
            }
        }
        self.shape = Arc::new(shape);
        self.relay.apply(&Change::Shape(Arc::clone(&self.shape)));
    }

    fn overwrites(&mut self) -> Vec<Overwrite> {
        let mut targets: Vec<(u64, OverwriteKind)> = vec![(GUILD.value(), OverwriteKind::Role)];
        targets.extend(ROLES.map(|role| (role, OverwriteKind::Role)));
        targets.extend(USERS.map(|user| (user, OverwriteKind::Member)));
        let chosen = self.random.some(&targets);
        let bits = |on: bool| Permissions::from_bits(if on { VIEW } else { 0 });
        chosen
            .into_iter()
            .map(|(id, kind)| Overwrite {
                id: AnyId::new(id),
                kind,
                allow: bits(self.random.one_in(3)),
                deny: bits(self.random.one_in(2)),
            })
            .collect()
    }

    fn change_table(&mut self) {
        let mode = self.random.pick(&Mode::ALL);
        let class = self.random.pick(&EventClass::ALL);
        let delivery = self.random.pick(&[Delivery::Full, Delivery::Digest, Delivery::Drop]);
        if class != EventClass::Own {
            self.table[mode as usize][class as usize] = delivery;
        }
        let mut table = DeliveryTable::default();
        for (mode, row) in Mode::ALL.into_iter().zip(self.table) {
            for (class, delivery) in EventClass::ALL.into_iter().zip(row) {
                table = table.with(mode, class, delivery);
            }
        }
        self.relay.set_table(table);
    }

    /// Draws an event of any kind and scope.
    pub(crate) fn event(&mut self) -> Event {
        let kind = self.random.pick(&EventKind::ALL);
        let scope = match kind.class() {
            EventClass::Structure => match self.random.below(4) {
                3 => Scope::Managers(self.channel()),
                0 => Scope::User(self.user()),
                1 => Scope::Channel(self.channel()),
                _ => Scope::Guild,
            },
            EventClass::Member | EventClass::Presence => Scope::Guild,
            EventClass::Own => Scope::User(self.user()),
            _ => Scope::Channel(self.channel()),
        };
        let author = Some(self.user());
        let mut event = scene::event(kind, scope, author);
        if matches!(kind, EventKind::MessageCreate | EventKind::MessageUpdate) {
            event.stripped = self.random.one_in(2).then(|| Body::dispatch(kind.name(), "{}"));
            event.mentions = self.mentions();
        }
        event
    }

    fn mentions(&mut self) -> Mentions {
        let few = |random: &mut Random, list: Vec<u64>| {
            if random.one_in(2) { Vec::new() } else { random.some(&list) }
        };
        let users = few(&mut self.random, USERS.to_vec());
        let roles = few(&mut self.random, ROLES.to_vec());
        Mentions {
            users: users.into_iter().map(UserId::new).collect(),
            roles: roles.into_iter().map(RoleId::new).collect(),
            everyone: self.random.one_in(6),
            here: self.random.one_in(6),
        }
    }

    /// Decides for every session alone who gets an event.
    pub(crate) fn expected(&self, event: &Event) -> BTreeMap<Slot, Given> {
        let given = |(slot, session): (&Slot, &Attachment)| {
            self.given(*slot, session, event).map(|given| (*slot, given))
        };
        self.sessions.iter().filter_map(given).collect()
    }

    fn given(&self, slot: Slot, session: &Attachment, event: &Event) -> Option<Given> {
        let (user, kind) = (session.user, event.kind);
        let own = event.author == Some(user);
        if own && kind == EventKind::GuildMemberUpdate {
            return Some(Given::Full);
        }
        if own && matches!(kind, EventKind::PresenceUpdate | EventKind::GuildMemberRemove) {
            return None;
        }
        let intent =
            intent_bit(kind).is_none_or(|bit| session.interest.intents.bits() >> bit & 1 == 1);
        let allowed = match event.scope {
            Scope::User(only) => return (intent && only == user).then_some(Given::Full),
            Scope::Guild => true,
            Scope::Channel(channel) => self.may_view(user, channel),
            Scope::Managers(channel) => self.may(user, channel, VIEW | MANAGE),
        };
        let mentions = &event.mentions;
        let named = mentions.users.contains(&user);
        let by_role = mentions.roles.iter().any(|role| self.roles[&user].contains(role));
        let here = mentions.here && !self.hidden.contains(&slot);
        let mode = if self.hides(session.mode) { Mode::Passive } else { session.mode };
        let delivered = match self.table[mode as usize][kind.class() as usize] {
            Delivery::Full => true,
            Delivery::Digest => named || by_role || mentions.everyone || here,
            Delivery::Drop => false,
        };
        let quiet = matches!(kind.class(), EventClass::Member | EventClass::Presence);
        let watched = event.author.is_some_and(|author| session.watched.contains(&author));
        let wanted = session.interest.named || !quiet || watched;
        if !(intent && allowed && delivered && wanted) {
            return None;
        }
        let content = session.interest.intents.bits() >> 15 & 1 == 1;
        let full = event.stripped.is_none() || content || own || named;
        Some(if full { Given::Full } else { Given::Stripped })
    }

    /// The permission algorithm of the protocol, step by step.
    pub(crate) fn may_view(&self, user: UserId, channel: ChannelId) -> bool {
        self.may(user, channel, VIEW)
    }

    fn may(&self, user: UserId, channel: ChannelId, needed: u64) -> bool {
        let Some(channel) = self.shape.channels.get(&channel) else { return false };
        let roles = &self.roles[&user];
        let everyone = self.shape.roles[&GUILD.cast()].permissions.bits();
        let mut sum = everyone;
        for role in roles.iter().filter_map(|role| self.shape.roles.get(role)) {
            sum |= role.permissions.bits();
        }
        if user == self.shape.guild.owner_id || sum & ADMINISTRATOR != 0 {
            return true;
        }
        let is_everyone = |o: &Overwrite| o.kind == OverwriteKind::Role && o.id == GUILD.cast();
        let is_role = |o: &Overwrite| {
            o.kind == OverwriteKind::Role && roles.iter().any(|role| o.id == role.cast())
        };
        let is_member = |o: &Overwrite| o.kind == OverwriteKind::Member && o.id == user.cast();
        let steps: [&dyn Fn(&Overwrite) -> bool; 3] = [&is_everyone, &is_role, &is_member];
        for step in steps {
            let chosen: Vec<_> = channel.permission_overwrites.iter().filter(|o| step(o)).collect();
            let denied = chosen.iter().fold(0, |sum, o| sum | o.deny.bits());
            let allowed = chosen.iter().fold(0, |sum, o| sum | o.allow.bits());
            sum = sum & !denied | allowed;
        }
        sum & needed == needed
    }

    /// Compares what relay and model say of an event, and of the sessions.
    pub(crate) fn check(&self, event: &Event) {
        let audience = self.relay.audience(event);
        assert!(audience.full.is_disjoint(&audience.stripped), "a slot is in both variants");
        let full = audience.full.iter().map(|slot| (slot, Given::Full));
        let stripped = audience.stripped.iter().map(|slot| (slot, Given::Stripped));
        let given: BTreeMap<_, _> = full.chain(stripped).collect();
        let expected = self.expected(event);
        assert_eq!(given, expected, "{:?} {:?} by {:?}", event.kind, event.scope, event.author);
    }

    /// Compares what the relay holds.
    pub(crate) fn check_holdings(&self) {
        let users: BTreeSet<_> = self.sessions.values().map(|session| session.user).collect();
        assert_eq!(self.relay.member_count(), users.len());
        assert_eq!(self.relay.len(), self.sessions.len());
        for user in self.roles.keys() {
            let own = self.sessions.iter().filter(|(_, session)| session.user == *user);
            let slots: Vec<_> = own.map(|(slot, _)| *slot).collect();
            let mut held = self.relay.slots_of(*user).unwrap_or_default().to_vec();
            held.sort_unstable();
            assert_eq!(held, slots);
        }
        let modes = Mode::ALL.map(|mode| {
            self.sessions.values().filter(|session| session.mode == mode).count() as u64
        });
        assert_eq!(self.relay.modes(), modes);
    }

    /// Says something in a channel, as the relay learns it.
    pub(crate) fn say(&mut self) {
        let (channel, message) = (self.channel(), MessageId::new(self.next_message));
        self.next_message += 1;
        self.relay.apply(&Change::LastMessage(channel, message));
        for news in self.pending.values_mut() {
            news.insert(channel, message);
        }
    }

    /// Makes the digests that are due, and compares them with what each session was not told.
    pub(crate) fn digest(&mut self) -> Vec<Digest> {
        let digests = self.relay.digest();
        let expected: BTreeMap<Slot, _> =
            self.pending.keys().filter_map(|slot| Some((*slot, self.due(*slot)?))).collect();
        assert_eq!(self.read(&digests), expected);
        self.pending.values_mut().for_each(BTreeMap::clear);
        digests
    }

    fn due(&self, slot: Slot) -> Option<BTreeMap<ChannelId, MessageId>> {
        let session = self.sessions.get(&slot)?;
        let news = self.pending.get(&slot)?.clone();
        let seen: BTreeMap<_, _> =
            news.into_iter().filter(|(channel, _)| self.may_view(session.user, *channel)).collect();
        (!seen.is_empty()).then_some(seen)
    }

    /// Reads digests as what each session is told; fails when one is told twice or in a wrong kind.
    fn read(&self, digests: &[Digest]) -> BTreeMap<Slot, BTreeMap<ChannelId, MessageId>> {
        let mut told = BTreeMap::new();
        for digest in digests {
            let payload = scene::payload(&digest.body);
            assert_eq!(payload["t"], digest.kind.name());
            let key = match digest.kind {
                EventKind::PassiveUpdateV2 => "updated_channels",
                EventKind::PassiveUpdateV1 => "channels",
                EventKind::ChannelUnreadUpdate => "channel_unread_updates",
                other => panic!("{other:?} is no digest"),
            };
            let list = payload["d"][key].as_array().expect("channels are an array");
            let channels: BTreeMap<ChannelId, MessageId> = list
                .iter()
                .map(|item| {
                    let read = |key: &str| item[key].as_str().unwrap().parse::<u64>().unwrap();
                    (ChannelId::new(read("id")), MessageId::new(read("last_message_id")))
                })
                .collect();
            assert_eq!(channels.len(), list.len(), "a channel is named twice");
            for slot in &digest.to {
                let session = &self.sessions[&slot];
                let kind = match session.digest {
                    DigestKind::V2 => EventKind::PassiveUpdateV2,
                    DigestKind::V1 => EventKind::PassiveUpdateV1,
                    DigestKind::Unread => EventKind::ChannelUnreadUpdate,
                };
                assert_eq!(digest.kind, kind, "slot {slot} takes another digest");
                assert!(told.insert(slot, channels.clone()).is_none(), "slot {slot} is told twice");
            }
        }
        told
    }
}
