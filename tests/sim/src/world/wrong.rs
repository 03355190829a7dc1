//! What goes wrong, one thing after the other.

use throng_engine::deck::Deck;
use throng_proto::command::{Actor, Command};
use throng_proto::id::GuildId;

use super::World;
use crate::fault::Fault;

/// By how far the wall clock jumps at most, in milliseconds: some hours.
const JUMP: usize = 5 * 3_600_000;

impl World {
    /// Lets one thing go wrong that the plan has.
    pub(super) fn go_wrong(&mut self) -> Result<(), String> {
        let all: Vec<Fault> = Fault::ALL.into_iter().filter(|f| self.plan.has(*f)).collect();
        let Some(fault) = self.chance.pick(&all) else {
            self.change_something();
            return Ok(());
        };
        self.trace.fault(format_args!("{} {fault:?}", self.now));
        match fault {
            Fault::Crashes => self.crash(false)?,
            Fault::PowerCuts | Fault::DamagedJournals => self.crash(true)?,
            Fault::DeckCrashes => self.relapse(),
            Fault::GuildPanics => {
                let again = self.chance.per_mille(300);
                let guild = self.panic(None)?;
                if again {
                    // Before anybody has heard of the first one.
                    self.panic(guild)?;
                }
            }
            Fault::Snapshots => {
                let deck = self.chance.below(self.crews.len());
                self.crews[deck].snapshot();
            }
            Fault::Storms => (0..self.clients.len()).for_each(|client| self.cut(client)),
            Fault::Kicks => self.kick(None),
            Fault::Moves | Fault::Scripts => self.change_policy(),
            Fault::Clocks => {
                let [ahead, back] = [self.chance.below(JUMP), self.chance.below(JUMP)];
                self.skew += ahead as i64 - back as i64;
            }
            Fault::HandOffs => self.hand_off(),
            Fault::Foundings => self.found_or_delete()?,
            Fault::Cuts
            | Fault::SlowLinks
            | Fault::FailingStore
            | Fault::SlowStore
            | Fault::Leavers
            | Fault::Lists
            | Fault::Bands
            | Fault::SmallLogs
            | Fault::Crowds => self.change_something(),
        }
        Ok(())
    }

    /// Lets the policy change its mind.
    fn change_policy(&mut self) {
        let said = self.council.change(&mut self.chance);
        self.trace.note(format_args!("{} {said}", self.now));
        self.ask_again();
    }

    /// Notices that a version of the policy was taken back because it failed.
    pub(super) fn notice_policy(&mut self) {
        if self.council.was_taken_back() {
            self.trace.fault(format_args!("{} the policy before is in force again", self.now));
            self.ask_again();
        }
    }

    /// Lets the policy be asked about everything again.
    fn ask_again(&mut self) {
        self.shed();
        let now = self.moment();
        for index in 0..self.crews.len() {
            let mut needs = Vec::new();
            self.crews[index].act(now, &mut needs, Deck::review_all);
            self.fulfil(index, needs);
        }
    }

    /// Founds a guild, or deletes one.
    fn found_or_delete(&mut self) -> Result<(), String> {
        if self.hosts.len() < 4 && self.chance.per_mille(500) {
            return self.found_another();
        }
        let guilds: Vec<GuildId> = self.hosts.keys().copied().collect();
        if let Some(guild) = self.chance.pick(&guilds) {
            self.command(guild, Actor::Operator, Command::GuildDelete);
        }
        Ok(())
    }
}
