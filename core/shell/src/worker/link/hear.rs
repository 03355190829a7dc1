//! Payloads: what each asks for is done, or waited for.

use std::rc::Rc;

use throng_engine::conversation::{Close, Said};
use throng_engine::replay::Slot;
use throng_proto::close::CloseCode;
use throng_proto::gateway::{self, payload::Control};

use super::cell::LinkCell;
use crate::clock;
use crate::metrics::Refused;
use crate::worker::local::Worker;

/// What a payload leads to that must wait for something.
pub(super) enum Step {
    Done,
    Identify(Box<gateway::Identify>),
    Resume(gateway::Resume),
}

impl Worker {
    /// Reads one payload and does what it asks for, as far as nothing must be waited for.
    pub(super) fn hear(&mut self, cell: &Rc<LinkCell>, payload: &[u8]) -> Step {
        let limits = self.ties.settings.conversation();
        let said = cell.converse(|conversation| conversation.hear(clock::now(), &limits, payload));
        let said = match said {
            Ok(said) => said,
            Err(close) => {
                self.count_close(&close);
                self.turn_away(cell, &close);
                return Step::Done;
            }
        };
        match said {
            Said::Heartbeat(sequence) => {
                cell.control(Control::HeartbeatAck.text());
                if let (Some(session), Some(sequence)) = (cell.session.get(), sequence) {
                    self.act(|deck| deck.acknowledge(session.slot, sequence));
                }
                return Step::Done;
            }
            Said::Identify(identify) => return Step::Identify(identify),
            Said::Resume(resume) => return Step::Resume(resume),
            _ => {}
        }
        if let Some(session) = cell.session.get()
            && !self.act(|deck| deck.expire(session.slot))
        {
            self.obey(cell, session.slot, said);
        }
        Step::Done
    }

    /// Counts frames that are no payloads; too many close the link.
    pub(super) fn hear_filler(&self, cell: &LinkCell, frames: u32) {
        let limits = self.ties.settings.conversation();
        let heeded = cell.converse(|conversation| conversation.heed(clock::now(), &limits, frames));
        if let Err(close) = heeded {
            self.count_close(&close);
            self.turn_away(cell, &close);
        }
    }

    fn obey(&mut self, cell: &Rc<LinkCell>, slot: Slot, said: Said) {
        match said {
            Said::Api(request) => {
                if let Some(session) = self.deck.session(slot) {
                    self.request(cell, session.identity.user, request);
                }
            }
            Said::Presence(presence) => self.show_presence(slot, presence),
            Said::RequestMembers(request) => self.request_members(slot, request),
            Said::Subscribe(subscriptions) => self.subscribe(slot, subscriptions),
            Said::Nothing | Said::Heartbeat(_) | Said::Identify(_) | Said::Resume(_) => {}
        }
    }

    fn count_close(&self, close: &Close) {
        let why = match close.code {
            CloseCode::RateLimited => Refused::PayloadRate,
            _ => Refused::Decode,
        };
        self.ties.meter.refuse(why);
    }
}
