//! GUILD_MEMBERS_CHUNK: answers to requests for members.

use std::sync::Arc;

use serde_json::{Value, json};
use throng_proto::event::EventKind;
use throng_proto::gateway::RequestMembers;
use throng_proto::id::UserId;
use throng_proto::model::Member;
use throng_proto::wire::Body;

use crate::attendance::Attendance;

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

/// Tells whether a request is for the whole list, which is the one that is limited.
#[must_use]
pub fn is_full(request: &RequestMembers) -> bool {
    request.user_ids.is_none()
        && request.query.as_deref().unwrap_or_default().is_empty()
        && request.limit.unwrap_or(0) == 0
}

/// Encodes the answer: at least one chunk. Costs O(members) for a list or a query.
pub fn chunks<'a>(
    request: &RequestMembers,
    rights: Rights,
    attendance: &Attendance,
    members: impl Iterator<Item = &'a Arc<Member>>,
    lookup: impl Fn(UserId) -> Option<&'a Arc<Member>>,
) -> Vec<Body> {
    let mut missing = Vec::new();
    let found: Vec<&Arc<Member>> = match &request.user_ids {
        Some(ids) => {
            let wanted = ids.iter().take(FOUND_MAX);
            wanted.filter_map(|id| lookup(*id).or_else(|| note(&mut missing, *id))).collect()
        }
        None if is_full(request) && rights.members => members.collect(),
        None if is_full(request) => Vec::new(),
        None => search(request, members),
    };
    let presences = rights.presences && request.presences == Some(true);
    let count = found.chunks(CHUNK_MAX).len().max(1);
    (0..count)
        .map(|index| {
            let part = found.chunks(CHUNK_MAX).nth(index).unwrap_or_default();
            let missing = if index == 0 { missing.as_slice() } else { &[] };
            let mut chunk = json!({
                "guild_id": request.guild_id, "members": part, "chunk_index": index,
                "chunk_count": count, "not_found": missing,
            });
            if presences {
                let list = part.iter().map(|member| attendance.presence(member.user.id));
                let online = list.filter(|presence| presence.status.is_online());
                chunk["presences"] = online.map(|presence| json!(presence)).collect();
            }
            if let Some(nonce) = request.nonce.as_ref().filter(|n| n.len() <= NONCE_MAX) {
                chunk["nonce"] = Value::String(nonce.clone());
            }
            Body::dispatch(EventKind::GuildMembersChunk.name(), &chunk.to_string())
        })
        .collect()
}

fn note<'a>(missing: &mut Vec<UserId>, id: UserId) -> Option<&'a Arc<Member>> {
    missing.push(id);
    None
}

fn search<'a>(
    request: &RequestMembers,
    members: impl Iterator<Item = &'a Arc<Member>>,
) -> Vec<&'a Arc<Member>> {
    let query = request.query.as_deref().unwrap_or_default().to_lowercase();
    let limit = usize::try_from(request.limit.unwrap_or(0)).unwrap_or(FOUND_MAX);
    let limit = if limit == 0 { FOUND_MAX } else { limit.min(FOUND_MAX) };
    members.filter(|member| matches(member, &query)).take(limit).collect()
}

/// Tells whether one of a member's names begins with a query in lower case.
pub(crate) fn matches(member: &Member, query: &str) -> bool {
    let names = [
        Some(&member.user.username),
        member.user.global_name.as_ref(),
        member.profile.nick.as_ref(),
    ];
    names.into_iter().flatten().any(|name| name.to_lowercase().starts_with(query))
}
