//! A store in which one thing is wrong.

use std::collections::{HashMap, HashSet};
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt as _;
use throng_proto::catalog::CommandPlace;
use throng_proto::id::{ChannelId, GuildId, MessageId, UserId};
use throng_proto::model::{Emoji, Invite, Message, RegisteredCommand, User};
use throng_proto::record::{Account, EventRecord, GuildRecord, MessageRow, Page, RowQuery, Write};
use throng_proto::time::Timestamp;

use super::Fault;
use crate::link::BoxFuture;
use crate::store::{Expired, GuildSize, Layer, MemberPages, Store, StoreError, Stored};

/// Members of a page that loses one.
const LONG_PAGE: usize = 1_000;

/// A store with a fault.
pub(super) struct Twin {
    inner: Arc<dyn Store>,
    fault: Fault,
    memory: Arc<Mutex<Memory>>,
}

/// What a twin has seen.
#[derive(Default)]
struct Memory {
    names: HashMap<String, UserId>,
    users: HashMap<UserId, User>,
    invites: Vec<Invite>,
    last_messages: HashMap<ChannelId, Option<MessageId>>,
    messages: HashMap<MessageId, Message>,
    events: HashMap<(GuildId, u64), EventRecord>,
    places: HashSet<(GuildId, u64)>,
    commands: Vec<RegisteredCommand>,
    sizes: HashMap<GuildId, GuildSize>,
    trimmed: bool,
}

impl Twin {
    pub(super) fn new(inner: Arc<dyn Store>, fault: Fault) -> Self {
        Self { inner, fault, memory: Arc::default() }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers otherwise than the store does.
    fn changed<T: Send + 'static>(
        &self,
        answer: BoxFuture<'static, Stored<T>>,
        fault: Fault,
        change: impl FnOnce(&mut Memory, &mut T) + Send + 'static,
    ) -> BoxFuture<'static, Stored<T>> {
        if !self.is(fault) {
            return answer;
        }
        let memory = Arc::clone(&self.memory);
        Box::pin(async move {
            let mut value = answer.await?;
            change(&mut memory.lock().unwrap_or_else(PoisonError::into_inner), &mut value);
            Ok(value)
        })
    }
}

impl Memory {
    /// Remembers what is written.
    fn note(&mut self, write: &Write) {
        match write {
            Write::Member(_, member) => {
                self.users.entry(member.user.id).or_insert_with(|| member.user.clone());
            }
            Write::Invite(invite) => self.invites.push(Invite::clone(invite)),
            Write::Channel(channel) => {
                self.last_messages.insert(channel.id, channel.last_message_id);
            }
            Write::Message(message) => {
                self.last_messages.insert(message.channel_id, Some(message.id));
                self.messages.insert(message.id, Message::clone(message));
            }
            Write::Command(command) => self.commands.push(RegisteredCommand::clone(command)),
            Write::Event(event) => {
                self.events.insert((event.guild, event.sequence), EventRecord::clone(event));
            }
            _ => {}
        }
    }

    /// Tells whether a write gives somebody a name that was another's.
    fn takes_name(&mut self, write: &Write) -> bool {
        let Write::User(user) = write else { return false };
        *self.names.entry(user.username.clone()).or_insert(user.id) != user.id
    }
}

/// Returns what a broken store makes of a write.
fn broken(fault: Fault, memory: &mut Memory, write: Write) -> Vec<Write> {
    match (fault, write) {
        (Fault::UndoesDecisions, Write::User(user)) => {
            vec![Write::Account(Box::new(Account::new(user)))]
        }
        (Fault::UndoesDecisions, Write::Member(guild, member)) => {
            let account = Account::new(member.user.clone());
            vec![Write::Account(Box::new(account)), Write::Member(guild, member)]
        }
        (Fault::KeepsTokens, Write::TokensDelete(_)) => Vec::new(),
        (Fault::BringsBack, Write::MessageUpdate(message)) => vec![Write::Message(message)],
        (Fault::DropsEvent, Write::Event(event)) => {
            let is_new = memory.places.insert((event.guild, event.sequence));
            is_new.then_some(Write::Event(event)).into_iter().collect()
        }
        (_, write) => vec![write],
    }
}

