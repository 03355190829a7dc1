//! A server with its sessions: something that can be published to and measured.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::affinity::Cores;
use crate::clock::Moment;
use crate::fleet::Fleet;
use crate::floor::LinePublisher;
use crate::gateway::{Gateway, Source};
use crate::http::HttpPublisher;
use crate::link::LinkPublisher;
use crate::meter::Meter;
use crate::order::{Compression, Dialect, Order, Roll, Seat};
use crate::process::Process;
use crate::progress::Progress;
use crate::publish::{self, Probe, Publisher, Volley};
use crate::rounds::Round;
use crate::scenario::{Scenario, Transport, Way};
use crate::scene::Scene;
use crate::shard::Times;

/// Connections that messages are posted on, and so the most that can be in flight.
const PUBLISHERS: usize = 64;
/// How long what begins a session is kept though it is acknowledged.
const KEPT: Duration = Duration::from_secs(31);
/// Memory has settled when it did not become less in one step, which is as long as an allocator
/// waits before it gives back what nobody uses.
const SETTLE_STEP: Duration = Duration::from_secs(11);
const SETTLE_STEPS_MAX: usize = 5;

/// A server, its sessions, and connections to post on.
pub(crate) struct System {
    pub(crate) fleet: Fleet,
    pub(crate) meter: Option<Meter>,
    server: Server,
    publishers: Vec<Box<dyn Publisher>>,
}

/// What serves; its end is the server's.
enum Server {
    Gateway(Box<(Gateway, Scene, Way)>),
    Process(#[expect(dead_code, reason = "held")] Process),
}

/// How sessions entered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) took: Duration,
    pub(crate) cpu: Option<Duration>,
}

impl System {
    /// Opens a gateway with a guild, whose sessions have not entered.
    pub(crate) fn gateway(scenario: &Scenario, source: &Source, cores: Cores) -> Result<Self> {
        let gateway = source.open(&scenario.settings(), cores)?;
        let users = scenario.sessions.div_ceil(scenario.sessions_per_user);
        let scene = Scene::found(&gateway.admin, users, scenario.channels)?;
        let natures = scenario.natures().into_iter().enumerate();
        let seats = natures.map(|(index, nature)| Seat {
            token: scene.listeners[index % users].token.clone(),
            nature,
        });
        let (dialect, server) = match scenario.transport {
            Transport::Quic => (Dialect::GatewayQuic, gateway.quic.context("no QUIC there")?),
            Transport::WebSocket => (Dialect::Gateway, gateway.public),
        };
        let fleet = Fleet::muster(&Roll {
            shard: 0,
            server,
            dialect,
            path: format!("/?v=10&encoding=json{}", scenario.compression.query()),
            compression: scenario.compression,
            reconnects_per_second: scenario.reconnects_per_second,
            seats: seats.collect(),
        })?;
        let meter = gateway.meter;
        let server = Server::Gateway(Box::new((gateway, scene, scenario.publish)));
        Ok(Self { fleet, meter, server, publishers: Vec::new() })
    }

    /// Takes a server that says where it expects readers, and publishers with lines.
    pub(crate) fn lines(mut process: Process, offer: &Offer<'_>) -> Result<Self> {
        let line = process.lines()?.next().context("the server does not start")??;
        let (audience, publishers) = line.split_once(' ').context("no addresses")?;
        let publishers = publishers.parse()?;
        let connect = |_| Ok(Box::new(LinePublisher::connect(publishers, offer.sample)?) as _);
        let connections: Result<Vec<_>> = (0..offer.publishers).map(connect).collect();
        Self::other(process, &offer.roll(audience.parse()?), connections?)
    }

    /// Takes any server, whose readers have not entered.
    pub(crate) fn other(
        process: Process,
        roll: &Roll,
        publishers: Vec<Box<dyn Publisher>>,
    ) -> Result<Self> {
        let (fleet, meter) = (Fleet::muster(roll)?, Some(process.meter()));
        Ok(Self { fleet, meter, server: Server::Process(process), publishers })
    }

    /// Opens the floor of a transport, and lets so many readers in.
    pub(crate) fn floor(
        transport: Transport,
        readers: usize,
        sample: &str,
        cores: Cores,
    ) -> Result<Self> {
        let (role, dialect) = match transport {
            Transport::Quic => ("floor-streams", Dialect::GatewayQuic),
            Transport::WebSocket => ("floor-sockets", Dialect::Bare),
        };
        let process = cores.on_server(|| Process::own(&[role, &readers.to_string()]))?;
        let offer = Offer { dialect, path: "/", readers, publishers: 1, sample };
        let mut floor = Self::lines(process, &offer)?;
        floor.fleet.enter(|_| {})?;
        Ok(floor)
    }

    /// Lets everybody in, and tells how long that took and what it cost the server.
    pub(crate) fn enter(&mut self, progress: Progress) -> Result<Entry> {
        let bar = progress.bar("entering", self.fleet.sessions() as u64);
        let (began, cpu) = (Moment::now(), self.cpu()?);
        self.fleet.enter(|entered| bar.at(entered as u64))?;
        Ok(Entry { took: Moment::now().since(began), cpu: self.cpu_since(cpu)? })
    }

