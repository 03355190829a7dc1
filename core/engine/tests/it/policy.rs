//! What the default policy decides.

use throng_engine::mode::{Delivery, DeliveryTable, Mode};
use throng_engine::policy::{
    Connect, GuildFacts, Lag, Native, PASSIVE_V1, PASSIVE_V2, Placement, Policy, Publish,
    RelayFacts, SessionFacts,
};
use throng_proto::event::EventClass;
use throng_proto::gateway::Connection;
use throng_proto::id::ChannelId;

use crate::scene::{ALICE, GUILD};

const NATIVE: Native = Native { relay_capacity: 15_000 };
const FACTS: GuildFacts = GuildFacts { guild: GUILD, members: 10, attachments: 2 };

fn facts(capabilities: u64, afk: bool) -> SessionFacts {
    SessionFacts { user: ALICE, bot: false, capabilities, afk, connection: Connection::default() }
}

#[test]
fn sessions_are_passive_when_they_say_so_or_are_away_and_not_subscribed() {
    let mode = |capabilities, afk, subscribed| {
        NATIVE.passivity(&facts(capabilities, afk), &FACTS, subscribed).mode
    };
    assert_eq!(mode(0, false, false), Mode::Active);
    for (capabilities, afk) in [(PASSIVE_V1, false), (PASSIVE_V2, false), (0, true)] {
        assert_eq!(mode(capabilities, afk, false), Mode::Passive);
        assert_eq!(mode(capabilities, afk, true), Mode::Active);
    }
    assert_eq!(mode(1 << 12, false, false), Mode::Active, "other capabilities say nothing");
}

#[test]
fn relays_are_filled_one_after_the_other() {
    let relays = [RelayFacts { relay: 4, load: 14_999 }, RelayFacts { relay: 7, load: 0 }];
    assert_eq!(NATIVE.relay(ALICE, &FACTS, &relays), Placement::Relay(4));
    assert_eq!(NATIVE.relay(ALICE, &FACTS, &[]), Placement::New);
    assert_eq!(NATIVE.relays(&FACTS).capacity, 15_000);
    assert_eq!(Native { relay_capacity: 0 }.relays(&FACTS).capacity, 1);
}

#[test]
fn everybody_is_admitted_and_laggards_are_closed() {
    assert_eq!(NATIVE.connect(&facts(0, false)), Connect::Admit);
    assert_eq!(NATIVE.publish(ALICE, ChannelId::new(1)), Publish::Allow);
    assert_eq!(NATIVE.lag(&facts(0, false)), Lag::Close);
}

#[test]
fn pressure_sheds_typing_first_and_presences_next() {
    assert!(NATIVE.overload(74).is_empty());
    assert_eq!(NATIVE.overload(75), [EventClass::Typing]);
    assert_eq!(NATIVE.overload(90), [EventClass::Typing, EventClass::Presence]);
    assert_eq!(NATIVE.overload(255), [EventClass::Typing, EventClass::Presence]);
}

#[test]
fn the_default_table_is_the_rest_set() {
    let table = NATIVE.delivery(&FACTS);
    assert_eq!(table, DeliveryTable::default());
    let row = |mode| EventClass::ALL.map(|class| table.of(mode, class));
    assert!(row(Mode::Active).iter().all(|delivery| *delivery == Delivery::Full));
    let withheld = |mode| {
        let all = EventClass::ALL.into_iter();
        all.filter(|class| table.of(mode, *class) == Delivery::Drop).collect::<Vec<_>>()
    };
    assert_eq!(withheld(Mode::Conflated), [EventClass::Typing, EventClass::Presence]);
    assert_eq!(table.of(Mode::Passive, EventClass::Message), Delivery::Digest);
    assert_eq!(withheld(Mode::Passive).len(), 5);
    assert_eq!(withheld(Mode::Muted).len(), 6);
}

#[test]
fn modes_have_the_words_of_metrics_and_scripts() {
    assert_eq!(Mode::ALL.map(Mode::name), ["active", "conflated", "passive", "muted"]);
    for mode in Mode::ALL {
        assert_eq!(serde_json::to_value(mode).unwrap(), mode.name());
    }
}
