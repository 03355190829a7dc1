//! A hub that answers from memory and remembers every command.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use futures_util::{StreamExt as _, stream};
use throng_ports::hub::{Callers, Guilds, Operations, Provisions, Reads};
use throng_ports::hub::{
    Facts, GuildDraft, HandedOff, Health, JobKind, JobState, JobStatus, MemberLines, Toll,
};
use throng_ports::link::BoxFuture;
use throng_ports::policy::{PolicyFault, PolicyStatus, ReviewStatus};
use throng_proto::catalog::CommandPlace;
use throng_proto::command::{Actor, Answer, Command, GuildView, Outcome, Reply};
use throng_proto::id::{ChannelId, GuildId, MessageId, UserId};
use throng_proto::model::{
    Emoji, Guild, InviteCode, Member, Message, Profile, RegisteredCommand, Role, User,
};
use throng_proto::permissions::Permissions;
use throng_proto::record::{Account, Page};
use throng_proto::refusal::Refusal;
use throng_proto::time::Timestamp;
use throng_proto::token::Token;

/// The only guild.
pub(crate) const GUILD: GuildId = GuildId::new(100);
/// Its only channel.
pub(crate) const CHANNEL: ChannelId = ChannelId::new(200);
/// Its only message.
pub(crate) const MESSAGE: MessageId = MessageId::new(300);
/// The code of its only invite, which is also what a test of all routes fills in.
pub(crate) const INVITE: &str = "2";
/// Its owner, who has the token `alice`.
pub(crate) const ALICE: UserId = UserId::new(1);
/// Another member, who has the token `bob`.
pub(crate) const BOB: UserId = UserId::new(2);

#[derive(Debug, Default)]
pub(crate) struct FakeHub {
    pub(crate) state: Mutex<State>,
    next: AtomicU64,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) commands: Vec<(GuildId, Actor, Command)>,
    pub(crate) pages: Vec<(Page, usize)>,
    pub(crate) drafts: Vec<GuildDraft>,
    pub(crate) batches: Vec<Vec<Member>>,
    pub(crate) named: HashMap<String, User>,
    /// Refuses commands whose `Debug` starts with the word.
    pub(crate) refusals: Vec<(&'static str, Refusal)>,
    /// What nobody may do in the channel.
    pub(crate) withheld: Permissions,
    pub(crate) health: Option<Health>,
    pub(crate) drained: bool,
    pub(crate) stalled: bool,
    /// Somebody else takes every name right before a user is made with it.
    pub(crate) rival: bool,
    pub(crate) policy: PolicyStatus,
    /// Budgets that are used up, and what was counted.
    pub(crate) broke: Vec<Toll>,
    pub(crate) charges: Vec<(UserId, Toll, u64)>,
    /// What operators decided and asked, newest last.
    pub(crate) accounts: HashMap<UserId, Account>,
    pub(crate) asked: Vec<String>,
    /// Commands of applications, where they were changed.
    pub(crate) catalogs: HashMap<CommandPlace, Vec<RegisteredCommand>>,
    /// Pieces of an export; `None` breaks it off.
    pub(crate) export: Vec<Option<&'static str>>,
}

