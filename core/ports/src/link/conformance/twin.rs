//! Links that are broken on purpose, to see that the suite notices.
//!
//! A twin is a transport's own link in which one thing is wrong; everything else is as it was.

mod link;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use super::{Arrival, Bench, Check};

use link::TwinArrival;

macro_rules! faults {
    ($($doc:literal $fault:ident => $($check:ident),+;)*) => {
        /// One thing that is wrong with a link.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Fault {
            $(#[doc = $doc] $fault,)*
            /// The wire is never set. Only seen where it shows in what the peer receives.
            IgnoresWire,
            /// The wire is text again when the link departs. Only seen where it shows.
            ForgetsWire,
        }

        /// Each fault with the checks that catch it on any transport.
        pub const CAUGHT: &[(Fault, &[Check])] = &[$((Fault::$fault, &[$(Check::$check),+]),)*];
    };
}

faults! {
    "Every second payload of the peer is lost."
    LosesPayloads => PayloadsArrive;
    "Dispatches carry the sequence after theirs."
    Renumbers => DispatchesArrive, BlockedTakesNoMore;
    "A dispatch of one lane is overtaken by the next of the same lane."
    OvertakesInLane => LanesKeepOrder;
    "Dispatches carry the sequence after theirs on any wire but text."
    BreaksWires => WiresCarry;
    "A dispatch is taken although the link is blocked, and lost."
    TakesWhenBlocked => BlockedTakesNoMore;
    "The link never says that it is blocked."
    HidesThatItIsBlocked => BlockedTakesNoMore;
    "Control overtakes control."
    OvertakesControl => ControlWaits;
    "Control is taken without end."
    TakesAllControl => ControlIsBounded;
    "Control is refused whenever the link is blocked."
    RefusesControl => ControlWaits, ControlIsBounded, LargeLeavesRoom;
    "A large payload is taken although the link is blocked, and lost."
    TakesLargeWhenBlocked => LargeWaits;
    "A large payload counts as control."
    CountsLargeAsControl => LargeLeavesRoom;
    "The link closes with the code after the one that was asked for."
    ClosesOtherwise => CloseWaits, CloseReachesPeer, DepartedKeepsClose;
    "The peer's code is not told."
    ForgetsCode => CloseWaits, CloseReachesLink;
    "A link that is closed still takes what it is given, and loses it."
    TakesWhenClosed => CloseWaits, CloseReachesPeer;
    "What was received and not polled is lost when the link departs."
    LosesPayloadAtDeparture => DepartedKeepsPayloads;
    "A link that has departed still takes what it is given, and loses it."
    TakesWhenGone => DepartedKeepsPayloads;
    "The last dispatch that was taken is lost when the link departs."
    LosesDispatchAtDeparture => DepartedKeepsDispatches;
    "The last control that was taken is lost when the link departs."
    LosesControlAtDeparture => DepartedKeepsControl;
    "Dispatches carry the sequence after theirs on any wire but text, once the link has moved."
    BreaksWiresAtDeparture => DepartedKeepsWire;
    "A close is forgotten when the link departs."
    ReopensAtDeparture => DepartedKeepsClose;
    "The query moves along."
    KeepsQuery => DepartedKeepsName;
    "Counts begin anew when the link departs."
    ForgetsCounts => DepartedKeepsName;
}

/// A bench whose links have a fault.
#[derive(Debug)]
pub struct Twin<'a, B> {
    bench: &'a B,
    fault: Fault,
}

impl<'a, B> Twin<'a, B> {
    /// Breaks the links of a bench.
    pub const fn new(bench: &'a B, fault: Fault) -> Self {
        Self { bench, fault }
    }
}

impl<B: Bench> Bench for Twin<'_, B> {
    type Peer = B::Peer;

    async fn open(&self) -> (Box<dyn Arrival>, B::Peer) {
        let (arrival, peer) = self.bench.open().await;
        (Box::new(TwinArrival::new(arrival, self.fault)), peer)
    }
}

/// Tells whether a check fails, as it must for links that are broken.
pub async fn catches<B: Bench>(check: Check, bench: &B) -> bool {
    AssertUnwindSafe(check.run(bench)).catch_unwind().await.is_err()
}

/// Faults that are seen where the wire shows in what the peer receives.
const CAUGHT_ON_WIRES: &[(Fault, &[Check])] = &[
    (Fault::IgnoresWire, &[Check::WiresCarry, Check::DepartedKeepsWire]),
    (Fault::ForgetsWire, &[Check::DepartedKeepsWire]),
];

/// Does as [`all`], for a transport whose peers receive bytes that differ with the wire.
pub async fn all_with_wires<B: Bench>(bench: &B) {
    all(bench).await;
    each(bench, CAUGHT_ON_WIRES).await;
}

/// Breaks a transport's links in every way of [`CAUGHT`], and expects each check to notice.
pub async fn all<B: Bench>(bench: &B) {
    for check in Check::ALL {
        let is_tried = CAUGHT.iter().any(|(_, checks)| checks.contains(check));
        assert!(is_tried, "nothing shows that {check:?} can fail");
    }
    each(bench, CAUGHT).await;
}

async fn each<B: Bench>(bench: &B, faults: &[(Fault, &[Check])]) {
    for (fault, checks) in faults {
        for check in *checks {
            let caught = catches(*check, &Twin::new(bench, *fault)).await;
            assert!(caught, "{check:?} does not notice a link that {fault:?}");
        }
    }
}
