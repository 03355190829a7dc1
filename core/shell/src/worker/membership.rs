//! Sessions in guilds: attaching, subscriptions, modes, and events on their way to recipients.

use std::sync::Arc;

use roaring::RoaringBitmap;
use serde_json::json;
use throng_engine::chunk::{self, Rights};
use throng_engine::event::{Change, Event};
use throng_engine::mode::Mode;
use throng_engine::policy::AttachmentFacts;
use throng_engine::relay::{Attachment, Digest, DigestKind, Variant};
use throng_engine::replay::{Recipients, Slot};
use throng_engine::welcome;
use throng_proto::event::{EventClass, EventKind};
use throng_proto::gateway::{PresenceUpdate, RequestMembers};
use throng_proto::id::{GuildId, UserId};
use throng_proto::intents::Intents;
use throng_proto::model::Status;
use throng_proto::wire::{Body, Wire};

use super::relays::{self, Newcomer, Relays};
use super::session::{Identity, Membership};
use super::{Grant, Outgoing, Restored, Seat, SessionRef, View, Worker, WorkerMessage};
use crate::budgets::Budget;
use crate::clock;
use crate::guild::{Attach, Request, Untaken};
use crate::metrics::Refused;
use crate::overload::Expense;

impl Worker {
    /// Asks a guild to take a session.
    pub(crate) fn ask_attach(
        &mut self,
        slot: Slot,
        guild: GuildId,
        presence: PresenceUpdate,
        initial: bool,
    ) {
        let Some(session) = self.sessions.get_mut(slot as usize) else { return };
        let known = session.guilds.iter().any(|membership| membership.guild == guild);
        if known || !session.identity.has(guild) {
            return;
        }
        session.guilds.push(Membership::new(guild));
        if let Some(attach) = self.attach(slot, presence, initial) {
            self.send_attach(guild, attach);
        }
    }

    /// Says what a session asks guilds for.
    pub(super) fn attach(
        &self,
        slot: Slot,
        presence: PresenceUpdate,
        initial: bool,
    ) -> Option<Attach> {
        let identity = &self.sessions.get(slot as usize)?.identity;
        let (facts, interest) = (identity.facts(), identity.interest());
        let session = self.reference(slot)?;
        Some(Attach { session, facts, interest, presence, initial, room: None })
    }

    /// Asks a guild to take a session that counts it among its own already.
    pub(super) fn send_attach(&mut self, guild: GuildId, attach: Attach) {
        let reference = attach.session;
        let asked = self.shared.directory.try_send(guild, Request::Attach(Box::new(attach)));
        match asked {
            Ok(()) => {}
            Err(Untaken::Gone) => self.expel_session(guild, reference.slot),
            Err(Untaken::Full(request)) => {
                let shared = Arc::clone(&self.shared);
                tokio::task::spawn_local(async move {
                    if !shared.directory.send(guild, *request).await {
                        let turned_away = WorkerMessage::TurnedAway { session: reference, guild };
                        shared.send(reference.worker.into(), turned_away).await;
                    }
                });
            }
        }
    }

    /// Tells whether a session is in a guild, or waits to be attached.
    pub(super) fn is_in(&mut self, session: SessionRef, guild: GuildId) -> bool {
        let found = self.session_mut(session);
        found.is_some_and(|found| found.guilds.iter().any(|m| m.guild == guild))
    }

    /// Takes a session off a guild that did not attach it.
    pub(super) fn turned_away(&mut self, session: SessionRef, guild: GuildId) {
        if self.session_mut(session).is_some() {
            self.expel_session(guild, session.slot);
        }
    }

    /// Takes what a guild granted.
    pub(super) fn attached(&mut self, grant: Grant) {
        let Grant { seat, view, welcome, initial, room } = grant;
        drop(room);
        let session = seat.session;
        if !self.is_in(session, view.shape.id()) {
            // The session ended, or its user left, while the guild granted.
            return self.give_back(view.shape.id(), &seat);
        }
        let Some(found) = self.session_mut(session) else { return };
        let threshold = usize::from(found.identity.large_threshold);
        self.place(&seat, &view);
        if let Some(welcome) = welcome {
            let body = welcome::compose(&welcome, &seat.member, threshold, initial);
            let guild = view.shape.id();
            self.own(session, EventKind::GuildCreate, Some(guild), body);
            let found = self.sessions.get_mut(session.slot as usize);
            let mut memberships = found.into_iter().flat_map(|found| &mut found.guilds);
            memberships.find(|m| m.guild == guild).into_iter().for_each(|m| m.welcomed = true);
        }
    }

