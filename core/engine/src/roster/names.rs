//! Names as they are searched: in lower case, each with the id of who has it.

use throng_proto::id::UserId;
use throng_proto::model::Member;

use super::block::Key;

/// Ends a name within a key, so that a name comes before those that it begins.
const END: u8 = 0;

/// Returns a name or the beginning of one as it is compared.
pub(super) fn folded(name: &str) -> String {
    // A name that has the byte which ends names would be found by what comes after them.
    name.to_lowercase().replace('\0', "\u{1}")
}

/// Returns the keys of a member's names: username, display name and nickname.
pub(super) fn keys(member: &Member) -> impl Iterator<Item = Key> {
    let id = member.user.id;
    let names = [
        Some(&member.user.username),
        member.user.global_name.as_ref(),
        member.profile.nick.as_ref(),
    ];
    names.into_iter().flatten().map(move |name| key(name, id))
}

fn key(name: &str, user: UserId) -> Key {
    let mut key = folded(name).into_bytes();
    key.push(END);
    key.extend(user.value().to_be_bytes());
    key.into()
}

/// Reads from a key who has the name.
pub(super) fn user(key: &[u8]) -> UserId {
    key.last_chunk().map_or(UserId::new(0), |id| UserId::new(u64::from_be_bytes(*id)))
}
