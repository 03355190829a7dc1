//! What the hub in memory answers operators.

use std::collections::BTreeMap;

use throng_ports::hub::Provisions as _;
use throng_ports::link::BoxFuture;
use throng_ports::registry::{
    AccountChange, AccountDraft, Asked, AttachmentStatus, GuildLoad, Registry, SessionDetail,
    SessionStatus, SessionsEnded, SessionsWanted,
};
use throng_ports::store::GuildSize;
use throng_proto::gateway::Connection;
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::Status;
use throng_proto::record::{Account, Standing, TokenRecord};
use throng_proto::refusal::Refusal;
use throng_proto::time::Timestamp;
use throng_proto::token::TokenId;

use crate::hub::{ALICE, BOB, FakeHub, GUILD};

/// The only token's digest.
pub(crate) const DIGEST: [u8; 32] = [0xab; 32];
/// First digits of the only session's id.
pub(crate) const SESSION: u64 = 0x1234;

const RECORD: TokenRecord =
    TokenRecord { digest: DIGEST, made_at: Some(Timestamp::from_millis(1_700_000_000_000)) };

impl FakeHub {
    fn note(&self, what: String) {
        self.state.lock().unwrap().asked.push(what);
    }

    fn stored(&self, user: UserId) -> Option<Account> {
        let decided = self.state.lock().unwrap().accounts.get(&user).cloned();
        let found = decided.or_else(|| self.find(user).map(Account::new));
        found.filter(|account| account.standing != Standing::Deleted)
    }

    fn known<T: Send + 'static>(&self, user: UserId, answer: T) -> Asked<T> {
        let answer = self.stored(user).map(|_| answer).ok_or(Refusal::UnknownUser);
        Box::pin(async move { answer })
    }
}

impl Registry for FakeHub {
    fn account(&self, user: UserId) -> Asked<Option<Account>> {
        let found = self.stored(user);
        Box::pin(async move { Ok(found) })
    }

    fn accounts(&self, after: UserId, limit: usize) -> Asked<Vec<Account>> {
        let all = [ALICE, BOB].into_iter().filter(|user| *user > after);
        let all: Vec<Account> = all.filter_map(|user| self.stored(user)).take(limit).collect();
        Box::pin(async move { Ok(all) })
    }

    fn open_account(&self, draft: AccountDraft) -> Asked<(Account, String)> {
        let AccountDraft { username, bot, owner } = draft;
        let made = self.create_user(username, bot);
        Box::pin(async move {
            let (user, token) = made.await?;
            Ok((Account { owner, ..Account::new(user) }, token))
        })
    }

    fn change_account(&self, user: UserId, change: AccountChange) -> Asked<Account> {
        self.note(format!("change {user} {change:?}"));
        let Some(mut account) = self.stored(user) else {
            return Box::pin(async { Err(Refusal::UnknownUser) });
        };
        account.owner = change.owner.unwrap_or(account.owner);
        if let Some(disabled) = change.disabled {
            account.standing = if disabled { Standing::Disabled } else { Standing::Active };
        }
        self.state.lock().unwrap().accounts.insert(user, account.clone());
        Box::pin(async move { Ok(account) })
    }

    fn delete_account(&self, user: UserId) -> Asked<()> {
        self.note(format!("delete {user}"));
        let Some(account) = self.stored(user) else {
            return Box::pin(async { Err(Refusal::UnknownUser) });
        };
        let deleted = Account { standing: Standing::Deleted, ..account };
        self.state.lock().unwrap().accounts.insert(user, deleted);
        Box::pin(async { Ok(()) })
    }

    fn tokens_of(&self, user: UserId) -> Asked<Vec<TokenRecord>> {
        self.known(user, vec![RECORD])
    }

    fn add_token(&self, user: UserId) -> Asked<(TokenRecord, String)> {
        self.known(user, (RECORD, "another".to_owned()))
    }

    fn revoke_token(&self, user: UserId, token: TokenId) -> Asked<()> {
        self.note(format!("revoke {user} {token}"));
        let known = token == TokenId::of(&DIGEST);
        Box::pin(async move { if known { Ok(()) } else { Err(Refusal::UnknownToken) } })
    }

    fn revoke_tokens(&self, user: UserId) -> Asked<usize> {
        self.note(format!("revoke {user}"));
        self.known(user, 3)
    }

    fn rotate_tokens(&self, user: UserId) -> Asked<(TokenRecord, String)> {
        self.note(format!("rotate {user}"));
        self.known(user, (RECORD, "rotated".to_owned()))
    }

    fn sessions(&self, wanted: SessionsWanted) -> BoxFuture<'static, Vec<SessionStatus>> {
        self.note(format!("{wanted:?}"));
        let here = wanted.after < SESSION && wanted.user.is_none_or(|user| user == BOB);
        Box::pin(async move { here.then(status).into_iter().collect() })
    }

    fn session(&self, digits: u64) -> BoxFuture<'static, Option<SessionDetail>> {
        let attachment = AttachmentStatus {
            guild_id: GUILD,
            mode: "passive",
            verdict: "active",
            recheck_ms: Some(5_000),
            subscribed: true,
            sessions: 5,
        };
        let detail = || SessionDetail {
            session: status(),
            status: Status::Idle,
            afk: true,
            policy_version: "feed".to_owned(),
            attachments: vec![attachment],
        };
        let found = (digits == SESSION).then(detail);
        Box::pin(async move { found })
    }

    fn end_sessions(&self, which: SessionsEnded) -> BoxFuture<'static, usize> {
        self.note(format!("{which:?}"));
        let known = [SessionsEnded::Of(BOB), SessionsEnded::One(SESSION)].contains(&which);
        Box::pin(async move { usize::from(known) })
    }

    fn guild_loads(&self, after: GuildId, _: usize) -> BoxFuture<'static, Vec<GuildLoad>> {
        let load = GuildLoad {
            guild: GUILD,
            attachments: 5,
            relays: 2,
            size: Some(GuildSize { messages: 12, message_bytes: 3_456 }),
        };
        // One has gone since it was listed.
        let gone = GuildLoad { guild: GuildId::new(999), ..load };
        let all = [load, gone].into_iter().filter(move |load| load.guild > after).collect();
        Box::pin(async move { all })
    }
}

fn status() -> SessionStatus {
    SessionStatus {
        id: SESSION,
        user_id: BOB,
        began_at: Timestamp::from_millis(1_700_000_000_000),
        connected: true,
        waiting_ms: None,
        address: Some(([127, 0, 0, 1], 5_000).into()),
        transport: Some("websocket"),
        client: Connection { browser: "discord.py".to_owned(), ..Connection::default() },
        intents: 1,
        shard: None,
        guilds: 2,
        modes: BTreeMap::from([("active", 2)]),
        sequence: 7,
        behind: false,
        bytes_sent: 1_000,
        bytes_received: 100,
        token_id: Some(TokenId::of(&DIGEST)),
        expires_at: None,
    }
}
