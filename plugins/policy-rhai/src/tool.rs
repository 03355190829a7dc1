//! What people who write policies use: checking, testing and trying them.
