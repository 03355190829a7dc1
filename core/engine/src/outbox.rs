//! Where machines put what they want done.

/// Outputs of one call, in order. The shell empties it after every call and reuses it.
#[derive(Debug)]
pub struct Outbox<T>(Vec<T>);

impl<T> Default for Outbox<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Outbox<T> {
    /// Adds an output.
    pub fn push(&mut self, output: T) {
        self.0.push(output);
    }

    /// Takes all outputs in order.
    pub fn drain(&mut self) -> impl Iterator<Item = T> + '_ {
        self.0.drain(..)
    }

    /// Tells whether nothing is to be done.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
