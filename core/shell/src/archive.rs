//! The archive: what is kept for good, and what follows for the node when it cannot be read or
//! written.

use std::sync::Arc;
use std::time::Duration;

use throng_ports::store::{Store, StoreError, Stored};
use throng_ports::token::Tokens;
use throng_proto::id::{Id, Ids, UserId};
use throng_proto::record::{Account, Standing, TokenRecord, Write};
use throng_proto::refusal::Refusal;

use crate::account::Accounts;
use crate::clock;
use crate::troubles::Troubles;

/// How long a failure counts as a trouble, unless a good answer follows.
const TROUBLED_FOR: Duration = Duration::from_mins(1);

/// The trouble of reads.
const READS: &str = "store:reads";
/// The trouble of commits that no guild asks for.
const COMMITS: &str = "store:commits";
/// The trouble of a damaged database, about which a good answer says nothing: it was about another
/// part.
const DAMAGE: &str = "store:damage";

/// The store with the accounts and ids of what is in it. Clones share it.
#[derive(Clone)]
pub(crate) struct Archive {
    pub(crate) store: Arc<dyn Store>,
    /// Whose tokens are.
    pub(crate) accounts: Accounts,
    /// Makes ids that no other thing of this node has.
    pub(crate) ids: Ids,
    tokens: Arc<dyn Tokens>,
    troubles: Troubles,
}

impl Archive {
    pub(crate) fn new(store: Arc<dyn Store>, tokens: Arc<dyn Tokens>, troubles: Troubles) -> Self {
        let accounts = Accounts::new(Arc::clone(&store), Arc::clone(&tokens));
        Self { store, accounts, ids: Ids::new(0), tokens, troubles }
    }

    /// Makes a snowflake that no other thing of this node has.
    pub(crate) fn next_id<M>(&self) -> Id<M> {
        self.ids.next(clock::wall())
    }

    /// Takes what was read.
    ///
    /// # Errors
    ///
    /// It could not be read: 503.
    pub(crate) fn read<T>(&self, read: Stored<T>) -> Result<T, Refusal> {
        self.note_read(read.as_ref().err());
        read.map_err(|error| unavailable(&error))
    }

    /// Notes how a read went. A row that cannot be read is that row's trouble alone.
    pub(crate) fn note_read(&self, failed: Option<&StoreError>) {
        match failed {
            Some(StoreError::Unreadable(_)) => {}
            Some(error) => self.note_failure(READS, error),
            None => _ = self.troubles.clear(READS),
        }
    }

    /// Takes the answer to a commit that no guild asked for.
    ///
    /// # Errors
    ///
    /// It was not made: 503.
    pub(crate) fn committed(&self, commit: Stored<()>) -> Result<(), Refusal> {
        match &commit {
            // Others are refusals of what was asked, such as a name that is taken.
            Err(error @ (StoreError::Full(_) | StoreError::Damaged(_) | StoreError::Gone(_))) => {
                self.note_failure(COMMITS, error);
            }
            Err(_) => {}
            Ok(()) => _ = self.troubles.clear(COMMITS),
        }
        commit.map_err(|error| unavailable(&error))
    }

    fn note_failure(&self, name: &'static str, error: &StoreError) {
        let name = if matches!(error, StoreError::Damaged(_)) { DAMAGE } else { name };
        self.troubles.set_for(name, error.to_string(), TROUBLED_FOR);
    }

    /// Reads an account that was not deleted.
    ///
    /// # Errors
    ///
    /// It could not be read: 503.
    pub(crate) async fn account(&self, user: UserId) -> Result<Option<Account>, Refusal> {
        let found = self.read(self.store.account(user).await)?;
        Ok(found.filter(|account| account.standing != Standing::Deleted))
    }

    /// As [`Self::account`], for one that must be there.
    ///
    /// # Errors
    ///
    /// It could not be read, or there is none.
    pub(crate) async fn known(&self, user: UserId) -> Result<Account, Refusal> {
        self.account(user).await?.ok_or(Refusal::UnknownUser)
    }

    /// Makes a token: its secret, what to write, and what is known of it.
    pub(crate) fn mint(&self, user: UserId) -> (String, Write, TokenRecord) {
        let token = self.tokens.issue(user);
        let (digest, made_at) = (self.tokens.digest(&token), clock::wall());
        let record = TokenRecord { digest, made_at: Some(made_at) };
        (token.expose().to_owned(), Write::Token { digest, user, made_at }, record)
    }
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").finish_non_exhaustive()
    }
}

/// Says why something cannot be done now.
pub(crate) fn unavailable(error: &impl std::fmt::Display) -> Refusal {
    Refusal::unavailable(error.to_string())
}
