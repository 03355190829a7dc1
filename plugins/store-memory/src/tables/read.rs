//! What each read finds.

use std::ops::Bound::{Excluded, Included, Unbounded};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use throng_proto::id::{ChannelId, GuildId, MessageId, RoleId, UserId};
use throng_proto::model::constant::{Empty, False};
use throng_proto::model::{Emoji, Member, Message, ReactionCount, Referenced, User};
use throng_proto::record::{
    Account, EventRecord, GuildRecord, MessageRow, NonceRecord, Page, ReactionRow, RowQuery,
    Standing, TokenRecord,
};
use throng_proto::time::Timestamp;

use super::{Decision, Tables};

/// How far back a guild's nonces are read; Discord recognises repeated ones for a few minutes.
const NONCES_KEPT: Duration = Duration::from_mins(5);

impl Tables {
    pub(crate) fn guilds(&self) -> Vec<GuildId> {
        self.guilds.keys().copied().collect()
    }

    pub(crate) fn guild(&self, guild: GuildId) -> Option<GuildRecord> {
        let (roles, all) = ((guild, RoleId::new(0)), (guild, RoleId::new(u64::MAX)));
        let sequence = self.events.range((guild, 0)..=(guild, u64::MAX)).next_back();
        Some(GuildRecord {
            guild: self.guilds.get(&guild)?.clone(),
            roles: self.roles.range(roles..=all).map(|(_, role)| role.clone()).collect(),
            channels: self
                .channels_of(guild)
                .iter()
                .filter_map(|channel| self.channels.get(channel).cloned())
                .collect(),
            sequence: sequence.map_or(0, |((_, sequence), _)| *sequence),
            nonces: self.nonces(guild),
            invites: self.invites.values().filter(|i| i.guild_id == guild).cloned().collect(),
        })
    }

    /// Reads the first members of a guild after an id.
    pub(crate) fn members(&self, guild: GuildId, after: UserId, limit: usize) -> Vec<Member> {
        self.members
            .range((Excluded((guild, after)), Included((guild, UserId::new(u64::MAX)))))
            .take(limit)
            .filter_map(|((_, user), profile)| {
                Some(Member { user: self.users.get(user)?.clone(), profile: profile.clone() })
            })
            .collect()
    }

