//! The node as operators see it: accounts, tokens, sessions.

use std::sync::Arc;

use throng_ports::link::BoxFuture;
use throng_ports::registry::{
    AccountChange, AccountDraft, Asked, GuildLoad, Registry, SessionDetail, SessionStatus,
    SessionsEnded, SessionsWanted,
};
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::User;
use throng_proto::record::{Account, Standing, TokenRecord, Write};
use throng_proto::refusal::Refusal;
use throng_proto::token::TokenId;
use tokio::sync::oneshot;

use super::{Node, Shared};
use crate::clock;
use crate::worker::{Turned, Visit, Worker, WorkerMessage};

/// Tokens that one account may have.
const TOKENS_MAX: usize = 100;

/// What a link is told that ends.
const TAKEN: &str = "The token was taken away.";
const DISABLED: &str = "The account is disabled.";
const ENDED: &str = "An operator ended the session.";

impl Registry for Node {
    fn account(&self, user: UserId) -> Asked<Option<Account>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.account(user).await })
    }

    fn accounts(&self, after: UserId, limit: usize) -> Asked<Vec<Account>> {
        let (read, shared) = (self.shared.store.accounts(after, limit), Arc::clone(&self.shared));
        Box::pin(async move { shared.read(read.await) })
    }

    fn open_account(&self, draft: AccountDraft) -> Asked<(Account, String)> {
        let AccountDraft { username, bot, owner } = draft;
        let user = User::new(self.shared.next_id(), username, bot);
        let account = Account { owner, ..Account::new(user) };
        let (token, write, _) = self.shared.mint(account.user.id);
        let writes = vec![Write::Account(Box::new(account.clone())), write];
        let (commit, shared) = (self.shared.store.commit(writes), Arc::clone(&self.shared));
        Box::pin(async move {
            shared.committed(commit.await)?;
            Ok((account, token))
        })
    }

    fn change_account(&self, user: UserId, change: AccountChange) -> Asked<Account> {
        let shared = Arc::clone(&self.shared);
        to_its_end(async move {
            let _turn = shared.accounts.changing.lock().await;
            let mut account = shared.known(user).await?;
            if let Some(owner) = change.owner {
                account.owner = owner;
            }
            if let Some(disabled) = change.disabled {
                account.standing = if disabled { Standing::Disabled } else { Standing::Active };
            }
            let write = Write::Account(Box::new(account.clone()));
            shared.committed(shared.store.commit(vec![write]).await)?;
            shared.accounts.forget();
            if account.standing == Standing::Disabled {
                shared.turn_out(Turned::User(user), DISABLED).await;
            }
            Ok(account)
        })
    }

    fn delete_account(&self, user: UserId) -> Asked<()> {
        let shared = Arc::clone(&self.shared);
        to_its_end(async move {
            let _turn = shared.accounts.changing.lock().await;
            let mut account = shared.known(user).await?;
            account.user = User::new(user, format!("deleted-{user}"), account.user.bot);
            account.standing = Standing::Deleted;
            let account = Write::Account(Box::new(account));
            let writes = vec![account, Write::TokensDelete(user), Write::CommandsDelete(user)];
            shared.committed(shared.store.commit(writes).await)?;
            shared.accounts.forget();
            shared.turn_out(Turned::User(user), "The account was deleted.").await;
            Ok(())
        })
    }

    fn tokens_of(&self, user: UserId) -> Asked<Vec<TokenRecord>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            shared.known(user).await?;
            shared.read(shared.store.tokens_of(user).await)
        })
    }

    fn add_token(&self, user: UserId) -> Asked<(TokenRecord, String)> {
        let shared = Arc::clone(&self.shared);
        to_its_end(async move {
            let _turn = shared.accounts.changing.lock().await;
            shared.known(user).await?;
            if shared.read(shared.store.tokens_of(user).await)?.len() >= TOKENS_MAX {
                let (what, max) = ("tokens of one account", TOKENS_MAX);
                return Err(Refusal::TooMany { what, max, code: 0 });
            }
            let (token, write, record) = shared.mint(user);
            shared.committed(shared.store.commit(vec![write]).await)?;
            Ok((record, token))
        })
    }

    fn revoke_token(&self, user: UserId, token: TokenId) -> Asked<()> {
        let shared = Arc::clone(&self.shared);
        to_its_end(async move {
            let _turn = shared.accounts.changing.lock().await;
            shared.known(user).await?;
            let tokens = shared.read(shared.store.tokens_of(user).await)?.into_iter();
            let named = tokens.filter(|record| TokenId::of(&record.digest) == token);
            let writes: Vec<_> = named.map(|record| Write::TokenDelete(record.digest)).collect();
            if writes.is_empty() {
                return Err(Refusal::UnknownToken);
            }
            shared.committed(shared.store.commit(writes).await)?;
            shared.accounts.forget();
            shared.turn_out(Turned::Token(user, token), TAKEN).await;
            Ok(())
        })
    }

    fn revoke_tokens(&self, user: UserId) -> Asked<usize> {
        let shared = Arc::clone(&self.shared);
        to_its_end(async move {
            let _turn = shared.accounts.changing.lock().await;
            shared.revoke_all(user, None).await
        })
    }

    fn rotate_tokens(&self, user: UserId) -> Asked<(TokenRecord, String)> {
        let shared = Arc::clone(&self.shared);
        to_its_end(async move {
            let _turn = shared.accounts.changing.lock().await;
            let (token, write, record) = shared.mint(user);
            shared.revoke_all(user, Some(write)).await?;
            Ok((record, token))
        })
    }

    fn sessions(&self, wanted: SessionsWanted) -> BoxFuture<'static, Vec<SessionStatus>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let found = shared.visit_all(move |worker| worker.statuses(wanted)).await;
            let mut found: Vec<SessionStatus> = found.into_iter().flatten().collect();
            found.sort_by_key(|session| session.id);
            found.truncate(wanted.limit);
            found
        })
    }

    fn session(&self, digits: u64) -> BoxFuture<'static, Option<SessionDetail>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let found = shared.visit_all(move |worker| worker.detail(digits)).await;
            found.into_iter().flatten().next()
        })
    }

    fn end_sessions(&self, which: SessionsEnded) -> BoxFuture<'static, usize> {
        let shared = Arc::clone(&self.shared);
        let whose = match which {
            SessionsEnded::Of(user) => Turned::User(user),
            SessionsEnded::One(digits) => Turned::Session(digits),
        };
        Box::pin(async move { shared.turn_out(whose, ENDED).await })
    }

    fn guild_loads(&self, after: GuildId, limit: usize) -> BoxFuture<'static, Vec<GuildLoad>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let guilds = shared.directory.ids(after, limit);
            let sizes = shared.read(shared.store.sizes(guilds.clone()).await);
            let mut sizes = sizes.unwrap_or_default().into_iter();
            let unused = |guild: &GuildId| GuildLoad {
                guild: *guild,
                attachments: 0,
                relays: 0,
                size: sizes.next(),
            };
            let mut sum: Vec<GuildLoad> = guilds.iter().map(unused).collect();
            for loads in shared.visit_all(move |worker| worker.loads(&guilds)).await {
                for (all, here) in sum.iter_mut().zip(loads) {
                    all.attachments += here.attachments;
                    all.relays += here.relays;
                }
            }
            sum
        })
    }
}