impl FakeHub {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { next: AtomicU64::new(1_000), ..Self::default() })
    }

    pub(crate) fn refuse(&self, command: &'static str, refusal: Refusal) {
        self.state.lock().unwrap().refusals.push((command, refusal));
    }

    /// Returns the last command as `Debug` text.
    pub(crate) fn last(&self) -> String {
        let state = self.state.lock().unwrap();
        state.commands.last().map(|(_, _, command)| format!("{command:?}")).unwrap_or_default()
    }

    pub(crate) fn last_draft(&self) -> throng_proto::command::MessageDraft {
        let state = self.state.lock().unwrap();
        match &state.commands.last().unwrap().2 {
            Command::MessageCreate(_, draft) => draft.as_ref().clone(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn find(&self, user: UserId) -> Option<User> {
        match user {
            id if id == ALICE => Some(User::new(ALICE, "alice", true)),
            id if id == BOB => Some(User::new(BOB, "bob", false)),
            _ => self.state.lock().unwrap().named.values().find(|named| named.id == user).cloned(),
        }
    }
}

pub(crate) fn message() -> Message {
    let mut message: Message = serde_json::from_value(serde_json::json!({
        "id": MESSAGE, "channel_id": CHANNEL, "author": User::new(BOB, "bob", false),
        "content": "hello", "timestamp": "2026-01-01T00:00:00Z", "edited_timestamp": null,
        "mentions": [], "mention_roles": [], "attachments": [], "embeds": [], "type": 0,
        "components": [],
    }))
    .unwrap();
    message.flags = 0;
    message
}

pub(crate) fn roles() -> Vec<Role> {
    vec![
        Role::new(GUILD.cast(), "@everyone", Permissions::VIEW_CHANNEL),
        Role::new(throng_proto::id::RoleId::new(101), "mod", Permissions::KICK_MEMBERS),
    ]
}

fn reply(command: &Command, members: &[Member], withheld: Permissions) -> Reply {
    match command {
        Command::GuildGet { .. } => {
            let roles: Vec<_> = roles().into_iter().map(Arc::new).collect();
            let guild = Guild::new(GUILD, "guild", ALICE);
            Answer::Guild(Box::new(GuildView { guild, roles, counts: None })).into()
        }
        Command::RoleList => Answer::Roles(roles().into_iter().map(Arc::new).collect()).into(),
        Command::MemberGet(_) => Answer::Member(Box::new(members[0].clone())).into(),
        Command::MemberList { .. } => Answer::Members(members.to_vec()).into(),
        Command::MemberPut(..) => Reply::json(&members[0]).created(),
        Command::ChannelList => Answer::Channels(Vec::new()).into(),
        Command::InviteList(_) => Reply::json(&[0; 0]),
        Command::GuildDelete
        | Command::OverwritePut(..)
        | Command::OverwriteDelete(..)
        | Command::RoleDelete(_)
        | Command::MemberDelete(_)
        | Command::MemberRoleAdd(..)
        | Command::MemberRoleRemove(..)
        | Command::MessageDelete(..)
        | Command::MessageBulkDelete(..)
        | Command::ReactionAdd(..)
        | Command::ReactionRemove(..)
        | Command::ReactionClear(..)
        | Command::Typing(_) => Reply::nothing(),
        Command::Access(..) => Answer::Granted(Permissions::ALL & !withheld).into(),
        _ => Reply::json(&serde_json::json!({ "id": "1" })),
    }
}

impl Callers for FakeHub {
    fn authenticate(&self, token: Token) -> BoxFuture<'static, Result<Option<User>, Refusal>> {
        let user = match token.expose() {
            "alice" => self.find(ALICE),
            "bob" => self.find(BOB),
            _ => None,
        };
        Box::pin(async move { Ok(user) })
    }

    fn afford(&self, _user: UserId, toll: Toll) -> Result<(), Duration> {
        let broke = self.state.lock().unwrap().broke.contains(&toll);
        if broke { Err(Duration::from_secs(7)) } else { Ok(()) }
    }

    fn charge(&self, user: UserId, toll: Toll, cost: u64) {
        self.state.lock().unwrap().charges.push((user, toll, cost));
    }

    fn facts(&self) -> Arc<Facts> {
        Arc::new(Facts {
            gateway_url: "ws://127.0.0.1:8080".to_owned(),
            shards: 1,
            identifies_total: 1000,
            max_concurrency: 16,
        })
    }
}

impl Guilds for FakeHub {
    fn command(
        &self,
        guild: GuildId,
        actor: Actor,
        command: Command,
    ) -> BoxFuture<'static, Outcome> {
        let text = format!("{command:?}");
        assert!(!text.contains("panic please"), "a panic was asked for");
        let user = self.find(BOB).unwrap();
        let profile =
            Profile::new(Timestamp::from_millis(0), vec![throng_proto::id::RoleId::new(101)]);
        let mut state = self.state.lock().unwrap();
        let mut outcome = Ok(reply(&command, &[Member { user, profile }], state.withheld));
        if let Some((_, refusal)) = state.refusals.iter().find(|(word, _)| text.starts_with(word)) {
            outcome = Err(refusal.clone());
        } else if guild != GUILD && state.drafts.iter().all(|draft| draft.guild.id != guild) {
            outcome = Err(Refusal::UnknownGuild);
        } else if matches!(command, Command::Access(_, wanted) if wanted.intersects(state.withheld))
        {
            outcome = Err(Refusal::MissingPermissions);
        }
        state.commands.push((guild, actor, command));
        let stalled = state.stalled;
        Box::pin(async move {
            if stalled {
                std::future::pending::<()>().await;
            }
            outcome
        })
    }

    fn guild_of(&self, channel: ChannelId) -> Option<GuildId> {
        (channel == CHANNEL).then_some(GUILD)
    }

    fn guild_of_invite(&self, code: &InviteCode) -> Option<GuildId> {
        (code.as_str() == INVITE).then_some(GUILD)
    }

    fn invite_code(&self) -> InviteCode {
        InviteCode::from_random(self.next_id())
    }

    fn found_guild(&self, _: User, draft: GuildDraft) -> BoxFuture<'static, Result<(), Refusal>> {
        self.create_guild(draft)
    }

    fn next_id(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}

