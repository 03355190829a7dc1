//! A store that is too plain to be wrong: lists that are searched from end to end.

use throng_proto::catalog::CommandPlace;
use throng_proto::id::{ChannelId, GuildId, MessageId, UserId};
use throng_proto::model::constant::{Empty, False};
use throng_proto::model::{
    Channel, Emoji, Guild, Invite, Member, Message, Profile, ReactionCount, Referenced,
    RegisteredCommand, Role, User,
};
use throng_proto::record::{EventRecord, Page, Write};

/// What a store should contain.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    users: Vec<User>,
    guilds: Vec<Guild>,
    roles: Vec<(GuildId, Role)>,
    channels: Vec<Channel>,
    members: Vec<(GuildId, UserId, Profile)>,
    invites: Vec<Invite>,
    commands: Vec<RegisteredCommand>,
    messages: Vec<Message>,
    reactions: Vec<(MessageId, Emoji, Vec<UserId>)>,
    events: Vec<EventRecord>,
}

/// A guild as [`throng_proto::record::GuildRecord`] has it, without nonces.
pub(super) type Whole = (Guild, Vec<Role>, Vec<Channel>, Vec<Member>, u64);

impl Model {
    /// Makes all writes or none, and tells which.
    pub(super) fn commit(&mut self, writes: &[Write]) -> bool {
        let mut changed = self.clone();
        let made = writes.iter().all(|write| changed.apply(write.clone()));
        if made {
            *self = changed;
        }
        made
    }

    fn apply(&mut self, write: Write) -> bool {
        match write {
            Write::User(user) => return self.put_user(user),
            Write::Token { .. } | Write::TokenDelete(_) | Write::TokensDelete(_) => {}
            Write::Account(account) => return self.put_user(account.user),
            Write::Guild(guild) => put(&mut self.guilds, guild, |a, b| a.id == b.id),
            Write::GuildDelete(id) => self.delete_guild(id),
            Write::Role(guild, role) => {
                put(&mut self.roles, (guild, role), |a, b| (a.0, a.1.id) == (b.0, b.1.id));
            }
            Write::RoleDelete(guild, id) => {
                self.roles.retain(|(of, role)| (*of, role.id) != (guild, id));
            }
            Write::Channel(mut channel) => {
                let old = self.channels.iter().find(|old| old.id == channel.id);
                let last = old.and_then(|old| old.last_message_id);
                channel.last_message_id = channel.last_message_id.max(last);
                put(&mut self.channels, channel, |a, b| a.id == b.id);
            }
            Write::ChannelDelete(guild, id) => self.delete_channel(guild, id),
            Write::Member(guild, member) => {
                let joined = (guild, member.user.id, member.profile);
                put(&mut self.members, joined, |a, b| (a.0, a.1) == (b.0, b.1));
                return self.put_user(member.user);
            }
            Write::MemberDelete(guild, user) => {
                self.members.retain(|member| (member.0, member.1) != (guild, user));
                let of = CommandPlace { application: user, guild: Some(guild) };
                self.commands.retain(|command| place_of(command) != of);
            }
            Write::Invite(invite) => put(&mut self.invites, *invite, |a, b| a.code == b.code),
            Write::InviteDelete(guild, code) => {
                self.invites.retain(|invite| (invite.guild_id, &invite.code) != (guild, &code));
            }
            Write::Command(command) => self.put_command(*command),
            Write::CommandDelete(of, id) => {
                self.commands.retain(|command| (place_of(command), command.id) != (of, id));
            }
            Write::CommandsDelete(user) => {
                self.commands.retain(|command| command.application_id != user);
            }
            Write::Event(event) => {
                let place = |event: &EventRecord| (event.guild, event.sequence);
                if self.events.iter().any(|old| place(old) == place(&event)) {
                    return false;
                }
                self.events.push(*event);
            }
            other => self.apply_message(other),
        }
        true
    }

