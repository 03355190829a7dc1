//! Policies in Rust: what they decide, and the native policy for the rest.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use throng_engine::mode::DeliveryTable;
use throng_engine::policy::{
    AttachmentFacts, Connect, GuildFacts, Lag, LagFacts, NodeFacts, Passivity, Placement, Policy,
    Publish, PublishFacts, RelayFacts, SessionFacts, Shed, Split,
};
use throng_ports::link::BoxFuture;
use throng_ports::metrics::{Page, Source};
use throng_ports::policy::{PolicyFault, PolicyHost, PolicyStatus};
use throng_proto::time::Timestamp;

use crate::adapters::Policies;

/// Writes every question twice: as one that is passed on, and as the policy's.
macro_rules! rules {
    ($(fn $name:ident($($fact:ident: $kind:ty),*) -> $verdict:ty;)*) => {
        /// A policy in Rust. What it does not decide is decided by the policy below, such as the
        /// native one.
        ///
        /// As of every [`Policy`]: equal facts at equal times give equal verdicts, many threads ask
        /// at once, and nothing may block.
        pub trait Rules: fmt::Debug + Send + Sync + 'static {
            /// The policy below.
            fn below(&self) -> &dyn Policy;

            $(
                #[doc = concat!("As [`Policy::", stringify!($name), "`].")]
                fn $name(&self, now: Timestamp, $($fact: $kind),*) -> $verdict {
                    self.below().$name(now, $($fact),*)
                }
            )*

            /// Writes its numbers; called at each scrape.
            fn measure(&self, _page: &mut Page) {}
        }

        impl<R: Rules> Policy for Fixed<R> {
            $(
                fn $name(&self, now: Timestamp, $($fact: $kind),*) -> $verdict {
                    self.rules.$name(now, $($fact),*)
                }
            )*
        }
    };
}

rules! {
    fn connect(session: &SessionFacts) -> Connect;
    fn passivity(
        session: &SessionFacts, guild: &GuildFacts, attachment: &AttachmentFacts<'_>
    ) -> Passivity;
    fn delivery(guild: &GuildFacts) -> DeliveryTable;
    fn relays(guild: &GuildFacts) -> Split;
    fn relay(session: &SessionFacts, guild: &GuildFacts, relays: &[RelayFacts]) -> Placement;
    fn publish(event: &PublishFacts) -> Publish;
    fn lag(session: &SessionFacts, lag: &LagFacts) -> Lag;
    fn overload(node: &NodeFacts) -> Shed;
}

/// Makes a policy of rules, and a host that always has the same: a new version is a new program.
pub fn fixed<R: Rules>(name: &'static str, rules: R) -> Policies {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let since = Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or_default());
    let policy = Arc::new(Fixed { name, since, rules });
    (Arc::clone(&policy) as _, policy as _)
}

/// Rules that are never loaded again.
#[derive(Debug)]
struct Fixed<R> {
    name: &'static str,
    since: Timestamp,
    rules: R,
}

impl<R: Rules> Source for Fixed<R> {
    fn measure(&self, page: &mut Page) {
        self.rules.measure(page);
    }
}

impl<R: Rules> PolicyHost for Fixed<R> {
    fn status(&self) -> PolicyStatus {
        PolicyStatus {
            name: self.name.to_owned(),
            version: self.name.to_owned(),
            since: self.since,
            loaded_at: self.since,
            ..PolicyStatus::default()
        }
    }

    fn reload(&self) -> BoxFuture<'static, Result<PolicyStatus, PolicyFault>> {
        Box::pin(std::future::ready(Ok(self.status())))
    }
}
