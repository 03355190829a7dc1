//! How a gateway opens the store by its name.

use std::sync::Arc;

use throng_ports::kind::{Given, Kind, Opened};
use throng_ports::link::BoxFuture;
use throng_ports::settings::Section;
use throng_ports::store::Store;

use crate::store::MemoryStore;

/// The store as a kind: `store.kind = "memory"`.
#[derive(Clone, Copy, Debug)]
pub struct Memory;

impl Kind<Arc<dyn Store>> for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn section(&self) -> Section {
        Section::new("Forgets everything at the end.")
    }

    fn open(&self, _: Given) -> BoxFuture<'static, Opened<Arc<dyn Store>>> {
        Box::pin(async move {
            tracing::warn!("store.kind is memory: everything is lost when the process ends");
            Ok(Arc::new(MemoryStore::new()) as Arc<dyn Store>)
        })
    }
}
