//! Hosts in addresses: names, as DNS and IDNA have them, and numbers.
//!
//! See [URL Standard, 3.5](https://url.spec.whatwg.org/#host-parsing) and RFC 3492.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Characters of a name in all, and of one label of it, in ASCII (RFC 1035, 2.3.4).
const NAME_MAX: usize = 253;
const LABEL_MAX: usize = 63;
/// What a label begins with that is written in ASCII and means something else.
const ACE: &str = "xn--";

/// Tells whether a text is a host, perhaps with a port, as it stands in addresses and in the header
/// `Host`.
#[must_use]
pub fn is_place(place: &str) -> bool {
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            let literal = address.parse::<Ipv6Addr>().is_ok();
            return literal && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
        }
        None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    is_host(host) && port.is_none_or(is_port)
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

fn is_host(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    let last = name.rsplit('.').next().unwrap_or_default();
    if is_number(last) {
        return name.parse::<Ipv4Addr>().is_ok();
    }
    host.len() <= NAME_MAX && name.split('.').all(is_label)
}

/// Tells a label that no name ends in, because then the whole is read as an IPv4 address.
fn is_number(label: &str) -> bool {
    let hex = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    hex.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
        || (!label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_label(label: &str) -> bool {
    let ace = label.get(..ACE.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(ACE));
    !label.is_empty()
        && (!label.is_ascii() || label.len() <= LABEL_MAX)
        && label.chars().all(is_named)
        && (!ace || decode(&label[ACE.len()..]).is_some_and(|chars| is_encoded(&chars)))
}

/// Tells characters that names have: of ASCII letters, digits, `-` and `_`, and of the rest what
/// shows.
fn is_named(char: char) -> bool {
    if char.is_ascii() {
        return char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
    }
    !char.is_control() && !char.is_whitespace() && !is_hidden(char)
}

/// Tells characters that do not show, or turn others around, or have no meaning to others.
const fn is_hidden(char: char) -> bool {
    matches!(char,
        '\u{ad}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{e000}'..='\u{f8ff}' | '\u{feff}'
        | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{10ffff}')
}

/// Tells whether what a label means could not have been written plainly.
fn is_encoded(chars: &[char]) -> bool {
    !chars.iter().all(char::is_ascii)
        && chars.iter().all(|char| is_named(*char))
        && !chars.iter().any(|char| char.is_uppercase())
}

/// Decodes Punycode, RFC 3492, 6.2; nothing when it cannot be.
fn decode(text: &str) -> Option<Vec<char>> {
    let (basic, digits) = text.rsplit_once('-').unwrap_or(("", text));
    if digits.is_empty() || !basic.is_ascii() {
        return None;
    }
    let mut chars: Vec<char> = basic.chars().map(|char| char.to_ascii_lowercase()).collect();
    let (mut code, mut index, mut bias) = (128_u32, 0_u32, 72_u32);
    let mut digits = digits.bytes().peekable();
    while digits.peek().is_some() {
        let before = index;
        let (mut weight, mut step) = (1_u32, 36_u32);
        loop {
            let digit = digit(digits.next()?)?;
            index = index.checked_add(digit.checked_mul(weight)?)?;
            let threshold = step.saturating_sub(bias).clamp(1, 26);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(36 - threshold)?;
            step += 36;
        }
        let count = u32::try_from(chars.len()).ok()? + 1;
        bias = adapt(index - before, count, before == 0);
        code = code.checked_add(index / count)?;
        index %= count;
        chars.insert(index as usize, char::from_u32(code)?);
        index += 1;
    }
    Some(chars)
}

const fn digit(byte: u8) -> Option<u32> {
    match byte {
        b'a'..=b'z' => Some((byte - b'a') as u32),
        b'A'..=b'Z' => Some((byte - b'A') as u32),
        b'0'..=b'9' => Some((byte - b'0') as u32 + 26),
        _ => None,
    }
}

/// RFC 3492, 6.1.
const fn adapt(delta: u32, count: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut steps = 0;
    while delta > 455 {
        delta /= 35;
        steps += 36;
    }
    steps + 36 * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_that_can_be_or_numbers_that_are_addresses() {
        for good in [
            "example.com",
            "example.com.:443",
            "a-b_c.example",
            "münchen.example",
            "हिन्दी.example",
            "xn--mnchen-3ya.example",
            "XN--MNCHEN-3YA.example",
            "xn--fiqs8s",
            "xn--i-7iq.ws",
            "xn--ls8h.la",
            "1.2.3.4",
            "1.2.3.4:80",
            "4.example",
            "[::1]",
            "[2001:db8::7]:8443",
            "localhost",
        ] {
            assert!(is_place(good), "{good}");
        }
        for bad in [
            "",
            ".",
            "a..b",
            "a b",
            "a%20b",
            "a@b",
            "a/b",
            "a,b",
            "user:pass",
            "example.com:",
            "example.com:99999",
            "1.2.3.999",
            "1.2.3",
            "1.2.3.4.5",
            "256.1.1.1",
            "a.256",
            "0x7f",
            "a.0x1",
            "xn--a",
            "xn--",
            "xn--a-",
            "xn--abc-",
            "a.xn--99999999.b",
            "xn--é",
            "[::1",
            "[::1]x",
            "[1.2.3.4]",
            "a\u{202e}b",
            "a\u{200b}b",
            "a\u{ad}b",
        ] {
            assert!(!is_place(bad), "{bad}");
        }
        assert!(!is_place(&format!("{}.example", "a".repeat(64))));
        assert!(!is_place(&vec!["abcdefg"; 40].join(".")));
    }

    #[test]
    fn punycode_is_decoded() {
        let text = |encoded| decode(encoded).map(String::from_iter);
        assert_eq!(text("mnchen-3ya").as_deref(), Some("münchen"));
        assert_eq!(text("fiqs8s").as_deref(), Some("中国"));
        assert_eq!(text("egbpdaj6bu4bxfgehfvwxn").as_deref(), Some("ليهمابتكلموشعربي؟"));
        assert_eq!(text("a").as_deref(), Some("\u{80}"));
        for broken in ["", "a-", "zzzzzzzzzzzz", "9999999999999", "ü"] {
            assert_eq!(decode(broken), None, "{broken}");
        }
    }
}