    fn nonces(&self, guild: GuildId) -> Vec<NonceRecord> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let since = now.saturating_sub(NONCES_KEPT).as_millis();
        let since = Timestamp::from_millis(u64::try_from(since).unwrap_or(u64::MAX));
        let mut found = Vec::new();
        for channel in self.channels_of(guild) {
            let newest_first = self.messages_of(channel).into_iter().rev();
            let recent = newest_first
                .take_while(|id| id.created_at() >= since)
                .filter_map(|id| self.messages.get(&id));
            found.extend(recent.filter_map(|message| {
                Some(NonceRecord {
                    author: message.author.id,
                    nonce: message.nonce.clone()?,
                    channel,
                    message: message.id,
                })
            }));
        }
        found.sort_unstable_by_key(|record| record.message);
        found
    }

    pub(super) fn channels_of(&self, guild: GuildId) -> Vec<ChannelId> {
        let range = (guild, ChannelId::new(0))..=(guild, ChannelId::new(u64::MAX));
        self.guild_channels.range(range).map(|(_, channel)| *channel).collect()
    }

    pub(super) fn messages_of(&self, channel: ChannelId) -> Vec<MessageId> {
        let range = (channel, MessageId::new(0))..=(channel, MessageId::new(u64::MAX));
        self.channel_messages.range(range).map(|(_, message)| *message).collect()
    }

    pub(crate) fn user(&self, user: UserId) -> Option<User> {
        self.users.get(&user).cloned()
    }

    pub(crate) fn user_named(&self, username: &str) -> Option<User> {
        self.user(*self.usernames.get(username)?)
    }

    pub(crate) fn token(&self, digest: &[u8; 32]) -> Option<Account> {
        self.account(self.tokens.get(digest)?.0)
    }

    pub(crate) fn account(&self, user: UserId) -> Option<Account> {
        let Decision { standing, owner, tokens_since } =
            self.decisions.get(&user).copied().unwrap_or_default();
        Some(Account { user: self.user(user)?, standing, owner, tokens_since })
    }

    pub(crate) fn accounts(&self, after: UserId, limit: usize) -> Vec<Account> {
        let users = self.users.range((Excluded(after), Unbounded));
        let all = users.filter_map(|(user, _)| self.account(*user));
        all.filter(|account| account.standing != Standing::Deleted).take(limit).collect()
    }

    pub(crate) fn tokens_of(&self, user: UserId) -> Vec<TokenRecord> {
        let of_user = self.tokens.iter().filter(|(_, (of, _))| *of == user);
        let mut found: Vec<TokenRecord> = of_user
            .map(|(digest, (_, made_at))| TokenRecord { digest: *digest, made_at: Some(*made_at) })
            .collect();
        found.sort_by_key(|record| (record.made_at, record.digest));
        found
    }

    pub(crate) fn guilds_of(&self, user: UserId) -> Vec<GuildId> {
        let range = (user, GuildId::new(0))..=(user, GuildId::new(u64::MAX));
        self.user_guilds.range(range).map(|(_, guild)| *guild).collect()
    }

    pub(crate) fn message(
        &self,
        channel: ChannelId,
        message: MessageId,
        me: Option<UserId>,
    ) -> Option<Message> {
        let found = self.messages.get(&message).filter(|found| found.channel_id == channel)?;
        Some(Message {
            reactions: self.reactions(message, me),
            referenced_message: self.referenced(found),
            ..found.clone()
        })
    }

    fn referenced(&self, message: &Message) -> Referenced {
        let Some((channel, answered)) = message.answers() else { return Referenced::Absent };
        let answered = self.messages.get(&answered).filter(|found| found.channel_id == channel);
        answered.map_or(Referenced::Deleted, Referenced::to)
    }

    pub(crate) fn row(&self, query: &RowQuery) -> Option<MessageRow> {
        let message = self.messages.get(&query.message);
        let message = message.filter(|found| found.channel_id == query.channel)?;
        let reactions = self.reactions.get(&query.message).into_iter().flatten();
        let reactions = reactions.map(|reaction| ReactionRow {
            emoji: Emoji::from_key(&reaction.emoji),
            count: u32::try_from(reaction.users.len()).unwrap_or(u32::MAX),
            users: reaction.users.iter().copied().filter(|u| query.users.contains(u)).collect(),
        });
        Some(MessageRow {
            author: message.author.id,
            message: Some(Box::new(message.clone())),
            reactions: reactions.collect(),
        })
    }

    pub(crate) fn messages(
        &self,
        channel: ChannelId,
        page: Page,
        limit: usize,
        me: Option<UserId>,
    ) -> Vec<Message> {
        let last = MessageId::new(u64::MAX);
        let found = match page {
            Page::Latest => self.until(channel, Included((channel, last)), limit),
            Page::Before(id) => self.until(channel, Excluded((channel, id)), limit),
            Page::After(id) => self.after(channel, id, limit),
            Page::Around(id) => {
                let mut found = self.after(channel, id, limit / 2);
                found.extend(self.until(channel, Included((channel, id)), limit - limit / 2));
                found
            }
        };
        found.into_iter().filter_map(|id| self.message(channel, id, me)).collect()
    }

    /// Returns the newest messages up to an end, newest first.
    fn until(
        &self,
        channel: ChannelId,
        end: std::ops::Bound<(ChannelId, MessageId)>,
        limit: usize,
    ) -> Vec<MessageId> {
        let range = (Included((channel, MessageId::new(0))), end);
        self.channel_messages.range(range).rev().take(limit).map(|(_, id)| *id).collect()
    }

    /// Returns the oldest messages after an id, newest first.
    fn after(&self, channel: ChannelId, id: MessageId, limit: usize) -> Vec<MessageId> {
        let Some(first) = id.value().checked_add(1).map(MessageId::new) else { return Vec::new() };
        let range = (channel, first)..=(channel, MessageId::new(u64::MAX));
        let oldest = self.channel_messages.range(range).take(limit);
        let mut found: Vec<_> = oldest.map(|(_, id)| *id).collect();
        found.reverse();
        found
    }

    fn reactions(&self, message: MessageId, me: Option<UserId>) -> Vec<ReactionCount> {
        let reactions = self.reactions.get(&message).into_iter().flatten();
        reactions
            .map(|reaction| ReactionCount {
                emoji: Emoji::from_key(&reaction.emoji),
                count: u32::try_from(reaction.users.len()).unwrap_or(u32::MAX),
                me: me.is_some_and(|me| reaction.users.contains(&me)),
                me_burst: False,
                burst_colors: Empty,
            })
            .collect()
    }

    pub(crate) fn reactors(
        &self,
        message: MessageId,
        emoji: &Emoji,
        after: UserId,
        limit: usize,
    ) -> Vec<User> {
        let key = emoji.key();
        let reactions = self.reactions.get(&message).into_iter().flatten();
        let users = reactions.filter(|reaction| reaction.emoji == key).flat_map(|r| &r.users);
        let found = users.filter(|user| **user > after).filter_map(|user| self.user(*user));
        found.take(limit).collect()
    }

    pub(crate) fn events(&self, guild: GuildId, after: u64) -> Vec<EventRecord> {
        let Some(first) = after.checked_add(1) else { return Vec::new() };
        let range = self.events.range((guild, first)..=(guild, u64::MAX));
        range.map(|(_, event)| event.clone()).collect()
    }
}