    fn give_back(&self, guild: GuildId, seat: &Seat) {
        let Seat { session, user, interest, .. } = *seat;
        self.ask_guild(guild, Request::Detach { session, user, interest });
    }

    /// Puts a session on a relay, in the mode that the policy says.
    fn place(&mut self, seat: &Seat, view: &View) {
        let (slot, guild) = (seat.session.slot, view.shape.id());
        let shared = Arc::clone(&self.shared);
        let policy = &*shared.policy;
        let Some(session) = self.sessions.get_mut(slot as usize) else { return };
        let Some(membership) = session.guilds.iter_mut().find(|m| m.guild == guild) else {
            return self.give_back(guild, seat);
        };
        let (roles, now) = (&*seat.member.profile.roles, clock::wall());
        let known = AttachmentFacts {
            roles,
            permissions: view.shape.base(seat.user, roles),
            subscribed: membership.subscribed,
            mode: None,
        };
        let facts = session.identity.facts();
        let verdict = policy.passivity(now, &facts, &view.facts, &known);
        let attachment = attachment(&session.identity, verdict.mode);
        let fresh = || Relays::new(&shared, now, view);
        let relays = self.relays.entry(guild).or_insert_with(fresh);
        relays.facts = view.facts;
        relays.told = relays.told.max(view.sequence);
        self.recorder.told(guild, relays.told);
        relays.branch.set_plan(relays::plan(&shared, now, &view.facts));
        let newcomer = Newcomer { slot, facts: &facts, attachment, roles };
        let number = relays.join(policy, now, newcomer);
        membership.grant(number);
        if let Some(relay) = relays.branch.get_mut(number) {
            relay.set_hidden(slot, session.identity.status == Status::Invisible);
        }
        self.recheck_after(slot, guild, verdict.recheck);
        self.ask_lists(slot, guild);
    }

    /// Finds the recipients of an event and appends it for them.
    pub(super) fn event(&mut self, event: &Arc<Event>) {
        self.event_for(event, None);
    }

    /// As [`Worker::event`], but only for some sessions. All or nothing of it survives a crash:
    /// the guild is asked only for events after those that the journal has.
    fn event_for(&mut self, event: &Arc<Event>, only: Option<&RoaringBitmap>) {
        if !self.relays.contains_key(&event.guild) {
            return;
        }
        self.recorder.open_batch();
        let recorded = self.pass_on(event, only);
        if !recorded && event.sequence > 0 {
            // Nobody here was to be told; the store may forget the event before somebody asks.
            self.recorder.told(event.guild, event.sequence);
        }
        self.recorder.close_batch();
    }

    /// Returns whether it has recipients.
    fn pass_on(&mut self, event: &Arc<Event>, only: Option<&RoaringBitmap>) -> bool {
        let began = std::time::Instant::now();
        let Some(relays) = self.relays.get_mut(&event.guild) else { return false };
        relays.told = relays.told.max(event.sequence);
        let count = relays.branch.len() as u64;
        relays.branch.apply(&event.change);
        let mut audience = relays.branch.audience(event);
        if let Some(only) = only {
            audience.keep(only);
        }
        if self.shared.overload.shed().contains(event.kind.class()) {
            self.shared.metrics.refuse(Refused::Overload);
            let presence = u64::from(event.kind == EventKind::PresenceUpdate);
            self.shared.metrics.presences_shed.add(presence);
            return false;
        }
        let spent = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.metrics().events[event.kind as usize].add(count);
        self.metrics().audience_nanos[event.kind as usize].add(spent);
        let mut recorded = false;
        for variant in Variant::ALL {
            recorded |= self.append_for(event, variant, audience.to(variant).clone());
        }
        self.follow(event);
        recorded
    }

