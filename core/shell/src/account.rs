//! Whose a token is.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use throng_ports::store::{Store, StoreError};
use throng_ports::token::Tokens;
use throng_proto::model::User;
use throng_proto::token::Token;

/// Tokens whose owner is remembered: 20,000 × about 200 bytes = 4 MB.
const REMEMBERED: u64 = 20_000;
/// How long, so that a token that was taken away stops working.
const REMEMBERED_FOR: Duration = Duration::from_secs(30);

/// Finds the owners of tokens, remembering the latest.
#[derive(Clone)]
pub(crate) struct Accounts {
    store: Arc<dyn Store>,
    tokens: Arc<dyn Tokens>,
    known: Cache<[u8; 32], User>,
}

impl Accounts {
    pub(crate) fn new(store: Arc<dyn Store>, tokens: Arc<dyn Tokens>) -> Self {
        let known = Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR).build();
        Self { store, tokens, known }
    }

    /// Gives back the memory of what is remembered no more; the cache does not by itself.
    pub(crate) fn sweep(&self) {
        self.known.run_pending_tasks();
    }

    pub(crate) async fn owner(&self, token: &Token) -> Result<Option<User>, StoreError> {
        let digest = self.tokens.digest(token);
        if let Some(user) = self.known.get(&digest) {
            return Ok(Some(user));
        }
        let found = match self.store.token(digest).await? {
            Some(user) => Some(user),
            None => match self.tokens.verify(token) {
                Some(signed) => self.store.user(signed.user).await?,
                None => None,
            },
        };
        if let Some(user) = &found {
            self.known.insert(digest, user.clone());
        }
        Ok(found)
    }
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accounts").finish_non_exhaustive()
    }
}
