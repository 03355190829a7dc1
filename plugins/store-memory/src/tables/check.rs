//! Whether a commit will succeed, asked before anything is changed: so nothing ever has to be
//! undone.

use std::collections::{BTreeMap, BTreeSet};

use throng_ports::store::{StoreError, Stored};
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::User;
use throng_proto::record::{EventRecord, Write};

use super::Tables;

/// What the commit's own earlier writes change about the answer for its later ones.
pub(super) struct Check<'a> {
    tables: &'a Tables,
    owners: BTreeMap<&'a str, Option<UserId>>,
    names: BTreeMap<UserId, &'a str>,
    events: BTreeSet<(GuildId, u64)>,
    forgotten: BTreeSet<GuildId>,
}

impl<'a> Check<'a> {
    pub(super) const fn new(tables: &'a Tables) -> Self {
        Self {
            tables,
            owners: BTreeMap::new(),
            names: BTreeMap::new(),
            events: BTreeSet::new(),
            forgotten: BTreeSet::new(),
        }
    }

    /// Asks for one write, in the order of the commit.
    pub(super) fn write(&mut self, write: &'a Write) -> Stored<()> {
        match write {
            Write::User(user) => self.user(user),
            Write::Account(account) => self.user(&account.user),
            Write::Member(_, member) => self.user(&member.user),
            Write::GuildDelete(guild) => {
                self.forgotten.insert(*guild);
                self.events.retain(|(of, _)| of != guild);
                Ok(())
            }
            Write::Event(event) => self.event(event),
            _ => Ok(()),
        }
    }

    fn user(&mut self, user: &'a User) -> Stored<()> {
        let name = user.username.as_str();
        let owner = self
            .owners
            .get(name)
            .copied()
            .unwrap_or_else(|| self.tables.usernames.get(name).copied());
        if owner.is_some_and(|owner| owner != user.id) {
            return Err(StoreError::Failed(format!("username {name} is taken")));
        }
        let stored = self.tables.users.get(&user.id).map(|user| user.username.as_str());
        if let Some(old) = self.names.insert(user.id, name).or(stored) {
            self.owners.insert(old, None);
        }
        self.owners.insert(name, Some(user.id));
        Ok(())
    }

    fn event(&mut self, event: &EventRecord) -> Stored<()> {
        let place = (event.guild, event.sequence);
        let stored =
            !self.forgotten.contains(&event.guild) && self.tables.events.contains_key(&place);
        if stored || !self.events.insert(place) {
            return Err(StoreError::Failed(format!(
                "event {} of guild {} is there already",
                event.sequence, event.guild
            )));
        }
        Ok(())
    }
}
