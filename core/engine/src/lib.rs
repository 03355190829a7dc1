//! The machines of Throng: functions of their history, without clock, socket, task or chance.
//!
//! A machine takes inputs together with the time, and pushes outputs into an [`Outbox`]. The shell
//! turns outputs into effects. Equal histories give equal outputs, so that any run can be replayed.
//!
//! Where to look: [`guild`] decides what happens and in which order, [`attendance`] who is there,
//! [`roster`] who the members are, [`deck`] has a worker's sessions and what they are sent,
//! [`branch`] who is on which relay, [`relay`] who gets what, [`roll`] what lists of members show,
//! [`replay`] what was sent, [`conversation`] what one link may say, [`budget`] what one user may
//! cause.
//!
//! A guild answers nothing before the store has committed it, whatever happens in between:
//!
//! ```
//! use throng_engine::Outbox;
//! use throng_engine::guild::{Config, Guild, Input, Output, Ticket};
//! use throng_engine::roster::Roster;
//! use throng_proto::command::{Actor, Command, RolePatch};
//! use throng_proto::id::{GuildId, UserId};
//! # use throng_proto::{model, permissions::Permissions, record::GuildRecord};
//! use throng_proto::time::Timestamp;
//!
//! let id = GuildId::new(100);
//! # let record = GuildRecord {
//! #     guild: model::Guild::new(id, "rustaceans", UserId::new(1)),
//! #     roles: vec![model::Role::new(id.cast(), "@everyone", Permissions::VIEW_CHANNEL)],
//! #     channels: Vec::new(), sequence: 0, nonces: Vec::new(), invites: Vec::new(),
//! # };
//! let mut guild = Guild::load(record, Roster::default(), Config::default());
//! let mut out = Outbox::default();
//! let now = Timestamp::from_millis(1_700_000_000_000);
//! let command = Command::RoleCreate(RolePatch::default());
//! guild.handle(now, Input::Command(Ticket(1), Actor::Operator, Box::new(command)), &mut out);
//! let asked: Vec<Output> = out.drain().collect();
//! assert!(matches!(asked.as_slice(), [Output::Commit(_)]));
//!
//! guild.handle(now, Input::Committed, &mut out);
//! let done: Vec<Output> = out.drain().collect();
//! assert!(done.iter().any(|output| matches!(output, Output::Publish(_))));
//! assert!(done.iter().any(|output| matches!(output, Output::Answer(Ticket(1), Ok(_)))));
//! ```

pub mod attendance;
pub mod branch;
pub mod budget;
pub mod chunk;
pub mod class;
pub mod conversation;
pub mod deck;
pub mod event;
pub mod guild;
pub mod mode;
pub mod outbox;
pub mod planted;
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
