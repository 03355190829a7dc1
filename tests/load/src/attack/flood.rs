//! Floods of what clients may ask for: requests over HTTP, and payloads over links.

mod gateway;
mod http;

pub(super) use gateway::{identifies, members, presences, requests, resumes, subscriptions};
pub(super) use http::{edits, pages, posts, reactions, roles, typing};