    fn apply_message(&mut self, write: Write) {
        match write {
            Write::Message(message) => {
                let of = |channel: &&mut Channel| channel.id == message.channel_id;
                if let Some(channel) = self.channels.iter_mut().find(of) {
                    channel.last_message_id = channel.last_message_id.max(Some(message.id));
                }
                put(&mut self.messages, *message, |a, b| a.id == b.id);
            }
            Write::MessageUpdate(message) => {
                let old = self.messages.iter_mut().find(|old| old.id == message.id);
                old.into_iter().for_each(|old| old.clone_from(&message));
            }
            Write::MessageDelete(channel, ids) => {
                let gone =
                    |message: &Message| message.channel_id == channel && ids.contains(&message.id);
                self.delete_messages(gone);
            }
            Write::ReactionAdd(id, emoji, user) => {
                if !self.messages.iter().any(|message| message.id == id) {
                    return;
                }
                match self.reactions.iter_mut().find(|of| of.0 == id && of.1 == emoji) {
                    Some((_, _, users)) if users.contains(&user) => {}
                    Some((_, _, users)) => users.push(user),
                    None => self.reactions.push((id, emoji, vec![user])),
                }
            }
            Write::ReactionRemove(id, emoji, user) => {
                for (_, _, users) in
                    self.reactions.iter_mut().filter(|of| of.0 == id && of.1 == emoji)
                {
                    users.retain(|other| *other != user);
                }
                self.reactions.retain(|(_, _, users)| !users.is_empty());
            }
            Write::ReactionClear(id, emoji) => self
                .reactions
                .retain(|of| of.0 != id || emoji.as_ref().is_some_and(|emoji| *emoji != of.1)),
            _ => {}
        }
    }

    fn put_command(&mut self, command: RegisteredCommand) {
        let known = self.user(command.application_id).is_some();
        let there = |guild| {
            let member = |member: &(GuildId, UserId, Profile)| {
                (member.0, member.1) == (guild, command.application_id)
            };
            self.members.iter().any(member)
        };
        if known && command.guild_id.is_none_or(there) {
            put(&mut self.commands, command, |a, b| a.id == b.id);
        }
    }

    fn put_user(&mut self, user: User) -> bool {
        let taken = |old: &User| old.username == user.username && old.id != user.id;
        if self.users.iter().any(taken) {
            return false;
        }
        put(&mut self.users, user, |a, b| a.id == b.id);
        true
    }

    fn delete_messages(&mut self, gone: impl Fn(&Message) -> bool) {
        let ids: Vec<_> =
            self.messages.iter().filter(|message| gone(message)).map(|m| m.id).collect();
        self.messages.retain(|message| !ids.contains(&message.id));
        self.reactions.retain(|of| !ids.contains(&of.0));
    }

    fn delete_channel(&mut self, guild: GuildId, id: ChannelId) {
        let of = |channel: &Channel| channel.id == id && channel.guild_id == guild;
        if self.channels.iter().any(of) {
            self.channels.retain(|channel| !of(channel));
            self.invites.retain(|invite| invite.channel_id != id);
            self.delete_messages(|message| message.channel_id == id);
        }
    }

    fn delete_guild(&mut self, id: GuildId) {
        for channel in self.channels.clone() {
            if channel.guild_id == id {
                self.delete_channel(id, channel.id);
            }
        }
        self.guilds.retain(|guild| guild.id != id);
        self.invites.retain(|invite| invite.guild_id != id);
        self.commands.retain(|command| command.guild_id != Some(id));
        self.roles.retain(|(of, _)| *of != id);
        self.members.retain(|member| member.0 != id);
        self.events.retain(|event| event.guild != id);
    }

    pub(super) fn guild(&self, id: GuildId) -> Option<Whole> {
        let guild = self.guilds.iter().find(|guild| guild.id == id)?.clone();
        let in_guild = self.roles.iter().filter(|(of, _)| *of == id);
        let mut roles: Vec<_> = in_guild.map(|(_, role)| role.clone()).collect();
        let in_guild = self.channels.iter().filter(|channel| channel.guild_id == id);
        let mut channels: Vec<_> = in_guild.cloned().collect();
        let in_guild = self.members.iter().filter(|member| member.0 == id);
        let joined = in_guild.filter_map(|(_, user, profile)| {
            Some(Member { user: self.user(*user)?, profile: profile.clone() })
        });
        let mut members: Vec<_> = joined.collect();
        roles.sort_by_key(|role| role.id);
        channels.sort_by_key(|channel| channel.id);
        members.sort_by_key(|member| member.user.id);
        let last = self.events(id, 0).last().map_or(0, |event| event.sequence);
        Some((guild, roles, channels, members, last))
    }

