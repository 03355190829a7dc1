//! What survived the last run, and how a deck takes it over.

use std::collections::BTreeMap;
use std::sync::Arc;

use roaring::RoaringBitmap;
use throng_proto::gateway::Connection;
use throng_proto::id::{GuildId, UserId};
use throng_proto::intents::Intents;
use throng_proto::wire::Body;

use super::record::SessionRecord;
use super::story::{OldDispatch, OldSession, Story, slots};
use super::{Deck, Line, Membership, Outgoing, Past};
use crate::replay::{Entry, Recipients, Slot};

/// Sessions that one deck takes over, by the journals they come from.
#[derive(Debug, Default)]
pub struct Survivors(Vec<Group>);

/// The sessions of one journal.
#[derive(Debug)]
struct Group {
    sessions: Vec<(Slot, OldSession)>,
    story: Arc<Story>,
}

impl Survivors {
    /// Divides what journals tell among decks: a session's id names its worker.
    #[must_use]
    pub fn divide(stories: Vec<Story>, workers: usize) -> Vec<Self> {
        let mut all: Vec<Self> = std::iter::repeat_with(Self::default).take(workers).collect();
        for mut story in stories {
            let mut divided = vec![Vec::new(); workers];
            for (slot, session) in std::mem::take(&mut story.sessions) {
                divided[session.record.id.worker(workers)].push((slot, session));
            }
            let story = Arc::new(story);
            for (survivors, sessions) in all.iter_mut().zip(divided) {
                if !sessions.is_empty() {
                    survivors.0.push(Group { sessions, story: Arc::clone(&story) });
                }
            }
        }
        all
    }

    /// Returns how many sessions there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.iter().map(|group| group.sessions.len()).sum()
    }

    /// Returns whose they are.
    pub fn users(&self) -> impl Iterator<Item = UserId> {
        let sessions = self.0.iter().flat_map(|group| &group.sessions);
        sessions.map(|(_, session)| session.record.identity.user)
    }

    /// Lets sessions share what their clients said of themselves.
    pub fn share(&mut self, share: impl Fn(Arc<Connection>) -> Arc<Connection>) {
        for (_, session) in self.0.iter_mut().flat_map(|group| &mut group.sessions) {
            let connection = &mut session.record.identity.connection;
            *connection = share(Arc::clone(connection));
        }
    }

    /// Lists the guilds that [`Deck::revive`] will ask, once for each time it does.
    pub fn guilds(&self) -> impl Iterator<Item = GuildId> {
        self.0.iter().flat_map(Group::absences).map(|((guild, _), _)| guild)
    }
}

impl Group {
    /// Groups old slots by guild, and by the place up to which they were told of it; those that
    /// were never told of it are not among them.
    fn absences(&self) -> BTreeMap<(GuildId, u64), Vec<Slot>> {
        let mut absences: BTreeMap<(GuildId, u64), Vec<Slot>> = BTreeMap::new();
        for (slot, OldSession { record, .. }) in &self.sessions {
            let quiet = !record.identity.intents.intersects(Intents::GUILDS);
            for Membership { guild, welcomed, .. } in &record.guilds {
                // What is not known may be anything, so the guild will say that it is lost.
                let unknown = welcomed.then_some(u64::MAX);
                let told = self.story.told(*guild, *slot).filter(|_| quiet || *welcomed);
                if let Some(since) = told.or(unknown) {
                    absences.entry((*guild, since)).or_default().push(*slot);
                }
            }
        }
        absences
    }

    /// Counts what each session was sent, in one pass over the dispatches.
    fn sent(&self, opened: &BTreeMap<Slot, usize>) -> BTreeMap<Slot, u32> {
        let mut sent = BTreeMap::new();
        for (index, dispatch) in self.story.dispatches.iter().enumerate() {
            for slot in slots(&dispatch.to) {
                if opened.get(&slot).is_some_and(|opened| *opened <= index) {
                    *sent.entry(slot).or_default() += 1;
                }
            }
        }
        sent
    }
}

impl<L: Line> Deck<L> {
    /// Takes sessions over with what they were sent, and asks their guilds for what they missed.
    pub fn revive(&mut self, survivors: Survivors) {
        for group in survivors.0 {
            self.revive_group(&group);
        }
        for guild in self.unsettled() {
            self.ask_again(guild);
        }
    }

    fn revive_group(&mut self, group: &Group) {
        let opened: BTreeMap<Slot, usize> =
            group.sessions.iter().map(|(old, session)| (*old, session.opened)).collect();
        let sent = group.sent(&opened);
        let now: BTreeMap<Slot, Slot> = group
            .sessions
            .iter()
            .map(|(old, session)| {
                (*old, self.revive_session(session, sent.get(old).copied().unwrap_or(0)))
            })
            .collect();
        // Before the dispatches, which tell of places in between: should the end of this journal be
        // lost, nobody is believed to know less or more.
        for ((guild, since), old) in group.absences() {
            let slots = old.iter().filter_map(|old| now.get(old)).copied().collect();
            self.part(guild, since, slots);
        }
        for (index, dispatch) in group.story.dispatches.iter().enumerate() {
            let old = slots(&dispatch.to).into_iter();
            let alive = old.filter(|slot| opened.get(slot).is_some_and(|opened| *opened <= index));
            let to: RoaringBitmap = alive.filter_map(|slot| now.get(&slot).copied()).collect();
            self.revive_dispatch(dispatch, to);
        }
        // It was, before the restart.
        self.sent = self.log.end();
        for slot in now.into_values() {
            let session = self.sessions.get(slot);
            let guilds: Vec<GuildId> = session
                .into_iter()
                .flat_map(|session| &session.guilds)
                .map(|membership| membership.guild)
                .filter(|guild| !self.is_absent(*guild, slot))
                .collect();
            guilds.into_iter().for_each(|guild| self.wait(guild, slot));
        }
    }

    fn revive_session(&mut self, session: &OldSession, sent: u32) -> Slot {
        let SessionRecord { id, identity, guilds, sequence, bound } = session.record.clone();
        let slot = self.open(id, identity.clone());
        let before = sequence.saturating_sub(sent);
        let bound = bound.unwrap_or(sequence).min(sequence);
        let (known, sequence) = (guilds.clone(), before);
        let record = SessionRecord { id, identity, guilds, sequence, bound: Some(bound) };
        self.records.open(slot, &record);
        if let Some(revived) = self.sessions.get_mut(slot) {
            revived.guilds = known;
            revived.sequence = before;
            revived.past = Past::Away(bound);
        }
        self.detach(slot);
        self.watch_admission(slot);
        slot
    }

    fn revive_dispatch(&mut self, dispatch: &OldDispatch, to: RoaringBitmap) {
        if to.is_empty() {
            return;
        }
        for slot in &to {
            if let Some(session) = self.sessions.get_mut(slot) {
                session.sequence += 1;
            }
        }
        let OldDispatch { kind, guild, sequence, body, .. } = dispatch;
        let to = Recipients::from(to);
        let outgoing = Outgoing {
            kind: *kind,
            guild: *guild,
            sequence: *sequence,
            body: body.clone().unwrap_or_else(|| Body::from_segments([])),
            to,
        };
        self.records.dispatch(&outgoing);
        let to = outgoing.to;
        let body = body.clone();
        self.log.append(Entry { at: self.now.at, kind: *kind, guild: *guild, body, to });
    }
}
