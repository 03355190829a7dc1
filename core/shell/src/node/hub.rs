//! The node as the API sees it.

use std::sync::Arc;
use std::time::Duration;

use throng_engine::policy::{Act, Publish, PublishFacts};
use throng_ports::hub::{Callers, Guilds, Operations, Provisions, Reads};
use throng_ports::hub::{Facts, GuildDraft, HandedOff, Health, JobStatus, MemberLines, Toll};
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

use super::ask::Asking;
use super::{Node, export};
use crate::archive::unavailable;
use crate::budgets::Budget;
use crate::clock::{self, Stopwatch};
use crate::guild;
use crate::joining;
use crate::letter::{GuildLetter, WorkerLetter};
use crate::metrics::Refused;
use crate::panics;
use crate::post::Post;
use crate::verdicts::Verdicts;

impl Callers for Node {
    fn authenticate(&self, token: Token) -> BoxFuture<'static, Result<Option<User>, Refusal>> {
        let archive = self.archive.clone();
        Box::pin(async move {
            let entry = archive.read(archive.accounts.owner(&token).await)?;
            Ok(entry.map(|entry| User::clone(&entry.user)))
        })
    }

    fn afford(&self, user: UserId, toll: Toll) -> Result<(), Duration> {
        match toll {
            Toll::Read => self.bounds.budgets.spend(Budget::Read, user.value(), 0),
            Toll::Written => self.bounds.budgets.may_write(user),
        }
    }

    fn charge(&self, user: UserId, toll: Toll, cost: u64) {
        let budget = match toll {
            Toll::Read => Budget::Read,
            Toll::Written => Budget::Written,
        };
        self.bounds.budgets.charge(budget, user.value(), cost);
    }

    fn facts(&self) -> Arc<Facts> {
        Arc::clone(&self.facts)
    }
}

impl Guilds for Node {
    fn command(
        &self,
        guild: GuildId,
        actor: Actor,
        command: Command,
    ) -> BoxFuture<'static, Outcome> {
        if let Err(refusal) = self.publish(guild, &actor, &command) {
            return Box::pin(async move { Err(refusal) });
        }
        let (asking, meter) = (self.asking(guild), self.meter.clone());
        let posted = matches!(command, Command::MessageCreate(..)).then(Stopwatch::start);
        let joiner = joining::joiner(&actor, &command);
        let command = Box::new(command);
        let letter = |answer| GuildLetter::Command(actor, command, answer);
        if let Some(user) = joiner {
            let joins = Arc::clone(&self.joins);
            let asking = async move { asking.answered(asking.enter(letter)?).await };
            return Box::pin(joins.join(user, guild, asking));
        }
        let entered = asking.enter(letter);
        Box::pin(async move {
            let outcome = asking.answered(entered?).await;
            if matches!(outcome, Err(Refusal::EventTooLarge { .. })) {
                meter.refuse(Refused::EventBytes);
            }
            if let Some(watch) = posted {
                meter.metrics.publishing.observe(watch.spent());
            }
            outcome
        })
    }

    fn guild_of(&self, channel: ChannelId) -> Option<GuildId> {
        self.post.directory.guild_of(channel)
    }

    fn guild_of_invite(&self, code: &InviteCode) -> Option<GuildId> {
        self.post.directory.guild_of_invite(code)
    }

    fn invite_code(&self) -> InviteCode {
        InviteCode::from_random(rand::random())
    }

    fn found_guild(
        &self,
        founder: User,
        draft: GuildDraft,
    ) -> BoxFuture<'static, Result<(), Refusal>> {
        let guild = draft.guild.id;
        let making = self.create_guild(draft);
        Box::pin(Arc::clone(&self.joins).found(founder, guild, making))
    }

    fn next_id(&self) -> u64 {
        self.archive.next_id::<throng_proto::id::marker::Any>().value()
    }
}

