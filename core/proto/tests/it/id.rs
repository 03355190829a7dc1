//! Snowflakes: how they are made, written and read.

use serde_json::json;
use throng_proto::id::{EPOCH_MILLIS, Generator, GuildId, Id, MessageId, UserId, marker};
use throng_proto::time::Timestamp;

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(EPOCH_MILLIS + millis)
}

/// P1: ids increase strictly, also when the clock stands still, jumps, or runs back.
#[test]
fn ids_of_one_generator_increase_whatever_the_clock_does() {
    for seed in 1..20_u64 {
        let mut generator = Generator::new(seed);
        let (mut millis, mut last) = (1_000_000_u64, Id::<marker::Any>::new(0));
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        for _ in 0..20_000 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            millis = match random % 100 {
                0 => millis.saturating_sub(random >> 44),
                1 => millis + (random >> 50),
                2..=5 => millis + 1,
                _ => millis,
            };
            let next = generator.next(at(millis));
            assert!(next > last, "seed {seed}: {next} after {last}");
            last = next;
        }
    }
}

/// P1: more ids than a millisecond holds borrow from the next one.
#[test]
fn a_millisecond_that_is_full_borrows_from_the_next() {
    let mut generator = Generator::new(1023);
    let ids: Vec<MessageId> = (0..10_000).map(|_| generator.next(at(5))).collect();
    assert!(ids.is_sorted_by(|a, b| a < b));
    assert_eq!(ids[4_095].created_at(), at(5));
    assert_eq!(ids[4_096].created_at(), at(6));
    assert_eq!(ids[9_999].created_at(), at(7));
    let next: MessageId = generator.next(at(6));
    assert!(next > ids[9_999], "the borrowed millisecond is not made twice");
}

/// P1: a clock before the epoch is a clock that ran back.
#[test]
fn a_clock_before_the_epoch_still_makes_ids() {
    let mut generator = Generator::new(0);
    let first: MessageId = generator.next(Timestamp::from_millis(0));
    let second: MessageId = generator.next(Timestamp::from_millis(1));
    assert!(first.value() > 0 && second > first);
}

#[test]
fn generators_of_different_nodes_never_make_the_same_id() {
    let ids = |node| -> Vec<MessageId> {
        let mut generator = Generator::new(node);
        (0..5_000).map(|_| generator.next(at(9))).collect()
    };
    let (first, second) = (ids(1), ids(2));
    assert!(first.iter().all(|id| !second.contains(id)));
    assert_eq!(ids(1025), first, "nodes are taken modulo 1024");
    assert!(first.iter().all(|id| id.value() >> 12 & 1023 == 1));
}

/// The example of the protocol's documentation.
#[test]
fn ids_tell_when_they_were_made() {
    let id = UserId::new(175_928_847_299_117_063);
    assert_eq!(id.created_at().to_string(), "2016-04-30T11:18:25.796000+00:00");
}

#[test]
fn ids_are_written_as_strings_and_read_from_both() {
    let id = GuildId::new(u64::MAX);
    assert_eq!(json!(id), json!("18446744073709551615"));
    for text in ["\"18446744073709551615\"", "18446744073709551615"] {
        assert_eq!(serde_json::from_str::<GuildId>(text).expect(text), id);
    }
    for text in ["\"\"", "\"x\"", "-1", "1.5", "\"-1\"", "null", "[]", "18446744073709551616"] {
        assert!(serde_json::from_str::<GuildId>(text).is_err(), "{text}");
    }
    assert_eq!("12".parse::<UserId>().expect("digits"), UserId::new(12));
    assert_eq!(GuildId::new(7).cast::<marker::Role>().to_string(), "7");
}
