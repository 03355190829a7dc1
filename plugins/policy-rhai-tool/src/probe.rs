//! Scenes that differ from another one in one fact.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rhai::Dynamic;
use throng_engine::policy::{PASSIVE_V2, RelayFacts};
use throng_engine::pressure::Band;
use throng_plugin_policy_rhai::fact::{Fact, Kind, Read, Subject};
use throng_plugin_policy_rhai::percent;
use throng_plugin_policy_rhai::trial::given::{Scene, parse};
use throng_proto::id::{Id, RoleId};
use throng_proto::permissions::Permissions;
use throng_proto::time::Timestamp;

use super::constants::{Constants, Values};
use super::sample::{SNOWFLAKE, snowflake};

/// Roles of a member, at most; a guild has 250.
const ROLES_MAX: usize = 250;
/// Characters of a string that a client says of itself.
const TEXT_MAX: i64 = 128;
/// Users among whom one with a percentile is looked for.
const USERS: u64 = 1_000;

/// How much of the constants of a script a fact is tried with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Those that it is compared with.
    Compared,
    /// All.
    All,
}

/// Lists scenes in which a fact that was read has other values.
pub(super) fn variants(
    scene: &Scene,
    read: Read,
    constants: &Constants,
    reach: Reach,
) -> Vec<Scene> {
    let compared = constants.compared.get(&read.fact).cloned().unwrap_or_default();
    let mut values = compared;
    if reach == Reach::All {
        values.numbers.extend(&constants.others.numbers);
        values.texts.extend(constants.others.texts.iter().cloned());
    }
    let mut variants = Variants { scene, read, all: Vec::new() };
    match read.fact.kind() {
        Kind::Bool => variants.flag(),
        Kind::Int => variants.numbers(&values),
        Kind::Text => variants.texts(&values, reach),
        Kind::Roles => variants.roles(&values, reach),
    }
    variants.all
}

struct Variants<'a> {
    scene: &'a Scene,
    read: Read,
    all: Vec<Scene>,
}

impl Variants<'_> {
    fn with(&mut self, change: impl FnOnce(&mut Scene) -> bool) {
        let mut scene = self.scene.clone();
        if change(&mut scene) {
            self.all.push(scene);
        }
    }

    /// Sets a fact as a case would, where it can have the value.
    fn given(&mut self, value: impl Into<Dynamic>) {
        let (fact, value) = (self.read.fact, value.into());
        self.with(|scene| set(scene, fact, &value).is_some());
    }

    fn flag(&mut self) {
        let Read { fact, parameter } = self.read;
        for on in [false, true] {
            match fact {
                Fact::PassiveCapable => self.with(|scene| {
                    scene.session.session.capabilities = if on { PASSIVE_V2 } else { 0 };
                    true
                }),
                Fact::Moderator => self.with(|scene| {
                    let some = Permissions::MODERATE_MEMBERS;
                    permissions(scene, if on { some } else { Permissions::NONE })
                }),
                Fact::HasRole => {
                    let role = on.then(|| Id::new(parameter.cast_unsigned()));
                    self.with(|scene| roles(scene, role.into_iter().collect()));
                }
                _ => self.given(on),
            }
        }
    }

    fn numbers(&mut self, values: &Values) {
        let mut numbers = values.near();
        match self.read.fact {
            Fact::UserPercent => {
                numbers.extend([0, 99]);
                numbers.into_iter().for_each(|number| self.percentile(number));
            }
            Fact::Permissions => numbers.into_iter().for_each(|bits| {
                self.with(|scene| permissions(scene, Permissions::from_bits(bits.unsigned_abs())));
            }),
            Fact::Capabilities => numbers.into_iter().for_each(|bits| {
                self.with(|scene| {
                    scene.session.session.capabilities = bits.unsigned_abs();
                    true
                });
            }),
            Fact::Band => (0..8).for_each(|digits| {
                self.with(|scene| {
                    scene.guild.attachments =
                        if digits == 0 { 0 } else { 10_usize.pow(digits - 1) };
                    true
                });
            }),
            Fact::RelayNumbers | Fact::RelayLoads => self.relays(&numbers),
            fact if fact.subject() == Subject::Clock => {
                let read = self.read;
                numbers.extend(clock_values(fact));
                for number in numbers {
                    self.with(|scene| match moment(scene.now, read, number) {
                        Some(now) => {
                            scene.now = now;
                            true
                        }
                        None => false,
                    });
                }
            }
            _ => numbers.into_iter().for_each(|number| self.given(number)),
        }
    }

    fn percentile(&mut self, percentile: i64) {
        let parameter = self.read.parameter;
        let is = |user: &u64| percent::of_number(user.cast_signed(), parameter) == percentile;
        if let Some(user) = (0..USERS).map(snowflake).find(is) {
            self.with(|scene| {
                scene.session.session.user = Id::new(user);
                true
            });
        }
    }

    fn relays(&mut self, numbers: &BTreeSet<i64>) {
        for number in numbers.iter().filter_map(|number| usize::try_from(*number).ok()) {
            self.with(|scene| {
                scene.relays = vec![RelayFacts { relay: 1, load: number }];
                true
            });
            self.with(|scene| {
                let count = u32::try_from(number).unwrap_or(u32::MAX).min(200);
                scene.relays = (0..count).map(|relay| RelayFacts { relay, load: 10 }).collect();
                true
            });
        }
    }

    fn texts(&mut self, values: &Values, reach: Reach) {
        values.texts.iter().for_each(|text| self.given(text.clone()));
        let all: &[&str] = match self.read.fact {
            Fact::Status => &["online", "idle", "dnd", "invisible"],
            Fact::PressureBand => &Band::ALL.map(Band::name),
            _ => &[],
        };
        all.iter().for_each(|word| self.given((*word).to_owned()));
        if reach == Reach::All {
            let lengths = values.near().into_iter().filter(|one| (1..=TEXT_MAX).contains(one));
            lengths.for_each(|one| self.given("x".repeat(usize::try_from(one).unwrap_or(1))));
        }
    }

    fn roles(&mut self, values: &Values, reach: Reach) {
        for number in values.near() {
            self.with(|scene| roles(scene, vec![Id::new(number.cast_unsigned())]));
            let count = usize::try_from(number).ok().filter(|count| *count <= ROLES_MAX);
            if let Some(count) = count.filter(|_| reach == Reach::All) {
                let many = (0..).map(|nth| Id::new(SNOWFLAKE + nth)).take(count);
                self.with(|scene| roles(scene, many.collect()));
            }
        }
    }
}

