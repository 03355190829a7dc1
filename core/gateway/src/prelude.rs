//! What whoever writes an adapter types most: `use throng::prelude::*`.

pub use std::process::ExitCode;
pub use std::sync::Arc;

pub use throng_engine::policy::{Native, Policy};
pub use throng_ports::hub::Hub;
pub use throng_ports::kind::{Given, Kind, Opened, kind, kind_with};
pub use throng_ports::link::{Bound, BoxFuture, Greeting, Incoming, Listener};
pub use throng_ports::metrics::{self, Page};
pub use throng_ports::plugin::http::{Method, StatusCode};
pub use throng_ports::plugin::{Answer, Call, Door, Host, Plugin, answer, not_found, post};
pub use throng_ports::policy::PolicyHost;
pub use throng_ports::settings;
pub use throng_ports::settings::{BadSetting, Secret, Section, Settings, Values};
pub use throng_ports::store::{Layer, Store, StoreError, Stored};
pub use throng_ports::token::{Signed, Tokens};

pub use crate::{Gateway, Policies, Rules, fixed};
