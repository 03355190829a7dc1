//! The opening handshake: a request head, and what it asks for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use httparse::{Header, Request, Status};
use sha1_smol::Sha1;

use crate::config::Paths;

/// Longest request head in bytes; a browser's with cookies stays below 8 KiB.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Most header lines of a request.
const HEADERS_MAX: usize = 100;
/// Appended to a client's key, RFC 6455 section 1.3.
const KEY_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Bytes of a client's key before base64.
const KEY_BYTES: usize = 16;

/// The one subprotocol: payloads are JSON. Some clients go away when none of theirs is chosen.
const PROTOCOL: &str = "json";

/// What a request head asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The head is not complete.
    More,
    /// To become a link.
    Upgrade {
        /// Answer to the client's key.
        accept: String,
        /// Query of the address, without `?`.
        query: String,
        /// The subprotocol to choose of those that were offered.
        protocol: Option<&'static str>,
        /// Length of the head in bytes.
        head_bytes: usize,
    },
    /// Something that is not WebSocket's.
    Http,
    /// Something that cannot be had.
    Bad(Fault),
}

/// Why an upgrade is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The bytes are not an HTTP request.
    #[error("malformed request")]
    Malformed,
    /// The head is over its limit.
    #[error("request head too long")]
    TooLong,
    /// The method is not GET.
    #[error("an upgrade needs GET")]
    Method,
    /// The version is not HTTP/1.1.
    #[error("an upgrade needs HTTP/1.1")]
    Http,
    /// `Connection` does not name `Upgrade`.
    #[error("the Connection header must name Upgrade")]
    Connection,
    /// `Sec-WebSocket-Version` is not 13.
    #[error("Sec-WebSocket-Version must be 13")]
    Version,
    /// `Sec-WebSocket-Key` is missing or not 16 bytes.
    #[error("Sec-WebSocket-Key must be 16 bytes in base64")]
    Key,
}

impl Fault {
    /// Returns status code and phrase of the answer.
    #[must_use]
    pub const fn status(self) -> &'static str {
        match self {
            Self::TooLong => "431 Request Header Fields Too Large",
            Self::Version => "426 Upgrade Required",
            _ => "400 Bad Request",
        }
    }

    /// Returns the header lines that the answer must have besides the usual ones.
    #[must_use]
    pub const fn headers(self) -> &'static str {
        match self {
            Self::Version => "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
            _ => "",
        }
    }
}

/// Reads a request head.
#[must_use]
pub fn read(bytes: &[u8], paths: Paths) -> Ask {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = Request::new(&mut headers);
    let head_bytes = match request.parse(bytes) {
        Ok(Status::Complete(length)) if length <= HEAD_BYTES_MAX => length,
        Ok(Status::Partial) if bytes.len() < HEAD_BYTES_MAX => return Ask::More,
        Ok(_) | Err(httparse::Error::TooManyHeaders) => return Ask::Bad(Fault::TooLong),
        Err(_) => return Ask::Bad(Fault::Malformed),
    };
    let target = origin_form(request.path.unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if !paths.contain(path) || !names(request.headers, "upgrade", "websocket") {
        return Ask::Http;
    }
    match check(&request) {
        Ok(accept) => {
            let offered = names(request.headers, "sec-websocket-protocol", PROTOCOL);
            let protocol = offered.then_some(PROTOCOL);
            Ask::Upgrade { accept, query: query.to_owned(), protocol, head_bytes }
        }
        Err(fault) => Ask::Bad(fault),
    }
}

/// Returns what a target names on this host: RFC 9112 section 3.2.2 lets any client send the whole
/// address, as they do to proxies.
fn origin_form(target: &str) -> &str {
    let schemes = ["http://", "https://", "ws://", "wss://"];
    let is_begun_by = |scheme: &&&str| {
        target.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    };
    let Some(scheme) = schemes.iter().find(is_begun_by) else { return target };
    let rest = &target[scheme.len()..];
    rest.find(['/', '?']).map_or("", |path| &rest[path..])
}

/// Checks an upgrade and returns the answer to its key.
fn check(request: &Request<'_, '_>) -> Result<String, Fault> {
    if request.method != Some("GET") {
        return Err(Fault::Method);
    }
    if request.version != Some(1) {
        return Err(Fault::Http);
    }
    if !names(request.headers, "connection", "upgrade") {
        return Err(Fault::Connection);
    }
    if !names(request.headers, "sec-websocket-version", "13") {
        return Err(Fault::Version);
    }
    let key = values(request.headers, "sec-websocket-key").next().ok_or(Fault::Key)?.trim_ascii();
    let bytes = STANDARD.decode(key).map_err(|_| Fault::Key)?;
    if bytes.len() != KEY_BYTES {
        return Err(Fault::Key);
    }
    Ok(accept(key))
}

/// Returns the answer to a client's key.
#[must_use]
pub fn accept(key: &[u8]) -> String {
    let mut sha = Sha1::new();
    sha.update(key);
    sha.update(KEY_SUFFIX);
    STANDARD.encode(sha.digest().bytes())
}

/// Tells whether a list header names `token`, whatever the case.
fn names(headers: &[Header<'_>], name: &str, token: &str) -> bool {
    values(headers, name)
        .flat_map(|value| value.split(|byte| *byte == b','))
        .any(|item| item.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

fn values<'a>(headers: &'a [Header<'_>], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(move |line| line.name.eq_ignore_ascii_case(name)).map(|line| line.value)
}

#[cfg(test)]
mod tests;