fn roles(scene: &mut Scene, mut roles: Vec<RoleId>) -> bool {
    roles.sort_unstable();
    scene.session.attachment.as_mut().map(|attachment| attachment.roles = roles).is_some()
}

fn permissions(scene: &mut Scene, permissions: Permissions) -> bool {
    let attachment = scene.session.attachment.as_mut();
    attachment.map(|attachment| attachment.permissions = permissions).is_some()
}

/// Gives a fact a value as a case would; `None` where it cannot have it.
fn set(scene: &mut Scene, fact: Fact, value: &Dynamic) -> Option<()> {
    let entry = [(fact.property(), value)];
    match fact.subject() {
        Subject::Session => {
            parse::change_session(&mut scene.session, fact.property(), value).ok()?;
        }
        Subject::Guild => parse::change_guild(&mut scene.guild, fact.property(), value).ok()?,
        Subject::Node => scene.node = parse::node(entry).ok()?,
        subject @ (Subject::Event | Subject::Author | Subject::Channel) => {
            scene.event = parse::publish(scene.event, subject, entry).ok()?;
        }
        Subject::Relay | Subject::Clock => return None,
    }
    // What clients say of themselves is shared with other scenes.
    scene.session.session.connection = Arc::new((*scene.session.session.connection).clone());
    Some(())
}

/// Lists values of a part of the time that are always tried.
fn clock_values(fact: Fact) -> Vec<i64> {
    match fact {
        Fact::Hour => (0..24).collect(),
        Fact::Weekday => (1..=7).collect(),
        Fact::Minutes => (0..24).map(|hour| hour * 60).collect(),
        _ => Vec::new(),
    }
}

/// Returns a time of which a part is a number; the other parts stay where they can.
fn moment(now: Timestamp, Read { fact, parameter }: Read, number: i64) -> Option<Timestamp> {
    const DAY: i64 = 24 * 60;
    let seconds = i64::try_from(now.seconds()).ok()?;
    let local = (seconds / 60).saturating_add(parameter);
    let (day, minute) = (local.div_euclid(DAY), local.rem_euclid(DAY));
    let (day, minute) = match fact {
        Fact::Hour if (0..24).contains(&number) => (day, number * 60 + minute % 60),
        Fact::Minute if (0..60).contains(&number) => (day, minute / 60 * 60 + number),
        Fact::Minutes if (0..DAY).contains(&number) => (day, number),
        // 1970-01-01 was a Thursday.
        Fact::Weekday if (1..=7).contains(&number) => {
            (day + (number - (day + 3).rem_euclid(7) - 1), minute)
        }
        Fact::Unix => {
            let seconds = u64::try_from(number).ok().filter(|one| *one < u64::MAX / 2_000)?;
            return Some(Timestamp::from_millis(seconds * 1_000));
        }
        _ => return None,
    };
    let minutes = u64::try_from(day * DAY + minute - parameter).ok()?;
    Some(Timestamp::default().after(Duration::from_secs(minutes.checked_mul(60)?)))
}
