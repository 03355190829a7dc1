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

use super::Node;
use crate::archive::Archive;
use crate::clock;
use crate::letter::{Inquiry, Turned};
use crate::post::Post;

/// Tokens that one account may have.
const TOKENS_MAX: usize = 100;

/// What a link is told that ends.
const TAKEN: &str = "The token was taken away.";
const DISABLED: &str = "The account is disabled.";
const ENDED: &str = "An operator ended the session.";

impl Registry for Node {
    fn account(&self, user: UserId) -> Asked<Option<Account>> {
        let archive = self.archive.clone();
        Box::pin(async move { archive.account(user).await })
    }

    fn accounts(&self, after: UserId, limit: usize) -> Asked<Vec<Account>> {
        let (read, archive) = (self.archive.store.accounts(after, limit), self.archive.clone());
        Box::pin(async move { archive.read(read.await) })
    }

    fn open_account(&self, draft: AccountDraft) -> Asked<(Account, String)> {
        let AccountDraft { username, bot, owner } = draft;
        let user = User::new(self.archive.next_id(), username, bot);
        let account = Account { owner, ..Account::new(user) };
        let (token, write, _) = self.archive.mint(account.user.id);
        let writes = vec![Write::Account(Box::new(account.clone())), write];
        let (commit, archive) = (self.archive.store.commit(writes), self.archive.clone());
        Box::pin(async move {
            archive.committed(commit.await)?;
            Ok((account, token))
        })
    }

    fn change_account(&self, user: UserId, change: AccountChange) -> Asked<Account> {
        let (archive, post) = (self.archive.clone(), self.post.clone());
        to_its_end(async move {
            let _turn = archive.accounts.changing.lock().await;
            let mut account = archive.known(user).await?;
            if let Some(owner) = change.owner {
                account.owner = owner;
            }
            if let Some(disabled) = change.disabled {
                account.standing = if disabled { Standing::Disabled } else { Standing::Active };
            }
            let write = Write::Account(Box::new(account.clone()));
            archive.committed(archive.store.commit(vec![write]).await)?;
            archive.accounts.forget();
            if account.standing == Standing::Disabled {
                turn_out(&post, Turned::User(user), DISABLED).await;
            }
            Ok(account)
        })
    }

    fn delete_account(&self, user: UserId) -> Asked<()> {
        let (archive, post) = (self.archive.clone(), self.post.clone());
        to_its_end(async move {
            let _turn = archive.accounts.changing.lock().await;
            let mut account = archive.known(user).await?;
            account.user = User::new(user, format!("deleted-{user}"), account.user.bot);
            account.standing = Standing::Deleted;
            let account = Write::Account(Box::new(account));
            let writes = vec![account, Write::TokensDelete(user), Write::CommandsDelete(user)];
            archive.committed(archive.store.commit(writes).await)?;
            archive.accounts.forget();
            turn_out(&post, Turned::User(user), "The account was deleted.").await;
            Ok(())
        })
    }

    fn tokens_of(&self, user: UserId) -> Asked<Vec<TokenRecord>> {
        let archive = self.archive.clone();
        Box::pin(async move {
            archive.known(user).await?;
            archive.read(archive.store.tokens_of(user).await)
        })
    }

    fn add_token(&self, user: UserId) -> Asked<(TokenRecord, String)> {
        let archive = self.archive.clone();
        to_its_end(async move {
            let _turn = archive.accounts.changing.lock().await;
            archive.known(user).await?;
            if archive.read(archive.store.tokens_of(user).await)?.len() >= TOKENS_MAX {
                let (what, max) = ("tokens of one account", TOKENS_MAX);
                return Err(Refusal::TooMany { what, max, code: 0 });
            }
            let (token, write, record) = archive.mint(user);
            archive.committed(archive.store.commit(vec![write]).await)?;
            Ok((record, token))
        })
    }

    fn revoke_token(&self, user: UserId, token: TokenId) -> Asked<()> {
        let (archive, post) = (self.archive.clone(), self.post.clone());
        to_its_end(async move {
            let _turn = archive.accounts.changing.lock().await;
            archive.known(user).await?;
            let tokens = archive.read(archive.store.tokens_of(user).await)?.into_iter();
            let named = tokens.filter(|record| TokenId::of(&record.digest) == token);
            let writes: Vec<_> = named.map(|record| Write::TokenDelete(record.digest)).collect();
            if writes.is_empty() {
                return Err(Refusal::UnknownToken);
            }
            archive.committed(archive.store.commit(writes).await)?;
            archive.accounts.forget();
            turn_out(&post, Turned::Token(user, token), TAKEN).await;
            Ok(())
        })
    }

