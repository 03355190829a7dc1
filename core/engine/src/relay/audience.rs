//! Who gets an event, and in which variant.

use std::ops::BitOrAssign;

use roaring::RoaringBitmap;
use throng_proto::event::{EventClass, EventKind, Scope};
use throng_proto::id::UserId;
use throng_proto::intents::Intents;
use throng_proto::permissions::Permissions;

use super::{GroupKey, Relay};
use crate::event::Event;
use crate::mode::Delivery;
use crate::planted::{self, Planted};

/// Which body of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// With everything.
    Full,
    /// Without content.
    Stripped,
    /// An answer with its content, but not that of the answered message.
    Outer,
    /// An answer without its content, but with that of the answered message.
    Inner,
}

impl Variant {
    /// Every variant.
    pub const ALL: [Self; 4] = [Self::Full, Self::Stripped, Self::Outer, Self::Inner];
}

/// Recipients of an event by variant; no slot is in both.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audience {
    /// Who gets everything.
    pub full: RoaringBitmap,
    /// Who gets it without content.
    pub stripped: RoaringBitmap,
    /// Who gets an answer with its own content only.
    pub outer: RoaringBitmap,
    /// Who gets an answer with the answered message's content only.
    pub inner: RoaringBitmap,
}

impl Audience {
    /// Returns who gets a variant.
    #[must_use]
    pub const fn to(&self, variant: Variant) -> &RoaringBitmap {
        match variant {
            Variant::Full => &self.full,
            Variant::Stripped => &self.stripped,
            Variant::Outer => &self.outer,
            Variant::Inner => &self.inner,
        }
    }

    /// Leaves out whoever is not among some.
    pub fn keep(&mut self, only: &RoaringBitmap) {
        for variant in Variant::ALL {
            *self.of(variant) &= only;
        }
    }

    fn of(&mut self, variant: Variant) -> &mut RoaringBitmap {
        match variant {
            Variant::Full => &mut self.full,
            Variant::Stripped => &mut self.stripped,
            Variant::Outer => &mut self.outer,
            Variant::Inner => &mut self.inner,
        }
    }

    /// Tells whether nobody gets the event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        Variant::ALL.iter().all(|variant| self.to(*variant).is_empty())
    }
}

impl BitOrAssign for Audience {
    fn bitor_assign(&mut self, other: Self) {
        self.full |= other.full;
        self.stripped |= other.stripped;
        self.outer |= other.outer;
        self.inner |= other.inner;
    }
}

impl Relay {
    /// Computes who gets an event. Costs O(groups) set operations, not O(sessions).
    #[must_use]
    pub fn audience(&self, event: &Event) -> Audience {
        let mut audience = Audience::default();
        match event.scope {
            Scope::User(user) => self.add_own(user, event, &mut audience),
            Scope::Guild | Scope::Channel(_) | Scope::Managers(_) => {
                for (key, slots) in &self.groups {
                    self.add_group(key, slots, event, &mut audience);
                }
                self.add_mentioned(event, &mut audience);
                self.adjust_author(event, &mut audience);
                self.judge_answered(event, &mut audience);
            }
        }
        audience
    }

    fn add_group(&self, key: &GroupKey, slots: &RoaringBitmap, event: &Event, to: &mut Audience) {
        if !self.entitled(key, event) {
            return;
        }
        let delivery = self.table.of(self.effective(key.mode), event.kind.class());
        let notified = event.mentions.everyone
            || event.mentions.roles.iter().any(|role| self.classes.has_role(key.class, *role));
        let online;
        let slots = match delivery {
            Delivery::Full => slots,
            Delivery::Digest if notified => slots,
            Delivery::Digest if event.mentions.here => {
                online = slots - &self.hidden;
                &online
            }
            _ => return,
        };
        let variant = variant(key.interest.intents, event);
        if watched_only(key, event) {
            let watching = slots.iter().filter(|slot| self.watches(*slot, event.author));
            to.of(variant).extend(watching);
        } else {
            *to.of(variant) |= slots;
        }
    }

