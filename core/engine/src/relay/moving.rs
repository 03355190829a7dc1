//! Attachments that move between relays of one worker, with all that a relay knows of them.

use std::sync::Arc;

use throng_proto::id::RoleId;

use super::{Attachment, Relay};
use crate::mode::Mode;
use crate::replay::Slot;

/// An attachment between two relays.
#[derive(Debug)]
pub(crate) struct Moving {
    attachment: Attachment,
    roles: Box<[RoleId]>,
    /// From where it has not been told, when it is fresh.
    told: Option<u64>,
    hidden: bool,
}

impl Relay {
    /// Makes a relay without attachments that knows what this one knows of the guild.
    pub(crate) fn sibling(&self) -> Self {
        let empty = Self::new(Arc::clone(&self.shape), self.table.clone());
        Self { news: self.news.sibling(), ..empty }
    }

    /// Returns up to `max` slots, those of one member one after the other. Costs O(max).
    pub(crate) fn newest(&self, max: usize) -> Vec<Slot> {
        let members = self.members.values().rev();
        members.flat_map(|member| member.slots.iter().copied()).take(max).collect()
    }

    /// Takes an attachment out, so that another relay can have it.
    pub(crate) fn take(&mut self, slot: Slot) -> Option<Moving> {
        let user = self.attachments.get(&slot)?.user;
        let roles = self.classes.roles(self.members.get(&user)?.class).into();
        let (told, hidden) = (self.news.told(slot), self.hidden.contains(slot));
        let attachment = self.detach(slot)?;
        Some(Moving { attachment, roles, told, hidden })
    }

    /// Puts an attachment in that another relay had, which has heard the same of the guild.
    pub(crate) fn put(&mut self, slot: Slot, moving: Moving) {
        let Moving { attachment, roles, told, hidden } = moving;
        let digests = self.effective(attachment.mode) == Mode::Passive;
        self.attach(slot, attachment, &roles);
        self.set_hidden(slot, hidden);
        if digests {
            self.news.take_over(slot, told);
        }
    }
}
