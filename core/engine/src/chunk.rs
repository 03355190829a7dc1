//! GUILD_MEMBERS_CHUNK: answers to requests for members.

use serde::Serialize;
use serde_json::value::RawValue;
use throng_proto::event::EventKind;
use throng_proto::gateway::RequestMembers;
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::Member;
use throng_proto::wire::Body;

use crate::attendance::Attendance;
use crate::roster::Roster;

/// Members in one chunk, by the protocol.
pub const CHUNK_MAX: usize = 1000;
/// Members that a query or a list of ids finds at most, by the protocol.
pub const FOUND_MAX: usize = 100;
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

/// Encodes the answer to a request for some members: one chunk, of nobody when the session may not
/// have the whole list. Costs about a microsecond per member found.
#[must_use]
pub fn found(
    request: &RequestMembers,
    rights: Rights,
    attendance: &Attendance,
    roster: &Roster,
) -> Body {
    let mut missing = Vec::new();
    let members = match &request.user_ids {
        Some(ids) => {
            let wanted = ids.iter().take(FOUND_MAX);
            wanted
                .filter_map(|id| {
                    let found = roster.get(*id);
                    missing.extend(found.is_none().then_some(*id));
                    found
                })
                .collect()
        }
        None if is_full(request) => Vec::new(),
        None => {
            let limit = usize::try_from(request.limit.unwrap_or(0)).unwrap_or(FOUND_MAX);
            let limit = if limit == 0 { FOUND_MAX } else { limit.min(FOUND_MAX) };
            roster.search(request.query.as_deref().unwrap_or_default(), limit)
        }
    };
    let users = members.iter().map(|member| member.user.id);
    let presences = rights.shows_presences(request).then(|| attendance.presences_of(users));
    Part { members, missing, index: 0, count: 1 }.encode(request, presences.as_deref())
}

/// Part of an answer.
#[derive(Debug)]
pub struct Part {
    /// Members, at most [`CHUNK_MAX`].
    pub members: Vec<Member>,
    missing: Vec<UserId>,
    index: usize,
    count: usize,
}

impl Part {
    /// Encodes the part, with presences that [`Attendance::presences_of`] encoded.
    #[must_use]
    pub fn encode(&self, request: &RequestMembers, presences: Option<&RawValue>) -> Body {
        let chunk = Chunk {
            guild_id: request.guild_id,
            members: &self.members,
            chunk_index: self.index,
            chunk_count: self.count,
            not_found: &self.missing,
            presences,
            nonce: request.nonce.as_deref().filter(|nonce| nonce.len() <= NONCE_MAX),
        };
        // Structs of strings, numbers and lists always serialise.
        let payload = serde_json::to_string(&chunk).unwrap_or_default();
        Body::dispatch(EventKind::GuildMembersChunk.name(), &payload)
    }
}

#[derive(Serialize)]
struct Chunk<'a> {
    guild_id: GuildId,
    members: &'a [Member],
    chunk_index: usize,
    chunk_count: usize,
    not_found: &'a [UserId],
    #[serde(skip_serializing_if = "Option::is_none")]
    presences: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
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

    /// Decodes the next part. Costs about 1 ms.
    pub fn next(&mut self, roster: &Roster) -> Option<Part> {
        let index = self.index;
        if index >= self.count {
            return None;
        }
        self.index += 1;
        let entries = roster.after(self.after).take(CHUNK_MAX);
        let members: Vec<Member> = entries.map(|entry| entry.member()).collect();
        if let Some(last) = members.last() {
            self.after = last.user.id;
        }
        Some(Part { members, missing: Vec::new(), index, count: self.count })
    }
}
