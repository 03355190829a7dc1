//! The address that a client is told of us where the settings have none: the one by which it came.
//!
//! Whatever a client claims here, only itself is told; so it need not be true, but it has to be a
//! host, perhaps with a port.

use std::net::SocketAddr;

use throng_proto::form::is_place;

use crate::config::Config;

/// Longest host with a port.
const PLACE_MAX: usize = 260;
/// Most header lines of a request.
const HEADERS_MAX: usize = 100;

/// Returns the address by which a request came whose head this is, from `peer`: what a trusted
/// proxy says of it, or else its `Host`.
pub(crate) fn url(peer: SocketAddr, head: &[u8], config: &Config) -> Option<String> {
    if !config.tells_host {
        return None;
    }
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    request.parse(head).ok()?;
    let named = |name: &str| {
        let mut lines = request.headers.iter().filter(|line| line.name.eq_ignore_ascii_case(name));
        let (only, more) = (lines.next()?, lines.next());
        more.is_none().then(|| std::str::from_utf8(only.value).ok())?
    };
    // Of several proxies the first one, which the client has asked, has written the first word.
    let forwarded = |name: &str| {
        let value = named(name).filter(|_| config.is_trusted(peer))?;
        value.split(',').next().map(str::trim)
    };
    let place = forwarded("x-forwarded-host").or_else(|| named("host"))?;
    let secure = match forwarded("x-forwarded-proto") {
        Some(scheme) => ["https", "wss"].iter().any(|name| scheme.eq_ignore_ascii_case(name)),
        None => config.tls.is_some(),
    };
    let scheme = if secure { "wss" } else { "ws" };
    (place.len() <= PLACE_MAX && is_place(place)).then(|| format!("{scheme}://{place}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(peer: &str, lines: &str) -> Option<String> {
        let trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let config = Config { tells_host: true, trusted_proxies, ..Config::default() };
        let head = format!("GET /?v=10 HTTP/1.1\r\n{lines}\r\n\r\n");
        url(peer.parse().unwrap(), head.as_bytes(), &config)
    }

    #[test]
    fn a_client_is_told_the_host_that_it_has_asked() {
        let stranger = "192.0.2.1:4000";
        for (lines, right) in [
            ("Host: gateway.example:8080", Some("ws://gateway.example:8080")),
            ("host: [2001:db8::1]:8080", Some("ws://[2001:db8::1]:8080")),
            ("Host: a\r\nX-Forwarded-Host: b\r\nX-Forwarded-Proto: https", Some("ws://a")),
            ("Host: a\r\nHost: b", None),
            ("Host: a@b", None),
            ("Host: a/b", None),
            ("Host: a\"b", None),
            ("Host: a?b", None),
            ("Host:", None),
            ("User-Agent: x", None),
        ] {
            assert_eq!(told(stranger, lines).as_deref(), right, "{lines}");
        }
    }

    #[test]
    fn a_trusted_proxy_says_what_was_asked_of_it() {
        let proxy = "10.0.0.7:4000";
        for (lines, right) in [
            (
                "Host: b\r\nX-Forwarded-Host: a.example\r\nX-Forwarded-Proto: https",
                "wss://a.example",
            ),
            ("Host: b\r\nX-Forwarded-Host: a.example, c.example", "ws://a.example"),
            ("Host: a.example\r\nX-Forwarded-Proto: https, http", "wss://a.example"),
            ("Host: a.example\r\nX-Forwarded-Proto: http", "ws://a.example"),
        ] {
            assert_eq!(told(proxy, lines).as_deref(), Some(right), "{lines}");
        }
        assert_eq!(told(proxy, "Host: b\r\nX-Forwarded-Host: a b"), None);
    }

    #[test]
    fn nobody_is_told_so_where_the_settings_know_better() {
        let head = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let peer = ([192, 0, 2, 1], 4_000).into();
        assert_eq!(url(peer, head, &Config::default()), None);
    }
}
