//! The node as the API sees it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use throng_engine::policy::{Act, Publish, PublishFacts};
use throng_ports::hub::{
    Facts, GuildDraft, HandedOff, Health, Hub, JobStatus, MemberLines, RETRY_AFTER, Toll,
};
use throng_ports::link::BoxFuture;
use throng_ports::metrics::Page as MetricsPage;
use throng_ports::policy::{PolicyFault, PolicyStatus, ReviewStatus};
use throng_proto::command::{Actor, Answer, Command, Outcome, Reply};
use throng_proto::id::{ChannelId, GuildId, MessageId, UserId};
use throng_proto::mention::Named;
use throng_proto::model::{Emoji, InviteCode, Member, Message, User};
use throng_proto::record::{Page, Write};
use throng_proto::refusal::Refusal;
use throng_proto::token::Token;
use tokio::sync::oneshot;

use super::stored::unavailable;
use super::{Node, Shared, export, load};
use crate::budgets::Budget;
use crate::clock::{self, Watch};
use crate::guild::{self, Request, Untaken};
use crate::joining;
use crate::metrics::Refused;
use crate::panics;
use crate::worker::WorkerMessage;

impl Hub for Node {
    fn authenticate(&self, token: Token) -> BoxFuture<'static, Result<Option<User>, Refusal>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let entry = shared.read(shared.accounts.owner(&token).await)?;
            Ok(entry.map(|entry| entry.user))
        })
    }

    fn afford(&self, user: UserId, toll: Toll) -> Result<(), Duration> {
        match toll {
            Toll::Read => self.shared.spend(Budget::Read, user.value(), 0),
            Toll::Written => self.shared.may_write(user),
        }
    }

    fn charge(&self, user: UserId, toll: Toll, cost: u64) {
        let budget = match toll {
            Toll::Read => Budget::Read,
            Toll::Written => Budget::Written,
        };
        self.shared.budgets.charge(budget, user.value(), cost);
    }

    fn command(
        &self,
        guild: GuildId,
        actor: Actor,
        command: Command,
    ) -> BoxFuture<'static, Outcome> {
        if let Err(refusal) = self.publish(guild, &actor, &command) {
            return Box::pin(async move { Err(refusal) });
        }
        let shared = Arc::clone(&self.shared);
        let posted = matches!(command, Command::MessageCreate(..)).then(Watch::start);
        let joiner = joining::joiner(&actor, &command);
        let command = Box::new(command);
        let asking = move |shared: &Shared| {
            enter(shared, guild, |answer| Request::Command(actor, command, answer))
        };
        if let Some(user) = joiner {
            return Box::pin(async move {
                let asked = Arc::clone(&shared);
                let asking = async move { answered(&asked, guild, asking(&asked)?).await };
                joining::join(shared, user, guild, asking).await
            });
        }
        let entered = asking(&shared);
        Box::pin(async move {
            let outcome = answered(&shared, guild, entered?).await;
            if matches!(outcome, Err(Refusal::EventTooLarge { .. })) {
                shared.metrics.refuse(Refused::EventBytes);
            }
            if let Some(began) = posted {
                shared.metrics.publishing.observe(began.spent());
            }
            outcome
        })
    }

    fn guild_of(&self, channel: ChannelId) -> Option<GuildId> {
        self.shared.directory.guild_of(channel)
    }

    fn guild_of_invite(&self, code: &InviteCode) -> Option<GuildId> {
        self.shared.directory.guild_of_invite(code)
    }

    fn invite_code(&self) -> InviteCode {
        InviteCode::from_random(rand::random())
    }

    fn user(&self, user: UserId) -> BoxFuture<'static, Result<Option<User>, Refusal>> {
        let read = self.shared.store.user(user);
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.read(read.await) })
    }

    fn user_named(&self, name: String) -> BoxFuture<'static, Result<Option<User>, Refusal>> {
        let read = self.shared.store.user_named(name);
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.read(read.await) })
    }

    fn guilds_of(&self, user: UserId) -> BoxFuture<'static, Result<Vec<GuildId>, Refusal>> {
        let read = self.shared.store.guilds_of(user);
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.read(read.await) })
    }

    fn message(
        &self,
        channel: ChannelId,
        message: MessageId,
        me: Option<UserId>,
    ) -> BoxFuture<'static, Result<Option<Message>, Refusal>> {
        let read = self.shared.store.message(channel, message, me);
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.read(read.await) })
    }

    fn messages(
        &self,
        channel: ChannelId,
        page: Page,
        limit: usize,
        me: Option<UserId>,
    ) -> BoxFuture<'static, Result<Vec<Message>, Refusal>> {
        let read = self.shared.store.messages(channel, page, limit, me);
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.read(read.await) })
    }

    fn reactors(
        &self,
        message: MessageId,
        emoji: Emoji,
        after: UserId,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<User>, Refusal>> {
        let read = self.shared.store.reactors(message, emoji, after, limit);
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.read(read.await) })
    }

    fn create_user(
        &self,
        username: String,
        bot: bool,
    ) -> BoxFuture<'static, Result<(User, String), Refusal>> {
        let user = User::new(self.shared.next_id(), username, bot);
        let (token, write, _) = self.shared.mint(user.id);
        let commit = self.shared.store.commit(vec![Write::User(user.clone()), write]);
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            shared.committed(commit.await)?;
            Ok((user, token))
        })
    }

    fn create_users(&self, names: Vec<String>) -> BoxFuture<'static, Result<Vec<User>, Refusal>> {
        let named = |name| User::new(self.shared.next_id(), name, false);
        let users: Vec<User> = names.into_iter().map(named).collect();
        let commit = self.shared.store.commit(users.iter().cloned().map(Write::User).collect());
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.committed(commit.await).map(|()| users) })
    }

    fn create_guild(&self, draft: GuildDraft) -> BoxFuture<'static, Result<(), Refusal>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let GuildDraft { guild, roles, channels, members } = draft;
            let (id, users) = (guild.id, members.iter().map(|m| m.user.id).collect::<Vec<_>>());
            let mut writes = vec![Write::Guild(guild)];
            writes.extend(roles.into_iter().map(|role| Write::Role(id, role)));
            writes.extend(channels.into_iter().map(Write::Channel));
            writes.extend(members.into_iter().map(|member| Write::Member(id, member)));
            shared.committed(shared.store.commit(writes).await)?;
            load::guild(&shared, id).await.map_err(|error| unavailable(&error))?;
            for user in users {
                for worker in 0..shared.worker_count() {
                    shared.send(worker, WorkerMessage::Joined { user, guild: id }).await;
                }
            }
            Ok(())
        })
    }

    fn found_guild(
        &self,
        founder: User,
        draft: GuildDraft,
    ) -> BoxFuture<'static, Result<(), Refusal>> {
        let shared = Arc::clone(&self.shared);
        let guild = draft.guild.id;
        let making = self.create_guild(draft);
        Box::pin(joining::found(shared, founder, guild, making))
    }

    fn import_members(
        &self,
        guild: GuildId,
        members: Vec<Member>,
    ) -> BoxFuture<'static, Result<usize, Refusal>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            shared.afford_bulk()?;
            let Reply { answer, .. } = answered(
                &shared,
                guild,
                enter(&shared, guild, |answer| Request::Import(members, answer))?,
            )
            .await?;
            Ok(if let Answer::Imported(count) = answer { count } else { 0 })
        })
    }

    fn export_members(&self, guild: GuildId) -> BoxFuture<'static, Result<MemberLines, Refusal>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { export::begin(&shared, guild).await })
    }

    fn jobs(&self) -> Vec<JobStatus> {
        self.shared.jobs.list()
    }

    fn cancel_job(&self, job: u64) -> bool {
        self.shared.jobs.cancel(job)
    }

    fn hand_off(&self, guild: GuildId) -> BoxFuture<'static, Result<HandedOff, Refusal>> {
        Box::pin(guild::hand_over(Arc::clone(&self.shared), guild))
    }

    fn next_id(&self) -> u64 {
        self.shared.next_id::<throng_proto::id::marker::Any>().value()
    }

    fn facts(&self) -> Arc<Facts> {
        Arc::clone(&self.shared.facts)
    }

    fn drain(&self) {
        self.begin_drain();
    }

    fn health(&self) -> Health {
        if self.shared.is_draining() {
            return Health::Draining;
        }
        if !self.shared.ready.load(Ordering::Acquire) {
            return Health::Starting;
        }
        self.shared.look_at_policy();
        self.shared.troubles.health().unwrap_or(Health::Ready)
    }

    fn metrics(&self) -> String {
        let mut page = MetricsPage::default();
        self.shared.metrics.render(&mut page);
        self.shared.jobs.metrics().render(&mut page);
        self.shared.policies.measure(&mut page);
        self.shared.store.measure(&mut page);
        self.shared.traffic.measure(&mut page);
        self.shared.look_at_policy();
        self.shared.troubles.measure(&mut page);
        panics::measure(&mut page);
        for source in &*self.shared.sources.lock() {
            source.measure(&mut page);
        }
        page.into_text()
    }

    fn policy(&self) -> (PolicyStatus, ReviewStatus) {
        (self.shared.policies.status(), self.shared.review.status())
    }

    fn reload_policy(&self) -> BoxFuture<'static, Result<PolicyStatus, PolicyFault>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let loaded = shared.policies.reload().await;
            // Whatever came of it: another version may be in force by now.
            shared.follow_policy().await;
            loaded
        })
    }

    fn follow_policy(&self) -> BoxFuture<'static, ()> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.follow_policy().await })
    }
}

