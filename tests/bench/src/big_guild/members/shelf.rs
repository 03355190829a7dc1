//! The roster by itself.

use std::time::{Duration, Instant};

use anyhow::ensure;
use throng_engine::roster::{Builder, Roster};

use super::Sizes;
use crate::people::{id, person};
use crate::report::{Report, Target};
use crate::{allocated, percentile};

/// Members that change while it is searched.
const CHANGES: usize = 20_000;
/// Members that a search finds at most, as in the protocol.
const FOUND: usize = 100;

/// Packs everybody, then searches before and after changes.
pub(super) fn run(sizes: Sizes, report: &mut Report) -> anyhow::Result<()> {
    let before = allocated()?;
    let began = Instant::now();
    let mut builder = Builder::default();
    (0..sizes.members).for_each(|number| builder.push(person(number)));
    let mut roster = builder.finish();
    let took = began.elapsed().as_secs_f64();
    let bytes = allocated()?.saturating_sub(before) as f64;
    let each = bytes / sizes.members as f64;
    report.target("memory of a member, its names' index included", each, "bytes", most(120.0));
    report.figure("members packed", sizes.members as f64 / took, "/s");
    search(&roster, sizes, "", report)?;
    let (slowest_put, slowest_fold) = change(&mut roster, sizes);
    report.figure("slowest change of a member", micros(slowest_put), "us");
    report.figure("slowest step of folding changes in", micros(slowest_fold), "us");
    search(&roster, sizes, ", after changes", report)?;
    let began = Instant::now();
    let snapshot = roster.snapshot();
    report.figure("taking a snapshot", micros(began.elapsed()), "us");
    let began = Instant::now();
    ensure!(snapshot.iter().count() == sizes.members, "a walk sees everybody");
    let each = began.elapsed().as_secs_f64() * 1e9 / sizes.members as f64;
    report.figure("a walk, per member", each, "ns");
    Ok(())
}

fn search(roster: &Roster, sizes: Sizes, when: &str, report: &mut Report) -> anyhow::Result<()> {
    let mut samples = Vec::with_capacity(sizes.samples as usize);
    for sample in 0..sizes.samples as usize {
        let someone = person(sample.wrapping_mul(7_919) % sizes.members).user.username;
        let query = &someone[..3 + sample % (someone.len() - 2)];
        let began = Instant::now();
        let found = roster.search(query, FOUND);
        samples.push(began.elapsed());
        ensure!(!found.is_empty(), "nobody is called {query}");
    }
    let p99 = micros(percentile::of(&mut samples, 0.99)) / 1_000.0;
    report.target(format!("search by the beginning of a name, p99{when}"), p99, "ms", most(1.0));
    Ok(())
}

/// Changes members, and folds as a guild does.
fn change(roster: &mut Roster, sizes: Sizes) -> (Duration, Duration) {
    let (mut put, mut fold) = (Duration::ZERO, Duration::ZERO);
    for change in 0..CHANGES.min(sizes.members) {
        let Some(mut member) = roster.get(id(change.wrapping_mul(7_919) % sizes.members)) else {
            continue;
        };
        member.profile.nick = Some(format!("new {change}"));
        let began = Instant::now();
        roster.put(&member);
        put = put.max(began.elapsed());
        let began = Instant::now();
        roster.fold();
        fold = fold.max(began.elapsed());
    }
    (put, fold)
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

const fn most(figure: f64) -> Target {
    Target::AtMost(figure)
}
