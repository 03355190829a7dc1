//! In-process links, for tests and embedding.
