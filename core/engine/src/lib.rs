//! The machines of Throng: functions of their history, without clock, socket, task or chance.
//!
//! A machine takes inputs together with the time, and pushes outputs into an [`Outbox`]. The shell turns
//! outputs into effects. Equal histories give equal outputs, so that any run can be replayed.

pub mod event;
pub mod guild;
pub mod outbox;
pub mod shape;

pub use outbox::Outbox;
