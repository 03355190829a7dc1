//! A policy that says what a test wants.

use std::sync::Mutex;
use std::time::Duration;

use throng_engine::mode::{Delivery, DeliveryTable, Mode};
use throng_engine::policy::{
    AttachmentFacts, Connect, GuildFacts, Lag, LagFacts, NodeFacts, Passivity, Placement, Policy,
    Publish, PublishFacts, RelayFacts, SessionFacts, ShardKey, Shed, Split,
};
use throng_proto::event::EventClass;
use throng_proto::time::Timestamp;

/// What it says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdicts {
    pub(crate) mode: Mode,
    pub(crate) recheck: Option<Duration>,
    pub(crate) lag: Lag,
    pub(crate) plan: Split,
    /// Who is active hears nobody type.
    pub(crate) no_typing: bool,
}

/// What it was asked about, besides what it is asked all the time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Attachments, by whether they were subscribed.
    pub(crate) passivity: Vec<bool>,
    pub(crate) lag: Vec<LagFacts>,
}

#[derive(Debug)]
pub(crate) struct Puppet(Mutex<(Verdicts, Asked)>);

impl Default for Puppet {
    fn default() -> Self {
        let plan = Split { capacity: 1_000, count: 1, key: ShardKey::None };
        let (mode, lag) = (Mode::Active, Lag::Close);
        let verdicts = Verdicts { mode, recheck: None, lag, plan, no_typing: false };
        Self(Mutex::new((verdicts, Asked::default())))
    }
}

impl Puppet {
    /// Lets it say something else from now on.
    pub(crate) fn says(&self, set: impl FnOnce(&mut Verdicts)) {
        set(&mut self.0.lock().unwrap().0);
    }

    /// Takes what it was asked about.
    pub(crate) fn asked(&self) -> Asked {
        std::mem::take(&mut self.0.lock().unwrap().1)
    }

    fn verdicts(&self) -> Verdicts {
        self.0.lock().unwrap().0
    }
}

impl Policy for Puppet {
    fn connect(&self, _: Timestamp, _: &SessionFacts) -> Connect {
        Connect::Admit
    }

    fn passivity(
        &self,
        _: Timestamp,
        _: &SessionFacts,
        _: &GuildFacts,
        attachment: &AttachmentFacts<'_>,
    ) -> Passivity {
        let mut held = self.0.lock().unwrap();
        held.1.passivity.push(attachment.subscribed);
        Passivity { mode: held.0.mode, recheck: held.0.recheck }
    }

    fn delivery(&self, _: Timestamp, _: &GuildFacts) -> DeliveryTable {
        let table = DeliveryTable::default();
        if self.verdicts().no_typing {
            return table.with(Mode::Active, EventClass::Typing, Delivery::Drop);
        }
        table
    }

    fn relays(&self, _: Timestamp, _: &GuildFacts) -> Split {
        self.verdicts().plan
    }

    fn relay(
        &self,
        _: Timestamp,
        _: &SessionFacts,
        _: &GuildFacts,
        relays: &[RelayFacts],
    ) -> Placement {
        relays.first().map_or(Placement::New, |relay| Placement::Relay(relay.relay))
    }

    fn publish(&self, _: Timestamp, _: &PublishFacts) -> Publish {
        Publish::Allow
    }

    fn lag(&self, _: Timestamp, _: &SessionFacts, lag: &LagFacts) -> Lag {
        let mut held = self.0.lock().unwrap();
        held.1.lag.push(*lag);
        held.0.lag
    }

    fn overload(&self, _: Timestamp, _: &NodeFacts) -> Shed {
        Shed::NOTHING
    }
}
