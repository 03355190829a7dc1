//! A spread of facts such as a hook meets: small and huge guilds, all kinds of sessions, day and
//! night.

use std::sync::Arc;
use std::time::Duration;

use throng_engine::policy::{Act, NodeFacts, PASSIVE_V1, PASSIVE_V2, RelayFacts};
use throng_plugin_policy_rhai::Hook;
use throng_plugin_policy_rhai::trial::given::{NOON, Scene};
use throng_proto::gateway::Connection;
use throng_proto::id::Id;
use throng_proto::permissions::Permissions;

const SIZES: [usize; 6] = [0, 9, 900, 5_000, 50_000, 2_000_000];
const HOURS: [u64; 4] = [0, 6, 12, 18];
const RELAYS: [u32; 4] = [0, 1, 10, 200];
const LENGTHS: [usize; 3] = [0, 20, 2_000];
const BEHIND: [u32; 4] = [0, 100, 5_000, 1_000_000];
const REGIONS: [&str; 4] = ["", "europe", "asia", "africa"];

/// A snowflake of 2026: ids in production have 17 to 19 digits.
pub(super) const SNOWFLAKE: u64 = 1_576_608_137_480_241_152;

/// Returns the nth of some users.
pub(super) const fn snowflake(nth: u64) -> u64 {
    SNOWFLAKE + nth * 7_919
}

/// Returns a scene with ids as they are in production.
fn real() -> Scene {
    let mut scene = Scene::default();
    scene.session.session.user = Id::new(snowflake(1));
    scene.guild.guild = Id::new(SNOWFLAKE + 1);
    scene.event.author = Id::new(snowflake(1));
    scene.event.guild = scene.guild.guild;
    scene.event.channel = Id::new(SNOWFLAKE + 2);
    scene
}

/// Lists scenes to ask a hook about.
pub(super) fn scenes(hook: Hook) -> Vec<Scene> {
    let scenes = match hook {
        Hook::Connect => sessions(vec![real()]),
        Hook::Passivity => sessions(sizes(vec![real()])),
        Hook::Delivery | Hook::Relays => sizes(vec![real()]),
        Hook::Relay => {
            let mut scenes = sessions(vec![real()]);
            scenes.extend(sizes(vec![real()]));
            relays(scenes)
        }
        Hook::Publish => events(vec![real()]),
        Hook::Lag => lags(sessions(vec![real()])),
        Hook::Overload => pressures(vec![real()]),
    };
    hours(scenes)
}

/// Makes several scenes of each.
fn spread<T: Copy>(scenes: Vec<Scene>, values: &[T], set: impl Fn(&mut Scene, T)) -> Vec<Scene> {
    let mut spread = Vec::new();
    for scene in scenes {
        for value in values {
            let mut scene = scene.clone();
            set(&mut scene, *value);
            spread.push(scene);
        }
    }
    spread
}

/// Varies what a session is: one bit of a number for each property.
fn sessions(scenes: Vec<Scene>) -> Vec<Scene> {
    spread(scenes, &(0..32).collect::<Vec<u32>>(), |scene, bits| {
        let on = |bit: u32| bits & 1 << bit != 0;
        let card = &mut scene.session;
        let session = &mut card.session;
        // Spread over the percentiles that rollouts look at.
        session.user = Id::new(snowflake(u64::from(bits)));
        session.bot = on(0);
        session.capabilities = if on(1) { PASSIVE_V1 | PASSIVE_V2 } else { 0 };
        session.afk = on(2);
        let region = REGIONS[bits as usize % REGIONS.len()].to_owned();
        session.connection = Arc::new(Connection { region, ..Connection::default() });
        if let Some(attachment) = &mut card.attachment {
            attachment.subscribed = on(3);
            attachment.permissions =
                if on(4) { Permissions::ADMINISTRATOR } else { Permissions::NONE };
            attachment.roles = if on(4) {
                vec![Id::new(SNOWFLAKE + 10), Id::new(SNOWFLAKE + 11)]
            } else {
                Vec::new()
            };
        }
    })
}

fn sizes(scenes: Vec<Scene>) -> Vec<Scene> {
    spread(scenes, &SIZES, |scene, size| {
        scene.guild.attachments = size;
        scene.guild.members = size;
        scene.guild.relays = size.div_ceil(15_000);
    })
}

fn relays(scenes: Vec<Scene>) -> Vec<Scene> {
    spread(scenes, &RELAYS, |scene, count| {
        let relay = |relay: u32| RelayFacts { relay, load: relay as usize * 997 % 15_000 };
        scene.relays = (0..count).map(relay).collect();
    })
}

fn events(scenes: Vec<Scene>) -> Vec<Scene> {
    let scenes = spread(scenes, &Act::ALL, |scene, act| scene.event.act = act);
    let scenes = spread(scenes, &LENGTHS, |scene, length| scene.event.length = length);
    let scenes = spread(scenes, &[false, true], |scene, everyone| scene.event.everyone = everyone);
    spread(scenes, &[false, true], |scene, bot| scene.event.bot = bot)
}

fn lags(scenes: Vec<Scene>) -> Vec<Scene> {
    spread(scenes, &BEHIND, |scene, events| {
        if let Some(lag) = &mut scene.session.lag {
            lag.events = events;
            lag.bytes = events as usize * 300;
        }
    })
}

fn pressures(scenes: Vec<Scene>) -> Vec<Scene> {
    spread(scenes, &(0..=100).collect::<Vec<u8>>(), |scene, pressure| {
        scene.node = NodeFacts::usual(pressure)
    })
}

/// Varies the time of the day, and with it the day of the week.
fn hours(scenes: Vec<Scene>) -> Vec<Scene> {
    spread(scenes, &HOURS, |scene, hour| {
        // From a noon it is 12 hours to the next day; days that pass besides do not matter.
        let (day, hours) = (hour / 6, 12 + hour);
        scene.now = NOON.after(Duration::from_secs((day * 24 + hours) * 3600));
    })
}
