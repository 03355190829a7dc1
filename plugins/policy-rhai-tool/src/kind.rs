//! How a gateway opens the policy by its name.

use std::sync::Arc;

use throng_engine::policy::{Native, Policy};
use throng_ports::kind::{Given, Kind, Opened};
use throng_ports::link::BoxFuture;
use throng_ports::policy::PolicyHost;
use throng_ports::settings::Section;

use crate::checker;

/// The policy as a kind: `policy.kind = "rhai"`. Its settings are a
/// [`Config`](throng_plugin_policy_rhai::Config).
#[derive(Clone, Copy, Debug)]
pub struct Rhai;

impl Kind<(Arc<dyn Policy>, Arc<dyn PolicyHost>)> for Rhai {
    fn name(&self) -> &'static str {
        "rhai"
    }

    fn section(&self) -> Section {
        Section::new("A script, or the native policy without one.")
    }

    fn open(
        &self,
        given: Given,
    ) -> BoxFuture<'static, Opened<(Arc<dyn Policy>, Arc<dyn PolicyHost>)>> {
        Box::pin(async move {
            let native = Native { relay_capacity: given.relay_capacity };
            let policy = Arc::new(checker::open(given.values.all()?, native)?);
            Ok((Arc::clone(&policy) as _, policy as _))
        })
    }
}
