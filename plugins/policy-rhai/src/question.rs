//! What a hook is asked: with which facts, and what the native default answers.

use throng_engine::policy::{
    AttachmentFacts, GuildFacts, LagFacts, NodeFacts, Policy, PublishFacts, RelayFacts,
    SessionFacts,
};
use throng_proto::time::Timestamp;

use crate::fact::Known;
use crate::hook::Hook;
use crate::verdict::Verdict;

/// A hook with the facts that it is given.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "each variant is a hook and each field is its facts")]
pub enum Question<'a> {
    Connect {
        session: &'a SessionFacts,
    },
    Passivity {
        session: &'a SessionFacts,
        guild: &'a GuildFacts,
        attachment: &'a AttachmentFacts<'a>,
    },
    Delivery {
        guild: &'a GuildFacts,
    },
    Relays {
        guild: &'a GuildFacts,
    },
    Relay {
        session: &'a SessionFacts,
        guild: &'a GuildFacts,
        relays: &'a [RelayFacts],
    },
    Publish {
        event: &'a PublishFacts,
    },
    Lag {
        session: &'a SessionFacts,
        lag: &'a LagFacts,
    },
    Overload {
        node: &'a NodeFacts,
    },
}

impl<'a> Question<'a> {
    /// Returns the hook that answers.
    #[must_use]
    pub const fn hook(&self) -> Hook {
        match self {
            Self::Connect { .. } => Hook::Connect,
            Self::Passivity { .. } => Hook::Passivity,
            Self::Delivery { .. } => Hook::Delivery,
            Self::Relays { .. } => Hook::Relays,
            Self::Relay { .. } => Hook::Relay,
            Self::Publish { .. } => Hook::Publish,
            Self::Lag { .. } => Hook::Lag,
            Self::Overload { .. } => Hook::Overload,
        }
    }

    /// Puts the question to any policy.
    pub fn put(self, policy: &impl Policy, now: Timestamp) -> Verdict {
        match self {
            Self::Connect { session } => Verdict::Connect(policy.connect(now, session)),
            Self::Passivity { session, guild, attachment } => {
                Verdict::Passivity(policy.passivity(now, session, guild, attachment))
            }
            Self::Delivery { guild } => Verdict::Delivery(policy.delivery(now, guild)),
            Self::Relays { guild } => Verdict::Relays(policy.relays(now, guild)),
            Self::Relay { session, guild, relays } => {
                Verdict::Relay(policy.relay(now, session, guild, relays))
            }
            Self::Publish { event } => Verdict::Publish(policy.publish(now, event)),
            Self::Lag { session, lag } => Verdict::Lag(policy.lag(now, session, lag)),
            Self::Overload { node } => Verdict::Overload(policy.overload(now, node)),
        }
    }

    /// Returns the facts behind the question, each where scripts find it.
    #[must_use]
    pub fn known(&self, now: Timestamp) -> Known<'a> {
        let known = Known { now: Some(now), ..Known::default() };
        match *self {
            Self::Connect { session } => Known { session: Some(session), ..known },
            Self::Passivity { session, guild, attachment } => Known {
                session: Some(session),
                guild: Some(guild),
                attachment: Some(*attachment),
                ..known
            },
            Self::Delivery { guild } | Self::Relays { guild } => {
                Known { guild: Some(guild), ..known }
            }
            Self::Relay { session, guild, relays } => {
                Known { session: Some(session), guild: Some(guild), relays: Some(relays), ..known }
            }
            Self::Publish { event } => Known { event: Some(event), ..known },
            Self::Lag { session, lag } => Known { session: Some(session), lag: Some(lag), ..known },
            Self::Overload { node } => Known { node: Some(node), ..known },
        }
    }
}
