//! Intents: which bits exist, and which events need which.

use throng_proto::event::EventKind;
use throng_proto::intents::Intents;

#[test]
fn only_defined_bits_are_taken() {
    for bit in 0..64 {
        assert_eq!(Intents::parse(1 << bit).is_some(), bit < 29, "bit {bit}");
    }
    assert_eq!(Intents::parse(0), Some(Intents::NONE));
    assert_eq!(Intents::parse(0x1fff_ffff), Some(Intents::ALL));
    assert_eq!(Intents::parse(1 << 32 | 1), None, "high bits are not cut off");
    let bots = (0..=16).chain([20, 21, 24, 25]).map(|bit| 1_u64 << bit).sum();
    assert_eq!(Intents::parse(bots).map(|intents| u64::from(intents.bits())), Some(bots));
}

#[test]
fn sets_contain_and_intersect() {
    let set = Intents::GUILDS.union(Intents::GUILD_MESSAGES);
    assert!(set.contains(Intents::GUILDS) && set.contains(Intents::NONE));
    assert!(!set.contains(Intents::GUILDS.union(Intents::GUILD_MEMBERS)));
    assert!(set.intersects(Intents::GUILDS.union(Intents::GUILD_MEMBERS)));
    assert!(!set.intersects(Intents::NONE));
    assert_eq!(set.bits(), 513);
}

/// The table of the protocol, for every event that is sent here.
#[test]
fn each_event_needs_its_intent() {
    for kind in EventKind::ALL {
        let name = kind.name();
        let bit = match name {
            "GUILD_CREATE" | "GUILD_UPDATE" | "GUILD_DELETE" | "GUILD_ROLE_CREATE"
            | "GUILD_ROLE_UPDATE" | "GUILD_ROLE_DELETE" | "CHANNEL_CREATE" | "CHANNEL_UPDATE"
            | "CHANNEL_DELETE" => Some(0),
            "INVITE_CREATE" | "INVITE_DELETE" => Some(6),
            "GUILD_MEMBER_ADD" | "GUILD_MEMBER_UPDATE" | "GUILD_MEMBER_REMOVE" => Some(1),
            "PRESENCE_UPDATE" => Some(8),
            "MESSAGE_CREATE" | "MESSAGE_UPDATE" | "MESSAGE_DELETE" | "MESSAGE_DELETE_BULK" => {
                Some(9)
            }
            "MESSAGE_REACTION_ADD"
            | "MESSAGE_REACTION_REMOVE"
            | "MESSAGE_REACTION_REMOVE_ALL"
            | "MESSAGE_REACTION_REMOVE_EMOJI" => Some(10),
            "TYPING_START" => Some(11),
            "READY"
            | "RESUMED"
            | "GUILD_MEMBERS_CHUNK"
            | "GUILD_MEMBER_LIST_UPDATE"
            | "RATE_LIMITED"
            | "CHANNEL_UNREAD_UPDATE"
            | "PASSIVE_UPDATE_V1"
            | "PASSIVE_UPDATE_V2" => None,
            _ => panic!("{name} is in no table"),
        };
        assert_eq!(kind.intents().bits(), bit.map_or(0, |bit: u32| 1 << bit), "{name}");
    }
}

#[test]
fn every_kind_is_listed_once_in_its_order() {
    assert!(EventKind::ALL.is_sorted());
    assert!(EventKind::ALL.windows(2).all(|pair| pair[0].name() != pair[1].name()));
    for (index, kind) in EventKind::ALL.into_iter().enumerate() {
        assert_eq!(kind as usize, index, "metrics count by this number");
    }
}

#[test]
fn intents_are_shown_by_name() {
    let set = Intents::GUILDS.union(Intents::MESSAGE_CONTENT).union(Intents::from_bits(1 << 12));
    assert_eq!(format!("{set:?}"), "Intents(GUILDS | MESSAGE_CONTENT | 0x1000)");
}
