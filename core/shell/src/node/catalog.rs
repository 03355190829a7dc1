//! The node as applications see it: the commands that they have.
//!
//! What an application has in a place is read, decided on and written in its turn, so that no two
//! of its requests are decided on the same state.

use std::sync::Arc;

use throng_ports::catalog::Catalogs;
use throng_ports::registry::Asked;
use throng_proto::catalog::{Catalog, CommandChange, CommandPlace, CommandsChanged};
use throng_proto::model::RegisteredCommand;

use super::Node;
use super::registry::to_its_end;

impl Catalogs for Node {
    fn catalog(&self, place: CommandPlace) -> Asked<Vec<RegisteredCommand>> {
        let (read, shared) = (self.shared.store.catalog(place), Arc::clone(&self.shared));
        Box::pin(async move { shared.read(read.await) })
    }

    fn change_catalog(&self, place: CommandPlace, change: CommandChange) -> Asked<CommandsChanged> {
        let shared = Arc::clone(&self.shared);
        to_its_end(async move {
            let _turn = shared.catalogs.take(place.application).await;
            let known = shared.read(shared.store.catalog(place).await)?;
            let mut ids = || shared.next_id::<throng_proto::id::marker::Any>().value();
            let (changed, writes) = Catalog::new(place, known).change(change, &mut ids)?;
            if !writes.is_empty() {
                shared.committed(shared.store.commit(writes).await)?;
            }
            Ok(changed)
        })
    }
}
