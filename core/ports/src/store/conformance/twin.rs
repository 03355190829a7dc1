//! Stores that are broken on purpose, to see that the suite notices.
//!
//! A twin is an adapter's own store in which one thing is wrong; everything else is as it was.

mod store;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;

use super::Check;
use crate::store::Store;

use store::Twin;

macro_rules! faults {
    ($($doc:literal $fault:ident => $($check:ident),+;)*) => {
        /// One thing that is wrong with a store.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Fault {
            $(#[doc = $doc] $fault,)*
        }

        /// Each fault with the checks that catch it.
        pub const CAUGHT: &[(Fault, &[Check])] = &[$((Fault::$fault, &[$(Check::$check),+]),)*];
    };
}

faults! {
    "There is a guild that nobody made."
    InventsGuild => EmptyAnswersNothing;
    "Users are found by names in other letters."
    LooseNames => UsersAreFound;
    "The writes of a commit take effect one by one, up to the first that fails."
    CommitsInParts => TakenNameFails, EventStays;
    "A name is its first owner's for ever."
    NamesForEver => RenamedFreesName;
    "Whoever changes a user undoes what operators decided."
    UndoesDecisions => DecisionsOutlive;
    "Accounts are listed again on the next page."
    RepeatsAccount => AccountsArePaged;
    "All tokens of a user are never removed at once."
    KeepsTokens => TokensAreRemoved;
    "Roles come in another order."
    ReversesRoles => GuildHasParts;
    "Invites stay when their channel is deleted."
    KeepsInvites => InvitesGo;
    "Members show the account with which they joined."
    FreezesAccounts => MembersShowAccount;
    "The last member of a long page is missing."
    LosesMember => MembersComeOnce;
    "The last message of a channel is what the channel was written with."
    LastMessageGoesBack => LastMessageStays;
    "The events of a deleted guild stay."
    KeepsEvents => GuildTakesAll;
    "A commit has its place when it is first polled."
    CommitsWhenPolled => CommitsInOrder;
    "Commands come in another order."
    ReversesCommands => CommandsAreKept;
    "Commands stay when their guild is deleted."
    KeepsCommands => CommandsGo;
    "Content ends before its first NUL."
    EndsAtNul => MessageIsWhole;
    "Pages of history are oldest first."
    OldestFirst => PagesNewestFirst;
    "A change to a message that is gone brings it back."
    BringsBack => GoneStaysGone;
    "The emoji that came last is counted first."
    ReversesReactions => ReactionsCounted;
    "There is no answer for a message that does not exist."
    SkipsRows => RowsAnswerAll;
    "Each page of reactors begins with the first."
    RepeatsReactors => ReactorsArePaged;
    "The messages of a deleted channel stay."
    KeepsMessages => ChannelTakesAll;
    "Nonces are forgotten."
    ForgetsNonces => NoncesAreKept;
    "Events are read from a place on, not after it."
    RepeatsEvent => EventsAfterPlace;
    "A second event with the same place is dropped in silence."
    DropsEvent => EventStays;
    "Nothing is left of the events of a guild when they are trimmed."
    TrimsAll => TrimKeepsNewest;
    "The messages of a guild are counted and never discounted."
    NeverShrinks => SizesAreTrue;
    "All old messages go at once."
    ExpiresAtOnce => OldGoInTurns;
}

/// Breaks an adapter's stores in every way of [`CAUGHT`], and expects each check to notice; `open`
/// makes an empty store for each.
///
/// # Panics
///
/// A check does not notice, or nothing shows that it can fail.
pub async fn all<O: Future<Output = Arc<dyn Store>>>(mut open: impl FnMut() -> O) {
    for check in Check::ALL {
        let is_tried = CAUGHT.iter().any(|(_, checks)| checks.contains(check));
        assert!(is_tried, "nothing shows that {check:?} can fail");
    }
    for (fault, checks) in CAUGHT {
        for check in *checks {
            check.run(&*open().await).await;
            let twin = Twin::new(open().await, *fault);
            let caught = AssertUnwindSafe(check.run(&twin)).catch_unwind().await.is_err();
            assert!(caught, "{check:?} does not notice a store that {fault:?}");
        }
    }
}