    /// Publishes, and measures what that does.
    pub(crate) fn round(&mut self, volley: Volley) -> Result<Round> {
        self.connect()?;
        self.fleet.order(Order::Reset)?;
        let cpu = self.cpu()?;
        let flight = publish::fire(volley, self.fleet.board(), &mut self.publishers)?;
        let cpu = self.cpu_since(cpu)?;
        Ok(Round { messages: volley.messages, flight, cpu, tally: self.fleet.tally()? })
    }

    /// Publishes, and measures meanwhile how soon a message that goes to nobody is acknowledged.
    pub(crate) fn round_with_probe(
        &mut self,
        volley: Volley,
        probe: Probe,
    ) -> Result<(Round, Times)> {
        let mut study = self.study()?;
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let probing = scope.spawn(|| probe.run(&mut study, || !over.load(Ordering::Relaxed)));
            let round = self.round(volley);
            over.store(true, Ordering::Relaxed);
            let acks = probing.join().map_err(|_| anyhow::anyhow!("panicked"))?;
            Ok((round?, acks?))
        })
    }

    /// Measures how soon a message that goes to nobody is acknowledged, while nothing else happens.
    pub(crate) fn probe(&self, probe: Probe) -> Result<Times> {
        probe.run(&mut self.study()?, || true)
    }

    /// Waits until what began the sessions may be forgotten, and returns what a server weighs then.
    pub(crate) fn weigh(&mut self, progress: Progress) -> Result<Option<u64>> {
        progress.rest("waiting until what began the sessions may be forgotten", KEPT);
        self.fleet.order(Order::Beat)?;
        self.weigh_settled(progress)
    }

    /// Waits until a server that does nothing gives no more memory back, and returns the resident
    /// bytes.
    pub(crate) fn weigh_settled(&self, progress: Progress) -> Result<Option<u64>> {
        let Some(meter) = self.meter else { return Ok(None) };
        let mut least = meter.resident()?;
        for _ in 0..SETTLE_STEPS_MAX {
            progress.rest("letting memory settle", SETTLE_STEP);
            let now = meter.resident()?;
            if now >= least {
                break;
            }
            least = now;
        }
        Ok(Some(least))
    }

    /// Returns the gateway, if it is one.
    pub(crate) fn served_by(&self) -> Option<&Gateway> {
        match &self.server {
            Server::Gateway(gateway) => Some(&gateway.0),
            Server::Process(_) => None,
        }
    }

    /// Opens the connections that are posted on: not before they are needed, because idle ones are
    /// closed.
    fn connect(&mut self) -> Result<()> {
        let Server::Gateway(gateway) = &self.server else { return Ok(()) };
        let (Gateway { public, .. }, Scene { author, channels, .. }, way) = &**gateway;
        if self.publishers.is_empty() {
            let base = format!("http://{public}");
            let open = |_| -> Result<Box<dyn Publisher>> {
                Ok(match way {
                    Way::Http => Box::new(HttpPublisher::new(&base, &author.token, channels)),
                    Way::Link => Box::new(LinkPublisher::open(*public, &author.token, channels)?),
                })
            };
            self.publishers = (0..PUBLISHERS).map(open).collect::<Result<_>>()?;
        }
        Ok(())
    }

    fn study(&self) -> Result<HttpPublisher> {
        let Server::Gateway(gateway) = &self.server else { anyhow::bail!("nobody to ask") };
        let (Gateway { public, .. }, Scene { author, study, .. }, _) = &**gateway;
        let study = std::slice::from_ref(study);
        Ok(HttpPublisher::new(&format!("http://{public}"), &author.token, study))
    }

    fn cpu(&self) -> Result<Option<Duration>> {
        self.meter.map(Meter::cpu).transpose()
    }

    fn cpu_since(&self, before: Option<Duration>) -> Result<Option<Duration>> {
        let now = self.cpu()?;
        Ok(now.zip(before).map(|(now, before)| now.saturating_sub(before)))
    }
}

/// What readers of a server that takes lines need to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer<'a> {
    pub(crate) dialect: Dialect,
    /// What is asked for when a WebSocket is opened.
    pub(crate) path: &'a str,
    pub(crate) readers: usize,
    /// Connections that messages are posted on.
    pub(crate) publishers: u32,
    /// A payload with a mark, as it is sent.
    pub(crate) sample: &'a str,
}

impl Offer<'_> {
    /// Returns whom a fleet holds for it.
    pub(crate) fn roll(&self, server: std::net::SocketAddr) -> Roll {
        Roll {
            shard: 0,
            server,
            dialect: self.dialect,
            path: self.path.to_owned(),
            compression: Compression::None,
            reconnects_per_second: 0,
            seats: vec![Seat::default(); self.readers],
        }
    }
}
