//! What the default policy decides.

use std::sync::Arc;

use throng_engine::mode::{Delivery, DeliveryTable, Mode};
use throng_engine::policy::{
    Act, AttachmentFacts, Connect, GuildFacts, Lag, LagFacts, Native, NodeFacts, PASSIVE_V1,
    PASSIVE_V2, Placement, Policy, Publish, PublishFacts, RelayFacts, Relief, SessionFacts,
    ShardKey, Shed,
};
use throng_engine::pressure::Band;
use throng_proto::event::EventClass;
use throng_proto::gateway::Connection;
use throng_proto::id::ChannelId;
use throng_proto::intents::Intents;
use throng_proto::model::Status;
use throng_proto::permissions::Permissions;
use throng_proto::time::Timestamp;

use crate::scene::{ALICE, GUILD};

const NATIVE: Native = Native { relay_capacity: 15_000 };
const FACTS: GuildFacts = GuildFacts { guild: GUILD, members: 10, attachments: 2, relays: 1 };
const NOW: Timestamp = Timestamp::from_millis(0);

fn facts(capabilities: u64, afk: bool) -> SessionFacts {
    SessionFacts {
        user: ALICE,
        bot: false,
        capabilities,
        intents: Intents::ALL,
        afk,
        status: Status::Online,
        connection: Arc::new(Connection { region: "eu".to_owned(), ..Connection::default() }),
    }
}

#[test]
fn sessions_are_passive_when_they_can_be_and_are_not_subscribed() {
    let mode = |capabilities, afk, subscribed| {
        let attachment =
            AttachmentFacts { roles: &[], permissions: Permissions::NONE, subscribed, mode: None };
        NATIVE.passivity(NOW, &facts(capabilities, afk), &FACTS, &attachment).mode
    };
    assert_eq!(mode(0, false, false), Mode::Active);
    assert_eq!(mode(0, true, false), Mode::Active, "being away is a hint for notifications");
    for (capabilities, afk) in [(PASSIVE_V1, false), (PASSIVE_V2, false), (PASSIVE_V2, true)] {
        assert_eq!(mode(capabilities, afk, false), Mode::Passive);
        assert_eq!(mode(capabilities, afk, true), Mode::Active);
    }
    assert_eq!(mode(1 << 12, false, false), Mode::Active, "other capabilities say nothing");
}

#[test]
fn relays_are_filled_one_after_the_other() {
    let relays = [RelayFacts { relay: 4, load: 14_999 }, RelayFacts { relay: 7, load: 0 }];
    let session = facts(0, false);
    assert_eq!(NATIVE.relay(NOW, &session, &FACTS, &relays), Placement::Relay(4));
    assert_eq!(NATIVE.relay(NOW, &session, &FACTS, &[]), Placement::New);
    let plan = NATIVE.relays(NOW, &FACTS);
    assert_eq!((plan.capacity, plan.count, plan.key), (15_000, 1, ShardKey::None));
    assert_eq!(Native { relay_capacity: 0 }.relays(NOW, &FACTS).capacity, 1);
}

#[test]
fn everybody_is_admitted_and_laggards_are_closed() {
    assert_eq!(NATIVE.connect(NOW, &facts(0, false)), Connect::Admit);
    let post = PublishFacts {
        act: Act::Message,
        author: ALICE,
        bot: false,
        guild: GUILD,
        channel: ChannelId::new(1),
        length: 5,
        everyone: true,
    };
    assert_eq!(NATIVE.publish(NOW, &post), Publish::Allow);
    let behind = LagFacts { events: 5_001, bytes: 10 };
    assert_eq!(NATIVE.lag(NOW, &facts(0, false), &behind), Lag::Close);
}

#[test]
fn pressure_sheds_in_the_order_of_what_is_missed_least() {
    let shed = |pressure| {
        let shed = NATIVE.overload(NOW, &NodeFacts::usual(pressure));
        assert_eq!(Shed::from_bits(shed.bits()), shed);
        Relief::ALL.into_iter().filter(|relief| shed.has(*relief)).collect::<Vec<_>>()
    };
    assert_eq!(shed(59), []);
    assert_eq!(shed(60), Relief::ALL[..1]);
    assert_eq!(shed(79), [Relief::Typing]);
    assert_eq!(shed(80), [Relief::Typing, Relief::Presence, Relief::Reaction]);
    assert_eq!(shed(94), Relief::ALL[..3]);
    assert_eq!(shed(95), Relief::ALL);
}

#[test]
fn what_is_shed_follows_the_band_wherever_settings_have_it_begin() {
    for (band, shed) in Band::ALL.into_iter().zip([0, 1, 3, Relief::ALL.len()]) {
        for pressure in 0..=100 {
            let verdict = NATIVE.overload(NOW, &NodeFacts { pressure, band });
            assert_eq!(verdict, Shed::these(&Relief::ALL[..shed]), "{band:?} at {pressure}");
        }
    }
}

#[test]
fn messages_and_structure_can_never_be_shed() {
    let class_may = |class| Shed::NOTHING.with(class).is_some();
    let may: Vec<_> = EventClass::ALL.into_iter().filter(|class| class_may(*class)).collect();
    assert_eq!(may, [EventClass::Reaction, EventClass::Typing, EventClass::Presence]);
}

#[test]
fn shard_keys_name_what_sessions_have_in_common() {
    let session = facts(0, false);
    let values = ShardKey::ALL.map(|key| key.of(&session));
    assert_eq!(values, ["", "eu", "", "", "", "person"]);
    assert_eq!(ShardKey::Account.of(&SessionFacts { bot: true, ..session }), "bot");
}

#[test]
fn size_bands_are_orders_of_magnitude() {
    let band = |attachments| GuildFacts { attachments, ..FACTS }.band();
    assert_eq!([0, 1, 9, 10, 99, 1_000_000].map(band), [1, 1, 1, 2, 2, 7]);
}

#[test]
fn the_default_table_is_the_rest_set() {
    let table = NATIVE.delivery(NOW, &FACTS);
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
