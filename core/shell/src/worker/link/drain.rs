//! The end of all links.

use std::rc::Rc;
use std::time::Duration;

use throng_engine::conversation::Close;
use throng_proto::close::CloseCode;
use throng_proto::gateway::payload::Control;
use tokio::sync::mpsc;

use super::cell::LinkCell;
use crate::worker::local::Local;

/// Asks every link to go elsewhere, paced, and answers when all are closed.
pub(in crate::worker) async fn drain(local: Local, done: mpsc::Sender<()>) {
    let (cells, pace): (Vec<Rc<LinkCell>>, u32) = {
        let worker = local.borrow();
        let cells = worker.links.iter().map(|(_, cell)| Rc::clone(cell)).collect();
        (cells, worker.ties.settings.limits.drain_links_per_sec)
    };
    let mut turn = tokio::time::interval(Duration::from_millis(20));
    for some in cells.chunks(usize::try_from(pace / 50).unwrap_or(1).max(1)) {
        turn.tick().await;
        for cell in some {
            cell.control(Control::Reconnect.text());
            cell.close(&Close::because(CloseCode::UnknownError, "Restarting: resume to go on."));
        }
    }
    while !local.borrow().links.is_empty() {
        turn.tick().await;
    }
    local.borrow_mut().flush_journal();
    // The node may have given up waiting; then there is nobody to tell.
    let _gone = done.send(()).await;
}
