//! The durable store: SQLite in WAL mode with one writer and group commit.
