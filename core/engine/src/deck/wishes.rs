//! What a session wants to see of member lists.

use serde::{Deserialize, Serialize};

use crate::roll::Wish;

/// What a session wants to see of a guild's lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wishes {
    pub(super) wishes: Vec<Wish>,
    /// Answers that come with another number are to an older question.
    #[serde(skip)]
    pub(super) stamp: u32,
}
