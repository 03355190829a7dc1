//! Ids and emojis in paths.

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use throng_proto::id::Id;
use throng_proto::model::{Emoji, InviteCode};
use throng_proto::refusal::Refusal;

use crate::fault::Fault;

/// Longest Unicode emoji, with room: the flag of Wales takes 28 bytes, a kiss with skin tones 35.
const EMOJI_BYTES_MAX: usize = 64;

/// Parameters of the path, in order.
#[derive(Debug)]
pub(crate) struct At<T>(pub(crate) T);

/// Something that one parameter of a path can be read as.
pub(crate) trait Parameter: Sized {
    fn parse(name: &str, text: &str) -> Result<Self, Fault>;
}

/// Something that the parameters of a path can be read as.
pub(crate) trait Parameters: Sized {
    fn parse<'a>(params: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, Fault>;
}

impl<S: Send + Sync, T: Parameters> FromRequestParts<S> for At<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        // Parameters are missing or not UTF-8: no route means that.
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Fault::not_found())?;
        T::parse(params.iter()).map(Self)
    }
}

impl<M> Parameter for Id<M> {
    fn parse(name: &str, text: &str) -> Result<Self, Fault> {
        text.parse().map_err(|_| {
            Fault::field(name, "NUMBER_TYPE_COERCE", format!("Value \"{text}\" is not snowflake."))
        })
    }
}

impl Parameter for InviteCode {
    fn parse(_: &str, text: &str) -> Result<Self, Fault> {
        // What cannot be a code is nobody's.
        text.parse().map_err(|_| Refusal::UnknownInvite.into())
    }
}

/// An emoji: `name:id`, or the characters of a Unicode emoji.
#[derive(Debug)]
pub(crate) struct EmojiKey(pub(crate) Emoji);

impl Parameter for EmojiKey {
    fn parse(_: &str, text: &str) -> Result<Self, Fault> {
        // Animated emojis are written `a:name:id`.
        let text = text.strip_prefix("a:").unwrap_or(text);
        let emoji = Emoji::from_key(text);
        let name = emoji.name.as_deref().unwrap_or_default();
        if let (None, Some(emoji)) = (emoji.id, Emoji::unicode(name)) {
            return Ok(Self(emoji));
        }
        // Older builds took others, which can still be listed and removed.
        let known = match emoji.id {
            Some(_) => !name.is_empty() && name.len() <= EMOJI_BYTES_MAX,
            None => !name.is_ascii() && name.len() <= EMOJI_BYTES_MAX,
        };
        if known { Ok(Self(emoji)) } else { Err(Refusal::UnknownEmoji.into()) }
    }
}

macro_rules! parameters {
    ($($name:ident),+) => {
        impl<$($name: Parameter),+> Parameters for ($($name,)+) {
            fn parse<'a>(
                mut params: impl Iterator<Item = (&'a str, &'a str)>,
            ) -> Result<Self, Fault> {
                Ok(($({
                    let (name, text) = params.next().ok_or_else(Fault::not_found)?;
                    $name::parse(name, text)?
                },)+))
            }
        }
    };
}

parameters!(A);
parameters!(A, B);
parameters!(A, B, C);
parameters!(A, B, C, D);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emojis_are_unicode_or_have_an_id() {
        let key = |text| EmojiKey::parse("emoji_name", text).map(|emoji| emoji.0.key()).ok();
        assert_eq!(key("\u{1f44d}").as_deref(), Some("\u{1f44d}"));
        assert_eq!(key("1\u{fe0f}\u{20e3}").as_deref(), Some("1\u{fe0f}\u{20e3}"));
        assert_eq!(key("\u{2764}").as_deref(), Some("\u{2764}\u{fe0f}"));
        assert_eq!(key("party:12").as_deref(), Some("party:12"));
        assert_eq!(key("a:party:12").as_deref(), Some("party:12"));
        assert_eq!(key(" "), None);
        assert_eq!(key(":12"), None);
        assert_eq!(key("thumbsup"), None);
    }
}
