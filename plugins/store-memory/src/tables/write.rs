//! What each write does.

use std::collections::{BTreeMap, BTreeSet};

use throng_ports::store::Stored;
use throng_proto::catalog::CommandPlace;
use throng_proto::id::{ChannelId, GuildId, MessageId, UserId};
use throng_proto::model::{Channel, Emoji, Member, Message, Referenced, User};
use throng_proto::record::{Account, Write};
use throng_proto::time::Timestamp;

use super::check::Check;
use super::{Decision, Reaction, Tables};

impl Tables {
    /// Makes the writes of one commit, all or none.
    pub(crate) fn commit(&mut self, writes: Vec<Write>) -> Stored<()> {
        let mut check = Check::new(self);
        writes.iter().try_for_each(|write| check.write(write))?;
        for write in writes {
            self.apply(write);
        }
        Ok(())
    }

    /// Forgets events from before a time, but never the newest of a guild.
    pub(crate) fn trim_events(&mut self, before: Timestamp) -> u64 {
        let newest = self.events.keys().copied().collect::<BTreeMap<_, _>>();
        let count = self.events.len();
        self.events.retain(|(guild, sequence), event| {
            event.at >= before || newest.get(guild) == Some(sequence)
        });
        (count - self.events.len()) as u64
    }

    fn apply(&mut self, write: Write) {
        match write {
            Write::User(user) => self.put_user(user),
            Write::Account(account) => self.put_account(*account),
            Write::Token { digest, user, made_at } => {
                self.tokens.insert(digest, (user, made_at));
            }
            Write::TokenDelete(digest) => _ = self.tokens.remove(&digest),
            Write::TokensDelete(user) => self.tokens.retain(|_, (of, _)| *of != user),
            Write::Guild(guild) => _ = self.guilds.insert(guild.id, guild),
            Write::GuildDelete(guild) => self.delete_guild(guild),
            Write::Role(guild, role) => _ = self.roles.insert((guild, role.id), role),
            Write::RoleDelete(guild, role) => _ = self.roles.remove(&(guild, role)),
            Write::Channel(channel) => self.put_channel(channel),
            Write::ChannelDelete(guild, channel) => self.delete_channel(guild, channel),
            Write::Member(guild, member) => self.put_member(guild, member),
            Write::MemberDelete(guild, user) => {
                self.members.remove(&(guild, user));
                self.user_guilds.remove(&(user, guild));
                let of = CommandPlace { application: user, guild: Some(guild) };
                self.delete_commands_in(of);
            }
            Write::Invite(invite) => _ = self.invites.insert(invite.code.clone(), *invite),
            Write::InviteDelete(guild, code) => {
                self.invites.retain(|of, invite| (invite.guild_id, of) != (guild, &code));
            }
            Write::Message(message) => self.add_message(*message),
            Write::MessageUpdate(message) => self.update_message(*message),
            Write::MessageDelete(channel, messages) => {
                for message in messages {
                    self.delete_message(channel, message);
                }
            }
            Write::ReactionAdd(message, emoji, user) => self.add_reaction(message, &emoji, user),
            Write::ReactionRemove(message, emoji, user) => {
                self.remove_reactions(message, &emoji, |users| _ = users.remove(&user));
            }
            Write::ReactionClear(message, Some(emoji)) => {
                self.remove_reactions(message, &emoji, BTreeSet::clear);
            }
            Write::ReactionClear(message, None) => _ = self.reactions.remove(&message),
            Write::Command(command) => self.put_command(*command),
            Write::CommandDelete(place, id) => self.delete_command(place, id),
            Write::CommandsDelete(user) => self.delete_commands_of(user),
            Write::Event(event) => _ = self.events.insert((event.guild, event.sequence), *event),
        }
    }

    fn put_user(&mut self, user: User) {
        self.usernames.insert(user.username.clone(), user.id);
        let (id, name) = (user.id, user.username.clone());
        let old = self.users.insert(id, user);
        if let Some(old) = old.filter(|old| old.username != name) {
            self.usernames.remove(&old.username);
        }
    }