impl Node {
    /// Asks the policy about what is to be published.
    fn publish(&self, guild: GuildId, actor: &Actor, command: &Command) -> Result<(), Refusal> {
        let Some(facts) = publication(guild, actor, command) else { return Ok(()) };
        match self.shared.policy.publish(clock::wall(), &facts) {
            Publish::Refuse(reason) => {
                self.shared.metrics.refuse(Refused::Policy);
                Err(Refusal::Policy(reason))
            }
            _ => Ok(()),
        }
    }
}

impl Shared {
    /// Notes what is wrong with the policy now.
    fn look_at_policy(&self) {
        let PolicyStatus { fault, troubles, .. } = self.policies.status();
        let fault = fault.map(|fault| format!("the policy was not loaded: {fault}"));
        let hooks = (!troubles.is_empty()).then(|| troubles.join("; "));
        for (name, wrong) in [("policy", fault), ("policy:hooks", hooks)] {
            match wrong {
                Some(text) => self.troubles.set(name, text),
                None => drop(self.troubles.clear(name)),
            }
        }
    }

    /// Asks about everybody again, when the policy in force is another one than the last time.
    async fn follow_policy(&self) {
        let version = self.policies.status().version;
        let before = self.followed.lock().replace(version.clone());
        if before.as_ref() == Some(&version) {
            return;
        }
        self.decide_overload();
        self.review.begin(self.worker_count());
        for worker in 0..self.worker_count() {
            self.send(worker, WorkerMessage::Review).await;
        }
    }
}

