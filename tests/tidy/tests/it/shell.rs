//! How the shell is built.

use throng_tidy::imports::{Arrow, Imports};
use throng_tidy::tree::File;

use crate::{none, rust_files};

/// The one place that reads clocks.
const CLOCK: &str = "core/shell/src/clock.rs";
/// What reads one, also by way of a moment that was read before.
const READINGS: &[&str] = &["Instant::now", "SystemTime::now", ".elapsed()"];

#[test]
fn clocks_are_read_in_one_place() {
    let mut faults = Vec::new();
    for file in sources().iter().filter(|file| file.path != CLOCK) {
        for (number, _) in
            file.lines().filter(|(_, line)| READINGS.iter().any(|r| line.contains(r)))
        {
            faults.push(format!("{}:{number}: reads a clock; ask {CLOCK}", file.path));
        }
    }
    none(faults);
}

#[test]
fn no_two_files_take_names_from_each_other() {
    let circles = Imports::of(&sources(), "core/shell/src").circles();
    none(circles.into_iter().map(|Arrow { from, to, names }| {
        let names = names.join(", ");
        format!("{from}: takes {names} from {to}, which closes a circle; see ARCHITECTURE.md")
    }));
}

#[test]
fn arrows_between_files_are_read_as_rust_reads_them() {
    let file = |path: &str, text: &str| File { path: format!("src/{path}"), text: text.into() };
    let files = [
        file("lib.rs", "mod a;\npub use a::Deep;\n"),
        file("a.rs", "mod deep;\npub(crate) use deep::{Deep, two as other};\nuse std::fmt;\n"),
        file("a/deep.rs", "// use crate::c::Not;\nuse super::super::c::{self, d::{E as F}};\n"),
        file("b.rs", "use crate::Deep;\nfn f() { crate::a::other(\"c::x\", '\"', c::y) }\n"),
        file("c.rs", "pub(crate) mod d;\nfn f<'a>() { d::g() }\nmod tests { use crate::b::T; }"),
        file("c/d.rs", "use crate::b;\nfn g() -> b::Name { self::h() }\n"),
    ];
    let imports = Imports::of(&files, "src");
    let told = |arrow: &Arrow| {
        let short = |path: &str| path.trim_start_matches("src/").trim_end_matches(".rs").to_owned();
        format!("{} > {}: {}", short(&arrow.from), short(&arrow.to), arrow.names.join(" "))
    };
    let arrows: Vec<String> = imports.arrows().iter().map(told).collect();
    assert_eq!(arrows, ["a/deep > c/d: E", "b > a/deep: Deep two", "c > c/d: g", "c/d > b: Name"]);
    let circles: Vec<String> = imports.circles().iter().map(told).collect();
    assert_eq!(circles, ["a/deep > c/d: E", "b > a/deep: Deep two", "c/d > b: Name"]);
}

/// The files of the shell.
fn sources() -> Vec<File> {
    rust_files().into_iter().filter(|file| file.path.starts_with("core/shell/src/")).collect()
}