    /// Does what an event leads to once it has been passed on.
    fn follow(&mut self, event: &Event) {
        match &event.change {
            Change::Left(user) => self.expel(event.guild, *user),
            Change::Gone => self.dissolve(event.guild),
            Change::Member(user, _) => self.review_user(event.guild, *user),
            _ if matches!(event.kind, EventKind::GuildRoleUpdate | EventKind::GuildRoleDelete) => {
                self.review_guild(event.guild);
            }
            _ => {}
        }
    }

    /// Returns whether anybody gets it.
    fn append_for(&mut self, event: &Event, variant: Variant, to: RoaringBitmap) -> bool {
        let body = match variant {
            Variant::Full => Some(&event.body),
            Variant::Stripped => event.stripped.as_ref(),
            Variant::Outer => event.answered.as_ref().map(|answered| &answered.outer),
            Variant::Inner => event.answered.as_ref().map(|answered| &answered.inner),
        };
        let Some(body) = body.cloned() else { return false };
        let to = Recipients::from(to);
        let anybody = to.count() > 0;
        if let Some(author) = event.author
            && is_talk(event.kind)
        {
            // Sessions that wait to resume are sent nothing now, however many somebody left behind.
            let sent = to.count().min(self.links.len() as u64);
            let cost = sent * body.text_bytes() as u64;
            self.shared.budgets.charge(Budget::Delivered, author.value(), cost);
        }
        let body = match &to {
            // What nobody is sent gets no place in the log, and so none in the chain.
            Recipients::Many(all) if !all.is_empty() => self.chain(event.guild, variant, body),
            _ => body,
        };
        let (kind, sequence) = (event.kind, event.sequence);
        self.append(Outgoing { kind, guild: Some(event.guild), sequence, body, to });
        anybody
    }

    /// Lets a body that is appended next refer to the one before it, when it is compressed.
    fn chain(&mut self, guild: GuildId, variant: Variant, body: Body) -> Body {
        let Some(relays) = self.relays.get_mut(&guild) else { return body };
        let last = &mut relays.last[variant as usize];
        let chained = body.chained(self.replay.end(), last.as_ref());
        *last = Some(chained.clone());
        chained
    }

    /// Tells a user's sessions that it left a guild, and takes them off.
    fn expel(&mut self, guild: GuildId, user: UserId) {
        for slot in self.sessions.of(user) {
            self.expel_session(guild, slot);
        }
    }

    /// Tells one session that its user left a guild, and takes it off.
    pub(crate) fn expel_session(&mut self, guild: GuildId, slot: Slot) {
        let Some(reference) = self.reference(slot) else { return };
        let Some(session) = self.sessions.get_mut(slot as usize) else { return };
        let Some(at) = session.guilds.iter().position(|m| m.guild == guild) else { return };
        let membership = session.guilds.remove(at);
        let identity = session.identity.clone();
        self.recorder.state(slot, &self.sessions);
        self.leave_relay(&membership, reference, &identity);
        if identity.intents.intersects(Intents::GUILDS) {
            let payload = json!({"id": guild}).to_string();
            let body = Body::dispatch(EventKind::GuildDelete.name(), &payload);
            self.own(reference, EventKind::GuildDelete, Some(guild), body);
        }
    }

    fn dissolve(&mut self, guild: GuildId) {
        self.relays.remove(&guild);
        self.lists.remove(&guild);
        let mut waiting = Vec::new();
        for (slot, session) in self.sessions.iter_mut() {
            let Some(at) = session.guilds.iter().position(|m| m.guild == guild) else { continue };
            if session.guilds[at].relay().is_some() {
                session.guilds.remove(at);
            } else {
                waiting.extend(Slot::try_from(slot));
            }
        }
        // The event went to who is attached; others were told of the guild by READY alone.
        for slot in waiting {
            self.expel_session(guild, slot);
        }
    }

    /// Attaches a user's sessions to a guild that it joined.
    pub(super) fn joined(&mut self, user: UserId, guild: GuildId) {
        for slot in self.sessions.of(user) {
            self.join_session(guild, slot);
        }
    }

    /// Attaches one session to a guild that its user joined.
    pub(super) fn join_session(&mut self, guild: GuildId, slot: Slot) {
        let Some(session) = self.sessions.get(slot as usize) else { return };
        let presence = session.identity.shows();
        self.ask_attach(slot, guild, presence, false);
        self.recorder.state(slot, &self.sessions);
    }

