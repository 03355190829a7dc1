//! Reads the parts of a request: path, query and body.

mod body;
mod place;
mod search;
mod spelling;
mod upload;

pub(crate) use body::{Form, Json, List};
pub(crate) use place::{At, EmojiKey, Parameter};
pub(crate) use search::Search;
pub(crate) use spelling::spell;
pub(crate) use upload::Payload;
#[cfg(feature = "testing")]
pub(crate) use upload::form_in_pieces;
