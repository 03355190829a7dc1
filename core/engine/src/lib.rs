//! The machines of Throng: functions of their history, without clock, socket, task or chance.
//!
//! A machine takes inputs together with the time, and pushes outputs into an [`Outbox`]. The shell
//! turns outputs into effects. Equal histories give equal outputs, so that any run can be replayed.
//!
//! Where to look: [`guild`] decides what happens and in which order, [`attendance`] who is there,
//! [`roster`] who the members are, [`branch`] who is on which relay, [`relay`] who gets what,
//! [`roll`] what lists of members show, [`replay`] what was sent, [`conversation`] what one link
//! may say, [`budget`] what one user may cause.

pub mod attendance;
pub mod branch;
pub mod budget;
pub mod chunk;
pub mod class;
pub mod conversation;
pub mod event;
pub mod guild;
pub mod mode;
pub mod outbox;
pub mod policy;
pub mod pressure;
pub mod ranking;
pub mod relay;
pub mod replay;
pub mod roll;
pub mod roster;
pub mod shape;
pub mod time;
pub mod welcome;
pub mod wheel;

pub use outbox::Outbox;
