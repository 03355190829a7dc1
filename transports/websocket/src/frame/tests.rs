//! Golden bytes of headers.

use smallvec::SmallVec;

use super::*;

fn encoded(opcode: Opcode, length: usize) -> Vec<u8> {
    let mut out: SmallVec<[u8; 16]> = SmallVec::new();
    encode(opcode, length, &mut out);
    out.to_vec()
}

#[test]
fn server_headers_have_the_shortest_length() {
    let cases: [(usize, &[u8]); 7] = [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (255, b"\x81\x7e\x00\xff"),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
        (1 << 32, b"\x81\x7f\x00\x00\x00\x01\x00\x00\x00\x00"),
    ];
    for (length, bytes) in cases {
        assert_eq!(encoded(Opcode::Text, length), bytes, "{length}");
    }
    assert_eq!(encoded(Opcode::Close, 2), b"\x88\x02");
}

#[test]
fn client_headers_decode_once_they_are_whole() {
    let cases: [(&[u8], u64); 3] = [
        (b"\x01\x85mask", 5),
        (b"\x01\xfe\x01\x00mask", 256),
        (b"\x01\xff\x7f\xff\xff\xff\xff\xff\xff\xffmask", (1 << 63) - 1),
    ];
    for (bytes, length) in cases {
        for end in 0..bytes.len() {
            assert_eq!(decode(&bytes[..end]), Ok(None));
        }
        let header = Header { last: false, opcode: Opcode::Text, length, mask: *b"mask" };
        assert_eq!(decode(bytes), Ok(Some((header, bytes.len()))));
    }
}

#[test]
fn broken_headers_are_refused_at_the_byte_that_breaks_them() {
    let cases: [(&str, &[u8]); 9] = [
        ("first reserved bit", b"\xc1"),
        ("second reserved bit", b"\xa1"),
        ("third reserved bit", b"\x91"),
        ("reserved opcode", b"\x83"),
        ("reserved control opcode", b"\x8b"),
        ("fragmented ping", b"\x09"),
        ("no mask", b"\x81\x05"),
        ("long ping", b"\x89\xfe\x00\x7e"),
        ("a length of 2^63", b"\x82\xff\x80"),
    ];
    for (what, bytes) in cases {
        assert_eq!(decode(&bytes[..bytes.len() - 1]), Ok(None), "{what}");
        assert_eq!(decode(bytes), Err(Violation::Protocol), "{what}");
    }
}

#[test]
fn a_mask_comes_off_at_any_offset() {
    let mask = *b"\x01\x02\x03\x04";
    for start in 0..9_usize {
        for length in 0..40 {
            let mut bytes: Vec<u8> =
                (start..start + length).map(|at| b'x' ^ mask[at % 4]).collect();
            unmask(&mut bytes, mask, start as u64);
            assert!(bytes.iter().all(|byte| *byte == b'x'), "{start} {length}");
        }
    }
}
