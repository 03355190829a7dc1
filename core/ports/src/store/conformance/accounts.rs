//! Checks of accounts as operators see them, and of their tokens.

use throng_proto::id::{GuildId, UserId};
use throng_proto::model::User;
use throng_proto::record::{Account, Standing, TokenRecord, Write};
use throng_proto::time::Timestamp;

use super::sample::{PAST, member, user};
use super::{commit, ok, refused};
use crate::store::Store;

pub(super) async fn what_operators_decide_outlives_what_users_change(store: &dyn Store) {
    let id = UserId::new(241);
    assert_eq!(ok(store.account(id).await), None);
    commit(store, vec![Write::User(user(241))]).await;
    assert_eq!(ok(store.account(id).await), Some(Account::new(user(241))));
    let decided = Account {
        user: User { username: "bot241".to_owned(), bot: true, ..user(241) },
        standing: Standing::Disabled,
        owner: Some(UserId::new(242)),
        tokens_since: Some(PAST),
    };
    commit(store, vec![Write::Account(Box::new(decided.clone()))]).await;
    assert_eq!(ok(store.account(id).await), Some(decided.clone()));
    assert_eq!(ok(store.user_named("bot241".to_owned()).await), Some(decided.user.clone()));
    assert_eq!(ok(store.user_named("user241".to_owned()).await), None);
    // Members are written with their users.
    let joined = Write::Member(GuildId::new(243), member(241));
    commit(store, vec![joined, Write::MemberDelete(GuildId::new(243), id)]).await;
    let renamed = Account { user: user(241), ..decided };
    assert_eq!(ok(store.account(id).await), Some(renamed));
    commit(store, vec![Write::User(user(242))]).await;
    let thief = Account::new(User { username: "user242".to_owned(), ..user(241) });
    let text = refused(store, vec![Write::Account(Box::new(thief))]).await;
    assert!(text.contains("user242"), "the refusal names the name: {text}");
}

pub(super) async fn accounts_are_paged_by_id(store: &dyn Store) {
    let mut all = Vec::new();
    for id in [253, 251, 255, 252, 254] {
        let mut account = Account::new(user(id));
        account.standing = match id {
            252 => Standing::Deleted,
            253 => Standing::Disabled,
            _ => Standing::Active,
        };
        all.push(account.clone());
        commit(store, vec![Write::Account(Box::new(account))]).await;
    }
    all.retain(|account| account.standing != Standing::Deleted);
    all.sort_by_key(|account| account.user.id);
    assert_eq!(ok(store.accounts(UserId::new(250), 3).await), all[..3]);
    assert_eq!(ok(store.accounts(UserId::new(251), 2).await), all[1..3]);
    assert_eq!(ok(store.accounts(UserId::new(254), 1).await), all[3..]);
    assert_eq!(ok(store.accounts(UserId::new(u64::MAX), 100).await), []);
    assert_eq!(ok(store.accounts(UserId::new(0), 0).await), []);
    let gone = ok(store.account(UserId::new(252)).await);
    assert_eq!(gone.map(|account| account.standing), Some(Standing::Deleted));
}

pub(super) async fn tokens_are_listed_and_removed(store: &dyn Store) {
    let (ann, ben) = (UserId::new(261), UserId::new(262));
    let token = |digest: u8, user, minutes: u64| Write::Token {
        digest: [digest; 32],
        user,
        made_at: Timestamp::from_millis(PAST.millis() + minutes * 60_000),
    };
    let record = |digest: u8, minutes: u64| TokenRecord {
        digest: [digest; 32],
        made_at: Some(Timestamp::from_millis(PAST.millis() + minutes * 60_000)),
    };
    let users = [user(261), user(262)].map(Write::User);
    let tokens = [token(203, ann, 2), token(201, ann, 3), token(202, ann, 1), token(204, ben, 4)];
    commit(store, users.into_iter().chain(tokens).collect()).await;
    let listed = [record(202, 1), record(203, 2), record(201, 3)];
    assert_eq!(ok(store.tokens_of(ann).await), listed);
    commit(store, vec![Write::TokenDelete([203; 32]), Write::TokenDelete([9; 32])]).await;
    assert_eq!(ok(store.tokens_of(ann).await), [listed[0], listed[2]]);
    assert_eq!(ok(store.token([203; 32]).await), None);
    let replaced = vec![Write::TokensDelete(ann), token(205, ann, 5)];
    commit(store, replaced).await;
    assert_eq!(ok(store.tokens_of(ann).await), [record(205, 5)]);
    assert_eq!(ok(store.token([201; 32]).await), None);
    assert_eq!(ok(store.tokens_of(ben).await), [record(204, 4)], "others keep theirs");
    assert_eq!(ok(store.tokens_of(UserId::new(9)).await), []);
}
