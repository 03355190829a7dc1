//! A guild on its way to another owner: pages, changes, and the barrier.

use throng_engine::guild::{Arrivals, Guild, MemberChange};
use throng_engine::roster::Roster;
use throng_proto::id::UserId;
use throng_proto::model::Member;

use super::{Host, Request};

/// Members of a page.
const PAGE: usize = 4;

/// The next owner while it fills.
#[derive(Debug)]
pub(crate) struct Departure {
    number: u64,
    arrivals: Arrivals,
    after: Option<UserId>,
    /// All members, once the last page is there.
    members: Option<Roster>,
    /// The owner until now takes nothing more.
    leaving: bool,
}

impl Host {
    /// Lets the next owner begin.
    pub(crate) fn hand_off(&mut self, number: u64) {
        self.guild.tell_changes(true);
        let (arrivals, after) = (Arrivals::default(), None);
        self.departure = Some(Departure { number, arrivals, after, members: None, leaving: false });
        self.requests.push_back(Request::Page(number));
    }

    /// Breaks the hand-off under way off.
    pub(crate) fn stay(&mut self) {
        self.departure = None;
        self.guild.tell_changes(false);
    }

    /// Tells whether it takes no more requests.
    pub(crate) fn is_leaving(&self) -> bool {
        self.departure.as_ref().is_some_and(|departure| departure.leaving)
    }

    /// Tells whether everything is answered, so that the next owner may begin.
    pub(crate) fn may_leave(&self) -> bool {
        self.is_leaving() && self.guild.pending() == 0
    }

    pub(super) fn tell_next(&mut self, change: MemberChange) {
        let Some(departure) = &mut self.departure else { return };
        match &mut departure.members {
            Some(members) => members.apply(change),
            None => departure.arrivals.note(change),
        }
    }

    pub(super) fn page(&mut self, number: u64) {
        let Some(departure) = &mut self.departure else { return };
        if departure.number != number {
            return;
        }
        let page = self.guild.page(departure.after, PAGE);
        if let Some(last) = page.last() {
            departure.after = Some(last.user.id);
            departure.arrivals.extend(page);
            self.requests.push_back(Request::Page(number));
        } else {
            departure.members = Some(std::mem::take(&mut departure.arrivals).finish());
            self.requests.push_back(Request::Leave(number));
        }
    }

    pub(super) fn leave(&mut self, number: u64) {
        let departure = self.departure.as_mut().filter(|departure| departure.number == number);
        departure.into_iter().for_each(|departure| departure.leaving = true);
    }

    /// The barrier: the next owner takes over, or is gone by now and the last one stays.
    ///
    /// # Errors
    ///
    /// The next owner has other members.
    pub(crate) fn surrender(
        mut self,
        taken: bool,
        era: u64,
    ) -> Result<(Self, Option<super::Lists>), String> {
        self.guild.tell_changes(false);
        let next = self.departure.take().and_then(|departure| departure.members);
        let (rest, members) = self.guild.depart();
        let (members, guild) = match next.filter(|_| taken) {
            Some(next) => (members, Guild::arrive(rest, next)),
            None => (Roster::default(), Guild::arrive(rest, members)),
        };
        if taken && all(&members) != all(guild.roster()) {
            return Err(format!("H2: the next owner of {} has other members", guild.shape().id()));
        }
        let fresh = Self::new(guild, era);
        let host = Self {
            attendance: self.attendance,
            requests: self.requests,
            published: self.published,
            offline_max: self.offline_max,
            tickets: self.tickets,
            asked: self.asked,
            band: self.band,
            ..fresh
        };
        Ok((host, self.lists))
    }
}

fn all(members: &Roster) -> Vec<Member> {
    members.iter().map(|entry| entry.member()).collect()
}
