//! WebSocket links with our own framing: no buffer while idle, shared frames, vectored writes.
