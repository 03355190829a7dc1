//! A server with its sessions: something that can be published to and measured.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::affinity;
use crate::clock::Moment;
use crate::fleet::Fleet;
use crate::floor::LinePublisher;
use crate::gateway::Gateway;
use crate::http::ChannelPublisher;
use crate::meter::Meter;
use crate::order::{Dialect, Nature, Order, Roll, Seat};
use crate::publish::{self, Flight, Publisher, Volley};
use crate::scene::Scene;
use crate::shard::Tally;

/// How long what begins a session is kept though it is acknowledged.
const KEPT: Duration = Duration::from_secs(31);
/// How long an idle server may give memory back before it is weighed.
pub(crate) const SETTLE: Duration = Duration::from_secs(12);

/// A server, its sessions, and connections to post on.
pub(crate) struct System {
    pub(crate) name: &'static str,
    pub(crate) fleet: Fleet,
    pub(crate) meter: Meter,
    publishers: Vec<Box<dyn Publisher>>,
    _server: Server,
}

enum Server {
    Gateway(#[expect(dead_code, reason = "held")] Gateway),
    Child(Child),
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Self::Child(child) = self {
            // It may have ended already.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// How one round of posting went.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    pub(crate) deliveries_per_second: f64,
    pub(crate) cpu: Duration,
    pub(crate) messages: u32,
    pub(crate) flight: Flight,
    pub(crate) tally: Tally,
}

impl System {
    /// Opens a gateway with a guild of so many sessions, none of which has entered.
    pub(crate) fn gateway(gateway: Gateway, sessions: usize, core: Option<usize>) -> Result<Self> {
        let scene = Scene::found(&gateway.admin, sessions, 1)?;
        let seats = scene.listeners.iter();
        let seats = seats.map(|user| Seat { token: user.token.clone(), nature: Nature::Steady });
        let fleet = Fleet::muster(&Roll {
            shard: 0,
            core,
            server: gateway.public,
            dialect: Dialect::Gateway,
            seats: seats.collect(),
        })?;
        let base = format!("http://{}", gateway.public);
        let publisher = || ChannelPublisher::new(&base, &scene.author.token, &scene.channels[0]);
        let publishers = (0..10).map(|_| Box::new(publisher()) as _).collect();
        let meter = gateway.meter.context("only what was started here is measured")?;
        Ok(Self { name: "throng", fleet, meter, publishers, _server: Server::Gateway(gateway) })
    }

    /// Opens the floor for so many readers, and lets them in.
    pub(crate) fn floor(
        readers: usize,
        sample: &str,
        cores: (Option<usize>, Option<usize>),
    ) -> Result<Self> {
        affinity::keep_this_on(cores.0);
        let child = Command::new(std::env::current_exe()?)
            .args(["floor-server", &readers.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        affinity::keep_this_on(cores.1);
        let mut child = child.context("the floor does not start")?;
        let meter = Meter::new(child.id());
        let mut out = BufReader::new(child.stdout.take().context("no output")?);
        let server = Server::Child(child);
        let mut line = String::new();
        out.read_line(&mut line)?;
        let (audience, publishers) = line.trim().split_once(' ').context("no addresses")?;
        let seat = Seat { token: String::new(), nature: Nature::Steady };
        let mut fleet = Fleet::muster(&Roll {
            shard: 100,
            core: cores.1,
            server: audience.parse()?,
            dialect: Dialect::Bare,
            seats: vec![seat; readers],
        })?;
        fleet.enter(|_| {})?;
        let publisher = LinePublisher::connect(publishers.parse()?, around(sample)?)?;
        let publishers = vec![Box::new(publisher) as _];
        Ok(Self { name: "floor", fleet, meter, publishers, _server: server })
    }

    /// Publishes, and measures what that does.
    pub(crate) fn round(&mut self, volley: Volley) -> Result<Round> {
        self.fleet.order(Order::Reset)?;
        let cpu = self.meter.cpu()?;
        let flight = publish::fire(volley, &self.fleet, &mut self.publishers)?;
        let cpu = self.meter.cpu()?.saturating_sub(cpu);
        let tally = self.fleet.tally()?;
        let deliveries_per_second = tally.deliveries as f64 / flight.took.as_secs_f64();
        Ok(Round { deliveries_per_second, cpu, messages: volley.messages, flight, tally })
    }

    /// Waits until nothing is kept but what idle sessions need, and returns the resident bytes.
    pub(crate) fn weigh_idle(&mut self) -> Result<u64> {
        thread::sleep(KEPT);
        self.fleet.order(Order::Beat)?;
        thread::sleep(SETTLE);
        self.meter.resident()
    }
}

/// Returns what stands before and after the content of a payload.
fn around(sample: &str) -> Result<(String, String)> {
    let start = sample.find('~').context("a sample without a mark")?;
    let end = start + sample[start..].find('"').context("a content without an end")?;
    Ok((sample[..start].to_owned(), sample[end..].to_owned()))
}

/// Lets everybody in, and tells how long that took and what it cost the server.
pub(crate) fn enter(system: &mut System) -> Result<(Duration, Duration)> {
    let (began, cpu) = (Moment::now(), system.meter.cpu()?);
    system.fleet.enter(|_| {})?;
    Ok((Moment::now().since(began), system.meter.cpu()?.saturating_sub(cpu)))
}
