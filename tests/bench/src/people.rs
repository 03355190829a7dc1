//! Members that look like people.

use throng_proto::id::{RoleId, UserId};
use throng_proto::model::{Member, Profile, User};
use throng_proto::time::Timestamp;

const FIRST: [&str; 16] = [
    "quiet", "brave", "silver", "mad", "tiny", "cosmic", "lazy", "red", "night", "frozen", "lucky",
    "dark", "pixel", "royal", "wild", "old",
];
const LAST: [&str; 16] = [
    "fox", "otter", "wizard", "panda", "raven", "noodle", "knight", "crab", "storm", "ghost",
    "pilot", "bear", "dragon", "toast", "rider", "wolf",
];
/// Roles that members have.
pub(crate) const ROLES: u64 = 20;
/// Roles after those that nobody has.
pub(crate) const SPARE_ROLES: u64 = 16;

/// Returns the id of a person; ids lie as far from each other as those of accounts made over years.
pub(crate) const fn id(number: usize) -> UserId {
    UserId::new(175_928_847_299_117_063 + number as u64 * 80_000_007)
}

/// Returns a role.
pub(crate) const fn role(number: u64) -> RoleId {
    RoleId::new(175_928_847_000_000_000 + number)
}

/// Makes a person: two of three have a display name, one of ten a nickname, one of four roles.
pub(crate) fn person(number: usize) -> Member {
    let mixed = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let (first, last) = (FIRST[mixed as usize % 16], LAST[(mixed >> 8) as usize % 16]);
    let mut user = User::new(id(number), format!("{first}{last}{number:x}"), false);
    user.global_name = (!mixed.is_multiple_of(3)).then(|| format!("{first} {last}"));
    let roles = if mixed.is_multiple_of(4) { 1 + mixed % 3 } else { 0 };
    let roles = (0..roles).map(|index| role((mixed >> 4) % (ROLES - 3) + index)).collect();
    let joined = Timestamp::from_millis(1_600_000_000_000 + number as u64 * 977);
    let mut profile = Profile::new(joined, roles);
    profile.nick = mixed.is_multiple_of(10).then(|| format!("{last} the {first}"));
    Member { user, profile }
}
