//! What somebody asks of one guild, and its answer.

use std::sync::Arc;

use throng_proto::command::Outcome;
use throng_proto::id::GuildId;
use throng_proto::refusal::{CROWDED_WAIT, Refusal};
use tokio::sync::oneshot;

use crate::directory::{Directory, Untaken};
use crate::letter::GuildLetter;
use crate::meter::Meter;
use crate::metrics::Refused;

/// Asks one guild.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) directory: Arc<Directory>,
    pub(super) meter: Meter,
    pub(super) guild: GuildId,
}

impl Asking {
    /// Puts a request into the guild's queue, unless too much is waiting for it already.
    pub(super) fn enter(
        &self,
        letter: impl FnOnce(oneshot::Sender<Outcome>) -> GuildLetter,
    ) -> Result<oneshot::Receiver<Outcome>, Refusal> {
        let (sender, answer) = oneshot::channel();
        match self.directory.try_send(self.guild, letter(sender)) {
            Ok(()) => Ok(answer),
            Err(Untaken::Gone) => Err(self.gone()),
            Err(Untaken::Full(_)) => {
                self.meter.refuse(Refused::GuildQueue);
                Err(Refusal::Unavailable {
                    reason: "Too many requests wait for this guild (limits.guild_queue)."
                        .to_owned(),
                    retry_after: CROWDED_WAIT,
                })
            }
        }
    }

    /// Waits for the guild's answer; one that is gone gives none.
    pub(super) async fn answered(&self, answer: oneshot::Receiver<Outcome>) -> Outcome {
        answer.await.unwrap_or_else(|_| Err(self.gone()))
    }

    /// Says why the guild does not answer: there is none, or it was interrupted and begins anew.
    fn gone(&self) -> Refusal {
        if self.directory.guild(self.guild).is_none() {
            return Refusal::UnknownGuild;
        }
        Refusal::unavailable("The guild was interrupted; what was asked may have been done.")
    }
}
