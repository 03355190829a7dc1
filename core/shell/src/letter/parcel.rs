//! Something on its way that comes back when nobody takes it.

use tokio::sync::oneshot;

/// Something on its way. One that is dropped before it is opened goes back.
#[derive(Debug)]
pub(crate) struct Parcel<T> {
    content: Option<T>,
    back: Option<oneshot::Sender<T>>,
}

impl<T> Parcel<T> {
    /// Packs something; it comes out of the receiver when nobody takes it, and the receiver fails
    /// when somebody has.
    pub(crate) fn pack(content: T) -> (Self, oneshot::Receiver<T>) {
        let (back, returned) = oneshot::channel();
        (Self { content: Some(content), back: Some(back) }, returned)
    }

    /// Takes what is in it, for good.
    pub(crate) fn open(mut self) -> Option<T> {
        self.content.take()
    }
}

impl<T> Drop for Parcel<T> {
    fn drop(&mut self) {
        if let Some((content, back)) = self.content.take().zip(self.back.take()) {
            // Whoever sent it may be gone, too; then there is nobody to have it.
            drop(back.send(content));
        }
    }
}