/// Says what a policy is asked about a command; `None` when it is not asked.
fn publication(guild: GuildId, actor: &Actor, command: &Command) -> Option<PublishFacts> {
    let Actor::User(author) = actor else { return None };
    let (act, channel, content) = match command {
        Command::MessageCreate(channel, draft) => (Act::Message, *channel, draft.content.as_ref()),
        Command::MessageEdit(channel, _, patch) => {
            (Act::Edit, *channel, patch.content.as_ref().and_then(Option::as_ref))
        }
        Command::ReactionAdd(channel, ..) => (Act::Reaction, *channel, None),
        Command::Typing(channel) => (Act::Typing, *channel, None),
        _ => return None,
    };
    let content = content.map(String::as_str).unwrap_or_default();
    let named = Named::parse(content);
    Some(PublishFacts {
        act,
        author: author.id,
        bot: author.bot,
        guild,
        channel,
        length: content.chars().count(),
        everyone: named.everyone || named.here,
    })
}

/// Puts a request into a guild's queue, unless too much is waiting for it already.
fn enter(
    shared: &Shared,
    guild: GuildId,
    request: impl FnOnce(oneshot::Sender<Outcome>) -> Request,
) -> Result<oneshot::Receiver<Outcome>, Refusal> {
    let (sender, answer) = oneshot::channel();
    match shared.directory.try_send(guild, request(sender)) {
        Ok(()) => Ok(answer),
        Err(Untaken::Gone) => Err(gone(shared, guild)),
        Err(Untaken::Full(_)) => {
            shared.metrics.refuse(Refused::GuildQueue);
            Err(Refusal::Unavailable {
                reason: "Too many requests wait for this guild (limits.guild_queue).".to_owned(),
                retry_after: Duration::from_secs(1),
            })
        }
    }
}

/// Waits for a guild's answer; one that is gone gives none.
async fn answered(shared: &Shared, guild: GuildId, answer: oneshot::Receiver<Outcome>) -> Outcome {
    answer.await.unwrap_or_else(|_| Err(gone(shared, guild)))
}

/// Says why a guild does not answer: there is none, or it was interrupted and begins anew.
fn gone(shared: &Shared, guild: GuildId) -> Refusal {
    if shared.directory.guild(guild).is_none() {
        return Refusal::UnknownGuild;
    }
    let reason = "The guild was interrupted; what was asked may have been done.".to_owned();
    Refusal::Unavailable { reason, retry_after: RETRY_AFTER }
}