    /// Attaches sessions that survived a restart, and tells them what they missed.
    pub(super) fn restored(&mut self, restored: Restored) {
        let Restored { view, seats, gone, lost, events } = restored;
        self.lose(&lost);
        let mut slots = RoaringBitmap::new();
        for seat in &seats {
            if self.session_mut(seat.session).is_some() {
                self.place(seat, &View { sequence: 0, ..view.clone() });
                slots.insert(seat.session.slot);
            } else {
                self.give_back(view.shape.id(), seat);
            }
        }
        for event in &events {
            self.event_for(event, Some(&slots));
        }
        for session in gone {
            self.turned_away(session, view.shape.id());
        }
        self.shared.restored();
    }

    /// Sends every digest that is due.
    pub(super) fn send_digests(&mut self) {
        let mut due: Vec<(GuildId, Digest)> = Vec::new();
        for (guild, relays) in &mut self.relays {
            due.extend(relays.branch.digest().into_iter().map(|digest| (*guild, digest)));
        }
        for (guild, digest) in due {
            self.append_digest(guild, digest);
        }
    }

    pub(super) fn append_digest(&mut self, guild: GuildId, digest: Digest) {
        let Digest { kind, body, to } = digest;
        let to = Recipients::from(to);
        self.append(Outgoing { kind, guild: Some(guild), sequence: 0, body, to });
    }

    /// Hands a request for members to the guild, if the session is there and asks not too often.
    pub(super) fn request_members(&mut self, slot: Slot, request: RequestMembers) {
        let Some(session) = self.reference(slot) else { return };
        let Some(found) = self.sessions.get(slot as usize) else { return };
        let guild = request.guild_id;
        let attached = self.relays.get(&guild).is_some_and(|relays| relays.with(slot).is_some());
        if !attached && !found.guilds.iter().any(|m| m.guild == guild) {
            return;
        }
        let intents = found.identity.intents;
        let user = found.identity.user;
        let cost = chunk::sought(&request);
        if let Err(after) = self.shared.spend(Budget::MembersSought, user.value(), cost) {
            return self.refuse_members(session, &request, after);
        }
        let key = (user, guild);
        if chunk::is_full(&request) {
            let taken = self.shared.member_lists.lock().take(key, clock::now());
            let taken = taken.inspect_err(|_| self.shared.metrics.refuse(Refused::MemberLists));
            if let Err(after) = taken.and_then(|()| self.shared.afford(Expense::Members)) {
                return self.refuse_members(session, &request, after);
            }
        }
        let rights = Rights {
            members: intents.intersects(Intents::GUILD_MEMBERS),
            presences: intents.intersects(Intents::GUILD_PRESENCES),
        };
        let wire = found.link.as_ref().map_or(Wire::Text, |link| link.wire.get());
        let request = Box::new(request);
        self.ask_guild(guild, Request::Members { session, request, rights, wire });
    }

    fn refuse_members(
        &mut self,
        session: SessionRef,
        request: &RequestMembers,
        retry_after: std::time::Duration,
    ) {
        let mut meta = json!({"guild_id": request.guild_id});
        if let Some(nonce) = &request.nonce {
            meta["nonce"] = json!(nonce);
        }
        let payload = json!({"opcode": 8, "retry_after": retry_after.as_secs_f64(), "meta": meta});
        let body = Body::dispatch(EventKind::RateLimited.name(), &payload.to_string());
        self.own(session, EventKind::RateLimited, None, body);
    }

    /// Returns up to where each guild's sessions here were told, for the journal.
    pub(crate) fn told(&self) -> impl Iterator<Item = (GuildId, u64)> {
        self.relays.iter().map(|(guild, relays)| (*guild, relays.told))
    }
}

/// Tells whether an event is something that its author said or did, as often as it liked.
const fn is_talk(kind: EventKind) -> bool {
    use EventClass::{Message, MessageChange, Reaction, Typing};
    matches!(kind.class(), Message | MessageChange | Reaction | Typing)
}

fn attachment(identity: &Identity, mode: Mode) -> Attachment {
    Attachment {
        user: identity.user,
        mode,
        interest: identity.interest(),
        digest: DigestKind::from_capabilities(identity.capabilities),
        watched: Default::default(),
    }
}
