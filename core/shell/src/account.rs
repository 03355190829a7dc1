//! Whose a token is, and who a user is that has been let in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::sync::Cache;
use throng_engine::deck::Admission;
use throng_ports::store::{Store, StoreError};
use throng_ports::token::Tokens;
use throng_proto::id::UserId;
use throng_proto::model::User;
use throng_proto::record::{Account, Standing};
use throng_proto::time::Timestamp;
use throng_proto::token::{Token, TokenId};

use crate::clock;

/// Tokens whose owner is remembered: 20,000 × about 200 bytes = 4 MB.
const REMEMBERED: u64 = 20_000;
/// How long, and as long and as many users who ask for something over a link. What takes a token
/// away or changes an account forgets all of them at once, so this bounds memory, and for how long
/// a request may name its user as before an import.
const REMEMBERED_FOR: Duration = Duration::from_secs(30);
/// Who was let in, by what, and when.
#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    pub(crate) user: Arc<User>,
    pub(crate) admission: Admission,
    /// Tells, compared with [`Accounts::era`], whether tokens were taken away since.
    pub(crate) era: u64,
}

/// Finds the owners of tokens, remembering the latest.
#[derive(Clone)]
pub(crate) struct Accounts {
    store: Arc<dyn Store>,
    tokens: Arc<dyn Tokens>,
    /// By era and digest: what an older era knew is never found again.
    known: Cache<(u64, [u8; 32]), Bearer>,
    /// By era and id: who has asked over a link. Sessions that ask for nothing are not here: an
    /// entry is a fifth of what they weigh.
    users: Cache<(u64, UserId), Arc<User>>,
    era: Arc<AtomicU64>,
    /// One account is changed at a time.
    pub(crate) changing: Arc<tokio::sync::Mutex<()>>,
}

impl Accounts {
    pub(crate) fn new(store: Arc<dyn Store>, tokens: Arc<dyn Tokens>) -> Self {
        let known = Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR).build();
        let users = Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR).build();
        Self { store, tokens, known, users, era: Arc::default(), changing: Arc::default() }
    }

    /// Gives back the memory of what is remembered no more; the cache does not by itself.
    pub(crate) fn sweep(&self) {
        self.known.run_pending_tasks();
        self.users.run_pending_tasks();
    }

    /// Counts how often tokens were taken away, or accounts changed.
    pub(crate) fn era(&self) -> u64 {
        self.era.load(Ordering::Acquire)
    }

    /// Forgets everybody, after somebody's rights were taken away or an account was changed.
    pub(crate) fn forget(&self) {
        self.era.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) async fn owner(&self, token: &Token) -> Result<Option<Bearer>, StoreError> {
        let era = self.era();
        let digest = self.tokens.digest(token);
        let found = match self.known.get(&(era, digest)) {
            Some(entry) => Some(entry),
            None => self.find(token, digest, era).await?,
        };
        Ok(found.filter(|entry| !entry.admission.is_over(clock::wall())))
    }

    async fn find(
        &self,
        token: &Token,
        digest: [u8; 32],
        era: u64,
    ) -> Result<Option<Bearer>, StoreError> {
        let (account, expires_at) = match self.store.token(digest).await? {
            Some(account) => (account, None),
            None => match self.signed(token).await? {
                Some((account, end)) => (account, Some(end)),
                None => return Ok(None),
            },
        };
        if account.standing != Standing::Active {
            return Ok(None);
        }
        let admission = Admission { token: TokenId::of(&digest), expires_at };
        let entry = Bearer { user: Arc::new(account.user), admission, era };
        self.known.insert((era, digest), entry.clone());
        Ok(Some(entry))
    }

    /// Returns who a user is now that a session was begun for; `None` when its account is disabled
    /// or deleted.
    pub(crate) async fn user(&self, user: UserId) -> Result<Option<Arc<User>>, StoreError> {
        let era = self.era();
        if let Some(known) = self.users.get(&(era, user)) {
            return Ok(Some(known));
        }
        let account = self.store.account(user).await?;
        let active = account.filter(|account| account.standing == Standing::Active);
        let user = active.map(|account| Arc::new(account.user));
        if let Some(user) = &user {
            self.users.insert((era, user.id), Arc::clone(user));
        }
        Ok(user)
    }

    /// Reads a signed token that was not issued before all of its user's were taken away.
    async fn signed(&self, token: &Token) -> Result<Option<(Account, Timestamp)>, StoreError> {
        let Some(signed) = self.tokens.verify(token) else { return Ok(None) };
        let Some(account) = self.store.account(signed.user).await? else { return Ok(None) };
        let since = account.tokens_since;
        let void = since.is_some_and(|since| signed.issued_at.is_none_or(|at| at < since));
        Ok((!void).then_some((account, signed.expires_at)))
    }
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accounts").finish_non_exhaustive()
    }
}
