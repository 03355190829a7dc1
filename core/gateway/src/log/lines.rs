//! Lines on their way to standard error: a bounded queue before a thread of its own.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use throng_ports::metrics::{Kind, Page, Source};

use super::repeats;

/// Lines that wait: about 1 MB.
const WAITING_MAX: usize = 8_192;
/// How long the end of the process waits for lines that are on their way.
const FINISH_TIME: Duration = Duration::from_secs(1);
/// How often it is looked whether a sum of lines is due.
const SUM_EVERY: Duration = Duration::from_secs(1);
/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(2);

static QUEUE: OnceLock<SyncSender<Vec<u8>>> = OnceLock::new();
static TAKEN: AtomicU64 = AtomicU64::new(0);
static DONE: AtomicU64 = AtomicU64::new(0);
static DROPPED: AtomicU64 = AtomicU64::new(0);

/// Starts the thread that writes lines.
pub(super) fn start(out: impl Write + Send + 'static) -> io::Result<()> {
    let (queue, lines) = sync_channel(WAITING_MAX);
    thread::Builder::new().name("log".to_owned()).spawn(move || write(out, &lines))?;
    // A second start goes on with the first thread.
    _ = QUEUE.set(queue);
    Ok(())
}

/// Writes lines until there are no more. One that is not taken is gone: the next is tried anew.
fn write(mut out: impl Write, lines: &Receiver<Vec<u8>>) {
    let mut summed = Instant::now();
    loop {
        match lines.recv_timeout(SUM_EVERY) {
            Ok(line) => {
                if out.write_all(&line).and_then(|()| out.flush()).is_err() {
                    DROPPED.fetch_add(1, Ordering::Relaxed);
                }
                DONE.fetch_add(1, Ordering::Release);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if summed.elapsed() >= SUM_EVERY {
            summed = Instant::now();
            repeats::sum_up(false);
        }
    }
}

/// Takes one line for each write.
pub(super) struct Line;

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let queue = QUEUE.get();
        if queue.is_some_and(|queue| queue.try_send(line.to_vec()).is_ok()) {
            TAKEN.fetch_add(1, Ordering::Relaxed);
        } else {
            DROPPED.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits a moment for the lines that are on their way: the process is about to end.
pub(crate) fn finish() {
    repeats::sum_up(true);
    let began = Instant::now();
    while DONE.load(Ordering::Acquire) < TAKEN.load(Ordering::Relaxed)
        && began.elapsed() < FINISH_TIME
    {
        thread::sleep(LOOK_EVERY);
    }
}

/// What is counted of lines.
pub(crate) struct Counts;

impl Source for Counts {
    fn measure(&self, page: &mut Page) {
        let dropped = DROPPED.load(Ordering::Relaxed);
        let help = "Log lines that standard error did not take.";
        page.single("throng_log_lines_dropped_total", Kind::Counter, help, dropped);
        repeats::measure(page);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails for every second line, as a log disk at its end does.
    struct Moody(Vec<Vec<u8>>, bool);

    impl Write for &mut Moody {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if !self.1 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0.push(line.to_vec());
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_that_is_not_taken_is_counted_and_the_next_is_tried() {
        let (queue, lines) = sync_channel(8);
        for line in [b"one", b"two", b"six"] {
            queue.send(line.to_vec()).unwrap();
        }
        drop(queue);
        let before = DROPPED.load(Ordering::Relaxed);
        let mut moody = Moody(Vec::new(), false);
        write(&mut moody, &lines);
        assert_eq!(moody.0, [b"one", b"six"]);
        assert_eq!(DROPPED.load(Ordering::Relaxed) - before, 1);
        let mut page = Page::default();
        Counts.measure(&mut page);
        assert!(page.into_text().contains("throng_log_lines_dropped_total "));
    }
}
