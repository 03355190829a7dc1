//! Faults on purpose: what the simulator must find. Only its own build has them; in every other one
//! `has` is `false`, and nothing is left of them.

/// A fault that can be switched on by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// A client that resumes is offered everything from one entry too late.
    RewindOffByOne,
    /// Catching up begins before a session opened, where its slot was another's.
    CatchUpBeforeOpened,
    /// A lag forgets the first frame that the link did not take.
    LagForgetsFirst,
    /// A lag remembers the last frame that the link took as not taken.
    LagRepeatsLast,
    /// The place up to which a session was visited is that of the pass before.
    VisitedEndOld,
    /// A digest is told again.
    DigestTwice,
    /// Relays do not hear of every other change of roles and channels.
    ShapeForgotten,
    /// Overwrites of members are not looked at.
    MemberOverwriteIgnored,
    /// The record of a dispatch is written after the pass that sends it.
    RecordLate,
    /// A dispatch is not written down.
    RecordMissing,
    /// A snapshot counts what a pass under way has sent twice.
    SnapshotCountsTwice,
    /// A snapshot forgets what was promised and not sent.
    SnapshotForgetsPending,
    /// A session that survived takes its client's word for any number.
    BoundIgnored,
    /// A move between relays forgets who moved.
    MoveForgets,
    /// Who leaves a guild stays on its relay.
    LeaverStays,
    /// A guild that has granted a place twice is taken twice at its word.
    RestoreTwice,
    /// Events that were missed are told to everybody, not only to who missed them.
    RestoreToAll,
    /// A guild publishes before the store has committed.
    PublishEarly,
    /// A commit that failed counts as made.
    FailureIgnored,
    /// Acknowledged dispatches are given up at once, before the client can be sure.
    AcknowledgedAtOnce,
    /// Content goes to whoever may see the message.
    ContentToAll,
    /// The next owner of a guild is not asked for lists that the last one has not answered.
    ListUnanswered,
    /// Who may not view a channel any more keeps its member list.
    ListKeepsHidden,
    /// Rows that go are told from the first one on, so that later ones have moved by then.
    ListDeletesForwards,
    /// Who was passive and is active is not told what it missed.
    WokenUntold,
    /// Who got digests under pressure is not told what it missed when that is over.
    DegradedUntold,
    /// Changes of messages are shed like reactions.
    ShedChanges,
    /// A review leaves the first attachment of a slice as it was.
    ReviewSkipsFirst,
    /// The next owner of a guild is not told who left meanwhile.
    HandOffForgets,
    /// Nonces stay with the last owner of a guild.
    NoncesStay,
    /// A session that a guild does not take is not told so.
    TurnedAwayUntold,
}

impl Planted {
    /// Every one, with its name.
    pub const ALL: [(Self, &'static str); 31] = [
        (Self::RewindOffByOne, "rewind-off-by-one"),
        (Self::CatchUpBeforeOpened, "catch-up-before-opened"),
        (Self::LagForgetsFirst, "lag-forgets-first"),
        (Self::LagRepeatsLast, "lag-repeats-last"),
        (Self::VisitedEndOld, "visited-end-old"),
        (Self::DigestTwice, "digest-twice"),
        (Self::ShapeForgotten, "shape-forgotten"),
        (Self::MemberOverwriteIgnored, "member-overwrite-ignored"),
        (Self::RecordLate, "record-late"),
        (Self::RecordMissing, "record-missing"),
        (Self::SnapshotCountsTwice, "snapshot-counts-twice"),
        (Self::SnapshotForgetsPending, "snapshot-forgets-pending"),
        (Self::BoundIgnored, "bound-ignored"),
        (Self::MoveForgets, "move-forgets"),
        (Self::LeaverStays, "leaver-stays"),
        (Self::RestoreTwice, "restore-twice"),
        (Self::RestoreToAll, "restore-to-all"),
        (Self::PublishEarly, "publish-early"),
        (Self::FailureIgnored, "failure-ignored"),
        (Self::AcknowledgedAtOnce, "acknowledged-at-once"),
        (Self::ContentToAll, "content-to-all"),
        (Self::ListUnanswered, "list-unanswered"),
        (Self::ListKeepsHidden, "list-keeps-hidden"),
        (Self::ListDeletesForwards, "list-deletes-forwards"),
        (Self::WokenUntold, "woken-untold"),
        (Self::DegradedUntold, "degraded-untold"),
        (Self::ShedChanges, "shed-changes"),
        (Self::ReviewSkipsFirst, "review-skips-first"),
        (Self::HandOffForgets, "hand-off-forgets"),
        (Self::NoncesStay, "nonces-stay"),
        (Self::TurnedAwayUntold, "turned-away-untold"),
    ];
}

#[cfg(feature = "planted")]
mod switch {
    use std::cell::Cell;

    use super::Planted;

    thread_local! {
        static ON: Cell<Option<Planted>> = const { Cell::new(None) };
    }

    /// Switches one on in this thread, and any other one off.
    pub fn plant(fault: Option<Planted>) {
        ON.set(fault);
    }

    /// Tells whether a fault is switched on.
    pub(crate) fn has(fault: Planted) -> bool {
        ON.get() == Some(fault)
    }
}

#[cfg(feature = "planted")]
pub(crate) use switch::has;
#[cfg(feature = "planted")]
pub use switch::plant;

/// Tells whether a fault is switched on: none is.
#[cfg(not(feature = "planted"))]
pub(crate) const fn has(_: Planted) -> bool {
    false
}
