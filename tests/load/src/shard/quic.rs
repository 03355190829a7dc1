//! Sessions over QUIC: one task each, all on one thread.

mod trust;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Endpoint, IdleTimeout, RecvStream, SendStream, TransportConfig};
use rustls::crypto::aws_lc_rs;
use throng_proto::throng::{self, Decoder, Dispatch, Frame, Head, Message, Open, PREAMBLE_BYTES};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use super::ledger::{Cursor, Ledger};
use super::orders::{Orders, tell};
use super::talk::{self, Hello, Payload};
use super::tally::Tally;
use super::unpack::SAMPLED;
use crate::clock::Moment;
use crate::order::{Compression, News, Order, Roll, Seat};

/// Handshakes at the same time.
const ENTERING_MAX: usize = 64;
/// Longest body that is believed.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Heartbeats are sent a little more often than HELLO asks for.
const BEAT_SHARE: f64 = 0.9;
/// Sequence of READY, which travels beside the guild's stream.
const READY: u32 = 1;
/// How long a connection may be silent, which the heartbeats see to.
const IDLE: Duration = Duration::from_secs(600);

struct Hall {
    roll: Roll,
    endpoint: Endpoint,
    doors: Semaphore,
    beats: watch::Sender<()>,
    heartbeat: Cell<Duration>,
    book: RefCell<Book>,
}

struct Book {
    ledger: Ledger,
    tally: Tally,
    entered: usize,
}

/// One session.
struct Guest {
    hall: Rc<Hall>,
    cursor: Cell<Cursor>,
    /// When a heartbeat was sent that is not acknowledged yet.
    beat: Cell<Option<Moment>>,
    /// Whether compressed bodies are read.
    is_sampled: bool,
}

/// Serves until there are no more orders.
pub(super) fn run(roll: Roll, orders: Orders) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(tokio::task::LocalSet::new().run_until(serve(roll, orders)))
}

async fn serve(mut roll: Roll, orders: Orders) -> Result<()> {
    let seats = std::mem::take(&mut roll.seats);
    let mut endpoint = Endpoint::client(([127, 0, 0, 1], 0).into())?;
    endpoint.set_default_client_config(config()?);
    let ledger = Ledger::new(seats.iter().map(|seat| seat.nature));
    let hall = Rc::new(Hall {
        roll,
        endpoint,
        doors: Semaphore::new(ENTERING_MAX),
        beats: watch::Sender::new(()),
        heartbeat: Cell::new(IDLE),
        book: RefCell::new(Book { ledger, tally: Tally::default(), entered: 0 }),
    });
    let (mut seats, mut guests) = (Some(seats), JoinSet::new());
    let mut orders = follow(orders);
    loop {
        let order = tokio::select! {
            order = orders.recv() => order,
            Some(ended) = guests.join_next() => {
                ended??;
                bail!("a link ended");
            }
        };
        match order {
            None => return Ok(()),
            Some(Order::Beat) => hall.beats.send_replace(()),
            Some(Order::Enter) => {
                for (index, seat) in seats.take().unwrap_or_default().into_iter().enumerate() {
                    guests.spawn_local(live(Rc::clone(&hall), index, seat));
                }
            }
            Some(Order::Reset) => hall.book.borrow_mut().tally.forget(),
            Some(Order::Sleep | Order::Wake) => bail!("nobody sleeps over QUIC"),
            Some(Order::Tell) => {
                let tally = hall.book.borrow().tally.clone();
                tell(&News::Tally(Box::new(tally)))?;
            }
        }
    }
}

/// Reads orders on a thread of their own.
fn follow(mut orders: Orders) -> mpsc::Receiver<Order> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        while let Ok(order) = orders.wait() {
            if sender.blocking_send(order).is_err() {
                return;
            }
        }
    });
    receiver
}

async fn live(hall: Rc<Hall>, index: usize, seat: Seat) -> Result<()> {
    let mut cursor = Cursor::new(seat.nature);
    cursor.sequence = READY;
    let guest = Guest {
        hall: Rc::clone(&hall),
        cursor: Cell::new(cursor),
        beat: Cell::new(None),
        is_sampled: index.is_multiple_of(SAMPLED),
    };
    let door = hall.doors.acquire().await?;
    let connection = hall.endpoint.connect(hall.roll.server, "localhost")?.await?;
    let (mut control, answers) = connection.open_bi().await?;
    let compress = (hall.roll.compression == Compression::ZstdStream).then(|| "zstd".to_owned());
    control.write_all(&Message::Open(Open { v: 10, compress }).frame()).await?;
    let identify = talk::identify(&seat.token, seat.nature, talk::INTENTS);
    control.write_all(&throng::whole(Head::Payload, identify.as_bytes())).await?;
    let inside = async {
        let mut guild = connection.accept_uni().await?;
        guild.read_exact(&mut [0; PREAMBLE_BYTES]).await?;
        let mut decoder = Decoder::new(BODY_BYTES_MAX);
        while !guest.hear_guild(&mut guild, &mut decoder).await? {}
        drop(door);
        hall.enter()?;
        let turn = f64::from(u32::try_from(index % 1_000)?) / 1_000.0;
        tokio::try_join!(guest.hear(guild, decoder), guest.beat(control, turn)).map(drop)
    };
    tokio::try_join!(guest.hear_control(answers), inside).map(drop)
}