    pub(super) fn invites(&self, guild: GuildId) -> Vec<Invite> {
        let of_guild = self.invites.iter().filter(|invite| invite.guild_id == guild);
        let mut invites: Vec<_> = of_guild.cloned().collect();
        invites.sort_by(|one, other| one.code.cmp(&other.code));
        invites
    }

    pub(super) fn catalog(&self, place: CommandPlace) -> Vec<RegisteredCommand> {
        let of_place = self.commands.iter().filter(|command| place_of(command) == place);
        let mut found: Vec<_> = of_place.cloned().collect();
        found.sort_by_key(|command| command.id);
        found
    }

    pub(super) fn user(&self, id: UserId) -> Option<User> {
        self.users.iter().find(|user| user.id == id).cloned()
    }

    pub(super) fn user_named(&self, name: &str) -> Option<User> {
        self.users.iter().find(|user| user.username == name).cloned()
    }

    pub(super) fn guilds_of(&self, user: UserId) -> Vec<GuildId> {
        let of_user = self.members.iter().filter(|member| member.1 == user);
        let mut guilds: Vec<_> = of_user.map(|member| member.0).collect();
        guilds.sort();
        guilds
    }

    pub(super) fn messages(
        &self,
        channel: ChannelId,
        page: Page,
        limit: usize,
        me: Option<UserId>,
    ) -> Vec<Message> {
        let mut all: Vec<_> =
            self.messages.iter().filter(|message| message.channel_id == channel).collect();
        all.sort_by_key(|message| message.id);
        let split = |id| all.partition_point(|message| message.id < id);
        let (start, end) = match page {
            Page::Latest => (all.len().saturating_sub(limit), all.len()),
            Page::Before(id) => (split(id).saturating_sub(limit), split(id)),
            Page::After(id) => {
                let first = split(MessageId::new(id.value() + 1));
                (first, first + limit)
            }
            Page::Around(id) => {
                let middle = split(MessageId::new(id.value() + 1));
                (middle.saturating_sub(limit - limit / 2), middle + limit / 2)
            }
        };
        let page = all[start..end.min(all.len())].iter().rev();
        page.map(|message| self.with_reactions(message, me)).collect()
    }

    fn with_reactions(&self, message: &Message, me: Option<UserId>) -> Message {
        let of_message = self.reactions.iter().filter(|of| of.0 == message.id);
        let counted = of_message.map(|(_, emoji, users)| ReactionCount {
            emoji: emoji.clone(),
            count: u32::try_from(users.len()).unwrap_or(u32::MAX),
            me: me.is_some_and(|me| users.contains(&me)),
            me_burst: False,
            burst_colors: Empty,
        });
        let referenced_message = match message.answers() {
            None => Referenced::Absent,
            Some((channel, id)) => {
                let mut all = self.messages.iter();
                let answered = all.find(|other| other.id == id && other.channel_id == channel);
                answered.map_or(Referenced::Deleted, Referenced::to)
            }
        };
        Message { reactions: counted.collect(), referenced_message, ..message.clone() }
    }

    pub(super) fn reactors(&self, id: MessageId, emoji: &Emoji) -> Vec<User> {
        let of_emoji = self.reactions.iter().filter(|of| of.0 == id && of.1 == *emoji);
        let mut found: Vec<_> =
            of_emoji.flat_map(|of| &of.2).filter_map(|user| self.user(*user)).collect();
        found.sort_by_key(|user| user.id);
        found
    }

    pub(super) fn events(&self, guild: GuildId, after: u64) -> Vec<EventRecord> {
        let later = self.events.iter().filter(|e| e.guild == guild && e.sequence > after);
        let mut found: Vec<_> = later.cloned().collect();
        found.sort_by_key(|event| event.sequence);
        found
    }
}

const fn place_of(command: &RegisteredCommand) -> CommandPlace {
    CommandPlace { application: command.application_id, guild: command.guild_id }
}

fn put<T>(list: &mut Vec<T>, item: T, same: impl Fn(&T, &T) -> bool) {
    match list.iter_mut().find(|old| same(old, &item)) {
        Some(old) => *old = item,
        None => list.push(item),
    }
}
