//! What must be whenever nothing is left to be done: everybody who reads has everything, and sees
//! lists as they are.

use std::collections::BTreeMap;

use throng_engine::attendance::SessionRef;
use throng_engine::roll::ListId;
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::Status;
use throng_proto::permissions::Permissions;

use super::World;
use crate::client::{Client, Known, Lists, Wanted};
use crate::host::{self, Host};
use crate::oracle::{Row, allows, rows_of_list};

/// Time between two looks, in milliseconds.
const LOOK: u64 = 250;
/// Rows of a block.
const BLOCK: u32 = 100;

/// What a client must know of a list: its blocks, and their rows.
type Shown = (Vec<u32>, BTreeMap<u64, Row>);

impl World {
    /// Looks at everybody, now that nothing can be done but let time pass.
    ///
    /// # Errors
    ///
    /// Somebody is not told what it is due.
    pub(super) fn check_still(&mut self) -> Result<(), String> {
        if self.now < self.next_check {
            return Ok(());
        }
        self.next_check = self.now + LOOK;
        for (index, client) in self.clients.iter().enumerate() {
            if let Some((known, session)) = self.follower(client) {
                self.check_told(client, (known, session))
                    .map_err(|what| format!("client {index}: {what}"))?;
            }
        }
        self.check_lists()
    }

    /// Returns the session of a client that has read everything that it was sent.
    fn follower<'a>(&self, client: &'a Client) -> Option<(&'a Known, SessionRef)> {
        let (known, wire) = (client.session.as_ref()?, client.wire.as_ref()?);
        let deck = &self.crews[known.id.worker(self.crews.len())].deck;
        let slot = deck.sessions().named(known.id)?;
        let session = deck.session(slot)?;
        let linked = session.line.as_ref().is_some_and(|line| line.is(wire));
        let follows = linked && !session.is_behind() && !wire.has_frames() && !wire.is_closed();
        Some((known, deck.reference(slot)?)).filter(|_| follows)
    }

    /// Tells whether a session has its place in a guild, and is not on its way back to it.
    fn is_placed(&self, session: SessionRef, guild: GuildId) -> bool {
        let found = self.crews[usize::from(session.worker)].deck.find(session);
        let membership = found.and_then(|found| found.membership(guild));
        membership.is_some_and(|membership| membership.relay().is_some())
    }

    fn check_told(
        &self,
        client: &Client,
        (known, session): (&Known, SessionRef),
    ) -> Result<(), String> {
        for guild in known.guilds.keys().filter(|guild| self.is_placed(session, **guild)) {
            if let Some(what) = client.untold(&self.oracle, *guild) {
                return Err(format!("{what} of {guild} was never told"));
            }
            let late = self.oracle.news.overdue((known.id, *guild), self.now);
            if let Some(channel) = late {
                return Err(format!("L4: no digest tells of {channel} in {guild}"));
            }
        }
        Ok(())
    }

    /// Compares what clients see of member lists with the lists as they are.
    fn check_lists(&self) -> Result<(), String> {
        for (guild, host) in &self.hosts {
            let quiet = host.requests.is_empty() && !host.has_presences();
            let settled = host.lists.as_ref().is_none_or(host::Lists::are_settled);
            let orphans = self.orphans.iter().any(|lists| lists.guild() == *guild);
            if !quiet || !settled || orphans || self.clients.iter().all(|c| !wants(c, *guild)) {
                continue;
            }
            let statuses = self.statuses(*guild);
            for (index, client) in self.clients.iter().enumerate() {
                let follower = self.follower(client);
                let placed = follower.filter(|(_, session)| self.is_placed(*session, *guild));
                if let Some(((known, _), wanted)) = placed.zip(client.wanted.get(guild)) {
                    let anew = self.oracle.guilds.get(guild).is_some_and(|ledger| ledger.anew);
                    let expected = expected(client.user, (host, wanted), &statuses);
                    check_list(known, *guild, &expected, anew)
                        .map_err(|what| format!("client {index}: M1: {what} of {guild}"))?;
                }
            }
        }
        Ok(())
    }

    /// Returns what users show in a guild.
    fn statuses(&self, guild: GuildId) -> BTreeMap<UserId, Status> {
        let mut statuses: BTreeMap<UserId, Status> = BTreeMap::new();
        for (_, session) in self.crews.iter().flat_map(|crew| crew.deck.sessions().iter()) {
            let membership = session.membership(guild);
            if membership.is_some_and(|membership| membership.relay().is_some()) {
                let (user, status) = (session.identity.user, session.identity.status);
                let most = statuses.entry(user).or_insert(status);
                *most = status.min(*most);
            }
        }
        statuses
    }
}

fn wants(client: &Client, guild: GuildId) -> bool {
    client.wanted.contains_key(&guild)
}

/// Compares what is shown with what must be. A guild that has begun anew does not know what a
/// session has seen that it does not want, or may not have, any more.
fn check_list(
    known: &Known,
    guild: GuildId,
    expected: &BTreeMap<String, Shown>,
    anew: bool,
) -> Result<(), String> {
    let watched = known.lists.get(&guild).map(Lists::watched).unwrap_or_default();
    for (name, (blocks, rows)) in expected {
        let Some(copy) = watched.get(name.as_str()) else {
            return Err(format!("list {name} is not shown"));
        };
        let seen: Vec<u32> = copy.blocks.iter().filter_map(|b| u32::try_from(*b).ok()).collect();
        let missing = blocks.iter().any(|block| !seen.contains(block));
        if missing || (seen != *blocks && !anew) {
            return Err(format!("list {name} has blocks {seen:?}, not {blocks:?},"));
        }
        let shown = copy.rows.iter().filter(|(at, _)| blocks.contains(&block_of(**at)));
        let shown: BTreeMap<u64, Row> = shown.map(|(at, row)| (*at, row.clone())).collect();
        if shown != *rows {
            let differs = |at: &&u64| shown.get(*at) != rows.get(*at);
            let at = rows.keys().chain(shown.keys()).find(differs).copied().unwrap_or(0);
            let (seen, row) = (shown.get(&at), rows.get(&at));
            return Err(format!("row {at} of list {name} is {seen:?}, not {row:?},"));
        }
    }
    match watched.keys().find(|name| !anew && !expected.contains_key(**name)) {
        Some(name) => Err(format!("list {name} is still shown")),
        None => Ok(()),
    }
}

fn block_of(row: u64) -> u32 {
    u32::try_from(row / u64::from(BLOCK)).unwrap_or(u32::MAX)
}

/// Computes what a client must see, by the names of lists.
fn expected(
    user: UserId,
    (host, wanted): (&Host, &Wanted),
    statuses: &BTreeMap<UserId, Status>,
) -> BTreeMap<String, Shown> {
    let (guild, mut expected) = (&host.guild, BTreeMap::<String, Shown>::new());
    let large = host.lists.as_ref().is_some_and(|lists| lists.large);
    let Some(member) = guild.member(user) else { return expected };
    for (channel, ranges) in wanted {
        let Some(shape) = guild.shape().channels.get(channel) else { continue };
        if !allows(guild, &member, *channel, Permissions::VIEW_CHANNEL) {
            continue;
        }
        let name = ListId::of(guild.shape(), shape).to_string();
        let (blocks, rows) = expected.entry(name).or_default();
        for [first, last] in ranges {
            blocks.extend(first / BLOCK..=last / BLOCK);
        }
        blocks.sort_unstable();
        blocks.dedup();
        let all = (0..).zip(rows_of_list(guild, statuses, *channel, large));
        rows.extend(all.filter(|(at, _)| blocks.contains(&block_of(*at))));
    }
    expected
}
