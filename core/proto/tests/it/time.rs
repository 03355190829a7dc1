//! Timestamps and secrets as text.

use std::time::Duration;

use serde_json::json;
use throng_proto::time::Timestamp;
use throng_proto::token::Token;

#[test]
fn timestamps_have_microseconds_and_an_offset() {
    let moment = Timestamp::from_millis(1_767_225_600_007);
    assert_eq!(json!(moment), json!("2026-01-01T00:00:00.007000+00:00"));
    assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000000+00:00");
    assert_eq!(moment.seconds(), 1_767_225_600);
}

#[test]
fn timestamps_are_read_as_they_are_written_and_as_clients_write_them() {
    for millis in [0, 1, 999, 1_420_070_400_000, 1_767_225_600_007, 4_102_444_800_123] {
        let moment = Timestamp::from_millis(millis);
        let read: Timestamp = serde_json::from_value(json!(moment)).expect("what was written");
        assert_eq!(read, moment);
    }
    for text in ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00.000Z"] {
        let read: Timestamp = serde_json::from_value(json!(text)).expect(text);
        assert_eq!(read.millis(), 1_767_225_600_000, "{text}");
    }
    for text in ["", "soon", "2026-13-01T00:00:00Z", "1969-12-31T23:59:59Z"] {
        assert!(serde_json::from_value::<Timestamp>(json!(text)).is_err(), "{text}");
    }
}

#[test]
fn time_saturates_at_its_ends() {
    let moment = Timestamp::from_millis(5);
    assert_eq!(moment.since(Timestamp::from_millis(9)), Duration::ZERO);
    assert_eq!(moment.after(Duration::MAX).millis(), u64::MAX);
    assert!(!Timestamp::from_millis(u64::MAX).to_string().is_empty());
}

/// eris, oceanic.js and twilight put `Bot ` in front of the token, the others do not.
#[test]
fn tokens_lose_their_scheme_and_are_never_printed() {
    for text in ["abc.def", "Bot abc.def", "Bearer abc.def", "  Bot  abc.def "] {
        assert_eq!(Token::parse(text).expose(), "abc.def", "{text}");
    }
    assert_eq!(Token::parse("Bot").expose(), "Bot");
    assert!(!format!("{:?}", Token::parse("abc.def")).contains("abc"));
}
