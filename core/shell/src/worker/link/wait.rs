//! What a link waits for.

use std::pin::Pin;
use std::rc::Rc;

use super::cell::LinkCell;

/// Something that a link waits for; it ends in `true` when the link is gone from here.
pub(in crate::worker) type Wait = Pin<Box<dyn Future<Output = bool>>>;

/// Lets a task wait; meanwhile nobody looks at the link.
pub(in crate::worker) fn busy(cell: &Rc<LinkCell>, wait: Wait) {
    cell.busy.set(true);
    let cell = Rc::clone(cell);
    tokio::task::spawn_local(async move {
        if !wait.await {
            cell.busy.set(false);
            cell.bell.answered();
            cell.look();
        }
    });
}
