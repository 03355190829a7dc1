//! One spelling for each path: clients may escape what they need not.

use std::fmt::Write as _;

use axum::body::Body;
use axum::extract::Request;
use http::Uri;
use http::uri::PathAndQuery;
use throng_proto::escape;

/// Spells a request's path as routes do: `/users/%40me` is `/users/@me`.
///
/// An escape of something that may stand for itself in a path is replaced by it, once; see RFC
/// 3986, 3.3 and 6.2.2.2. Escapes that are no UTF-8 become U+FFFD, so that every route reads text.
pub(crate) fn spell(mut request: Request<Body>) -> Request<Body> {
    if !request.uri().path().contains('%') {
        return request;
    }
    let path = spelled(request.uri().path());
    let whole = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = request.uri().clone().into_parts();
    // Every path here is made of characters that a path may have.
    if let Ok(whole) = PathAndQuery::try_from(whole) {
        parts.path_and_query = Some(whole);
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}

fn spelled(path: &str) -> String {
    let segments: Vec<String> = path.split('/').map(segment).collect();
    segments.join("/")
}

/// Spells one segment; its text stays the same.
fn segment(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut spelled = String::with_capacity(text.len());
    for character in escape::undone(text).chars() {
        if plain(character) {
            spelled.push(character);
            continue;
        }
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            // Writing to a string does not fail.
            let _ = write!(spelled, "%{byte:02X}");
        }
    }
    spelled
}

/// Tells whether a character may stand for itself in a segment: `pchar` of RFC 3986.
fn plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_that_nobody_needs_are_undone_once() {
        for (written, meant) in [
            ("/users/%40me", "/users/@me"),
            ("/users/@me", "/users/@me"),
            ("/%75sers/%40%6de", "/users/@me"),
            ("/users/%2540me", "/users/%2540me"),
            ("/a%2Fb/%f0%9f%91%8d", "/a%2Fb/%F0%9F%91%8D"),
            ("/x%3A1/%20%", "/x:1/%20%25"),
            ("/%FF/%zz", "/%EF%BF%BD/%25zz"),
            ("//", "//"),
        ] {
            assert_eq!(spelled(written), meant, "{written}");
        }
    }

    #[test]
    fn a_query_stays_as_it_is() {
        let request = Request::get("/users/%40me?x=%40").body(Body::empty()).unwrap();
        assert_eq!(spell(request).uri(), "/users/@me?x=%40");
    }
}
