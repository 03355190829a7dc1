//! The reading side: a few threads, each with its own connection, that take reads from one bounded
//! queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::thread::{Builder, JoinHandle};
use std::{io, mem};

use parking_lot::Mutex;
use rusqlite::Connection;
use throng_ports::link::BoxFuture;
use throng_ports::store::{StoreError, Stored};
use tokio::sync::oneshot;

use crate::query::Outcome;

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// Threads that read. Dropping it waits for the reads that were taken.
#[derive(Debug)]
pub(crate) struct Readers {
    queue: Option<Arc<SyncSender<Job>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// Starts a thread for each connection.
    pub(crate) fn start(connections: Vec<Connection>, queue_max: usize) -> io::Result<Self> {
        let (queue, jobs) = sync_channel::<Job>(queue_max.max(1));
        let jobs = Arc::new(Mutex::new(jobs));
        let mut readers = Self { queue: Some(Arc::new(queue)), threads: Vec::new() };
        for connection in connections {
            let jobs = Arc::clone(&jobs);
            let builder = Builder::new().name("store-read".to_owned());
            readers.threads.push(builder.spawn(move || serve(&connection, &jobs))?);
        }
        Ok(readers)
    }

    /// Queues a read, as [`Queue::read`].
    pub(crate) fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Outcome<T> + Send + 'static,
    ) -> BoxFuture<'static, Stored<T>> {
        self.queue().read(query)
    }

    /// Returns a way to queue reads for as long as the threads run.
    pub(crate) fn queue(&self) -> Queue {
        Queue(self.queue.as_ref().map(Arc::downgrade).unwrap_or_default())
    }
}

/// A way to queue reads. It does not keep the threads running.
#[derive(Clone, Debug)]
pub(crate) struct Queue(Weak<SyncSender<Job>>);

impl Queue {
    /// Queues a read, which sees one state of the database throughout.
    pub(crate) fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Outcome<T> + Send + 'static,
    ) -> BoxFuture<'static, Stored<T>> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // Nobody may be waiting any more.
            _ = answer.send(in_snapshot(connection, query));
        });
        let queued = self.0.upgrade().is_some_and(|queue| queue.try_send(job).is_ok());
        Box::pin(async move {
            match answered.await {
                Ok(read) => read.map_err(StoreError::from),
                Err(_) if queued => Err(StoreError::Failed("it has stopped".to_owned())),
                Err(_) => Err(StoreError::Failed("overloaded: too many reads wait".to_owned())),
            }
        })
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.queue = None;
        for thread in mem::take(&mut self.threads) {
            // A thread that panicked has already said so.
            _ = thread.join();
        }
    }
}

fn serve(connection: &Connection, jobs: &Mutex<Receiver<Job>>) {
    loop {
        // The lock is held while waiting and given up before the work.
        let job = jobs.lock().recv();
        let Ok(job) = job else { return };
        // Whoever asked hears that it is not answered; the next read is another one.
        if catch_unwind(AssertUnwindSafe(|| job(connection))).is_err()
            && !connection.is_autocommit()
        {
            drop(connection.execute_batch("ROLLBACK"));
        }
    }
}

fn in_snapshot<T>(
    connection: &Connection,
    query: impl FnOnce(&Connection) -> Outcome<T>,
) -> Outcome<T> {
    let transaction = connection.unchecked_transaction()?;
    let found = query(&transaction)?;
    transaction.commit()?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_read_that_panics_fails_alone_and_leaves_no_transaction_open() {
        let connection = Connection::open_in_memory().unwrap();
        let readers = Readers::start(vec![connection], 10).unwrap();
        for _ in 0..3 {
            let read = readers.read(|_| -> Outcome<()> { panic!("as the test asks") });
            assert!(matches!(read.await, Err(StoreError::Failed(_))));
        }
        let read =
            readers.read(|db| Ok(db.query_row("SELECT 42", [], |row| row.get::<_, i64>(0))?));
        assert_eq!(read.await.map_err(|error| error.to_string()), Ok(42));
    }
}