impl Reads for FakeHub {
    fn user(&self, user: UserId) -> BoxFuture<'static, Result<Option<User>, Refusal>> {
        let user = self.find(user);
        Box::pin(async move { Ok(user) })
    }

    fn guilds_of(&self, _: UserId) -> BoxFuture<'static, Result<Vec<GuildId>, Refusal>> {
        Box::pin(async { Ok(vec![GUILD]) })
    }

    fn message(
        &self,
        channel: ChannelId,
        id: MessageId,
        _: Option<UserId>,
    ) -> BoxFuture<'static, Result<Option<Message>, Refusal>> {
        let found = (channel == CHANNEL && id == MESSAGE).then(message);
        Box::pin(async move { Ok(found) })
    }

    fn messages(
        &self,
        _: ChannelId,
        page: Page,
        limit: usize,
        _: Option<UserId>,
    ) -> BoxFuture<'static, Result<Vec<Message>, Refusal>> {
        self.state.lock().unwrap().pages.push((page, limit));
        Box::pin(async { Ok(vec![message()]) })
    }

    fn reactors(
        &self,
        _: MessageId,
        _: Emoji,
        _: UserId,
        _: usize,
    ) -> BoxFuture<'static, Result<Vec<User>, Refusal>> {
        let users = vec![self.find(BOB).unwrap()];
        Box::pin(async move { Ok(users) })
    }
}

impl Provisions for FakeHub {
    fn user_named(&self, name: String) -> BoxFuture<'static, Result<Option<User>, Refusal>> {
        let user = match name.as_str() {
            "alice" => self.find(ALICE),
            "bob" => self.find(BOB),
            name => self.state.lock().unwrap().named.get(name).cloned(),
        };
        Box::pin(async move { Ok(user) })
    }

    fn create_user(
        &self,
        username: String,
        bot: bool,
    ) -> BoxFuture<'static, Result<(User, String), Refusal>> {
        let user = User::new(UserId::new(self.next_id()), username.clone(), bot);
        let mut state = self.state.lock().unwrap();
        state.named.insert(username, user.clone());
        let refused = state.rival.then(|| Refusal::unavailable("the name is not unique"));
        Box::pin(async move { refused.map_or_else(|| Ok((user, "secret".to_owned())), Err) })
    }

    fn create_users(&self, names: Vec<String>) -> BoxFuture<'static, Result<Vec<User>, Refusal>> {
        let named = |name| User::new(UserId::new(self.next_id()), name, false);
        let users: Vec<User> = names.into_iter().map(named).collect();
        let made = users.iter().map(|user| (user.username.clone(), user.clone()));
        self.state.lock().unwrap().named.extend(made);
        Box::pin(async move { Ok(users) })
    }

    fn create_guild(&self, draft: GuildDraft) -> BoxFuture<'static, Result<(), Refusal>> {
        self.state.lock().unwrap().drafts.push(draft);
        Box::pin(async { Ok(()) })
    }

    fn import_members(
        &self,
        _: GuildId,
        members: Vec<Member>,
    ) -> BoxFuture<'static, Result<usize, Refusal>> {
        // Alice is a member already.
        let new = members.iter().filter(|member| member.user.id != ALICE).count();
        self.state.lock().unwrap().batches.push(members);
        Box::pin(async move { Ok(new) })
    }

    fn export_members(&self, guild: GuildId) -> BoxFuture<'static, Result<MemberLines, Refusal>> {
        let pieces = self.state.lock().unwrap().export.clone();
        let pieces = pieces.into_iter().map(|piece| match piece {
            Some(piece) => Ok(Bytes::from(piece)),
            None => Err(std::io::Error::other("cancelled")),
        });
        let lines = MemberLines { job: 7, lines: stream::iter(pieces).boxed() };
        let begun = if guild == GUILD { Ok(lines) } else { Err(Refusal::UnknownGuild) };
        Box::pin(async move { begun })
    }
}

impl Operations for FakeHub {
    fn jobs(&self) -> Vec<JobStatus> {
        vec![JobStatus {
            id: 7,
            kind: JobKind::Export,
            guild: GUILD,
            state: JobState::Running,
            done: 512,
            total: 1_000,
            millis: 3,
            reason: None,
        }]
    }

    fn cancel_job(&self, job: u64) -> bool {
        job == 7
    }

    fn hand_off(&self, guild: GuildId) -> BoxFuture<'static, Result<HandedOff, Refusal>> {
        let done = HandedOff {
            pause: Duration::from_micros(1_500),
            took: Duration::from_millis(20),
            members: 2,
            changes: 1,
            queued: 3,
        };
        let known = guild == GUILD;
        Box::pin(async move { if known { Ok(done) } else { Err(Refusal::UnknownGuild) } })
    }

    fn drain(&self) {
        self.state.lock().unwrap().drained = true;
    }

    fn health(&self) -> Health {
        self.state.lock().unwrap().health.clone().unwrap_or(Health::Ready)
    }

    fn metrics(&self) -> String {
        "# HELP throng_up Up.\nthrong_up 1\n".to_owned()
    }

    fn policy(&self) -> (PolicyStatus, ReviewStatus) {
        (self.state.lock().unwrap().policy.clone(), ReviewStatus::default())
    }

    fn reload_policy(&self) -> BoxFuture<'static, Result<PolicyStatus, PolicyFault>> {
        let status = self.state.lock().unwrap().policy.clone();
        Box::pin(async move { status.fault.clone().map_or(Ok(status), Err) })
    }
}
