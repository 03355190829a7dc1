//! Who may depend on whom.

use throng_tidy::arrows::{ARROWS, RESERVED, matches, row};
use throng_tidy::crates::{Dependency, Member};

use crate::{members, none};

const DATA: &str = "tests/tidy/src/arrows.rs";

#[test]
fn every_crate_has_a_row_and_every_row_a_crate() {
    let members = members();
    let without = members.iter().filter(|member| row(&member.folder).is_none());
    none(without.map(|member| format!("{}: no row; add one to {DATA}", member.folder)));
    let used = |from: &str| members.iter().any(|member| matches(from, &member.folder));
    let idle = ARROWS.iter().filter(|arrow| !used(arrow.from));
    none(idle.map(|arrow| format!("{DATA}: no crate is in {}; take the row out", arrow.from)));
}

#[test]
fn crates_use_only_what_their_arrows_allow() {
    none(crossings(|member, to| {
        let allowed = row(&member.folder).is_some_and(|row| row.to.iter().any(|p| matches(p, to)));
        !allowed
    }));
}

#[test]
fn nobody_depends_on_tests() {
    none(crossings(|member, to| to.starts_with("tests/") && !member.folder.starts_with("tests/")));
}

#[test]
fn the_core_does_not_know_the_gateway_even_in_tests() {
    let core =
        |member: &Member| member.folder.starts_with("core/") && member.folder != "core/gateway";
    let names = |to: &Dependency| to.folder.as_deref() == Some("core/gateway");
    let members = members();
    let faulty = members.iter().filter(|one| core(one) && one.dependencies.iter().any(names));
    none(faulty.map(|member| {
        format!("{}/Cargo.toml: names the gateway; move the test to tests/e2e", member.folder)
    }));
}

#[test]
fn reserved_libraries_stay_where_they_belong() {
    let mut faults = Vec::new();
    for member in members() {
        for used in member.dependencies.iter().filter(|used| !used.dev) {
            let rule = RESERVED.iter().find(|rule| rule.library == used.name);
            if let Some(rule) = rule.filter(|r| !r.to.iter().any(|p| matches(p, &member.folder))) {
                let (folder, why) = (&member.folder, rule.why);
                faults.push(format!("{folder}/Cargo.toml: must not use {}: {why}", used.name));
            }
        }
    }
    none(faults);
}

/// Lists the arrows between our crates, dev-dependencies aside, that `wrong` says are wrong.
fn crossings(wrong: impl Fn(&Member, &str) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    for member in members() {
        for used in member.dependencies.iter().filter(|used| !used.dev) {
            if let Some(to) = used.folder.as_deref().filter(|to| wrong(&member, to)) {
                let from = &member.folder;
                faults.push(format!("{from}/Cargo.toml: must not depend on {to}; see {DATA}"));
            }
        }
    }
    faults
}