    fn put_account(&mut self, account: Account) {
        let Account { user, standing, owner, tokens_since } = account;
        self.decisions.insert(user.id, Decision { standing, owner, tokens_since });
        self.put_user(user);
    }

    fn put_member(&mut self, guild: GuildId, member: Member) {
        let user = member.user.id;
        self.members.insert((guild, user), member.profile);
        self.user_guilds.insert((user, guild));
        self.put_user(member.user);
    }

    fn put_channel(&mut self, mut channel: Channel) {
        if let Some(old) = self.channels.get(&channel.id) {
            // A channel that was read before its newest message was written must not take that
            // back.
            channel.last_message_id = channel.last_message_id.max(old.last_message_id);
            self.guild_channels.remove(&(old.guild_id, old.id));
        }
        self.guild_channels.insert((channel.guild_id, channel.id));
        self.channels.insert(channel.id, channel);
    }

    fn delete_channel(&mut self, guild: GuildId, channel: ChannelId) {
        if !self.guild_channels.remove(&(guild, channel)) {
            return;
        }
        self.channels.remove(&channel);
        self.invites.retain(|_, invite| invite.channel_id != channel);
        for message in self.messages_of(channel) {
            self.delete_message(channel, message);
        }
    }

    fn delete_guild(&mut self, guild: GuildId) {
        for channel in self.channels_of(guild) {
            self.delete_channel(guild, channel);
        }
        self.guilds.remove(&guild);
        self.invites.retain(|_, invite| invite.guild_id != guild);
        self.commands.retain(|_, command| command.guild_id != Some(guild));
        self.roles.retain(|(of, _), _| *of != guild);
        self.members.retain(|(of, _), _| *of != guild);
        self.user_guilds.retain(|(_, of)| *of != guild);
        self.events.retain(|(of, _), _| *of != guild);
    }

    fn add_message(&mut self, mut message: Message) {
        message.reactions = Vec::new();
        message.referenced_message = Referenced::Absent;
        if let Some(channel) = self.channels.get_mut(&message.channel_id) {
            channel.last_message_id = channel.last_message_id.max(Some(message.id));
        }
        self.channel_messages.insert((message.channel_id, message.id));
        let (id, channel) = (message.id, message.channel_id);
        let old = self.messages.insert(id, message);
        if let Some(old) = old.filter(|old| old.channel_id != channel) {
            self.channel_messages.remove(&(old.channel_id, id));
        }
    }

    fn update_message(&mut self, mut message: Message) {
        message.reactions = Vec::new();
        message.referenced_message = Referenced::Absent;
        if let Some(old) = self.messages.get_mut(&message.id)
            && old.channel_id == message.channel_id
        {
            *old = message;
        }
    }

    fn delete_message(&mut self, channel: ChannelId, message: MessageId) {
        if self.channel_messages.remove(&(channel, message)) {
            self.messages.remove(&message);
            self.reactions.remove(&message);
        }
    }

    fn add_reaction(&mut self, message: MessageId, emoji: &Emoji, user: UserId) {
        if !self.messages.contains_key(&message) {
            return;
        }
        let emoji = emoji.key();
        let reactions = self.reactions.entry(message).or_default();
        match reactions.iter_mut().find(|reaction| reaction.emoji == emoji) {
            Some(reaction) => _ = reaction.users.insert(user),
            None => reactions.push(Reaction { emoji, users: [user].into() }),
        }
    }

    fn remove_reactions(
        &mut self,
        message: MessageId,
        emoji: &Emoji,
        remove: impl Fn(&mut BTreeSet<UserId>),
    ) {
        let key = emoji.key();
        let Some(reactions) = self.reactions.get_mut(&message) else { return };
        let of_emoji = reactions.iter_mut().filter(|reaction| reaction.emoji == key);
        of_emoji.for_each(|reaction| remove(&mut reaction.users));
        reactions.retain(|reaction| !reaction.users.is_empty());
    }
}
