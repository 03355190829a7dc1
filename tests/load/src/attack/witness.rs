//! An honest session that loses its link before an attack, and comes back after it.

use std::net::SocketAddr;

use anyhow::{Result, ensure};

use super::Wire;
use crate::mark::Mark;
use crate::scene::Account;
use crate::shard::talk;

/// A session without a link.
#[derive(Debug)]
pub(super) struct Witness {
    token: String,
    id: String,
    sequence: u64,
}

/// What it found when it came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// Everything, with so many messages of the honest author.
    Everything(u32),
    /// Something was missing or out of order.
    Gaps,
    /// It was told to begin anew.
    Gone,
}

impl Witness {
    /// Opens a session, and lets its link be cut once it has heard of its guild.
    pub(super) fn leave(server: SocketAddr, account: &Account) -> Result<Self> {
        let (mut wire, id) = Wire::enter(server, &account.token, talk::INTENTS)?;
        wire.until(|heard| heard.t.as_deref() == Some("GUILD_CREATE"))?;
        Ok(Self { token: account.token.clone(), id, sequence: wire.sequence })
    }

    /// Resumes, and looks at what comes.
    pub(super) fn come_back(&self, server: SocketAddr) -> Result<Finding> {
        let mut wire = Wire::open(server)?;
        let sequence = u32::try_from(self.sequence)?;
        wire.say(&talk::resume(&self.token, &self.id, sequence))?;
        let (mut due, mut marks) = (self.sequence + 1, Vec::new());
        loop {
            let heard = wire.until(|heard| heard.op == 0 || heard.op == 9)?;
            if heard.op == 9 {
                return Ok(Finding::Gone);
            }
            if heard.s != Some(due) {
                return Ok(Finding::Gaps);
            }
            due += 1;
            if heard.t.as_deref() == Some("RESUMED") {
                break;
            }
            let content = heard.d["content"].as_str().unwrap_or_default();
            marks.extend(Mark::find(content.as_bytes()).map(|(mark, _)| mark.number));
        }
        ensure!(!marks.is_empty(), "the honest author has posted nothing");
        // Several hands post, so neighbours may have changed places on their way in.
        marks.sort_unstable();
        let whole = marks.windows(2).all(|two| two[1] == two[0] + 1);
        let count = u32::try_from(marks.len())?;
        Ok(if whole { Finding::Everything(count) } else { Finding::Gaps })
    }
}