    fn revoke_tokens(&self, user: UserId) -> Asked<usize> {
        let (archive, post) = (self.archive.clone(), self.post.clone());
        to_its_end(async move {
            let _turn = archive.accounts.changing.lock().await;
            revoke_all(&archive, &post, user, None).await
        })
    }

    fn rotate_tokens(&self, user: UserId) -> Asked<(TokenRecord, String)> {
        let (archive, post) = (self.archive.clone(), self.post.clone());
        to_its_end(async move {
            let _turn = archive.accounts.changing.lock().await;
            let (token, write, record) = archive.mint(user);
            revoke_all(&archive, &post, user, Some(write)).await?;
            Ok((record, token))
        })
    }

    fn sessions(&self, wanted: SessionsWanted) -> BoxFuture<'static, Vec<SessionStatus>> {
        let post = self.post.clone();
        Box::pin(async move {
            let found = post.ask_all(|answer| Inquiry::Statuses(wanted, answer)).await;
            let mut found: Vec<SessionStatus> = found.into_iter().flatten().collect();
            found.sort_by_key(|session| session.id);
            found.truncate(wanted.limit);
            found
        })
    }

    fn session(&self, digits: u64) -> BoxFuture<'static, Option<SessionDetail>> {
        let post = self.post.clone();
        Box::pin(async move {
            let found = post.ask_all(|answer| Inquiry::Detail(digits, answer)).await;
            found.into_iter().flatten().next()
        })
    }

    fn end_sessions(&self, which: SessionsEnded) -> BoxFuture<'static, usize> {
        let post = self.post.clone();
        let whose = match which {
            SessionsEnded::Of(user) => Turned::User(user),
            SessionsEnded::One(digits) => Turned::Session(digits),
        };
        Box::pin(async move { turn_out(&post, whose, ENDED).await })
    }

    fn guild_loads(&self, after: GuildId, limit: usize) -> BoxFuture<'static, Vec<GuildLoad>> {
        let (archive, post) = (self.archive.clone(), self.post.clone());
        Box::pin(async move {
            let guilds = post.directory.ids(after, limit);
            let sizes = archive.read(archive.store.sizes(guilds.clone()).await);
            let mut sizes = sizes.unwrap_or_default().into_iter();
            let unused = |guild: &GuildId| GuildLoad {
                guild: *guild,
                attachments: 0,
                relays: 0,
                size: sizes.next(),
            };
            let mut sum: Vec<GuildLoad> = guilds.iter().map(unused).collect();
            let guilds: Arc<[GuildId]> = guilds.into();
            let load = |answer| Inquiry::Loads(Arc::clone(&guilds), answer);
            for loads in post.ask_all(load).await {
                for (all, here) in sum.iter_mut().zip(loads) {
                    all.attachments += here.attachments;
                    all.relays += here.relays;
                }
            }
            sum
        })
    }
}

/// Takes all tokens of a user away, maybe with one in their place.
async fn revoke_all(
    archive: &Archive,
    post: &Post,
    user: UserId,
    new: Option<Write>,
) -> Result<usize, Refusal> {
    let mut account = archive.known(user).await?;
    let count = archive.read(archive.store.tokens_of(user).await)?.len();
    account.tokens_since = Some(clock::wall());
    let taken = [Write::Account(Box::new(account)), Write::TokensDelete(user)];
    archive.committed(archive.store.commit(taken.into_iter().chain(new).collect()).await)?;
    archive.accounts.forget();
    turn_out(post, Turned::User(user), TAKEN).await;
    Ok(count)
}

async fn turn_out(post: &Post, whose: Turned, why: &'static str) -> usize {
    post.ask_all(|answer| Inquiry::TurnOut(whose, why, answer)).await.into_iter().sum()
}

/// Does something to its end, whoever waits for it: half a revocation would be none.
pub(super) fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Asked<T> {
    let task = tokio::spawn(work);
    Box::pin(async move {
        let gone = |_| Refusal::unavailable("The change broke off; look whether it took effect.");
        task.await.map_err(gone)?
    })
}
