//! The protocol's table of events and the intents that they need.

use throng_proto::event::EventKind;

/// The intent that each kind of event needs, by the protocol's table.
pub(crate) fn intent_bit(kind: EventKind) -> Option<u32> {
    let name = kind.name();
    match name {
        "READY"
        | "RESUMED"
        | "GUILD_MEMBERS_CHUNK"
        | "GUILD_MEMBER_LIST_UPDATE"
        | "RATE_LIMITED"
        | "CHANNEL_UNREAD_UPDATE"
        | "PASSIVE_UPDATE_V1"
        | "PASSIVE_UPDATE_V2" => None,
        "INVITE_CREATE" | "INVITE_DELETE" => Some(6),
        "GUILD_MEMBER_ADD" | "GUILD_MEMBER_UPDATE" | "GUILD_MEMBER_REMOVE" => Some(1),
        "PRESENCE_UPDATE" => Some(8),
        "TYPING_START" => Some(11),
        _ if name.starts_with("MESSAGE_REACTION_") => Some(10),
        _ if name.starts_with("MESSAGE_") => Some(9),
        _ if name.starts_with("GUILD_") || name.starts_with("CHANNEL_") => Some(0),
        _ => panic!("{name} is not in the table"),
    }
}
