//! What a guild tells its member lists.

use std::sync::Arc;

use throng_engine::attendance::{SessionRef, Shown};
use throng_engine::deck::Watch;
use throng_engine::shape::Shape;
use throng_proto::id::UserId;
use throng_proto::model::Member;
use throng_proto::wire::Body;

/// What the lists are told.
#[derive(Debug)]
pub(in crate::guild) enum Note {
    Put(Arc<Member>, Shown, Option<Body>),
    Remove(UserId),
    Shape(Arc<Shape>),
    /// Everybody was put in.
    Seeded,
    /// The guild has become large.
    Enlarged,
    /// What a session wants to see, and its member.
    Watch(Box<Watch>, Arc<Member>),
    Leave(SessionRef),
}

#[derive(Debug)]
pub(in crate::guild) struct Batch {
    pub(in crate::guild) notes: Vec<Note>,
    pub(in crate::guild) members: usize,
}
