//! What every issuer of tokens must do, as a suite that each adapter runs.
//!
//! It also runs [`twins`], which breaks its issuer on purpose, in one way for each check, and sees
//! the check fail.

use std::collections::HashSet;
use std::panic::{self, AssertUnwindSafe};

use throng_proto::id::UserId;
use throng_proto::time::Timestamp;
use throng_proto::token::Token;

use super::{Signed, Tokens};

/// Users, each with its id in base64, as tokens begin.
const USERS: [(u64, &str); 3] = [
    (1, "MQ"),
    (80_351_110_224_678_912, "ODAzNTExMTAyMjQ2Nzg5MTI"),
    (u64::MAX, "MTg0NDY3NDQwNzM3MDk1NTE2MTU"),
];
/// Characters after the first dot that make a token hard to guess: 16 bytes in base64.
const SECRET_CHARS_MIN: usize = 22;
/// The SHA-256 of `abc`, from FIPS 180-4.
const DIGEST: [u8; 32] = [
    0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
    0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
];

/// One rule that every issuer keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Check {
    /// A token begins with its user's id, and says nobody else's.
    NamesItsUser,
    /// No two tokens are the same, and each is hard to guess.
    NeverRepeats,
    /// A token is known by its SHA-256.
    DigestIsSha256,
    /// What nobody has signed says nothing.
    StrangersSayNothing,
}

/// Each check with a way to break an issuer that it notices.
const CAUGHT: [(Fault, Check); 5] = [
    (Fault::NamesNobody, Check::NamesItsUser),
    (Fault::SaysAnother, Check::NamesItsUser),
    (Fault::Repeats, Check::NeverRepeats),
    (Fault::DigestsOtherwise, Check::DigestIsSha256),
    (Fault::LetsAnybodyIn, Check::StrangersSayNothing),
];

/// Runs every check.
///
/// # Panics
///
/// The issuer breaks its contract; the message says where.
pub fn suite(tokens: &dyn Tokens) {
    CAUGHT.iter().for_each(|(_, check)| check.run(tokens));
}

/// Breaks an issuer in one way for each check, and expects the check to notice.
///
/// # Panics
///
/// A check does not notice.
pub fn twins(tokens: &dyn Tokens) {
    for (fault, check) in CAUGHT {
        let twin = Twin { inner: Lent(tokens), fault };
        let caught = panic::catch_unwind(AssertUnwindSafe(|| check.judge(&twin)));
        assert!(caught.is_err(), "{check:?} does not notice an issuer that {fault:?}");
    }
}

/// What checks ask of an issuer.
trait Asked {
    fn issue(&self, user: UserId) -> Token;
    fn digest(&self, token: &Token) -> [u8; 32];
    fn verify(&self, token: &Token) -> Option<Signed>;
}

impl Check {
    fn run(self, tokens: &dyn Tokens) {
        self.judge(&Lent(tokens));
    }

    fn judge(self, tokens: &impl Asked) {
        match self {
            Self::NamesItsUser => names_its_user(tokens),
            Self::NeverRepeats => never_repeats(tokens),
            Self::DigestIsSha256 => {
                for text in ["abc", "Bot abc", " Bearer abc "] {
                    assert_eq!(tokens.digest(&Token::parse(text)), DIGEST, "of {text:?}");
                }
            }
            Self::StrangersSayNothing => {
                let long = "x".repeat(100_000);
                for text in ["", ".", "..", "nobody", "MQ.a.b", "MQ..", "\u{1f980}", &long] {
                    assert_eq!(tokens.verify(&Token::parse(text)), None, "{text:.20}");
                }
            }
        }
    }
}

fn names_its_user(tokens: &impl Asked) {
    for (id, name) in USERS {
        let token = tokens.issue(UserId::new(id));
        let (first, _) = token.expose().split_once('.').unwrap_or_default();
        assert_eq!(first.trim_end_matches('='), name, "a token begins with its user");
        if let Some(signed) = tokens.verify(&token) {
            assert_eq!(signed.user, UserId::new(id), "a token says whose it is");
        }
    }
}

fn never_repeats(tokens: &impl Asked) {
    let mut seen = HashSet::new();
    for _ in 0..100 {
        let token = tokens.issue(UserId::new(1));
        let (_, secret) = token.expose().split_once('.').unwrap_or_default();
        assert!(secret.len() >= SECRET_CHARS_MIN, "a token is hard to guess");
        assert!(seen.insert(token.expose().to_owned()), "no token is made twice");
    }
}

/// An issuer as it is.
struct Lent<'a>(&'a dyn Tokens);

impl Asked for Lent<'_> {
    fn issue(&self, user: UserId) -> Token {
        self.0.issue(user)
    }

    fn digest(&self, token: &Token) -> [u8; 32] {
        self.0.digest(token)
    }

    fn verify(&self, token: &Token) -> Option<Signed> {
        self.0.verify(token)
    }
}

/// One thing that is wrong with an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Tokens begin with something else.
    NamesNobody,
    /// Tokens say somebody else.
    SaysAnother,
    /// A user's token is always the same.
    Repeats,
    /// Digests are of another kind.
    DigestsOtherwise,
    /// Whatever is no token lets in.
    LetsAnybodyIn,
}

/// An issuer with a fault.
struct Twin<'a> {
    inner: Lent<'a>,
    fault: Fault,
}

impl Asked for Twin<'_> {
    fn issue(&self, user: UserId) -> Token {
        let token = self.inner.issue(user);
        match self.fault {
            Fault::NamesNobody => Token::parse(&format!("x{}", token.expose())),
            Fault::Repeats => Token::parse(&format!("{}.{}", user, "x".repeat(43))),
            _ => token,
        }
    }

    fn digest(&self, token: &Token) -> [u8; 32] {
        let mut digest = self.inner.digest(token);
        if self.fault == Fault::DigestsOtherwise {
            digest.reverse();
        }
        digest
    }

    fn verify(&self, token: &Token) -> Option<Signed> {
        match self.fault {
            Fault::LetsAnybodyIn | Fault::SaysAnother => {
                let expires_at = Timestamp::from_millis(u64::MAX);
                Some(Signed { user: UserId::new(2), issued_at: None, expires_at })
            }
            _ => self.inner.verify(token),
        }
    }
}
