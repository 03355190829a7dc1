//! What may go wrong.

use crate::chance::Chance;

/// What may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Links are cut, also half-open ones that nobody notices for a while.
    Cuts,
    /// Links that take little or nothing.
    SlowLinks,
    /// Commits and reads that fail.
    FailingStore,
    /// Commits and reads that are answered late, and reads that are answered twice.
    SlowStore,
    /// The process dies: what was not flushed is lost.
    Crashes,
    /// The machine dies: any end of a journal may be lost, and commits that nobody was told of may
    /// have been made.
    PowerCuts,
    /// Records of a journal are damaged.
    DamagedJournals,
    /// A guild's task dies and is read again.
    GuildPanics,
    /// The journal begins anew with a snapshot at any moment.
    Snapshots,
    /// Clients that ask to leave and come back, all at once.
    Storms,
    /// Clients that close for good and begin again.
    Leavers,
    /// Members that are thrown out and come back.
    Kicks,
    /// The policy splits guilds into small relays and merges them again.
    Moves,
    /// The policy is a script, which is replaced by others; some fail, or take too long.
    Scripts,
    /// Clients watch member lists.
    Lists,
    /// Pressure comes and goes, and with it what the node does without.
    Bands,
    /// The wall clock jumps by hours, forwards and backwards.
    Clocks,
    /// Guilds change hands, and hand-offs break off.
    HandOffs,
    /// Guilds are founded and deleted.
    Foundings,
    /// The log keeps little, so that who is away for long has to begin anew.
    SmallLogs,
    /// One deck dies alone, and again.
    DeckCrashes,
    /// Guilds have members without clients, so that their lists have many blocks.
    Crowds,
}

impl Fault {
    /// Every one, in the order of the bits of a [`Plan`](crate::Plan).
    pub const ALL: [Self; 22] = [
        Self::Cuts,
        Self::SlowLinks,
        Self::FailingStore,
        Self::SlowStore,
        Self::Crashes,
        Self::PowerCuts,
        Self::DamagedJournals,
        Self::GuildPanics,
        Self::Snapshots,
        Self::Storms,
        Self::Leavers,
        Self::Kicks,
        Self::Moves,
        Self::Scripts,
        Self::Lists,
        Self::Bands,
        Self::Clocks,
        Self::HandOffs,
        Self::Foundings,
        Self::SmallLogs,
        Self::DeckCrashes,
        Self::Crowds,
    ];

    /// Those that are in few worlds: they excuse much, or cost much.
    const RARE: [Self; 3] = [Self::SmallLogs, Self::Crowds, Self::Scripts];

    pub(crate) const fn bit(self) -> u32 {
        1 << self as u32
    }

    /// Draws what goes wrong in a world: half of everything, or a quarter.
    pub(crate) fn draw(chance: &mut Chance) -> u32 {
        let [some, others] = [chance.draw() as u32, chance.draw() as u32];
        let few = chance.per_mille(500);
        let mut faults = if few { some & others } else { some } & ((1 << Self::ALL.len()) - 1);
        for rare in Self::RARE {
            if !chance.per_mille(300) {
                faults &= !rare.bit();
            }
        }
        faults
    }
}
