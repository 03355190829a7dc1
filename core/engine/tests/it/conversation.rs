//! What one link may say, and when it is closed.

use std::time::Duration;

use throng_engine::conversation::{Close, Conversation, Limits, Said};
use throng_engine::time::Instant;
use throng_proto::close::CloseCode;

const LIMITS: Limits = Limits {
    heartbeat_interval: Duration::from_millis(41_250),
    heartbeat_timeout: Duration::from_secs(60),
    identify_timeout: Duration::from_secs(15),
    payloads_max: 120,
    payloads_window: Duration::from_secs(60),
};
const HEARTBEAT: &str = r#"{"op":1,"d":null}"#;
const IDENTIFY: &str = r#"{"op":2,"d":{"token":"t","intents":513,"properties":{}}}"#;
const RESUME: &str = r#"{"op":6,"d":{"token":"t","session_id":"s","seq":7}}"#;
const PRESENCE: &str = r#"{"op":3,"d":{"since":null,"activities":[],"status":"idle","afk":true}}"#;
const MEMBERS: &str = r#"{"op":8,"d":{"guild_id":"1","query":"","limit":0}}"#;
const SUBSCRIBE: &str = r#"{"op":14,"d":{"guild_id":"1","typing":true}}"#;
const BULK: &str = r#"{"op":37,"d":{"subscriptions":{"1":{"typing":true}}}}"#;

/// A link at a moment.
struct Link {
    conversation: Conversation,
    now: Instant,
}

impl Link {
    fn open() -> Self {
        let now = Instant::from_millis(1_000);
        Self { conversation: Conversation::new(now, &LIMITS), now }
    }

    fn begun() -> Self {
        let mut link = Self::open();
        assert!(matches!(link.says(IDENTIFY), Ok(Said::Identify(_))));
        link
    }

    fn says(&mut self, payload: &str) -> Result<Said, Close> {
        self.conversation.hear(self.now, &LIMITS, payload.as_bytes())
    }

    fn closed_by(&mut self, payload: &str) -> u16 {
        self.says(payload).expect_err(payload).code.code()
    }

    fn waits(&mut self, time: Duration) {
        self.now = self.now.after(time);
    }

    fn left(&self) -> Duration {
        self.conversation.deadline().since(self.now)
    }
}

/// C1: before a session begins, only heartbeats and what begins one are accepted.
#[test]
fn nothing_but_heartbeats_is_accepted_before_a_session_begins() {
    for payload in [PRESENCE, MEMBERS, SUBSCRIBE, BULK, r#"{"op":4,"d":{}}"#] {
        assert_eq!(Link::open().closed_by(payload), 4003, "{payload}");
    }
    let mut link = Link::open();
    assert!(matches!(link.says(HEARTBEAT), Ok(Said::Heartbeat(None))));
    assert!(matches!(link.says(IDENTIFY), Ok(Said::Identify(_))));
    assert!(matches!(Link::open().says(RESUME), Ok(Said::Resume(resume)) if resume.seq == 7));
}

/// C1: one link, one session.
#[test]
fn a_second_identify_or_resume_closes_the_link() {
    for first in [IDENTIFY, RESUME] {
        for second in [IDENTIFY, RESUME] {
            let mut link = Link::open();
            link.says(first).expect("the first");
            assert_eq!(link.closed_by(second), 4005, "{first} {second}");
        }
    }
}

/// C1: after op 9 some libraries identify again on the same link.
#[test]
fn a_link_may_start_over_after_its_session_was_refused() {
    let mut link = Link::open();
    link.says(RESUME).expect("a resume");
    link.waits(Duration::from_secs(5));
    link.conversation.start_over(link.now, &LIMITS);
    assert_eq!(link.left(), LIMITS.identify_timeout);
    assert_eq!(link.closed_by(PRESENCE), 4003);
    assert!(matches!(link.says(IDENTIFY), Ok(Said::Identify(_))));
    assert_eq!(link.closed_by(IDENTIFY), 4005);
}

