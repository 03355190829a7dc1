//! A store of one's own, as a layer over another, chosen by its name.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use throng::Gateway;
use throng::ports::kind::kind;
use throng::ports::link::BoxFuture;
use throng::ports::metrics::{Kind as Metric, Page};
use throng::ports::store::conformance::suite;
use throng::ports::store::{Layer, Store, Stored};
use throng::proto::record::Write;
use throng::store_memory::MemoryStore;

use crate::house::{Tested, start};

/// Counts commits.
#[derive(Default)]
struct Counting {
    below: MemoryStore,
    commits: AtomicU64,
}

impl Layer for Counting {
    fn below(&self) -> &dyn Store {
        &self.below
    }

    fn commit(&self, writes: Vec<Write>) -> BoxFuture<'static, Stored<()>> {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.below.commit(writes)
    }

    fn measure(&self, page: &mut Page) {
        let commits = self.commits.load(Ordering::Relaxed);
        page.single("mine_commits_total", Metric::Counter, "Commits.", commits);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_layer_passes_the_suite_of_stores() {
    suite(Arc::new(Counting::default())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_of_ones_own_is_chosen_by_its_name() -> Tested {
    let mine = || kind("mine", |_| async { Ok(Arc::new(Counting::default()) as Arc<dyn Store>) });
    let (gateway, _folder) =
        start(Gateway::builder().store(mine()).set("store.kind", "mine")).await?;
    gateway.hub().create_user("ada".to_owned(), false).await?;
    assert!(gateway.hub().metrics().contains("\nmine_commits_total 1\n"));
    gateway.stop().await;
    let error = start(Gateway::builder().store(mine()).set("store.kind", "mime")).await;
    let error = error.err().ok_or("there is none of that name")?.to_string();
    let right =
        "`store.kind = \"mime\"` in the program is not known here; known: sqlite, memory, mine";
    assert!(error.contains(right), "{error}");
    Ok(())
}