    /// Adds users whom the event mentions, and gives them its content: a mention reaches passive
    /// attachments too, and unlocks content that the intents do not.
    fn add_mentioned(&self, event: &Event, to: &mut Audience) {
        for user in &event.mentions.users {
            let Some(member) = self.members.get(user) else { continue };
            for &slot in &member.slots {
                let Some(attachment) = self.attachments.get(&slot) else { continue };
                let key = attachment.group(member.class);
                let delivery = self.table.of(self.effective(key.mode), event.kind.class());
                if self.entitled(&key, event) && delivery != Delivery::Drop {
                    to.stripped.remove(slot);
                    to.full.insert(slot);
                }
            }
        }
    }

    fn adjust_author(&self, event: &Event, to: &mut Audience) {
        let Some(author) = event.author else { return };
        let Some(member) = self.members.get(&author) else { return };
        for &slot in &member.slots {
            match event.kind.class() {
                EventClass::Presence => {
                    to.full.remove(slot);
                }
                EventClass::Member if event.kind == EventKind::GuildMemberRemove => {
                    to.full.remove(slot);
                }
                EventClass::Member if event.kind == EventKind::GuildMemberUpdate => {
                    to.full.insert(slot);
                }
                _ => {
                    if to.stripped.remove(slot) {
                        to.full.insert(slot);
                    }
                }
            }
        }
    }

    /// Judges the message inside an answer by its own author and mentions: who reads the answer
    /// because it is the author's own, or mentions it, need not read what it answers.
    fn judge_answered(&self, event: &Event, to: &mut Audience) {
        let Some(answered) = &event.answered else { return };
        let members = answered.readers.iter().filter_map(|user| self.members.get(user));
        let readers: RoaringBitmap =
            members.flat_map(|member| member.slots.iter().copied()).collect();
        to.inner = &to.stripped & &readers;
        to.stripped -= &readers;
        for (key, slots) in &self.groups {
            if !key.interest.intents.contains(Intents::MESSAGE_CONTENT) {
                to.outer |= (&to.full & slots) - &readers;
            }
        }
        to.full -= &to.outer;
    }

    fn add_own(&self, user: UserId, event: &Event, to: &mut Audience) {
        let Some(member) = self.members.get(&user) else { return };
        for &slot in &member.slots {
            let attachment = self.attachments.get(&slot);
            if attachment.is_some_and(|a| has_intent(a.interest.intents, event.kind)) {
                to.full.insert(slot);
            }
        }
    }

    /// Tells whether intents and permissions let a group see an event at all.
    fn entitled(&self, key: &GroupKey, event: &Event) -> bool {
        has_intent(key.interest.intents, event.kind)
            && match event.scope {
                Scope::Channel(channel) => self.classes.can_view(&self.shape, key.class, channel),
                Scope::Managers(channel) => {
                    let needed = Permissions::MANAGE_CHANNELS;
                    self.classes.may(&self.shape, key.class, channel, needed)
                }
                Scope::Guild | Scope::User(_) => true,
            }
    }

    fn watches(&self, slot: u32, user: Option<UserId>) -> bool {
        let attachment = self.attachments.get(&slot);
        attachment.zip(user).is_some_and(|(attachment, user)| attachment.watched.contains(&user))
    }
}

fn has_intent(intents: Intents, kind: EventKind) -> bool {
    let needed = kind.intents();
    needed == Intents::NONE || intents.intersects(needed)
}

fn variant(intents: Intents, event: &Event) -> Variant {
    let to_all = planted::has(Planted::ContentToAll);
    if event.stripped.is_none() || intents.contains(Intents::MESSAGE_CONTENT) || to_all {
        Variant::Full
    } else {
        Variant::Stripped
    }
}

/// Clients that named no intents get members and presences only of users they watch.
fn watched_only(key: &GroupKey, event: &Event) -> bool {
    !key.interest.named && matches!(event.kind.class(), EventClass::Member | EventClass::Presence)
}
