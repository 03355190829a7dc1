//! The post: how letters reach workers and guilds.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::directory::Directory;
use crate::letter::{Inquiry, WorkerLetter};

/// Where letters are handed in. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    workers: Arc<[mpsc::Sender<WorkerLetter>]>,
    /// Where guilds are.
    pub(crate) directory: Arc<Directory>,
}

impl Post {
    /// Makes a post to workers, by their numbers, and to no guild yet.
    pub(crate) fn new(workers: Vec<mpsc::Sender<WorkerLetter>>) -> Self {
        Self { workers: workers.into(), directory: Arc::default() }
    }

    pub(crate) fn worker_count(&self) -> usize {
        self.workers.len()
    }

    /// Tells a worker something, waiting for room.
    pub(crate) async fn send(&self, worker: usize, letter: WorkerLetter) {
        if let Some(inbox) = self.workers.get(worker)
            && inbox.send(letter).await.is_err()
        {
            tracing::error!(worker, "a worker is gone");
        }
    }

    /// Tells every worker something, waiting for room.
    pub(crate) async fn send_all(&self, letter: impl Fn() -> WorkerLetter) {
        for worker in 0..self.worker_count() {
            self.send(worker, letter()).await;
        }
    }

    /// Asks every worker, and gathers the answers in the order of their numbers.
    pub(crate) async fn ask_all<T>(
        &self,
        inquiry: impl Fn(oneshot::Sender<T>) -> Inquiry,
    ) -> Vec<T> {
        let mut answers = Vec::with_capacity(self.worker_count());
        for worker in 0..self.worker_count() {
            let (answer, told) = oneshot::channel();
            self.send(worker, WorkerLetter::Inquiry(inquiry(answer))).await;
            answers.push(told);
        }
        let mut gathered = Vec::with_capacity(answers.len());
        for told in answers {
            gathered.extend(told.await);
        }
        gathered
    }
}
