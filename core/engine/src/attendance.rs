//! Who of a guild is there: attachments by worker, and presences by user.
//!
//! What a session shows is noted at once, and told to others with the next [`Attendance::tell`]:
//! the shell asks for it once in a window, so that only the last of many changes counts, and one
//! that was taken back is never told.
//!
//! # Invariants
//!
//! - A2: after others were told, a user is online exactly while one of its sessions is attached and
//!   visible.

mod news;
mod presence;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;
use throng_proto::id::{GuildId, UserId};
use throng_proto::intents::Intents;
use throng_proto::json;

use self::presence::Present;
pub use self::presence::{SessionRef, Shown};
use crate::relay::Interest;
use crate::roster::Roster;
use crate::welcome::Crowd;

/// Attachments and presences of one guild.
#[derive(Debug)]
pub struct Attendance {
    guild: GuildId,
    branches: BTreeMap<usize, Branch>,
    users: BTreeMap<UserId, Present>,
    /// Who shows something else than others were told.
    pending: BTreeSet<UserId>,
    /// Whose window has ended, and whom others are told of next.
    due: BTreeSet<UserId>,
    online: usize,
    coalesced: u64,
    listeners: usize,
    attachments: usize,
    crowd: Option<Crowd>,
    /// Somebody was shown who is online.
    witnessed: bool,
}

/// What is on one worker.
#[derive(Debug, Default)]
struct Branch {
    attachments: usize,
    relays: usize,
}

impl Attendance {
    /// Makes an empty one.
    #[must_use]
    pub fn new(guild: GuildId) -> Self {
        Self {
            guild,
            branches: BTreeMap::new(),
            users: BTreeMap::new(),
            pending: BTreeSet::new(),
            due: BTreeSet::new(),
            online: 0,
            coalesced: 0,
            listeners: 0,
            attachments: 0,
            crowd: None,
            witnessed: false,
        }
    }

    /// Returns how many attachments there are.
    #[must_use]
    pub const fn attachments(&self) -> usize {
        self.attachments
    }

    /// Returns how many users others see as online.
    #[must_use]
    pub const fn online(&self) -> usize {
        self.online
    }

    /// Tells whether others see a user as online.
    #[must_use]
    pub fn is_online(&self, user: UserId) -> bool {
        self.users.get(&user).is_some_and(|present| present.told.status.is_online())
    }

    /// Returns how many changes were never told, because another came in time.
    #[must_use]
    pub const fn coalesced(&self) -> u64 {
        self.coalesced
    }

    /// Returns the workers that have attachments, in order.
    pub fn workers(&self) -> impl Iterator<Item = usize> {
        self.branches.keys().copied()
    }

    /// Returns how many relays there are, as workers reported last.
    #[must_use]
    pub fn relays(&self) -> usize {
        self.branches.values().map(|branch| branch.relays).sum()
    }

    /// Notes how many relays a worker has, as it reports.
    pub fn set_relays(&mut self, worker: usize, relays: usize) {
        if let Some(branch) = self.branches.get_mut(&worker) {
            branch.relays = relays;
        }
    }

    /// Counts an attachment in, unless it is counted already.
    pub fn attach(&mut self, session: SessionRef, user: UserId, interest: Interest) {
        if self.users.get(&user).is_some_and(|present| present.has(session)) {
            return;
        }
        self.branches.entry(session.worker.into()).or_default().attachments += 1;
        self.attachments += 1;
        self.listeners += usize::from(listens(interest));
        self.users.entry(user).or_insert_with(Present::new).add(session);
    }

    /// Counts an attachment out.
    pub fn detach(&mut self, session: SessionRef, user: UserId, interest: Interest) {
        let known = self.users.get(&user).is_some_and(|present| present.has(session));
        let Some(branch) = self.branches.get_mut(&session.worker.into()).filter(|_| known) else {
            return;
        };
        branch.attachments -= 1;
        if branch.attachments == 0 {
            self.branches.remove(&session.worker.into());
        }
        self.attachments -= 1;
        self.listeners -= usize::from(listens(interest));
        self.note(session, user, None);
    }

    /// Forgets the shared list of members and presences, because one of them changed.
    pub fn invalidate(&mut self) {
        self.crowd = None;
    }

    /// Returns members and presences for GUILD_CREATE, shared until one of them changes: presences
    /// do at most once in a window. Making it costs O(members).
    pub fn crowd(&mut self, roster: &Roster, everybody: bool) -> Crowd {
        self.witnessed = true;
        if let Some(crowd) = &self.crowd {
            return crowd.clone();
        }
        let chosen = roster
            .iter()
            .filter(|entry| everybody || entry.is_notable() || self.is_online(entry.user()));
        let crowd = Crowd::new(chosen.map(|entry| entry.member()), self.presences());
        self.crowd = Some(crowd.clone());
        crowd
    }

    /// Encodes what a user shows to itself, if it is online.
    #[must_use]
    pub fn own(&self, user: UserId) -> Option<String> {
        let shown = self.shows(user);
        shown.status.is_online().then(|| json::text(&shown.presence(self.guild, user)))
    }

    /// Encodes the presences of those of some users who are online.
    #[must_use]
    pub fn presences_of(&mut self, users: impl Iterator<Item = UserId>) -> Box<RawValue> {
        self.witnessed = true;
        let shown: Vec<_> = users.map(|user| (user, self.shown(user))).collect();
        let online = shown.iter().filter(|(_, shown)| shown.status.is_online());
        let online: Vec<_> =
            online.map(|(user, shown)| shown.presence(self.guild, *user)).collect();
        json::raw(&online)
    }
}

fn listens(interest: Interest) -> bool {
    interest.intents.intersects(Intents::GUILD_PRESENCES)
}