impl Reads for Node {
    fn user(&self, user: UserId) -> BoxFuture<'static, Result<Option<User>, Refusal>> {
        let (read, archive) = (self.archive.store.user(user), self.archive.clone());
        Box::pin(async move { archive.read(read.await) })
    }

    fn guilds_of(&self, user: UserId) -> BoxFuture<'static, Result<Vec<GuildId>, Refusal>> {
        let (read, archive) = (self.archive.store.guilds_of(user), self.archive.clone());
        Box::pin(async move { archive.read(read.await) })
    }

    fn message(
        &self,
        channel: ChannelId,
        message: MessageId,
        me: Option<UserId>,
    ) -> BoxFuture<'static, Result<Option<Message>, Refusal>> {
        let (read, archive) =
            (self.archive.store.message(channel, message, me), self.archive.clone());
        Box::pin(async move { archive.read(read.await) })
    }

    fn messages(
        &self,
        channel: ChannelId,
        page: Page,
        limit: usize,
        me: Option<UserId>,
    ) -> BoxFuture<'static, Result<Vec<Message>, Refusal>> {
        let (read, archive) =
            (self.archive.store.messages(channel, page, limit, me), self.archive.clone());
        Box::pin(async move { archive.read(read.await) })
    }

    fn reactors(
        &self,
        message: MessageId,
        emoji: Emoji,
        after: UserId,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<User>, Refusal>> {
        let (read, archive) =
            (self.archive.store.reactors(message, emoji, after, limit), self.archive.clone());
        Box::pin(async move { archive.read(read.await) })
    }
}

impl Provisions for Node {
    fn user_named(&self, name: String) -> BoxFuture<'static, Result<Option<User>, Refusal>> {
        let (read, archive) = (self.archive.store.user_named(name), self.archive.clone());
        Box::pin(async move { archive.read(read.await) })
    }

    fn create_user(
        &self,
        username: String,
        bot: bool,
    ) -> BoxFuture<'static, Result<(User, String), Refusal>> {
        let user = User::new(self.archive.next_id(), username, bot);
        let (token, write, _) = self.archive.mint(user.id);
        let commit = self.archive.store.commit(vec![Write::User(user.clone()), write]);
        let archive = self.archive.clone();
        Box::pin(async move {
            archive.committed(commit.await)?;
            Ok((user, token))
        })
    }

    fn create_users(&self, names: Vec<String>) -> BoxFuture<'static, Result<Vec<User>, Refusal>> {
        let named = |name| User::new(self.archive.next_id(), name, false);
        let users: Vec<User> = names.into_iter().map(named).collect();
        let commit = self.archive.store.commit(users.iter().cloned().map(Write::User).collect());
        let archive = self.archive.clone();
        Box::pin(async move { archive.committed(commit.await).map(|()| users) })
    }

    fn create_guild(&self, draft: GuildDraft) -> BoxFuture<'static, Result<(), Refusal>> {
        let ties = self.ties();
        Box::pin(async move {
            let GuildDraft { guild: record, roles, channels, members } = draft;
            let (id, users) = (record.id, members.iter().map(|m| m.user.id).collect::<Vec<_>>());
            let mut writes = vec![Write::Guild(record)];
            writes.extend(roles.into_iter().map(|role| Write::Role(id, role)));
            writes.extend(channels.into_iter().map(Write::Channel));
            writes.extend(members.into_iter().map(|member| Write::Member(id, member)));
            ties.archive.committed(ties.archive.store.commit(writes).await)?;
            guild::load(&ties, id).await.map_err(|error| unavailable(&error))?;
            for user in users {
                ties.post.send_all(|| WorkerLetter::Joined { user, guild: id }).await;
            }
            Ok(())
        })
    }

    fn import_members(
        &self,
        guild: GuildId,
        members: Vec<Member>,
    ) -> BoxFuture<'static, Result<usize, Refusal>> {
        let (asking, overload) = (self.asking(guild), Arc::clone(&self.verdicts.overload));
        Box::pin(async move {
            overload.afford_bulk()?;
            let entered = asking.enter(|answer| GuildLetter::Import(members, answer))?;
            let Reply { answer, .. } = asking.answered(entered).await?;
            Ok(if let Answer::Imported(count) = answer { count } else { 0 })
        })
    }

    fn export_members(&self, guild: GuildId) -> BoxFuture<'static, Result<MemberLines, Refusal>> {
        let (directory, jobs) = (Arc::clone(&self.post.directory), Arc::clone(&self.jobs));
        let (overload, meter) = (Arc::clone(&self.verdicts.overload), self.meter.clone());
        Box::pin(async move {
            overload.afford_bulk()?;
            export::begin(&directory, &jobs, &meter, guild).await
        })
    }
}

