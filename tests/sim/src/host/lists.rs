//! Member lists beside a guild: what the shell's list task does, without the task.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use throng_engine::attendance::{SessionRef, Shown};
use throng_engine::deck::Watch;
use throng_engine::event::{Change, Event};
use throng_engine::roll::{Output, Roll};
use throng_engine::shape::Shape;
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::Member;
use throng_proto::wire::Body;

use super::{Host, Letter, Wish};

/// Members that a large guild hands over in one turn.
const SEED_MAX: usize = 3;
/// Members that are put into a list in one turn.
const FILL_MAX: usize = 5;
/// How long changes are gathered, in milliseconds.
const WINDOW: u64 = 1_000;

/// What lists are told.
#[derive(Debug)]
enum Note {
    Put(Arc<Member>, Shown, Option<Body>),
    Remove(UserId),
    Shape(Arc<Shape>),
    Seeded,
    Enlarged,
    Watch(Box<Watch>, Arc<Member>),
    Leave(SessionRef),
}

/// Where handing over members goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seed {
    After(Option<UserId>),
    Done,
}

/// The lists of one guild with everything around them.
#[derive(Debug)]
pub(crate) struct Lists {
    epoch: u64,
    roll: Roll<SessionRef>,
    notes: Vec<Note>,
    /// Notes on their way, with how many members there were.
    batches: VecDeque<(usize, Vec<Note>)>,
    viewers: BTreeSet<SessionRef>,
    workers: BTreeSet<usize>,
    seed: Seed,
    pub(crate) large: bool,
    seeded: bool,
    filling: bool,
    due: Option<u64>,
    told_at: Option<u64>,
}

impl Lists {
    fn new(epoch: u64, shape: Arc<Shape>, large: bool) -> Self {
        Self {
            epoch,
            roll: Roll::new(shape, large),
            notes: Vec::new(),
            batches: VecDeque::new(),
            viewers: BTreeSet::new(),
            workers: BTreeSet::new(),
            seed: Seed::After(None),
            large,
            seeded: false,
            filling: false,
            due: None,
            told_at: None,
        }
    }

    /// Returns whose they are.
    pub(crate) fn guild(&self) -> GuildId {
        self.roll.guild()
    }

    /// Tells whether they have something to do by now.
    pub(crate) fn has_turn(&self, now: u64) -> bool {
        let due = self.seeded && self.due.is_some_and(|due| due <= now);
        self.filling || due || !self.batches.is_empty()
    }

    /// Returns when they tell what is new.
    pub(crate) fn due(&self) -> Option<u64> {
        self.due.filter(|_| self.seeded)
    }

    /// Tells whether everything that is known was told.
    pub(crate) fn are_settled(&self) -> bool {
        let quiet = self.notes.is_empty() && self.batches.is_empty() && !self.filling;
        quiet && self.seeded && self.due.is_none()
    }

    /// Does the next thing.
    pub(crate) fn turn(&mut self, now: u64) -> Vec<(usize, Letter)> {
        if self.filling {
            self.filling = self.roll.fill(FILL_MAX);
            self.take(now);
        } else if self.due().is_some_and(|due| due <= now) {
            (self.due, self.told_at) = (None, Some(now));
            return self.tell();
        } else {
            self.take(now);
        }
        Vec::new()
    }

    /// Comes to the end, because the guild has let them go.
    pub(crate) fn finish(mut self, now: u64) -> Vec<(usize, Letter)> {
        while self.filling || !self.batches.is_empty() {
            self.turn(now);
        }
        self.tell()
    }

    /// Takes what is on its way without telling anybody.
    pub(crate) fn hear(&mut self, now: u64) {
        while !self.batches.is_empty() {
            self.take(now);
        }
    }

    fn take(&mut self, now: u64) {
        let Some((members, notes)) = self.batches.pop_front() else { return };
        self.roll.count(members);
        notes.into_iter().for_each(|note| self.note(note));
        self.filling |= self.seeded;
        let ready = self.told_at.map_or(now, |at| now.max(at + WINDOW));
        self.due.get_or_insert(ready);
    }

    fn note(&mut self, note: Note) {
        match note {
            Note::Put(member, shown, presence) => self.roll.put(member, shown, presence),
            Note::Remove(user) => self.roll.remove(user),
            Note::Shape(shape) => self.roll.reshape(shape),
            Note::Seeded => self.seeded = true,
            Note::Enlarged => self.roll.enlarge(),
            Note::Leave(session) => self.roll.leave(session),
            Note::Watch(watch, member) => {
                let Watch { session, stamp, wishes, .. } = *watch;
                self.workers.insert(session.worker.into());
                self.roll.watch(session, stamp, member, wishes);
            }
        }
    }

