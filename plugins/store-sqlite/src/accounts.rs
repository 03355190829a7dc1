//! Accounts as operators see them, and their tokens.

use rusqlite::{Connection, Row, params};
use throng_proto::id::{Id, UserId};
use throng_proto::record::{Account, Standing, TokenRecord};
use throng_proto::time::Timestamp;

use crate::query::{Outcome, all, bound, json, key, one, run};

/// Numbers of standings in the table.
const ACTIVE: i64 = 0;
const DISABLED: i64 = 1;
pub(crate) const DELETED: i64 = 2;

/// Reads an account.
pub(crate) fn one_of(db: &Connection, user: UserId) -> Outcome<Option<Account>> {
    let sql = "SELECT body, standing, owner_id, tokens_since FROM users WHERE id = ?1";
    one(db, sql, [key(user)], account)
}

/// Reads accounts in order of their ids.
pub(crate) fn page(db: &Connection, after: UserId, limit: usize) -> Outcome<Vec<Account>> {
    let sql = "SELECT body, standing, owner_id, tokens_since FROM users \
               WHERE id > ?1 AND standing <> ?2 ORDER BY id LIMIT ?3";
    all(db, sql, params![bound(after.value()), DELETED, bound(limit)], account)
}

/// Reads whose a token is.
pub(crate) fn token(db: &Connection, digest: &[u8; 32]) -> Outcome<Option<Account>> {
    let sql = "SELECT body, standing, owner_id, tokens_since FROM tokens \
               JOIN users ON users.id = user_id WHERE digest = ?1";
    one(db, sql, [digest], account)
}

/// Reads the tokens of a user.
pub(crate) fn tokens_of(db: &Connection, user: UserId) -> Outcome<Vec<TokenRecord>> {
    let sql = "SELECT digest, made_at FROM tokens WHERE user_id = ?1 ORDER BY made_at, digest";
    all(db, sql, [key(user)], |row| {
        Ok(TokenRecord { digest: row.get(0)?, made_at: time(row.get(1)?) })
    })
}

/// Writes what operators decided about a user that is there.
pub(crate) fn decide(db: &Connection, account: &Account) -> Outcome<()> {
    let sql = "UPDATE users SET standing = ?2, owner_id = ?3, tokens_since = ?4 WHERE id = ?1";
    let standing = match account.standing {
        Standing::Active => ACTIVE,
        Standing::Disabled => DISABLED,
        Standing::Deleted => DELETED,
    };
    let since = account.tokens_since.map(|since| bound(since.millis()));
    run(db, sql, params![key(account.user.id), standing, account.owner.map(key), since]).map(drop)
}

fn account(row: &Row<'_>) -> Outcome<Account> {
    let standing = match row.get::<_, i64>(1)? {
        ACTIVE => Standing::Active,
        DELETED => Standing::Deleted,
        // What a later version may add lets nobody in.
        _ => Standing::Disabled,
    };
    let owner: Option<i64> = row.get(2)?;
    Ok(Account {
        user: json(row, 0)?,
        standing,
        owner: owner.map(|owner| Id::new(owner.cast_unsigned())),
        tokens_since: time(row.get(3)?),
    })
}

fn time(millis: Option<i64>) -> Option<Timestamp> {
    millis.map(|millis| Timestamp::from_millis(millis.cast_unsigned()))
}
