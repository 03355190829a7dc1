//! The store that forgets: everything in memory, for tests and trials.
