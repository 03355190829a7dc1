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

use super::Node;
use super::registry::to_its_end;
use crate::archive::Archive;
use crate::bounds::Bounds;
use crate::budgets::Budget;

impl Catalogs for Node {
    fn catalog(&self, place: CommandPlace) -> Asked<Vec<RegisteredCommand>> {
        let (archive, bounds) = (self.archive.clone(), Arc::clone(&self.bounds));
        Box::pin(async move { Ok(read(&archive, &bounds, place).await?.into_commands()) })
    }

    fn change_catalog(&self, place: CommandPlace, change: CommandChange) -> Asked<CommandsChanged> {
        let (archive, bounds) = (self.archive.clone(), Arc::clone(&self.bounds));
        let catalogs = Arc::clone(&self.catalogs);
        to_its_end(async move {
            let _turn = catalogs.take(place.application).await;
            let mut ids = || archive.next_id::<throng_proto::id::marker::Any>().value();
            let catalog = read(&archive, &bounds, place).await?;
            let (changed, writes) = catalog.change(change, &mut ids)?;
            if !writes.is_empty() {
                archive.committed(archive.store.commit(writes).await)?;
            }
            Ok(changed)
        })
    }
}

/// Reads what an application has in a place. Whatever it asks for, all of it is read, and counts as
/// such.
///
/// # Errors
///
/// It cannot be read, or the application has read too much lately.
async fn read(archive: &Archive, bounds: &Bounds, place: CommandPlace) -> Result<Catalog, Refusal> {
    let key = place.application.value();
    let limited = |retry_after| Refusal::RateLimited { retry_after };
    bounds.budgets.spend(Budget::Read, key, 0).map_err(limited)?;
    let catalog = Catalog::new(place, archive.read(archive.store.catalog(place).await)?);
    bounds.budgets.charge(Budget::Read, key, catalog.bytes() as u64);
    Ok(catalog)
}