    fn tell(&mut self) -> Vec<(usize, Letter)> {
        let mut by_worker: BTreeMap<usize, Vec<Output<SessionRef>>> = BTreeMap::new();
        for output in self.roll.flush() {
            if let Output::Own { viewer, .. } = &output {
                by_worker.entry(viewer.worker.into()).or_default().push(output);
                continue;
            }
            for worker in &self.workers {
                by_worker.entry(*worker).or_default().push(output.clone());
            }
        }
        let (guild, epoch) = (self.roll.guild(), self.epoch);
        let letters = by_worker.into_iter();
        letters.map(|(worker, all)| (worker, Letter::Lists(guild, epoch, all))).collect()
    }
}

impl Host {
    /// Takes what a session wants to see of member lists.
    pub(super) fn watch(&mut self, watch: Watch) {
        let Some(member) = self.guild.member(watch.user) else { return };
        let wants = watch.wishes.iter().any(|wish| !wish.blocks.is_empty());
        let large = self.guild.member_count() > self.offline_max;
        self.epochs += 1;
        let (epoch, shape) = (self.era << 20 | self.epochs, self.guild.shape());
        let fresh = || Lists::new(epoch, Arc::clone(shape), large);
        let lists = self.lists.get_or_insert_with(fresh);
        if wants {
            lists.viewers.insert(watch.session);
        } else {
            lists.viewers.remove(&watch.session);
        }
        lists.notes.push(Note::Watch(Box::new(watch), member));
    }

    /// Forgets a session that left the guild.
    pub(super) fn unwatch(&mut self, session: SessionRef) {
        if let Some(lists) = &mut self.lists
            && lists.viewers.remove(&session)
        {
            lists.notes.push(Note::Leave(session));
        }
    }

    /// Tells the lists of an event.
    pub(super) fn list_event(&mut self, event: &Event) {
        match &event.change {
            Change::Member(user, _) => self.list_member(*user, None),
            Change::Left(user) => self.list_note(Note::Remove(*user)),
            Change::Shape(shape) => self.list_note(Note::Shape(Arc::clone(shape))),
            _ => {}
        }
    }

    /// Tells the lists of a member as it is now.
    pub(super) fn list_member(&mut self, user: UserId, presence: Option<Body>) {
        if self.lists.is_some()
            && let Some(member) = self.guild.member(user)
        {
            let shown = self.attendance.shown(user);
            self.list_note(Note::Put(member, shown, presence));
        }
    }

    fn list_note(&mut self, note: Note) {
        if let Some(lists) = &mut self.lists {
            lists.notes.push(note);
        }
    }

    /// Tells whether members are still to be handed over.
    pub(crate) fn has_seed(&self) -> bool {
        self.lists.as_ref().is_some_and(|lists| lists.seed != Seed::Done)
    }

    /// Hands over what has gathered, and some more members; lets lists go that nobody watches.
    pub(crate) fn serve_lists(&mut self, wishes: &mut Vec<Wish>) {
        self.seed_lists();
        let members = self.guild.member_count();
        let Some(lists) = &mut self.lists else { return };
        if members > self.offline_max && !lists.large {
            lists.large = true;
            lists.notes.push(Note::Enlarged);
        }
        if !lists.notes.is_empty() {
            lists.batches.push_back((members, std::mem::take(&mut lists.notes)));
        }
        if lists.viewers.is_empty() {
            wishes.extend(self.lists.take().map(|lists| Wish::Orphan(Box::new(lists))));
        }
    }

    fn seed_lists(&mut self) {
        let Some(lists) = &mut self.lists else { return };
        let Seed::After(after) = lists.seed else { return };
        let (guild, attendance) = (&self.guild, &self.attendance);
        if lists.large {
            let some = attendance.online_after(after).take(SEED_MAX);
            let some: Vec<_> = some.map(|(user, shown)| (user, shown.clone())).collect();
            lists.seed = some.last().map_or(Seed::Done, |(user, _)| Seed::After(Some(*user)));
            for (user, shown) in some {
                let member = guild.member(user);
                lists.notes.extend(member.map(|member| Note::Put(member, shown, None)));
            }
        } else {
            let everybody = guild.roster().iter().map(|entry| {
                Note::Put(Arc::new(entry.member()), attendance.shown(entry.user()), None)
            });
            lists.notes.extend(everybody);
            lists.seed = Seed::Done;
        }
        if lists.seed == Seed::Done {
            lists.notes.push(Note::Seeded);
        }
    }
}
