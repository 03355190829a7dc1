//! A policy that a story changes while the node runs.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use throng_engine::mode::DeliveryTable;
use throng_engine::policy::{
    AttachmentFacts, Connect, GuildFacts, Lag, LagFacts, Native, NodeFacts, Passivity, Placement,
    Policy, Publish, PublishFacts, RelayFacts, SessionFacts, Shed, Split,
};
use throng_ports::link::BoxFuture;
use throng_ports::metrics::{Kind, Page, Source};
use throng_ports::policy::{PolicyFault, PolicyHost, PolicyStatus};
use throng_proto::time::Timestamp;

/// Decides an attachment's mode.
type Passive = fn(&SessionFacts, &GuildFacts, &AttachmentFacts<'_>) -> Passivity;

/// What differs from the native default.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdicts {
    pub(crate) passivity: Option<Passive>,
    pub(crate) delivery: Option<DeliveryTable>,
    pub(crate) relays: Option<Split>,
    pub(crate) shed: Option<Shed>,
    pub(crate) refused: Option<String>,
    pub(crate) turned_away: Option<Duration>,
    /// The next load fails with this.
    pub(crate) fault: Option<PolicyFault>,
    /// What is wrong with it while it runs.
    pub(crate) troubles: Vec<String>,
}

/// The policy in force and the one that a reload will bring.
#[derive(Debug)]
pub(crate) struct Switch {
    native: Native,
    now: Mutex<(u32, Verdicts)>,
    next: Mutex<Verdicts>,
}

impl Switch {
    pub(crate) fn new(relay_capacity: usize) -> Arc<Self> {
        let native = Native { relay_capacity };
        Arc::new(Self { native, now: Mutex::default(), next: Mutex::default() })
    }

    /// Sets what the next reload brings.
    pub(crate) fn prepare(&self, verdicts: Verdicts) {
        *self.next.lock() = verdicts;
    }

    fn verdicts(&self) -> Verdicts {
        self.now.lock().1.clone()
    }
}

impl PolicyHost for Switch {
    fn status(&self) -> PolicyStatus {
        let (version, fault) = (self.now.lock().0.to_string(), self.next.lock().fault.clone());
        let troubles = self.now.lock().1.troubles.clone();
        let name = "switch".to_owned();
        PolicyStatus { name, version, fault, troubles, ..PolicyStatus::default() }
    }

    fn reload(&self) -> BoxFuture<'static, Result<PolicyStatus, PolicyFault>> {
        let next = self.next.lock().clone();
        let loaded = match next.fault.clone() {
            Some(fault) => Err(fault),
            None => {
                let mut now = self.now.lock();
                *now = (now.0 + 1, next);
                Ok(())
            }
        };
        let status = self.status();
        Box::pin(async move { loaded.map(|()| status) })
    }
}

impl Source for Switch {
    fn measure(&self, page: &mut Page) {
        page.single("throng_policy_loads_total", Kind::Counter, "Loads.", 1);
    }
}

impl Policy for Switch {
    fn connect(&self, now: Timestamp, session: &SessionFacts) -> Connect {
        match self.verdicts().turned_away {
            Some(retry_after) => Connect::Refuse { reason: "Full.".to_owned(), retry_after },
            None => self.native.connect(now, session),
        }
    }

    fn passivity(
        &self,
        now: Timestamp,
        session: &SessionFacts,
        guild: &GuildFacts,
        attachment: &AttachmentFacts<'_>,
    ) -> Passivity {
        match self.verdicts().passivity {
            Some(decide) => decide(session, guild, attachment),
            None => self.native.passivity(now, session, guild, attachment),
        }
    }

    fn delivery(&self, now: Timestamp, guild: &GuildFacts) -> DeliveryTable {
        self.verdicts().delivery.unwrap_or_else(|| self.native.delivery(now, guild))
    }

    fn relays(&self, now: Timestamp, guild: &GuildFacts) -> Split {
        self.verdicts().relays.unwrap_or_else(|| self.native.relays(now, guild))
    }

    fn relay(
        &self,
        now: Timestamp,
        session: &SessionFacts,
        guild: &GuildFacts,
        relays: &[RelayFacts],
    ) -> Placement {
        self.native.relay(now, session, guild, relays)
    }

    fn publish(&self, now: Timestamp, event: &PublishFacts) -> Publish {
        match self.verdicts().refused {
            Some(reason) => Publish::Refuse(reason),
            None => self.native.publish(now, event),
        }
    }

    fn lag(&self, now: Timestamp, session: &SessionFacts, lag: &LagFacts) -> Lag {
        self.native.lag(now, session, lag)
    }

    fn overload(&self, now: Timestamp, node: &NodeFacts) -> Shed {
        self.verdicts().shed.unwrap_or_else(|| self.native.overload(now, node))
    }
}
