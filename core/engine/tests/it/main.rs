//! The machines as their shell sees them: stories, and random histories against plain models.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "builders fail like tests")]

mod attendance;
mod branch;
mod budget;
mod chunk;
mod class;
mod conversation;
mod deck;
mod digest;
mod guild;
mod intent;
mod policy;
mod pressure;
mod random;
mod ranking;
mod relay;
mod replay;
mod roll;
mod roster;
mod scene;
mod welcome;
mod wheel;
mod world;
