//! Guilds at work: a task for each, which drives its machine.
//!
//! Where to look: `task` is the owner of a guild; `keeper` starts it, and starts it again after a
//! panic; `handoff` gives the guild to another owner; `lists` shows member lists beside it.

mod attach;
mod handoff;
mod keeper;
mod lists;
mod load;
mod members;
mod presence;
mod reads;
mod restore;
mod task;
mod ties;
mod viewers;
mod window;

pub(crate) use handoff::hand_over;
pub(crate) use keeper::{load, load_all};
pub(crate) use ties::Ties;
