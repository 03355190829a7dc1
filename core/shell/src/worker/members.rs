//! Requests for members (op 8): they are paid for here, and answered by the guild.

use std::time::Duration;

use throng_engine::chunk::{self, Rights};
use throng_engine::deck::SessionRef;
use throng_engine::replay::Slot;
use throng_proto::event::EventKind;
use throng_proto::gateway::RequestMembers;
use throng_proto::gateway::payload::{self, RateLimited};
use throng_proto::intents::Intents;
use throng_proto::wire::Wire;

use super::local::Worker;
use crate::budgets::Budget;
use crate::clock;
use crate::letter::GuildLetter;
use crate::metrics::Refused;
use crate::overload::Expense;

impl Worker {
    /// Hands a request for members to the guild, if the session is there and asks not too often.
    pub(super) fn request_members(&mut self, slot: Slot, request: RequestMembers) {
        let Some(session) = self.deck.reference(slot) else { return };
        let Some(found) = self.deck.session(slot) else { return };
        let guild = request.guild_id;
        if found.membership(guild).is_none() {
            return;
        }
        let intents = found.identity.intents;
        let user = found.identity.user;
        let wire = found.line.as_ref().map_or(Wire::Text, |line| line.wire.get());
        let cost = chunk::sought(&request);
        if let Err(after) =
            self.ties.bounds.budgets.spend(Budget::MembersSought, user.value(), cost)
        {
            return self.refuse_members(session, &request, after);
        }
        if chunk::is_full(&request) {
            let taken = self.ties.bounds.member_lists.lock().take((user, guild), clock::now());
            let taken = taken.inspect_err(|_| self.ties.meter.refuse(Refused::MemberLists));
            if let Err(after) =
                taken.and_then(|()| self.ties.verdicts.overload.afford(Expense::Members))
            {
                return self.refuse_members(session, &request, after);
            }
        }
        let rights = Rights {
            members: intents.intersects(Intents::GUILD_MEMBERS),
            presences: intents.intersects(Intents::GUILD_PRESENCES),
        };
        let request = Box::new(request);
        self.ask_guild(guild, GuildLetter::Members { session, request, rights, wire });
    }

    fn refuse_members(
        &mut self,
        session: SessionRef,
        request: &RequestMembers,
        retry_after: Duration,
    ) {
        let payload = RateLimited::new(request, retry_after);
        let body = payload::dispatch(EventKind::RateLimited, &payload);
        self.act(|deck| deck.own(session, EventKind::RateLimited, None, body));
    }
}
