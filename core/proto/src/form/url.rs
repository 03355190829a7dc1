//! Addresses in bodies.

use super::host::is_place;

/// Which addresses a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urls {
    /// `http` and `https`.
    Web,
    /// Those, and `attachment://name`, which names a file of the same message.
    WebOrAttachment,
}

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Another scheme than `urls` takes.
    Scheme,
    /// Not an address.
    Form,
}

/// Bytes of an address, as at Discord.
pub(super) const URL_MAX: usize = 2048;

impl Urls {
    /// Names the schemes as Discord does.
    pub(super) const fn schemes(self) -> &'static str {
        match self {
            Self::Web => "('http', 'https')",
            Self::WebOrAttachment => "('http', 'https', 'attachment')",
        }
    }

    /// Checks an address.
    pub(super) fn check(self, url: &str) -> Result<(), Wrong> {
        let (scheme, rest) = url.split_once("://").ok_or(Wrong::Form)?;
        let named = |name: &str| scheme.eq_ignore_ascii_case(name);
        let readable = !rest.chars().any(|char| char.is_whitespace() || is_unfit(char));
        if named("http") || named("https") {
            if readable && has_host(rest) { Ok(()) } else { Err(Wrong::Form) }
        } else if self == Self::WebOrAttachment && named("attachment") {
            if readable && !rest.is_empty() { Ok(()) } else { Err(Wrong::Form) }
        } else if scheme.starts_with(|char: char| char.is_ascii_alphabetic()) {
            Err(Wrong::Scheme)
        } else {
            Err(Wrong::Form)
        }
    }
}

/// Tells characters that no address has unescaped, and that would end one in markup.
fn is_unfit(char: char) -> bool {
    char.is_control() || matches!(char, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
}

/// Checks what stands before the path: a host, perhaps with a port.
fn has_host(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    is_place(authority.rsplit_once('@').map_or(authority, |(_, place)| place))
}

#[cfg(test)]
mod tests {
    use super::{Urls, Wrong};

    #[test]
    fn addresses_have_a_scheme_and_a_host() {
        for good in [
            "https://example.com",
            "HTTP://example.com:8080/a?b=c#d",
            "https://user:pass@[::1]:80/",
            "http://localhost/x",
            "https://münchen.example/ü",
            "https://127.0.0.1",
        ] {
            assert_eq!(Urls::Web.check(good), Ok(()), "{good}");
        }
        for bad in [
            "notaurl",
            "",
            "http://",
            "https:///path",
            "https://a b.example",
            "https://example.com:99999",
            "https://example.com:x",
            "https://[::1",
            "https://[x]/",
            "https://a..b/",
            "https://xn--a/",
            "https://1.2.3.999/",
            "https://example.com/\u{0}",
            "https://example.com/<b>",
            "://x",
        ] {
            assert_eq!(Urls::WebOrAttachment.check(bad), Err(Wrong::Form), "{bad}");
        }
        for other in ["ftp://example.com", "javascript://x", "attachment://a.png"] {
            assert_eq!(Urls::Web.check(other), Err(Wrong::Scheme), "{other}");
        }
        assert_eq!(Urls::WebOrAttachment.check("attachment://a.png"), Ok(()));
        assert_eq!(Urls::WebOrAttachment.check("attachment://"), Err(Wrong::Form));
    }
}
