//! Floods of what clients may ask for: requests over HTTP, payloads over links, and
//! connections and frames without any.

mod edge;
mod gateway;
mod http;

pub(super) use edge::{answers, fragments, garbage, handshakes, idlers, pings, unread};
pub(super) use gateway::{identifies, members, presences, requests, resumes, subscriptions};
pub(super) use http::{edits, pages, posts, reactions, roles, typing};
