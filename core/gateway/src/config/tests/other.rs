//! One more adapter of every seam, which is only ever chosen, and not opened.

use std::sync::Arc;

use throng_ports::kind::{Given, Kind, Opened};
use throng_ports::link::{Bound, BoxFuture};
use throng_ports::plugin::Plugin;
use throng_ports::settings::{BadSetting, Section, Settings as _};
use throng_ports::store::Store;
use throng_ports::token::Tokens;

use crate::Policies;

throng_ports::settings! {
    /// Another one.
    pub(super) struct Config {
        /// How often; at least 1.
        often: u32 = 3,
        /// Where.
        place: Option<String> = None,
    }
}

/// The adapter.
pub(super) struct Other;

macro_rules! other {
    ($($seam:ty),*) => {
        $(impl Kind<$seam> for Other {
            fn name(&self) -> &'static str {
                "other"
            }

            fn section(&self) -> Section {
                Config::section().check(|values| match Config::read(values)?.often {
                    0 => Err(BadSetting::must_be("often", "at least 1")),
                    _ => Ok(()),
                })
            }

            fn open(&self, _: Given) -> BoxFuture<'static, Opened<$seam>> {
                Box::pin(std::future::ready(Err("nobody opens it".into())))
            }
        })*
    };
}

other!(Arc<dyn Store>, Bound, Policies, Arc<dyn Tokens>, Arc<dyn Plugin>);
