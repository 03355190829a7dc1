//! Finds roles by name or id.

use std::collections::HashMap;

use serde_json::Value;
use throng_proto::form::Field;
use throng_proto::id::{GuildId, RoleId};

/// Name of the role that everybody has; its id is that of the guild.
pub(super) const EVERYONE: &str = "@everyone";

/// Name or id of something, as an operator writes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Reference {
    /// An id as a number.
    Number(u64),
    /// A name, or an id as a string.
    Text(String),
}

impl Reference {
    /// Reads a name or an id.
    pub(super) fn read(field: &Field<'_>) -> Option<Self> {
        let read = match field.value()? {
            Value::String(text) => Some(Self::Text(text.clone())),
            other => other.as_u64().map(Self::Number),
        };
        if read.is_none() {
            field.wrong("BASE_TYPE_INVALID", "Must be a name or an id.");
        }
        read
    }

    /// Returns the id, if it is one.
    pub(super) fn id(&self) -> Option<u64> {
        match self {
            Self::Number(id) => Some(*id),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

/// Roles of one guild by name.
#[derive(Debug)]
pub(super) struct Directory {
    everyone: RoleId,
    by_name: HashMap<String, Found>,
    ids: Vec<RoleId>,
}

#[derive(Clone, Copy, Debug)]
enum Found {
    One(RoleId),
    /// Roles of a guild may share a name; such a name says nothing.
    Several,
}

impl Directory {
    pub(super) fn new(guild: GuildId, roles: impl IntoIterator<Item = (String, RoleId)>) -> Self {
        let mut directory =
            Self { everyone: guild.cast(), by_name: HashMap::new(), ids: Vec::new() };
        for (name, id) in roles {
            directory.ids.push(id);
            directory
                .by_name
                .entry(name)
                .and_modify(|found| *found = Found::Several)
                .or_insert(Found::One(id));
        }
        directory
    }

    /// Finds a role. A name goes before an id, should a role be called by a number.
    ///
    /// # Errors
    ///
    /// A sentence that names what was not found.
    pub(super) fn find(&self, reference: &Reference) -> Result<RoleId, String> {
        if let Reference::Text(name) = reference {
            if name == EVERYONE {
                return Ok(self.everyone);
            }
            match self.by_name.get(name) {
                Some(Found::One(id)) => return Ok(*id),
                Some(Found::Several) => {
                    return Err(format!("Several roles are called `{name}`; name it by its id."));
                }
                None => {}
            }
        }
        let id = reference.id().map(RoleId::new);
        match id.filter(|id| *id == self.everyone || self.ids.contains(id)) {
            Some(id) => Ok(id),
            None => Err(match reference {
                Reference::Text(name) => format!("Unknown role `{name}`."),
                Reference::Number(id) => format!("Unknown role `{id}`."),
            }),
        }
    }

    /// Finds the roles of a member; @everyone is left out, because every member has it.
    ///
    /// # Errors
    ///
    /// As [`Directory::find`].
    pub(super) fn find_all(&self, references: &[Reference]) -> Result<Vec<RoleId>, String> {
        let mut roles = Vec::with_capacity(references.len());
        for reference in references {
            let role = self.find(reference)?;
            if role != self.everyone {
                roles.push(role);
            }
        }
        Ok(roles)
    }
}
