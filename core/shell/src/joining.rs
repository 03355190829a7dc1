//! Users who come into guilds by their own wish, within their bounds.
//!
//! One user's joins take turns, so that each is counted before the next one is looked at, whichever
//! guilds they are to. What operators do passes by: they know what they are doing, and no user can
//! use up another's bound.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use throng_proto::command::{Actor, Command, Outcome};
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::User;
use throng_proto::refusal::Refusal;

use crate::archive::{Archive, unavailable};
use crate::clock;
use crate::config::Config;
use crate::meter::Meter;
use crate::metrics::Refused;
use crate::pace::Pace;
use crate::turns::Turns;

/// Discord's code for too many guilds.
const TOO_MANY_GUILDS: u32 = 30_001;

/// Whose turn it is, and who made how many guilds lately.
#[derive(Debug)]
pub(crate) struct Joins {
    settings: Arc<Config>,
    archive: Archive,
    meter: Meter,
    turns: Turns,
    made: Mutex<Pace<UserId>>,
}

impl Joins {
    pub(crate) fn new(settings: Arc<Config>, archive: Archive, meter: Meter) -> Self {
        let made = Pace::new(settings.limits.guilds_made_per_hour, Duration::from_secs(3_600));
        Self { settings, archive, meter, turns: Turns::default(), made: Mutex::new(made) }
    }

    /// Lets a user into a guild, by asking it, if the user may be in one more.
    pub(crate) async fn join(
        self: Arc<Self>,
        user: User,
        guild: GuildId,
        asking: impl Future<Output = Outcome> + Send + 'static,
    ) -> Outcome {
        undisturbed(async move {
            let _turn = self.turns.take(user.id).await;
            self.admit(&user, guild).await?;
            asking.await
        })
        .await
    }

    /// Makes a guild for a user, if the user may be in one more and has not made too many.
    pub(crate) async fn found(
        self: Arc<Self>,
        founder: User,
        guild: GuildId,
        making: impl Future<Output = Result<(), Refusal>> + Send + 'static,
    ) -> Result<(), Refusal> {
        undisturbed(async move {
            let _turn = self.turns.take(founder.id).await;
            self.admit(&founder, guild).await?;
            let taken = self.made.lock().take(founder.id, clock::now());
            taken.map_err(|retry_after| {
                self.meter.refuse(Refused::GuildsMade);
                Refusal::RateLimited { retry_after }
            })?;
            making.await
        })
        .await
    }

    /// Refuses who is in as many guilds as it may be, and not in this one.
    async fn admit(&self, user: &User, guild: GuildId) -> Result<(), Refusal> {
        let max = if user.bot {
            self.settings.limits.guilds_per_bot
        } else {
            self.settings.limits.guilds_per_user
        };
        let guilds =
            self.archive.store.guilds_of(user.id).await.map_err(|error| unavailable(&error))?;
        if guilds.len() < max || guilds.contains(&guild) {
            return Ok(());
        }
        self.meter.refuse(Refused::GuildsPerUser);
        Err(Refusal::TooMany { what: "guilds", max, code: TOO_MANY_GUILDS })
    }
}

/// Tells whom a command makes a member.
pub(crate) fn joiner(actor: &Actor, command: &Command) -> Option<User> {
    match (actor, command) {
        (Actor::User(_), Command::MemberPut(user, _)) => Some(user.clone()),
        (Actor::User(user), Command::InviteAccept(_)) => Some(user.clone()),
        _ => None,
    }
}

/// Goes on to the end even if whoever asked has gone: what is under way must be counted.
async fn undisturbed<T: Send + 'static>(
    work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::spawn(work).await.unwrap_or_else(|error| Err(unavailable(&error)))
}