/// C2: heartbeats of both kinds are requests to answer, at any time.
#[test]
fn every_heartbeat_is_acknowledged() {
    let beats = [
        (HEARTBEAT, None),
        (r#"{"op":1}"#, None),
        (r#"{"op":1,"d":41}"#, Some(41)),
        (r#"{"op":1,"d":-1}"#, None),
        (r#"{"op":40,"d":{"seq":9,"qos":{"ver":26}}}"#, Some(9)),
        (r#"{"op":40,"d":{"seq":null}}"#, None),
    ];
    for mut link in [Link::open(), Link::begun()] {
        for (payload, sequence) in beats {
            let heard = link.says(payload);
            let Ok(Said::Heartbeat(told)) = heard else { panic!("{payload}: {heard:?}") };
            assert_eq!(told, sequence, "{payload}");
        }
    }
}

#[test]
fn a_session_may_ask_for_everything_once_it_began() {
    let mut link = Link::begun();
    assert!(matches!(link.says(PRESENCE), Ok(Said::Presence(presence)) if presence.afk));
    assert!(matches!(link.says(MEMBERS), Ok(Said::RequestMembers(_))));
    assert!(matches!(link.says(SUBSCRIBE), Ok(Said::Subscribe(s)) if s.guilds.len() == 1));
    assert!(matches!(link.says(BULK), Ok(Said::Subscribe(s)) if s.guilds.len() == 1));
    for op in [4, 5, 12, 13, 15, 36, 38, 39, 41, 43] {
        let heard = link.says(&format!("{{\"op\":{op},\"d\":null}}"));
        assert!(matches!(heard, Ok(Said::Nothing)), "op {op} has no meaning here");
    }
}

#[test]
fn opcodes_that_no_client_sends_close_the_link() {
    for op in ["0", "7", "9", "10", "11", "44", "255", "256", "99999999999"] {
        let payload = format!("{{\"op\":{op},\"d\":null}}");
        assert_eq!(Link::open().closed_by(&payload), 4001, "{payload}");
        assert_eq!(Link::begun().closed_by(&payload), 4001, "{payload}");
    }
}

#[test]
fn what_cannot_be_decoded_closes_the_link() {
    let wrong = [
        "",
        "{",
        "null",
        "[]",
        "\"op\"",
        "{}",
        r#"{"op":"1"}"#,
        r#"{"op":-1}"#,
        r#"{"op":1.5}"#,
        r#"{"op":1,"d":"x"}"#,
        r#"{"op":1,"d":{}}"#,
        r#"{"op":2}"#,
        r#"{"op":2,"d":{}}"#,
        r#"{"op":2,"d":{"token":7}}"#,
        r#"{"op":6,"d":{"token":"t"}}"#,
        r#"{"op":8,"d":{"guild_id":"x"}}"#,
        r#"{"op":8,"d":{"guild_id":["1","2"]}}"#,
        r#"{"op":1,"d":1}trailing"#,
    ];
    for payload in wrong {
        assert_eq!(Link::open().closed_by(payload), 4002, "{payload}");
    }
    let mut link = Link::open();
    let close = link.conversation.hear(link.now, &LIMITS, b"{\"op\":1,\"d\":\"\xff\"}");
    assert_eq!(close.expect_err("not UTF-8").code, CloseCode::DecodeError);
    let deep = format!("{{\"op\":2,\"d\":{}1{}}}", "[".repeat(2_000), "]".repeat(2_000));
    assert_eq!(Link::open().closed_by(&deep), 4002, "no stack is at risk");
}

/// C3: a link that does not begin a session in time has a deadline that heartbeats do not move.
#[test]
fn a_link_that_never_identifies_is_closed() {
    let mut link = Link::open();
    assert_eq!(link.left(), LIMITS.identify_timeout);
    link.waits(Duration::from_secs(14));
    link.says(HEARTBEAT).expect("a heartbeat");
    assert_eq!(link.left(), Duration::from_secs(1));
}

/// C3: each heartbeat moves the deadline, nothing else does.
#[test]
fn a_link_whose_heartbeats_stop_is_closed() {
    let mut link = Link::begun();
    assert_eq!(link.left(), LIMITS.heartbeat_timeout);
    link.waits(Duration::from_secs(41));
    link.says(HEARTBEAT).expect("a heartbeat");
    assert_eq!(link.left(), LIMITS.heartbeat_timeout);
    link.waits(Duration::from_secs(20));
    link.says(PRESENCE).expect("a presence");
    assert_eq!(link.left(), Duration::from_secs(40), "a presence is no heartbeat");
    link.says(r#"{"op":40,"d":{"seq":1}}"#).expect("a heartbeat of the other kind");
    assert_eq!(link.left(), LIMITS.heartbeat_timeout);
}

/// C3: more payloads than the window allows, of whatever kind, close the link.
#[test]
fn a_link_that_says_too_much_is_closed() {
    let mut link = Link::begun();
    for _ in 1..LIMITS.payloads_max {
        link.says(HEARTBEAT).expect("within the limit");
    }
    let close = link.says(HEARTBEAT).expect_err("over the limit");
    assert_eq!(close, Close::plain(CloseCode::RateLimited));
    link.waits(LIMITS.payloads_window);
    for _ in 0..LIMITS.payloads_max {
        link.says(PRESENCE).expect("the window begins anew");
    }
    assert_eq!(link.closed_by("garbage"), 4008, "the rate is looked at first");
}

/// C3: requests of the HTTP API have limits of their own.
#[test]
fn requests_do_not_count_as_payloads() {
    let mut link = Link::begun();
    for _ in 0..LIMITS.payloads_max * 2 {
        let request = link.says(r#"{"op":100,"d":{"id":1,"method":"GET","path":"/users/@me"}}"#);
        assert!(matches!(request, Ok(Said::Api(_))));
    }
    link.says(HEARTBEAT).expect("none was counted");
    assert_eq!(link.closed_by(r#"{"op":100,"d":{"id":"x"}}"#), 4002);
}

#[test]
fn reasons_fit_a_close_frame_whatever_is_in_them() {
    for detail in ["x".repeat(500), "\u{1f984}".repeat(100), "\u{e4}".repeat(100)] {
        let close = Close::because(CloseCode::DecodeError, &detail);
        assert!(close.reason.len() <= 123 && close.reason.len() > 119, "{}", close.reason);
        let whole = detail.starts_with('x').then_some(123);
        assert_eq!(whole.unwrap_or(close.reason.len()), close.reason.len(), "no more is cut");
        assert!(close.reason.starts_with("Error while decoding payload. "));
    }
}

#[test]
fn what_is_no_payload_counts_like_one() {
    let mut link = Link::begun();
    assert!(link.conversation.heed(link.now, &LIMITS, LIMITS.payloads_max - 2).is_ok());
    assert!(link.says(HEARTBEAT).is_ok());
    assert_eq!(link.closed_by(HEARTBEAT), CloseCode::RateLimited.code());
    let mut link = Link::begun();
    let close = link.conversation.heed(link.now, &LIMITS, u32::MAX).expect_err("a flood");
    assert_eq!(close.code, CloseCode::RateLimited);
}

/// C3: half-way between the moment a heartbeat was due and that of the close, one is asked for.
#[test]
fn a_heartbeat_that_is_missing_is_asked_for_once() {
    let mut link = Link::open();
    let look = |link: &Link| link.conversation.look_at(&LIMITS);
    assert_eq!(look(&link), link.conversation.deadline(), "no session has begun");
    link.waits(LIMITS.identify_timeout);
    assert!(!link.conversation.prompt(link.now, &LIMITS));
    let mut link = Link::begun();
    let grace = (LIMITS.heartbeat_timeout - LIMITS.heartbeat_interval) / 2;
    for _ in 0..2 {
        assert_eq!(look(&link), link.conversation.deadline().before(grace));
        let early = Duration::from_millis(1);
        link.waits(LIMITS.heartbeat_timeout - grace - early);
        assert!(!link.conversation.prompt(link.now, &LIMITS), "it may still come");
        link.waits(early);
        assert!(link.conversation.prompt(link.now, &LIMITS));
        assert!(!link.conversation.prompt(link.now, &LIMITS), "once");
        assert_eq!(look(&link), link.conversation.deadline());
        link.says(HEARTBEAT).expect("it comes after all");
    }
}