impl Operations for Node {
    fn jobs(&self) -> Vec<JobStatus> {
        self.jobs.list()
    }

    fn cancel_job(&self, job: u64) -> bool {
        self.jobs.cancel(job)
    }

    fn hand_off(&self, guild: GuildId) -> BoxFuture<'static, Result<HandedOff, Refusal>> {
        Box::pin(guild::hand_over(self.ties(), guild))
    }

    fn drain(&self) {
        self.stage.begin_drain();
    }

    fn health(&self) -> Health {
        if self.stage.is_draining() {
            return Health::Draining;
        }
        if !self.stage.is_ready() {
            return Health::Starting;
        }
        self.verdicts.note_troubles(&self.meter);
        self.meter.troubles.health().unwrap_or(Health::Ready)
    }

    fn metrics(&self) -> String {
        let mut page = MetricsPage::default();
        self.meter.metrics.render(&mut page);
        self.jobs.metrics().render(&mut page);
        self.verdicts.host.measure(&mut page);
        self.archive.store.measure(&mut page);
        self.meter.traffic.measure(&mut page);
        self.verdicts.note_troubles(&self.meter);
        self.meter.troubles.measure(&mut page);
        panics::measure(&mut page);
        for source in &*self.sources.lock() {
            source.measure(&mut page);
        }
        page.into_text()
    }

    fn policy(&self) -> (PolicyStatus, ReviewStatus) {
        (self.verdicts.host.status(), self.verdicts.reviews.status())
    }

    fn reload_policy(&self) -> BoxFuture<'static, Result<PolicyStatus, PolicyFault>> {
        let (verdicts, post) = (self.verdicts.clone(), self.post.clone());
        Box::pin(async move {
            let loaded = verdicts.host.reload().await;
            // Whatever came of it: another version may be in force by now.
            follow(&verdicts, &post).await;
            loaded
        })
    }

    fn follow_policy(&self) -> BoxFuture<'static, ()> {
        let (verdicts, post) = (self.verdicts.clone(), self.post.clone());
        Box::pin(async move { follow(&verdicts, &post).await })
    }
}

impl Node {
    fn asking(&self, guild: GuildId) -> Asking {
        Asking { directory: Arc::clone(&self.post.directory), meter: self.meter.clone(), guild }
    }

    /// Asks the policy about what is to be published.
    fn publish(&self, guild: GuildId, actor: &Actor, command: &Command) -> Result<(), Refusal> {
        let Some(facts) = publication(guild, actor, command) else { return Ok(()) };
        match self.verdicts.policy.publish(clock::wall(), &facts) {
            Publish::Refuse(reason) => {
                self.meter.refuse(Refused::Policy);
                Err(Refusal::Policy(reason))
            }
            _ => Ok(()),
        }
    }
}

/// Asks about everybody again, when the policy in force is another one than the last time.
async fn follow(verdicts: &Verdicts, post: &Post) {
    if !verdicts.is_new() {
        return;
    }
    verdicts.overload.decide();
    verdicts.reviews.begin(post.worker_count());
    post.send_all(|| WorkerLetter::Review).await;
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
