//! Permission sets as text and as sums.

use bitflags::Flags as _;
use serde_json::json;
use throng_proto::permissions::Permissions;

const VIEW: Permissions = Permissions::VIEW_CHANNEL;
const SEND: Permissions = Permissions::SEND_MESSAGES;

#[test]
fn sets_are_written_as_decimal_strings_and_read_from_both() {
    assert_eq!(json!(Permissions::ALL), json!("8866461766385663"));
    for text in ["\"1024\"", "1024"] {
        assert_eq!(serde_json::from_str::<Permissions>(text).expect(text), VIEW);
    }
    for text in ["\"x\"", "-1", "\"-1\"", "null", "1.5", "\"\""] {
        assert!(serde_json::from_str::<Permissions>(text).is_err(), "{text}");
    }
    let unknown = Permissions::from_bits(1 << 62);
    assert_eq!(json!(unknown), json!("4611686018427387904"), "unknown bits are kept");
}

#[test]
fn sets_are_shown_by_name_and_keep_what_has_none() {
    let unknown = Permissions::from_bits(1 << 62 | 1 << 5);
    let set = !!(VIEW | SEND | unknown);
    let shown = "Permissions(MANAGE_GUILD | VIEW_CHANNEL | SEND_MESSAGES | 0x4000000000000000)";
    assert_eq!(format!("{set:?}"), shown);
    assert_eq!(format!("{:?}", Permissions::NONE), "Permissions()");
    let names: Vec<&str> = set.iter_names().map(|(name, _)| name).collect();
    assert_eq!(names, ["MANAGE_GUILD", "VIEW_CHANNEL", "SEND_MESSAGES"]);
}

#[test]
fn bits_are_those_of_the_protocol() {
    let named = [
        (Permissions::KICK_MEMBERS, 1),
        (Permissions::BAN_MEMBERS, 2),
        (Permissions::ADMINISTRATOR, 3),
        (Permissions::MANAGE_CHANNELS, 4),
        (Permissions::MANAGE_GUILD, 5),
        (Permissions::ADD_REACTIONS, 6),
        (Permissions::VIEW_CHANNEL, 10),
        (Permissions::SEND_MESSAGES, 11),
        (Permissions::SEND_TTS_MESSAGES, 12),
        (Permissions::MANAGE_MESSAGES, 13),
        (Permissions::EMBED_LINKS, 14),
        (Permissions::ATTACH_FILES, 15),
        (Permissions::READ_MESSAGE_HISTORY, 16),
        (Permissions::MENTION_EVERYONE, 17),
        (Permissions::CHANGE_NICKNAME, 26),
        (Permissions::MANAGE_NICKNAMES, 27),
        (Permissions::MANAGE_ROLES, 28),
        (Permissions::MODERATE_MEMBERS, 40),
    ];
    for (permission, bit) in named {
        assert_eq!(permission.bits(), 1 << bit, "bit {bit}");
        assert!(Permissions::ALL.contains(permission));
    }
    assert_eq!(Permissions::ALL.bits(), (1 << 53) - 1 - (1 << 47), "0 to 52 without 47");
    assert_eq!(Permissions::TIMED_OUT, VIEW | Permissions::READ_MESSAGE_HISTORY);
}

#[test]
fn new_guilds_let_everyone_talk_and_nobody_manage() {
    let default = Permissions::DEFAULT;
    assert!(default.contains(VIEW | SEND | Permissions::READ_MESSAGE_HISTORY));
    for permission in [
        Permissions::ADMINISTRATOR,
        Permissions::KICK_MEMBERS,
        Permissions::BAN_MEMBERS,
        Permissions::MANAGE_CHANNELS,
        Permissions::MANAGE_GUILD,
        Permissions::MANAGE_MESSAGES,
        Permissions::MANAGE_NICKNAMES,
        Permissions::MANAGE_ROLES,
        Permissions::MODERATE_MEMBERS,
    ] {
        assert!(!default.contains(permission), "{permission:?}");
    }
}

#[test]
fn what_an_overwrite_allows_wins_over_what_it_denies() {
    assert_eq!(VIEW.overwritten(SEND, VIEW), SEND);
    assert_eq!(VIEW.overwritten(VIEW, VIEW), VIEW);
    assert_eq!(VIEW.overwritten(Permissions::NONE, Permissions::NONE), VIEW);
}

#[test]
fn nothing_counts_without_the_view_and_little_without_sending() {
    assert_eq!((!VIEW & Permissions::ALL).implied(), Permissions::NONE);
    let silent = !SEND & Permissions::ALL;
    let kept = silent.implied();
    for void in [
        Permissions::MENTION_EVERYONE,
        Permissions::SEND_TTS_MESSAGES,
        Permissions::ATTACH_FILES,
        Permissions::EMBED_LINKS,
    ] {
        assert!(!kept.contains(void), "{void:?}");
    }
    assert!(kept.contains(Permissions::ADD_REACTIONS | Permissions::MANAGE_MESSAGES));
    assert_eq!(Permissions::ALL.implied(), Permissions::ALL);
}
