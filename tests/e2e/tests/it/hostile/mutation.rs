//! What is done to a right body to make a wrong one of it.

use rand::RngExt as _;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;

use super::tree::Tree;

/// Copies of one item of a list.
const COPIES: usize = 30;

/// Values that are wrong, or odd, or nothing, in some place.
const ODD: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "1",
    "2",
    "5.0",
    "1.5",
    "255",
    "256",
    "65536",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "1e308",
    "1e999",
    "-1e999",
    "1e-400",
    "99999999999999999999999999999999999999",
    "NaN",
    "Infinity",
    "0x10",
    "01",
    "+1",
    ".5",
    "undefined",
    "'x'",
    "",
    ",",
    "}",
    "]",
    "{",
    "[",
    "\"",
    "\\",
    "/**/1",
    "\"\"",
    "\" \"",
    "\"0\"",
    "\"-1\"",
    "\"1\"",
    "\"01\"",
    "\"1e3\"",
    "\"18446744073709551615\"",
    "\"18446744073709551616\"",
    "\"true\"",
    "\"null\"",
    "\"x\"",
    "\"\\u0000\"",
    "\"a\\u0000b\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\\ud83d\"",
    "\"\\ufeff\"",
    "\"\\u202e\\u2066\"",
    "\"\\u200b\"",
    "\"\\u0007\\u001b[2J\"",
    "\"\\x41\"",
    "\"\n\"",
    "\"\u{7f}\u{85}\"",
    "\"\u{fdd0}\u{10ffff}\"",
    "[]",
    "{}",
    "[[]]",
    "[{}]",
    "[null]",
    "[[[[]]]]",
    "[0]",
    "[\"\"]",
    "{\"0\":1}",
    "{\"\":{}}",
    "{\"id\":null}",
    "{\"id\":\"0\"}",
    "{\"type\":-1}",
    "{\"__proto__\":1}",
    "\"2020-01-01T00:00:00Z\"",
    "\"2020-01-01\"",
    "\"0000-00-00T00:00:00Z\"",
    "\"9999-12-31T23:59:60+99:99\"",
    "\"+275760-09-13T00:00:00Z\"",
    "\"-1-01-01T00:00:00Z\"",
    "\"javascript:alert(1)\"",
    "\"https://\"",
    "\"http://[::1\"",
    "\"https://a b/\"",
    "\"https://x\\u0000y/\"",
    "\"//x\"",
    "\"attachment://../../etc/passwd\"",
    "\"attachment://\"",
    "\"<@1>\"",
    "\"<@&18446744073709551616>\"",
    "\"<@!@everyone>\"",
    "\"<:a:1>\"",
    "\"online\"",
    "\"OFFLINE\"",
    "\"#ffffff\"",
    "\"@everyone\"",
    "\"en-US\"",
    "\"zz\"",
];

/// Keys that mean something to some library.
const KEYS: &[&str] = &[
    "id",
    "type",
    "author",
    "member",
    "guild_id",
    "channel_id",
    "webhook_id",
    "application_id",
    "poll",
    "sticker_items",
    "stickers",
    "thread",
    "interaction",
    "interaction_metadata",
    "message_snapshots",
    "message_reference",
    "referenced_message",
    "activity",
    "call",
    "reactions",
    "mentions",
    "mention_roles",
    "mention_channels",
    "attachments",
    "embeds",
    "components",
    "timestamp",
    "edited_timestamp",
    "nonce",
    "flags",
    "user",
    "roles",
    "emoji",
    "emojis",
    "permissions",
    "tags",
    "icon",
    "banner",
    "avatar",
    "position",
    "parent_id",
    "available_tags",
    "default_reaction_emoji",
    "thread_metadata",
    "topic",
    "recipients",
    "owner_id",
    "unavailable",
    "d",
    "op",
    "t",
    "s",
    "__proto__",
    "constructor",
    "toString",
    "",
];

/// Returns the text of `body` with something wrong in it, mostly in one place.
pub(super) fn spoil(body: &Tree, rng: &mut SmallRng) -> Vec<u8> {
    let mut body = body.clone();
    for _ in 0..*[1, 1, 1, 2, 5].choose(rng).unwrap_or(&1) {
        let number = rng.random_range(0..body.size());
        if let Some(place) = body.at(number) {
            change(place, rng);
        }
    }
    let text = body.text().into_bytes();
    if rng.random_range(0..12) == 0 { garble(text, rng) } else { text }
}

fn change(place: &mut Tree, rng: &mut SmallRng) {
    let old = place.clone();
    match (rng.random_range(0..12), place) {
        (0, place) => *place = Tree::List(vec![old]),
        (1, place) => *place = Tree::Object(vec![(key(rng), old)]),
        (2 | 3, Tree::Object(keys)) => keys.push((key(rng), odd(rng))),
        (4, Tree::Object(keys)) if !keys.is_empty() => {
            keys.remove(rng.random_range(0..keys.len()));
        }
        (5, Tree::Object(keys)) if !keys.is_empty() => {
            let (key, _) = keys[rng.random_range(0..keys.len())].clone();
            keys.push((key, odd(rng)));
        }
        (2..=5, Tree::List(items)) if !items.is_empty() => {
            let item = items[rng.random_range(0..items.len())].clone();
            items.extend(std::iter::repeat_n(item, COPIES));
        }
        (_, place) => *place = odd(rng),
    }
}

fn key(rng: &mut SmallRng) -> String {
    (*KEYS.choose(rng).unwrap_or(&"")).to_owned()
}

fn odd(rng: &mut SmallRng) -> Tree {
    let depth = *[20, 31, 33, 64, 127, 129, 3000].choose(rng).unwrap_or(&1);
    let long = *[33, 101, 257, 1025, 2001, 4097, 6001, 60_000].choose(rng).unwrap_or(&1);
    Tree::Text(match rng.random_range(0..16) {
        0 => format!("{}{}", "[".repeat(depth), "]".repeat(depth)),
        1 => format!("{}0{}", "{\"a\":".repeat(depth), "}".repeat(depth)),
        2 => format!("\"{}\"", "a".repeat(long)),
        3 => format!("\"{}\"", "\u{1f680}".repeat(long)),
        4 => format!("[{}0]", "0,".repeat(long)),
        _ => (*ODD.choose(rng).unwrap_or(&"")).to_owned(),
    })
}

/// Breaks the text itself.
fn garble(mut text: Vec<u8>, rng: &mut SmallRng) -> Vec<u8> {
    let place = rng.random_range(0..=text.len());
    match rng.random_range(0..5) {
        0 => text.truncate(place),
        1 => drop(text.splice(0..0, *b"\xef\xbb\xbf")),
        2 => text.insert(place, 0),
        3 => text.insert(place, rng.random()),
        _ => drop(text.splice(0..0, *b"\xff\xfe")),
    }
    text
}