impl Layer for Twin {
    fn below(&self) -> &dyn Store {
        &*self.inner
    }

    fn catalog(&self, place: CommandPlace) -> BoxFuture<'static, Stored<Vec<RegisteredCommand>>> {
        let fault = self.fault;
        self.changed(self.inner.catalog(place), fault, move |memory, commands| match fault {
            Fault::ReversesCommands => commands.reverse(),
            Fault::KeepsCommands if commands.is_empty() => {
                let made = memory.commands.iter();
                let here = made.filter(|one| {
                    (one.application_id, one.guild_id) == (place.application, place.guild)
                });
                commands.extend(here.cloned());
            }
            _ => {}
        })
    }

    fn commit(&self, writes: Vec<Write>) -> BoxFuture<'static, Stored<()>> {
        let mut memory = self.memory();
        writes.iter().for_each(|write| memory.note(write));
        if self.is(Fault::NamesForEver) && writes.iter().any(|write| memory.takes_name(write)) {
            return Box::pin(ready(Err(StoreError::Failed("the name was another's".to_owned()))));
        }
        let writes: Vec<_> =
            writes.into_iter().flat_map(|write| broken(self.fault, &mut memory, write)).collect();
        drop(memory);
        let inner = Arc::clone(&self.inner);
        match self.fault {
            Fault::CommitsWhenPolled => Box::pin(async move { inner.commit(writes).await }),
            Fault::CommitsInParts => Box::pin(async move {
                for write in writes {
                    inner.commit(vec![write]).await?;
                }
                Ok(())
            }),
            _ => inner.commit(writes),
        }
    }

    fn guilds(&self) -> BoxFuture<'static, Stored<Vec<GuildId>>> {
        let answer = self.inner.guilds();
        self.changed(answer, Fault::InventsGuild, |_, guilds| guilds.push(GuildId::new(1)))
    }

    fn guild(&self, guild: GuildId) -> BoxFuture<'static, Stored<Option<GuildRecord>>> {
        let fault = self.fault;
        self.changed(self.inner.guild(guild), fault, move |memory, record| {
            let Some(record) = record else { return };
            match fault {
                Fault::ReversesRoles => record.roles.reverse(),
                Fault::ForgetsNonces => record.nonces.clear(),
                Fault::KeepsInvites => {
                    let made = memory.invites.iter().filter(|invite| invite.guild_id == guild);
                    let gone = made.filter(|made| {
                        record.channels.iter().all(|channel| channel.id != made.channel_id)
                    });
                    record.invites.extend(gone.cloned().collect::<Vec<_>>());
                }
                Fault::LastMessageGoesBack => {
                    for channel in &mut record.channels {
                        let last = memory.last_messages.get(&channel.id).copied();
                        channel.last_message_id = last.flatten();
                    }
                }
                _ => {}
            }
        })
    }

    fn members(&self, guild: GuildId) -> MemberPages {
        let (fault, memory) = (self.fault, Arc::clone(&self.memory));
        let pages = self.inner.members(guild);
        pages
            .map(move |page| {
                let mut page = page?;
                let memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
                match fault {
                    Fault::LosesMember if page.len() >= LONG_PAGE => _ = page.pop(),
                    Fault::FreezesAccounts => {
                        for member in &mut page {
                            if let Some(first) = memory.users.get(&member.user.id) {
                                member.user.clone_from(first);
                            }
                        }
                    }
                    _ => {}
                }
                Ok(page)
            })
            .boxed()
    }

    fn user_named(&self, username: String) -> BoxFuture<'static, Stored<Option<User>>> {
        let is_loose = self.is(Fault::LooseNames);
        self.inner.user_named(if is_loose { username.to_lowercase() } else { username })
    }

    fn accounts(&self, after: UserId, limit: usize) -> BoxFuture<'static, Stored<Vec<Account>>> {
        let again = u64::from(self.is(Fault::RepeatsAccount));
        self.inner.accounts(UserId::new(after.value().saturating_sub(again)), limit)
    }

    fn rows(&self, queries: Vec<RowQuery>) -> BoxFuture<'static, Stored<Vec<Option<MessageRow>>>> {
        let answer = self.inner.rows(queries);
        self.changed(answer, Fault::SkipsRows, |_, rows| rows.retain(Option::is_some))
    }

    fn message(
        &self,
        channel: ChannelId,
        message: MessageId,
        me: Option<UserId>,
    ) -> BoxFuture<'static, Stored<Option<Message>>> {
        let fault = self.fault;
        self.changed(self.inner.message(channel, message, me), fault, move |_, found| {
            let Some(found) = found else { return };
            match fault {
                Fault::EndsAtNul => {
                    let end = found.content.find('\0').unwrap_or(found.content.len());
                    found.content.truncate(end);
                }
                Fault::ReversesReactions => found.reactions.reverse(),
                _ => {}
            }
        })
    }

    fn messages(
        &self,
        channel: ChannelId,
        page: Page,
        limit: usize,
        me: Option<UserId>,
    ) -> BoxFuture<'static, Stored<Vec<Message>>> {
        let fault = self.fault;
        let answer = self.inner.messages(channel, page, limit, me);
        self.changed(answer, fault, move |memory, found| match fault {
            Fault::OldestFirst => found.reverse(),
            Fault::KeepsMessages if found.is_empty() => {
                let gone = memory.messages.values().filter(|one| one.channel_id == channel);
                found.extend(gone.cloned());
            }
            _ => {}
        })
    }

    fn reactors(
        &self,
        message: MessageId,
        emoji: Emoji,
        after: UserId,
        limit: usize,
    ) -> BoxFuture<'static, Stored<Vec<User>>> {
        let after = if self.is(Fault::RepeatsReactors) { UserId::new(0) } else { after };
        self.inner.reactors(message, emoji, after, limit)
    }

    fn events(&self, guild: GuildId, after: u64) -> BoxFuture<'static, Stored<Vec<EventRecord>>> {
        let fault = self.fault;
        let again = u64::from(fault == Fault::RepeatsEvent);
        let answer = self.inner.events(guild, after.saturating_sub(again));
        self.changed(answer, fault, move |memory, events| match fault {
            Fault::TrimsAll if memory.trimmed => events.clear(),
            Fault::KeepsEvents if events.is_empty() => {
                let gone = memory.events.values().filter(|event| event.guild == guild);
                events.extend(gone.cloned());
            }
            _ => {}
        })
    }

    fn trim_events(&self, before: Timestamp) -> BoxFuture<'static, Stored<u64>> {
        self.memory().trimmed = true;
        self.inner.trim_events(before)
    }

    fn expire(&self, before: Timestamp, rows_max: usize) -> BoxFuture<'static, Stored<Expired>> {
        let all = self.is(Fault::ExpiresAtOnce);
        self.inner.expire(before, if all { 1_000_000 } else { rows_max })
    }

    fn sizes(&self, guilds: Vec<GuildId>) -> BoxFuture<'static, Stored<Vec<GuildSize>>> {
        let asked = guilds.clone();
        self.changed(self.inner.sizes(guilds), Fault::NeverShrinks, move |memory, sizes| {
            for (guild, size) in asked.iter().zip(sizes) {
                let most = memory.sizes.entry(*guild).or_default();
                most.messages = most.messages.max(size.messages);
                most.message_bytes = most.message_bytes.max(size.message_bytes);
                *size = *most;
            }
        })
    }
}
