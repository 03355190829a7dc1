//! Close codes and refusals as clients act on them.

use throng_proto::close::CloseCode;

#[test]
fn codes_are_those_of_the_protocol_in_order() {
    let codes = CloseCode::ALL.map(CloseCode::code);
    assert_eq!(
        codes,
        [4000, 4001, 4002, 4003, 4004, 4005, 4007, 4008, 4009, 4010, 4011, 4012, 4013, 4014, 4015]
    );
    assert!(CloseCode::ALL.is_sorted());
}

/// 4004 and 4010 to 4014 stop client libraries for good.
#[test]
fn no_fatal_code_promises_a_resumption() {
    for code in CloseCode::ALL.into_iter().filter(|code| code.resumable()) {
        assert!(![4004, 4007, 4010, 4011, 4012, 4013, 4014].contains(&code.code()), "{code}");
    }
    for code in [CloseCode::UnknownError, CloseCode::RateLimited, CloseCode::SessionTimedOut] {
        assert!(code.resumable(), "{code}");
    }
}

#[test]
fn reasons_fit_a_close_frame_and_differ() {
    let mut reasons: Vec<_> = CloseCode::ALL.iter().map(|code| code.reason()).collect();
    assert!(reasons.iter().all(|reason| !reason.is_empty() && reason.len() <= 123));
    reasons.sort_unstable();
    reasons.dedup();
    assert_eq!(reasons.len(), CloseCode::ALL.len());
    assert_eq!(CloseCode::InvalidShard.to_string(), "4010 Invalid shard.");
}
