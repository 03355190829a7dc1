//! What is said before the messages come, and beside them, in each dialect.

use anyhow::{Context as _, Result, bail};

use super::{Hall, TICK_NANOS};
use crate::clock::Moment;
use crate::order::{Dialect, Nature};
use crate::shard::chair::Stage;
use crate::shard::talk::{Hello, Payload, Ready};

/// Share of the interval after which a heartbeat is sent, so that none is late.
const BEAT_SHARE: f64 = 0.9;
/// How a client of NATS begins; the answer to PING tells that the subscription stands.
const NATS_HELLO: &str = "CONNECT {\"verbose\":false}\r\nSUB load 1\r\nPING\r\n";

impl Hall {
    /// Takes what is no message.
    pub(super) fn converse(&mut self, index: usize, payload: &[u8], now: Moment) -> Result<()> {
        match self.roll.dialect {
            Dialect::Bare => Ok(()),
            Dialect::Gateway | Dialect::GatewayQuic => self.gateway(index, payload, now),
            Dialect::Nats => self.nats(index, payload),
            Dialect::SocketIo => self.socket_io(index, payload),
        }
    }

    fn gateway(&mut self, index: usize, payload: &[u8], now: Moment) -> Result<()> {
        let wrong = || String::from_utf8_lossy(payload).into_owned();
        let told: Payload<'_> = serde_json::from_slice(payload).with_context(wrong)?;
        let d = told.d.map_or("null", serde_json::value::RawValue::get);
        let chair = &mut self.chairs[index];
        match (told.op, told.t) {
            (0, Some("READY")) => chair.session_id = serde_json::from_str::<Ready>(d)?.session_id,
            (0, Some("GUILD_CREATE")) => self.enter(index)?,
            (0, Some("RESUMED")) => {
                self.tally.ends.resumed += 1;
                self.enter(index)?;
            }
            // 7 asks to reconnect, which the end of the link will too.
            (0 | 7, _) => {}
            (1, _) => chair.beat()?,
            (9, _) => {
                self.tally.ends.begun_anew += 1;
                chair.session_id.clear();
                chair.cursor.begin_anew();
                chair.say(&chair.introduction())?;
            }
            (10, _) => {
                let interval = serde_json::from_str::<Hello>(d)?.heartbeat_interval;
                self.round = ((interval as f64 * 1e6 * BEAT_SHARE) as u64 / TICK_NANOS).max(1);
                chair.say(&chair.introduction())?;
            }
            (11, _) => {
                let beat = chair.beat.take().filter(|_| chair.cursor.nature != Nature::Slow);
                if let Some(beat) = beat {
                    self.tally.beats.note(now.nanos_since(beat));
                }
            }
            _ => bail!("told {}", wrong()),
        }
        Ok(())
    }

    fn nats(&mut self, index: usize, payload: &[u8]) -> Result<()> {
        let chair = &mut self.chairs[index];
        match payload {
            [b'I', b'N', b'F', b'O', ..] if chair.stage == Stage::Entering => {
                Ok(chair.say(NATS_HELLO)?)
            }
            [b'P', b'I', b'N', b'G', ..] => Ok(chair.say("PONG\r\n")?),
            [b'P', b'O', b'N', b'G', ..] => self.enter(index),
            _ => Ok(()),
        }
    }

    fn socket_io(&mut self, index: usize, payload: &[u8]) -> Result<()> {
        let chair = &mut self.chairs[index];
        match payload {
            // The engine is open: connect to the default namespace.
            [b'0', ..] => Ok(chair.say("40")?),
            [b'2'] => Ok(chair.say("3")?),
            [b'4', b'0', ..] => self.enter(index),
            _ => Ok(()),
        }
    }
}
