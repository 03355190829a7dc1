//! GUILD_MEMBERS_CHUNK: answers to requests for members.

use std::sync::Arc;

use serde_json::value::RawValue;
use throng_proto::gateway::RequestMembers;
use throng_proto::gateway::payload::MembersChunk;
use throng_proto::id::UserId;
use throng_proto::json;
use throng_proto::model::Member;
use throng_proto::wire::{Body, Segment};

use crate::attendance::Attendance;
use crate::roster::Roster;

/// Members in one chunk, by the protocol.
pub const CHUNK_MAX: usize = 1000;
/// Members that a query or a list of ids finds at most, by the protocol.
pub const FOUND_MAX: usize = 100;
/// Members that are encoded, and later compressed, at a time: 64 x about 1.5 us = 100 us.
const SLICE: usize = 64;
/// Bytes of a nonce; a longer one is ignored.
const NONCE_MAX: usize = 32;

/// What a session may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// GUILD_MEMBERS: the whole list.
    pub members: bool,
    /// GUILD_PRESENCES: presences too.
    pub presences: bool,
}

impl Rights {
    /// Tells whether the answer to a request carries presences.
    #[must_use]
    pub fn shows_presences(self, request: &RequestMembers) -> bool {
        self.presences && request.presences == Some(true)
    }
}

/// Tells whether a request is for the whole list, which is the one that is limited.
#[must_use]
pub fn is_full(request: &RequestMembers) -> bool {
    request.user_ids.is_none()
        && request.query.as_deref().unwrap_or_default().is_empty()
        && request.limit.unwrap_or(0) == 0
}

/// Returns what a request costs: ten, and one for each member that it may find. A whole list counts
/// as one that finds as many as may be, because it is sent as fast as it is read.
#[must_use]
pub fn sought(request: &RequestMembers) -> u64 {
    let wanted = match &request.user_ids {
        Some(ids) => ids.len(),
        None => match usize::try_from(request.limit.unwrap_or(0)).unwrap_or(FOUND_MAX) {
            0 => FOUND_MAX,
            limit => limit,
        },
    };
    10 + wanted.min(FOUND_MAX) as u64
}

/// Encodes the answer to a request for some members: one chunk, of nobody when the session may not
/// have the whole list. Costs about a microsecond per member found.
#[must_use]
pub fn found(
    request: &RequestMembers,
    rights: Rights,
    attendance: &mut Attendance,
    roster: &Roster,
) -> Body {
    let mut part = Part::new(0, 1);
    match &request.user_ids {
        Some(ids) => {
            for id in ids.iter().take(FOUND_MAX) {
                match roster.get(*id) {
                    Some(member) => part.push(&member),
                    None => part.missing.push(*id),
                }
            }
        }
        None if is_full(request) => {}
        None => {
            let limit = usize::try_from(request.limit.unwrap_or(0)).unwrap_or(FOUND_MAX);
            let limit = if limit == 0 { FOUND_MAX } else { limit.min(FOUND_MAX) };
            let found = roster.search(request.query.as_deref().unwrap_or_default(), limit);
            found.iter().for_each(|member| part.push(member));
        }
    }
    let users = part.users.iter().copied();
    let presences = rights.shows_presences(request).then(|| attendance.presences_of(users));
    part.encode(request, presences.as_deref())
}

/// Part of an answer, encoded as members come.
#[derive(Debug)]
pub struct Part {
    /// Whose members there are, at most [`CHUNK_MAX`].
    pub users: Vec<UserId>,
    segments: Vec<Arc<Segment>>,
    /// What comes after them.
    text: String,
    missing: Vec<UserId>,
    index: usize,
    count: usize,
}

impl Part {
    fn new(index: usize, count: usize) -> Self {
        let (users, segments, missing) = (Vec::new(), Vec::new(), Vec::new());
        Self { users, segments, text: MembersChunk::open(), missing, index, count }
    }

    fn push(&mut self, member: &Member) {
        if !self.users.is_empty() {
            self.text.push(',');
        }
        self.users.push(member.user.id);
        self.text.push_str(&json::text(member));
    }

    /// Makes a segment of what came so far, so that it can be compressed on its own.
    fn cut(&mut self) {
        self.segments.push(Segment::new(std::mem::take(&mut self.text)));
    }

    /// Ends the part, with presences that [`Attendance::presences_of`] encoded.
    #[must_use]
    pub fn encode(mut self, request: &RequestMembers, presences: Option<&RawValue>) -> Body {
        let chunk = MembersChunk {
            guild_id: request.guild_id,
            chunk_index: self.index,
            chunk_count: self.count,
            not_found: &self.missing,
            presences,
            nonce: request.nonce.as_deref().filter(|nonce| nonce.len() <= NONCE_MAX),
        };
        self.text.push_str(&chunk.close());
        self.cut();
        Body::from_segments(self.segments)
    }
}

/// The whole list of a roster, in parts; at least one.
#[derive(Clone, Copy, Debug)]
pub struct Whole {
    after: UserId,
    index: usize,
    count: usize,
}

impl Whole {
    /// Begins the list.
    #[must_use]
    pub fn of(roster: &Roster) -> Self {
        let count = roster.len().div_ceil(CHUNK_MAX).max(1);
        Self { after: UserId::new(0), index: 0, count }
    }

    /// Begins the next part, for [`Self::fill`]; `None` after the last.
    pub fn begin(&mut self) -> Option<Part> {
        let index = self.index;
        (index < self.count).then(|| {
            self.index += 1;
            Part::new(index, self.count)
        })
    }

    /// Encodes some more members of a part, and tells whether there may be others. Costs about
    /// 100 us.
    pub fn fill(&mut self, part: &mut Part, roster: &Roster) -> bool {
        let room = SLICE.min(CHUNK_MAX - part.users.len());
        let before = part.users.len();
        for entry in roster.after(self.after).take(room) {
            self.after = entry.user();
            part.push(&entry.member());
        }
        let more = part.users.len() - before == SLICE;
        if more {
            part.cut();
        }
        more
    }
}