impl Guest {
    async fn hear(&self, mut stream: RecvStream, mut decoder: Decoder) -> Result<()> {
        loop {
            self.hear_guild(&mut stream, &mut decoder).await?;
        }
    }

    /// Takes what the guild's stream brings next, and tells whether there was a frame in it.
    async fn hear_guild(&self, stream: &mut RecvStream, decoder: &mut Decoder) -> Result<bool> {
        let chunk = stream.read_chunk(usize::MAX, true).await?.context("the guild ended")?;
        let (now, mut bytes) = (Moment::now(), chunk.bytes);
        self.hall.book.borrow_mut().tally.bytes += bytes.len() as u64;
        let mut any = false;
        while let Some(frame) = decoder.decode(&mut bytes)? {
            let Frame::Dispatch(dispatch) = frame else { bail!("{frame:?} in a guild") };
            self.told(&dispatch, now)?;
            any = true;
        }
        Ok(any)
    }

    fn told(&self, dispatch: &Dispatch, now: Moment) -> Result<()> {
        let mut book = self.hall.book.borrow_mut();
        let Book { ledger, tally, .. } = &mut *book;
        tally.frames += 1;
        let mut cursor = self.cursor.get();
        if dispatch.compressed && !self.is_sampled {
            ledger.count(&mut cursor, dispatch.sequence, tally);
        } else {
            let text = match dispatch.compressed {
                true => Bytes::from(dispatch.text(BODY_BYTES_MAX)?),
                false => dispatch.body.clone(),
            };
            cursor.advance(dispatch.sequence, tally);
            let messages = ledger.note(&mut cursor, &text, now, tally);
            if messages > 0 && tally.sample.is_none() {
                tally.sample = Some(String::from_utf8_lossy(&text).into_owned());
            }
        }
        self.cursor.set(cursor);
        if let Some(done) = ledger.news() {
            tell(&News::Done(done))?;
        }
        Ok(())
    }

    async fn hear_control(&self, mut stream: RecvStream) -> Result<()> {
        let mut decoder = Decoder::new(BODY_BYTES_MAX);
        loop {
            let chunk = stream.read_chunk(usize::MAX, true).await?.context("the link ended")?;
            let mut bytes = chunk.bytes;
            while let Some(frame) = decoder.decode(&mut bytes)? {
                match frame {
                    Frame::Payload(payload) => self.heed(&payload)?,
                    Frame::Message(Message::Close(close)) => bail!("the link ended: {close:?}"),
                    Frame::Message(_) | Frame::Dispatch(_) => {}
                }
            }
        }
    }

    fn heed(&self, payload: &[u8]) -> Result<()> {
        let told: Payload<'_> = serde_json::from_slice(payload)?;
        let d = told.d.map_or("null", serde_json::value::RawValue::get);
        match told.op {
            10 => {
                let interval = serde_json::from_str::<Hello>(d)?.heartbeat_interval;
                let interval = Duration::from_millis(interval).mul_f64(BEAT_SHARE);
                self.hall.heartbeat.set(interval);
            }
            11 => {
                if let Some(beat) = self.beat.take() {
                    let nanos = Moment::now().nanos_since(beat);
                    self.hall.book.borrow_mut().tally.beats.note(nanos);
                }
            }
            op => ensure!(op != 9, "the session is not taken"),
        }
        Ok(())
    }

    /// Sends heartbeats, the first one after a share of the interval.
    async fn beat(&self, mut control: SendStream, turn: f64) -> Result<()> {
        let mut beats = self.hall.beats.subscribe();
        let mut wait = self.hall.heartbeat.get().mul_f64(turn);
        loop {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                told = beats.changed() => told?,
            }
            wait = self.hall.heartbeat.get();
            self.beat.set(Some(Moment::now()));
            let beat = talk::beat(self.cursor.get().sequence);
            control.write_all(&throng::whole(Head::Payload, beat.as_bytes())).await?;
        }
    }
}

impl Hall {
    fn enter(&self) -> Result<()> {
        let mut book = self.book.borrow_mut();
        book.entered += 1;
        tell(&News::Entered(book.entered))
    }
}

fn config() -> Result<ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust::Anything(provider)))
        .with_no_client_auth();
    tls.alpn_protocols = vec![throng::ALPN.to_vec()];
    let mut config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?));
    let mut transport = TransportConfig::default();
    transport.max_idle_timeout(Some(IdleTimeout::try_from(IDLE)?));
    config.transport_config(Arc::new(transport));
    Ok(config)
}
