//! What survived the last run, and how a worker takes it over.

use std::collections::HashMap;

use roaring::RoaringBitmap;
use throng_engine::replay::{Entry, Recipients, Slot};
use throng_proto::id::GuildId;
use throng_proto::wire::Body;

use crate::clock;
use crate::journal::{OldDispatch, OldSession, Story, slots};
use crate::worker::{Outgoing, Past, SessionRecord, Worker};

/// Sessions that one worker takes over, by the journals they come from.
#[derive(Debug, Default)]
pub(crate) struct Survivors(Vec<Group>);

#[derive(Debug)]
struct Group {
    sessions: Vec<(Slot, OldSession)>,
    dispatches: Vec<OldDispatch>,
    told: HashMap<GuildId, u64>,
}

impl Survivors {
    /// Divides what journals tell among workers: a session's id names its worker.
    pub(crate) fn divide(stories: &[Story], workers: usize) -> Vec<Self> {
        (0..workers)
            .map(|worker| {
                let groups = stories.iter().map(|story| Group::of(story, worker, workers));
                Self(groups.filter(|group| !group.sessions.is_empty()).collect())
            })
            .collect()
    }

    /// Returns how many sessions there are.
    pub(crate) fn count(&self) -> usize {
        self.0.iter().map(|group| group.sessions.len()).sum()
    }

    /// Returns whose they are.
    pub(crate) fn users(&self) -> impl Iterator<Item = throng_proto::id::UserId> {
        let sessions = self.0.iter().flat_map(|group| &group.sessions);
        sessions.map(|(_, session)| session.record.identity.user)
    }

    /// Counts the requests to guilds that [`Worker::revive`] will make.
    pub(crate) fn guilds(&self) -> impl Iterator<Item = GuildId> {
        self.0.iter().flat_map(Group::guilds)
    }
}

impl Group {
    fn of(story: &Story, worker: usize, workers: usize) -> Self {
        let sessions: Vec<(Slot, OldSession)> = story
            .sessions
            .iter()
            .filter(|(_, session)| session.record.id.worker(workers) == worker)
            .map(|(slot, session)| (*slot, session.clone()))
            .collect();
        Self { sessions, dispatches: story.dispatches.clone(), told: story.told.clone() }
    }

    fn guilds(&self) -> Vec<GuildId> {
        let all = self.sessions.iter().flat_map(|(_, session)| &session.record.guilds);
        let mut guilds: Vec<GuildId> = all.map(|membership| membership.guild).collect();
        guilds.sort_unstable();
        guilds.dedup();
        guilds
    }

    /// Counts what each session was sent, in one pass over the dispatches.
    fn sent(&self, opened: &HashMap<Slot, usize>) -> HashMap<Slot, u32> {
        let mut sent = HashMap::with_capacity(opened.len());
        for (index, dispatch) in self.dispatches.iter().enumerate() {
            for slot in slots(&dispatch.to) {
                if opened.get(&slot).is_some_and(|opened| *opened <= index) {
                    *sent.entry(slot).or_default() += 1;
                }
            }
        }
        sent
    }
}

impl Worker {
    /// Takes sessions over with what they were sent, and asks their guilds for what they missed.
    pub(crate) fn revive(&mut self, survivors: Survivors) {
        for group in survivors.0 {
            self.revive_group(&group);
        }
        self.flush_journal();
        self.shared.revived();
    }

    fn revive_group(&mut self, group: &Group) {
        let opened: HashMap<Slot, usize> =
            group.sessions.iter().map(|(old, session)| (*old, session.opened)).collect();
        let sent = group.sent(&opened);
        let now: HashMap<Slot, Slot> = group
            .sessions
            .iter()
            .map(|(old, session)| {
                (*old, self.revive_session(session, sent.get(old).copied().unwrap_or(0)))
            })
            .collect();
        for (index, dispatch) in group.dispatches.iter().enumerate() {
            let old = slots(&dispatch.to).into_iter();
            let alive = old.filter(|slot| opened.get(slot).is_some_and(|opened| *opened <= index));
            let to: RoaringBitmap = alive.filter_map(|slot| now.get(&slot).copied()).collect();
            self.revive_dispatch(dispatch, to);
        }
        self.all_sent();
        for guild in group.guilds() {
            let since = group.told.get(&guild).copied().unwrap_or(0);
            let of_guild = |slot: &Slot| {
                let session = self.sessions.get(*slot as usize);
                session.is_some_and(|session| session.guilds.iter().any(|m| m.guild == guild))
            };
            let slots = now.values().copied().filter(of_guild).collect();
            self.ask_restore(guild, since, slots);
        }
    }

    fn revive_session(&mut self, session: &OldSession, sent: u32) -> Slot {
        let SessionRecord { id, identity, guilds, sequence, bound } = session.record.clone();
        let slot = self.open_session(id, identity.clone());
        let before = sequence.saturating_sub(sent);
        let bound = bound.unwrap_or(sequence).min(sequence);
        let (known, sequence) = (guilds.clone(), before);
        let record = SessionRecord { id, identity, guilds, sequence, bound: Some(bound) };
        self.recorder.open(slot, &record);
        if let Some(revived) = self.sessions.get_mut(slot as usize) {
            revived.guilds = known;
            revived.sequence = before;
            revived.past = Past::Away(bound);
        }
        self.detach_link(slot);
        self.watch_pass(slot);
        slot
    }

    fn revive_dispatch(&mut self, dispatch: &OldDispatch, to: RoaringBitmap) {
        if to.is_empty() {
            return;
        }
        for slot in &to {
            if let Some(session) = self.sessions.get_mut(slot as usize) {
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
        self.recorder.dispatch(&outgoing);
        let to = outgoing.to;
        let body = body.clone();
        self.replay.append(Entry { at: clock::now(), kind: *kind, guild: *guild, body, to });
    }
}
