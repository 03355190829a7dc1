//! The invites of a guild, by code.

use std::collections::BTreeMap;
use std::sync::Arc;

use throng_proto::id::ChannelId;
use throng_proto::model::{Invite, InviteCode};
use throng_proto::refusal::Refusal;
use throng_proto::time::Timestamp;

/// All of them; those that are spent stay until the next one is made.
#[derive(Clone, Debug, Default)]
pub(super) struct Invites(BTreeMap<InviteCode, Arc<Invite>>);

/// What happens to an invite.
#[derive(Debug)]
pub(super) enum InviteChange {
    /// It is new, or was used.
    Put(Arc<Invite>),
    /// It is gone.
    Gone(InviteCode),
}

impl Invites {
    pub(super) fn load(invites: Vec<Invite>) -> Self {
        let named = |invite: Invite| (invite.code.clone(), Arc::new(invite));
        Self(invites.into_iter().map(named).collect())
    }

    /// Returns the codes of all of them.
    pub(super) fn codes(&self) -> impl Iterator<Item = &InviteCode> {
        self.0.keys()
    }

    /// Finds one that can be used.
    pub(super) fn live(&self, code: &InviteCode, now: Timestamp) -> Result<&Arc<Invite>, Refusal> {
        let found = self.0.get(code).filter(|invite| !invite.is_spent(now));
        found.ok_or(Refusal::UnknownInvite)
    }

    /// Returns those that can be used, in order of their codes.
    pub(super) fn all_live(&self, now: Timestamp) -> impl Iterator<Item = &Arc<Invite>> {
        self.0.values().filter(move |invite| !invite.is_spent(now))
    }

    /// Returns those that nobody can use any more.
    pub(super) fn spent(&self, now: Timestamp) -> Vec<InviteCode> {
        let spent = self.0.values().filter(|invite| invite.is_spent(now));
        spent.map(|invite| invite.code.clone()).collect()
    }

    /// Makes a change, and returns a code that is new or gone, if there is one.
    pub(super) fn apply(
        &mut self,
        change: InviteChange,
    ) -> (Option<InviteCode>, Option<InviteCode>) {
        match change {
            InviteChange::Put(invite) => {
                let code = invite.code.clone();
                let old = self.0.insert(code.clone(), invite);
                (old.is_none().then_some(code), None)
            }
            InviteChange::Gone(code) => (None, self.0.remove(&code).map(|_| code)),
        }
    }

    /// Forgets those of a channel, and returns their codes.
    pub(super) fn drop_channel(&mut self, channel: ChannelId) -> Vec<InviteCode> {
        let of_channel = self.0.values().filter(|invite| invite.channel_id == channel);
        let codes: Vec<_> = of_channel.map(|invite| invite.code.clone()).collect();
        for code in &codes {
            self.0.remove(code);
        }
        codes
    }
}
