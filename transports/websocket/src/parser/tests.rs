//! What the parser holds and when it speaks.

use super::*;

/// "Hello" of RFC 6455 section 5.7.
const HELLO: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

fn hello() -> Event {
    Event::Message(Kind::Text, b"Hello".to_vec())
}

#[test]
fn nothing_is_held_between_messages() {
    assert_eq!(size_of::<Parser>(), size_of::<usize>());
    let mut parser = Parser::default();
    for end in 1..HELLO.len() {
        let (mut head, mut tail) = (HELLO[..end].to_vec(), HELLO[end..].to_vec());
        assert_eq!(parser.parse(&mut head, 100), (end, None));
        assert!(!parser.is_idle());
        assert_eq!(parser.parse(&mut tail, 100), (tail.len(), Some(hello())));
        assert!(parser.is_idle());
    }
}

#[test]
fn each_event_takes_its_own_bytes_only() {
    let mut parser = Parser::default();
    let mut bytes = [HELLO, HELLO].concat();
    assert_eq!(parser.parse(&mut bytes, 100), (HELLO.len(), Some(hello())));
    assert_eq!(parser.parse(&mut bytes[HELLO.len()..], 100), (HELLO.len(), Some(hello())));
    assert!(parser.is_idle());
}

#[test]
fn a_long_message_is_refused_by_its_header() {
    let mut header = HELLO[..6].to_vec();
    assert_eq!(Parser::default().parse(&mut header, 4), (6, Some(Event::TooLong)));
    let mut endless = b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xffmask".to_vec();
    assert_eq!(Parser::default().parse(&mut endless, 1 << 30), (14, Some(Event::TooLong)));
}

#[test]
fn fragments_count_together_against_the_limit() {
    let mut parser = Parser::default();
    let mut first = [&[0x01], &HELLO[1..]].concat();
    assert_eq!(parser.parse(&mut first, 9), (11, Some(Event::Fragment)));
    let mut second = [&[0x80], &HELLO[1..]].concat();
    assert_eq!(parser.parse(&mut second, 9), (6, Some(Event::TooLong)));
}

#[test]
fn text_is_refused_at_its_first_wrong_byte() {
    let mut parser = Parser::default();
    let refused = Some(Event::Refused(Violation::Text));
    // A text frame of five bytes whose mask is zero: f4 may start a character, 90 may not follow
    // it.
    assert_eq!(parser.parse(&mut b"\x81\x85\0\0\0\0a\xf4".to_vec(), 100), (8, None));
    assert_eq!(parser.parse(&mut b"\x90".to_vec(), 100).1, refused);
}
