//! The node as the API sees it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use throng_engine::policy::Publish;
use throng_ports::hub::{Facts, GuildDraft, Health, Hub, RETRY_AFTER};
use throng_ports::link::BoxFuture;
use throng_ports::store::{StoreError, Stored};
use throng_proto::command::{Actor, Command, Outcome, Reply};
use throng_proto::id::{ChannelId, GuildId, MessageId, UserId};
use throng_proto::model::{Emoji, Member, Message, User};
use throng_proto::record::{Page, Write};
use throng_proto::refusal::Refusal;
use throng_proto::token::Token;
use tokio::sync::oneshot;

use super::{Node, Shared, start};
use crate::guild::Request;
use crate::metrics::Refused;
use crate::worker::WorkerMessage;

impl Hub for Node {
    fn authenticate(&self, token: Token) -> BoxFuture<'static, Result<Option<User>, Refusal>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { refuse(shared.accounts.owner(&token).await) })
    }

    fn command(
        &self,
        guild: GuildId,
        actor: Actor,
        command: Command,
    ) -> BoxFuture<'static, Outcome> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            if let (Actor::User(author), Command::MessageCreate(channel, _)) = (&actor, &command)
                && let Publish::Refuse(reason) = shared.policy.publish(author.id, *channel)
            {
                shared.metrics.refuse(Refused::Policy);
                return Err(Refusal::Policy(reason));
            }
            let command = Box::new(command);
            ask(&shared, guild, |answer| Request::Command(actor, command, answer)).await
        })
    }

    fn guild_of(&self, channel: ChannelId) -> Option<GuildId> {
        self.shared.directory.guild_of(channel)
    }

    fn user(&self, user: UserId) -> BoxFuture<'static, Result<Option<User>, Refusal>> {
        let read = self.shared.store.user(user);
        Box::pin(async move { refuse(read.await) })
    }

    fn user_named(&self, name: String) -> BoxFuture<'static, Result<Option<User>, Refusal>> {
        let read = self.shared.store.user_named(name);
        Box::pin(async move { refuse(read.await) })
    }

    fn guilds_of(&self, user: UserId) -> BoxFuture<'static, Result<Vec<GuildId>, Refusal>> {
        let read = self.shared.store.guilds_of(user);
        Box::pin(async move { refuse(read.await) })
    }

    fn message(
        &self,
        channel: ChannelId,
        message: MessageId,
        me: Option<UserId>,
    ) -> BoxFuture<'static, Result<Option<Message>, Refusal>> {
        let read = self.shared.store.message(channel, message, me);
        Box::pin(async move { refuse(read.await) })
    }

    fn messages(
        &self,
        channel: ChannelId,
        page: Page,
        limit: usize,
        me: Option<UserId>,
    ) -> BoxFuture<'static, Result<Vec<Message>, Refusal>> {
        let read = self.shared.store.messages(channel, page, limit, me);
        Box::pin(async move { refuse(read.await) })
    }

    fn reactors(
        &self,
        message: MessageId,
        emoji: Emoji,
        after: UserId,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<User>, Refusal>> {
        let read = self.shared.store.reactors(message, emoji, after, limit);
        Box::pin(async move { refuse(read.await) })
    }

    fn create_user(
        &self,
        username: String,
        bot: bool,
    ) -> BoxFuture<'static, Result<(User, String), Refusal>> {
        let user = User::new(self.shared.next_id(), username, bot);
        let token = self.shared.tokens.issue(user.id);
        let digest = self.shared.tokens.digest(&token);
        let writes = vec![Write::User(user.clone()), Write::Token { digest, user: user.id }];
        let commit = self.shared.store.commit(writes);
        Box::pin(async move {
            refuse(commit.await)?;
            Ok((user, token.expose().to_owned()))
        })
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
            refuse(shared.store.commit(writes).await)?;
            start::load_guild(&shared, id).await.map_err(|error| unavailable(&error))?;
            for user in users {
                for worker in 0..shared.worker_count() {
                    shared.send(worker, WorkerMessage::Joined { user, guild: id }).await;
                }
            }
            Ok(())
        })
    }

    fn import_members(
        &self,
        guild: GuildId,
        members: Vec<Member>,
    ) -> BoxFuture<'static, Result<usize, Refusal>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let Reply { json, .. } =
                ask(&shared, guild, |answer| Request::Import(members, answer)).await?;
            let answer: serde_json::Value =
                serde_json::from_str(&json.unwrap_or_default()).unwrap_or_default();
            let imported = answer["imported"].as_u64().unwrap_or(0);
            Ok(usize::try_from(imported).unwrap_or(usize::MAX))
        })
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
        self.shared.trouble.lock().clone().map_or(Health::Ready, Health::Degraded)
    }

    fn metrics(&self) -> String {
        self.shared.metrics.render()
    }
}

/// Asks a guild, unless too much is waiting for it already.
async fn ask(
    shared: &Shared,
    guild: GuildId,
    request: impl FnOnce(oneshot::Sender<Outcome>) -> Request,
) -> Outcome {
    let handle = shared.directory.guild(guild).ok_or(Refusal::UnknownGuild)?;
    let (sender, answer) = oneshot::channel();
    if handle.try_send(request(sender)).is_err() {
        shared.metrics.refuse(Refused::GuildQueue);
        return Err(Refusal::Unavailable {
            reason: "Too many requests wait for this guild (limits.guild_queue).".to_owned(),
            retry_after: Duration::from_secs(1),
        });
    }
    answer.await.unwrap_or(Err(Refusal::UnknownGuild))
}

fn refuse<T>(stored: Stored<T>) -> Result<T, Refusal> {
    stored.map_err(|error: StoreError| unavailable(&error))
}

fn unavailable(error: &impl std::fmt::Display) -> Refusal {
    Refusal::Unavailable { reason: error.to_string(), retry_after: RETRY_AFTER }
}
