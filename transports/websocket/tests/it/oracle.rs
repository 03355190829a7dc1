//! Properties: whatever arrives, in whatever pieces, we read what tungstenite reads.

use proptest::collection::vec;
use proptest::prelude::*;
use throng_transport_websocket::testing::{ClientFrame, End, oracle, ours};

const LIMIT: usize = 80_000;

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "\\PC{0,40}".prop_map(String::into_bytes),
        (0_usize..2_000).prop_map(|length| "\u{fc}\u{20ac}\u{1f980}x".repeat(length).into_bytes()),
        vec(any::<u8>(), 0..40),
        // Cut inside a character, overlong, surrogate, above U+10FFFF.
        Just(b"\xe2\x82".to_vec()),
        Just(b"ab\xc0\xafcd".to_vec()),
        Just(b"\xed\xa0\x80".to_vec()),
        Just(b"\xf4\x90\x80\x80".to_vec()),
    ]
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => text(),
        1 => (65_500_usize..65_600).prop_map(|length| vec![b'x'; length]),
        1 => (120_usize..130).prop_map(|length| vec![b'y'; length]),
    ]
}

fn close() -> impl Strategy<Value = Vec<u8>> {
    let code =
        prop_oneof![prop_oneof![999_u16..1020, 2998_u16..3002, 4998_u16..5002], any::<u16>()];
    prop_oneof![
        Just(Vec::new()),
        any::<u8>().prop_map(|byte| vec![byte]),
        (code, text()).prop_map(|(code, reason)| {
            let mut payload = code.to_be_bytes().to_vec();
            payload.extend(reason.into_iter().take(123));
            payload
        }),
    ]
}

fn ping() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..130)
}

prop_compose! {
    fn frame()(
        (first, payload) in prop_oneof![
            8 => (prop_oneof![Just(0x81), Just(0x82)], payload()),
            4 => (prop_oneof![Just(0x01), Just(0x02), Just(0x00), Just(0x80)], payload()),
            3 => (prop_oneof![Just(0x89), Just(0x8a)], ping()),
            1 => (Just(0x88), close()),
            1 => (any::<u8>(), payload()),
        ],
        mask in any::<[u8; 4]>(),
        wide in prop::bool::weighted(0.1),
    ) -> ClientFrame {
        ClientFrame { first, mask, payload, wide }
    }
}

prop_compose! {
    /// One message in several frames with control frames between them.
    fn fragments()(
        kind in prop_oneof![Just(1_u8), Just(2)],
        payload in payload(),
        cuts in vec(any::<prop::sample::Index>(), 0..5),
        pings in vec(prop::option::of(ping()), 6),
        mask in any::<[u8; 4]>(),
    ) -> Vec<ClientFrame> {
        let mut ends: Vec<usize> =
            cuts.iter().map(|cut| cut.index(payload.len() + 1)).chain([payload.len()]).collect();
        ends.sort_unstable();
        let mut frames = Vec::new();
        let mut start = 0;
        for (number, end) in ends.iter().copied().enumerate() {
            let last = if number + 1 == ends.len() { 0x80 } else { 0 };
            let opcode = if number == 0 { kind } else { 0 };
            let payload = payload[start..end].to_vec();
            frames.push(ClientFrame { first: last | opcode, mask, payload, wide: false });
            start = end;
            if let Some(Some(ping)) = pings.get(number) {
                let payload = ping.clone();
                frames.push(ClientFrame { first: 0x89, mask, payload, wide: false });
            }
        }
        frames
    }
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![frame().prop_map(|frame| vec![frame]), fragments()];
    vec(part, 1..8).prop_map(|parts| {
        let mut bytes = Vec::new();
        parts.iter().flatten().for_each(|frame| frame.encode(&mut bytes));
        bytes
    })
}

fn agree(bytes: &[u8], lengths: &[usize], limit: usize) -> Result<(), TestCaseError> {
    let (ours, oracle) = (ours(bytes, lengths, limit), oracle(bytes, limit));
    let pings = (&ours.pings, &oracle.pings);
    prop_assert!(ours.agrees_with(&oracle), "{:?} != {:?}, {pings:?}", ours.end, oracle.end);
    Ok(())
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn frames_in_any_pieces_read_as_the_oracle_reads_them(
        bytes in stream(),
        lengths in vec(prop_oneof![1_usize..20, 1_usize..70_000], 0..6),
    ) {
        agree(&bytes, &lengths, LIMIT)?;
    }

    #[test]
    fn messages_over_any_limit_are_refused_as_the_oracle_refuses_them(
        bytes in stream(),
        limit in prop_oneof![125_usize..200, 60_000_usize..70_000],
    ) {
        agree(&bytes, &[], limit)?;
    }

    #[test]
    fn a_changed_byte_is_read_as_the_oracle_reads_it(
        mut bytes in stream(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let at = at.index(bytes.len().min(64));
        bytes[at] = byte;
        agree(&bytes, &[], LIMIT)?;
        agree(&bytes, &[7, 1, 3], LIMIT)?;
    }

    #[test]
    fn a_cut_stream_is_read_as_the_oracle_reads_it(
        mut bytes in stream(),
        at in any::<prop::sample::Index>(),
    ) {
        bytes.truncate(at.index(bytes.len() + 1));
        agree(&bytes, &[5], LIMIT)?;
    }

    #[test]
    fn pieces_do_not_matter(bytes in stream(), length in 1_usize..300) {
        let (whole, pieces) = (ours(&bytes, &[], LIMIT), ours(&bytes, &[length], LIMIT));
        prop_assert_eq!(whole, pieces);
    }

    #[test]
    fn noise_is_read_as_the_oracle_reads_it(bytes in vec(any::<u8>(), 0..64)) {
        agree(&bytes, &[2], LIMIT)?;
    }
}

#[test]
fn close_codes_end_as_the_registry_says() {
    for code in 0..=u16::MAX {
        let mut frame = ClientFrame::message(throng_transport_websocket::Kind::Binary, &[]);
        frame.first = 0x88;
        frame.payload = code.to_be_bytes().to_vec();
        let mut bytes = Vec::new();
        frame.encode(&mut bytes);
        let valid = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        let end = if valid { End::Closed(Some(code)) } else { End::Refused(1002) };
        assert_eq!(ours(&bytes, &[], LIMIT).end, end, "{code}");
    }
}