impl Shared {
    /// Reads an account that was not deleted.
    async fn account(&self, user: UserId) -> Result<Option<Account>, Refusal> {
        let found = self.read(self.store.account(user).await)?;
        Ok(found.filter(|account| account.standing != Standing::Deleted))
    }

    async fn known(&self, user: UserId) -> Result<Account, Refusal> {
        self.account(user).await?.ok_or(Refusal::UnknownUser)
    }

    /// Makes a token: its secret, what to write, and what is known of it.
    pub(super) fn mint(&self, user: UserId) -> (String, Write, TokenRecord) {
        let token = self.tokens.issue(user);
        let (digest, made_at) = (self.tokens.digest(&token), clock::wall());
        let record = TokenRecord { digest, made_at: Some(made_at) };
        (token.expose().to_owned(), Write::Token { digest, user, made_at }, record)
    }

    /// Takes all tokens of a user away, maybe with one in their place.
    async fn revoke_all(&self, user: UserId, new: Option<Write>) -> Result<usize, Refusal> {
        let mut account = self.known(user).await?;
        let count = self.read(self.store.tokens_of(user).await)?.len();
        account.tokens_since = Some(clock::wall());
        let taken = [Write::Account(Box::new(account)), Write::TokensDelete(user)];
        self.committed(self.store.commit(taken.into_iter().chain(new).collect()).await)?;
        self.accounts.forget();
        self.turn_out(Turned::User(user), TAKEN).await;
        Ok(count)
    }

    async fn turn_out(&self, whose: Turned, why: &'static str) -> usize {
        self.visit_all(move |worker| worker.turn_out(whose, why)).await.into_iter().sum()
    }

    /// Does something on every worker, and gathers what comes of it.
    async fn visit_all<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Worker) -> T + Clone + Send + 'static,
    ) -> Vec<T> {
        let mut answers = Vec::with_capacity(self.worker_count());
        for worker in 0..self.worker_count() {
            let (answer, told) = oneshot::channel();
            let work = work.clone();
            let visit = Visit::new(move |worker| {
                // Nobody may be waiting any more.
                _ = answer.send(work(worker));
            });
            self.send(worker, WorkerMessage::Visit(visit)).await;
            answers.push(told);
        }
        let mut gathered = Vec::with_capacity(answers.len());
        for told in answers {
            gathered.extend(told.await);
        }
        gathered
    }
}

/// Does something to its end, whoever waits for it: half a revocation would be none.
pub(super) fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Asked<T> {
    let task = tokio::spawn(work);
    Box::pin(async move {
        let gone = |_| Refusal::Unavailable {
            reason: "The change broke off; look whether it took effect.".to_owned(),
            retry_after: throng_ports::hub::RETRY_AFTER,
        };
        task.await.map_err(gone)?
    })
}
