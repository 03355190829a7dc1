//! The node as applications see it: the commands that they have.
//!
//! What an application has in a place is read, decided on and written in its turn, so that no two
//! of its requests are decided on the same state.

use std::sync::Arc;

use throng_ports::catalog::Catalogs;
use throng_ports::registry::Asked;
use throng_proto::catalog::{Catalog, CommandChange, CommandPlace, CommandsChanged};
use throng_proto::model::RegisteredCommand;
use throng_proto::refusal::Refusal;

use super::registry::to_its_end;
use super::{Node, Shared};
use crate::budgets::Budget;

impl Catalogs for Node {
    fn catalog(&self, place: CommandPlace) -> Asked<Vec<RegisteredCommand>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { Ok(shared.catalog(place).await?.into_commands()) })
    }

    fn change_catalog(&self, place: CommandPlace, change: CommandChange) -> Asked<CommandsChanged> {
        let shared = Arc::clone(&self.shared);
        to_its_end(async move {
            let _turn = shared.catalogs.take(place.application).await;
            let mut ids = || shared.next_id::<throng_proto::id::marker::Any>().value();
            let catalog = shared.catalog(place).await?;
            let (changed, writes) = catalog.change(change, &mut ids)?;
            if !writes.is_empty() {
                shared.committed(shared.store.commit(writes).await)?;
            }
            Ok(changed)
        })
    }
}

impl Shared {
    /// Reads what an application has in a place. Whatever it asks for, all of it is read, and
    /// counts as such.
    ///
    /// # Errors
    ///
    /// It cannot be read, or the application has read too much lately.
    async fn catalog(&self, place: CommandPlace) -> Result<Catalog, Refusal> {
        let key = place.application.value();
        let limited = |retry_after| Refusal::RateLimited { retry_after };
        self.spend(Budget::Read, key, 0).map_err(limited)?;
        let catalog = Catalog::new(place, self.read(self.store.catalog(place).await)?);
        self.budgets.charge(Budget::Read, key, catalog.bytes() as u64);
        Ok(catalog)
    }
}
