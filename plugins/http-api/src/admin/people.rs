//! Finds the users of one batch, and makes those that are named and missing.

use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use throng_ports::hub::Hub;
use throng_proto::id::UserId;
use throng_proto::model::User;

use super::guilds::USERS_AT_ONCE;
use crate::fault::Fault;

/// Whom a line means.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Who {
    /// An account that has to exist.
    Id(UserId),
    /// An account that is made when nobody has the name.
    Name(String),
}

/// Finds a user whose account was not deleted: what such a one has written stays, and nobody else
/// comes of it.
pub(super) async fn known(hub: &dyn Hub, user: UserId) -> Result<Option<User>, Fault> {
    Ok(hub.account(user).await?.map(|account| account.user))
}

/// Accounts of one batch.
#[derive(Debug)]
pub(super) struct People {
    found: HashMap<Who, Option<User>>,
}

impl People {
    /// Looks everybody up, each once.
    pub(super) async fn find(
        hub: &dyn Hub,
        wanted: impl Iterator<Item = &Who>,
    ) -> Result<Self, Fault> {
        let wanted: HashMap<Who, Option<User>> = wanted.map(|who| (who.clone(), None)).collect();
        let found = stream::iter(wanted.into_keys())
            .map(|who| async move {
                let user = match &who {
                    Who::Id(id) => known(hub, *id).await?,
                    Who::Name(name) => hub.user_named(name.clone()).await?,
                };
                Ok::<_, Fault>((who, user))
            })
            .buffer_unordered(USERS_AT_ONCE)
            .try_collect()
            .await?;
        Ok(Self { found })
    }

    /// Makes accounts for names that nobody has, in one commit.
    pub(super) async fn create(&mut self, hub: &dyn Hub) -> Result<(), Fault> {
        let missing = self.found.iter().filter(|(_, user)| user.is_none());
        let names = missing.filter_map(|(who, _)| match who {
            Who::Name(name) => Some(name.clone()),
            Who::Id(_) => None,
        });
        let names: Vec<String> = names.collect();
        if names.is_empty() {
            return Ok(());
        }
        let made = hub.create_users(names).await?;
        let made = made.into_iter().map(|user| (Who::Name(user.username.clone()), Some(user)));
        self.found.extend(made);
        Ok(())
    }

    pub(super) fn get(&self, who: &Who) -> Option<&User> {
        self.found.get(who)?.as_ref()
    }
}
