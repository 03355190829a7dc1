//! What every transport's links have in common, as a suite that each transport runs.
//!
//! A transport implements [`Bench`] and calls [`all`] from a test; a broken rule panics with its
//! name. It also calls [`twin::all`], which breaks the transport's links on purpose, in one way for
//! each check, and sees the check fail.

#![allow(clippy::missing_panics_doc, reason = "panicking is how a suite reports")]

mod closing;
mod decoder;
mod departure;
mod hand;
mod order;
mod room;
pub mod twin;
mod wires;

use std::future::Future;

use throng_proto::wire::Wire;

use super::Arrival;

pub use decoder::Decoder;

/// Makes pairs of a link and its far end.
pub trait Bench {
    /// Far end of a link.
    type Peer: Peer;

    /// Opens a link that blocks sooner or later when its peer does not receive.
    fn open(&self) -> impl Future<Output = (Box<dyn Arrival>, Self::Peer)>;
}

/// Far end of a link, as a client sees it.
pub trait Peer {
    /// Sends one payload.
    fn send(&mut self, payload: &str) -> impl Future<Output = ()>;

    /// Receives the next payload as JSON text, or the code with which the link was closed.
    fn receive(&mut self) -> impl Future<Output = Result<String, Option<u16>>>;

    /// Is told what [`super::Link::set_wire`] set, before the first payload that travels so.
    ///
    /// Does nothing by default, which is right where a payload says itself how it travels; else a
    /// peer begins a [`Decoder`] and receives through it.
    fn set_wire(&mut self, _wire: Wire) {}

    /// Closes in order.
    fn close(&mut self, code: u16) -> impl Future<Output = ()>;
}

macro_rules! checks {
    ($($doc:literal $check:ident = $module:ident::$function:ident;)*) => {
        /// One rule that every link keeps.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Check {
            $(#[doc = $doc] $check,)*
        }

        impl Check {
            /// Every check, in the order in which [`all`] runs them.
            pub const ALL: &[Self] = &[$(Self::$check,)*];

            /// Opens a link and checks the rule; panics when it is broken.
            pub async fn run<B: Bench>(self, bench: &B) {
                match self {
                    $(Self::$check => $module::$function(bench).await,)*
                }
            }
        }
    };
}

checks! {
    "Payloads of the peer are received one by one, as they were sent."
    PayloadsArrive = order::payloads_arrive_whole_and_in_order;
    "A batch arrives with its sequences, in order, and before what is sent after it."
    DispatchesArrive = order::dispatches_arrive_whole_and_in_order;
    "Dispatches of a lane arrive in order, whichever lanes others take."
    LanesKeepOrder = order::lanes_keep_their_order;
    "Whatever the wire, and whenever it is set, the peer reads the same text."
    WiresCarry = wires::every_wire_carries_the_same_text;
    "A link whose peer does not receive takes fewer than given, then nothing until it was flushed."
    BlockedTakesNoMore = room::blocked_link_takes_no_more_until_flushed;
    "Control sent on a blocked link arrives after every dispatch that was taken before it."
    ControlWaits = room::control_waits_behind_what_was_taken;
    "A blocked link keeps as much control as the port says, and no more."
    ControlIsBounded = room::control_backlog_is_what_the_port_says;
    "A blocked link takes no large payload until it was flushed, and then takes it whole."
    LargeWaits = room::large_payloads_wait_for_room;
    "A large payload under way takes nothing from the room of control, which arrives after it."
    LargeLeavesRoom = room::large_payloads_leave_room_for_control;
    "A close behind a large payload arrives with its code, and the payload before it."
    CloseWaits = closing::close_arrives_behind_a_large_payload;
    "The link's close arrives with its code, after what was sent, and the link takes no more."
    CloseReachesPeer = closing::close_code_reaches_the_peer;
    "The peer's close arrives with its code, after what it sent."
    CloseReachesLink = closing::close_code_reaches_the_link;
    "A departed link is gone from here, and what it received and nobody polled moves along."
    DepartedKeepsPayloads = departure::departed_link_keeps_its_payloads;
    "Dispatches that were taken arrive after the link has moved, each once and in order."
    DepartedKeepsDispatches = departure::departed_link_keeps_what_it_took;
    "Control and a large payload that wait arrive after the link has moved, in order."
    DepartedKeepsControl = departure::departed_link_keeps_control_and_large_payloads;
    "The wire moves along, and refers to nothing of the log that the link came from."
    DepartedKeepsWire = departure::departed_link_keeps_its_wire;
    "A close that is under way goes on after the link has moved."
    DepartedKeepsClose = closing::departed_link_keeps_its_close;
    "Address, kind and counts move along; the query was for who asked first."
    DepartedKeepsName = departure::departed_link_keeps_its_name_and_counts;
}

/// Runs the whole suite.
pub async fn all<B: Bench>(bench: &B) {
    for check in Check::ALL {
        check.run(bench).await;
    }
}
