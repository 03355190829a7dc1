//! What the documents promise is what the code does.

use std::collections::BTreeSet;
use std::fs;

use throng_tidy::arrows;
use throng_tidy::tree::{self, File};

use crate::{members, none, rust_files};

const ARCHITECTURE: &str = "core/docs/ARCHITECTURE.md";
const PROTOCOL: &str = "core/docs/PROTOCOL.md";
const BEGIN: &str = "<!-- arrows:begin -->\n";
const END: &str = "<!-- arrows:end -->";

#[test]
fn the_arrows_in_the_document_are_those_that_are_checked() {
    let Some(document) = document(ARCHITECTURE) else { return };
    let start = document.text.find(BEGIN).map(|at| at + BEGIN.len());
    let end = document.text.find(END);
    let (Some(start), Some(end)) = (start, end) else {
        return none([format!("{ARCHITECTURE}:1: put the lines {BEGIN:?} and {END:?} into it")]);
    };
    let table = arrows::table();
    if document.text[start..end] == table {
        return;
    }
    if std::env::var_os("TIDY_WRITE").is_some() {
        let whole = [&document.text[..start], &table, &document.text[end..]].concat();
        return fs::write(tree::root().join(ARCHITECTURE), whole).expect("the document is written");
    }
    let line = document.text[..start].lines().count();
    none([format!("{ARCHITECTURE}:{line}: stale table; TIDY_WRITE=1 cargo test -p throng-tidy")]);
}

#[test]
fn every_invariant_is_tested() {
    let Some(document) = document(ARCHITECTURE) else { return };
    let files = rust_files();
    let tested: BTreeSet<_> = files.iter().flat_map(|file| words(file.test_code())).collect();
    let untested = invariants(&document).filter(|(_, id)| !tested.contains(id));
    none(untested.map(|(number, id)| {
        format!("{ARCHITECTURE}:{number}: no test names {id}; write one that says `{id}`")
    }));
}

#[test]
fn every_invariant_that_code_names_exists() {
    let Some(document) = document(ARCHITECTURE) else { return };
    let known: BTreeSet<_> = invariants(&document).map(|(_, id)| id).collect();
    let mut faults = Vec::new();
    for file in rust_files() {
        for (number, line) in file.lines() {
            for id in named(line).filter(|id| !known.contains(id)) {
                let path = &file.path;
                faults.push(format!("{path}:{number}: {ARCHITECTURE} has no invariant {id}"));
            }
        }
    }
    none(faults);
}

#[test]
fn every_row_of_bad_input_has_its_test() {
    let Some(document) = document(PROTOCOL) else { return };
    let files = rust_files();
    let rows: Vec<_> = bad_input(&document).collect();
    let empty = rows.is_empty().then(|| format!("{PROTOCOL}:1: no table under `## Bad input`"));
    let untested = rows.iter().filter(|(_, row)| {
        let tests: Vec<_> = row.split('`').skip(1).step_by(2).collect();
        tests.is_empty() || !tests.iter().all(|test| exists(&files, test))
    });
    none(empty.into_iter().chain(untested.map(|(number, row)| {
        format!("{PROTOCOL}:{number}: no such test: {}; name `crate/folder::test`", row.trim())
    })));
}

/// Reads a document; its rules begin to hold when it is there.
fn document(path: &str) -> Option<File> {
    let document = tree::read(path);
    if document.is_none() {
        println!("skipped: {path} is not written yet");
    }
    document
}

/// Lists the invariants: items that begin with a capital letter and a number in bold.
fn invariants(document: &File) -> impl Iterator<Item = (usize, &str)> {
    document.lines().filter_map(|(number, line)| {
        let id = line.strip_prefix("- **")?.split("**").next()?.trim_end_matches(['.', ':']);
        is_id(id).then_some((number, id))
    })
}

fn is_id(word: &str) -> bool {
    let mut characters = word.chars();
    characters.next().is_some_and(|first| first.is_ascii_uppercase())
        && word.len() > 1
        && characters.all(|digit| digit.is_ascii_digit())
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| is_id(word))
}

/// Lists what a line cites: the word and an id, or a message that begins with an id and a colon.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let cited = line
        .split("nvariant ")
        .skip(1)
        .filter_map(|rest| words(rest).next().filter(|id| rest.starts_with(id)));
    let claimed = line.split('"').skip(1).filter_map(|rest| rest.split_once(':')).map(|(id, _)| id);
    cited.chain(claimed.filter(|id| is_id(id)))
}

/// Lists the last cells of the table under its heading, with their lines.
fn bad_input(document: &File) -> impl Iterator<Item = (usize, &str)> {
    let section = document.lines().skip_while(|(_, line)| *line != "## Bad input").skip(1);
    let table = section.take_while(|(_, line)| !line.starts_with("## "));
    // The first two rows are the head and the rule under it.
    table.filter(|(_, line)| line.starts_with('|')).skip(2).filter_map(|(number, line)| {
        Some((number, line.trim_end().trim_end_matches('|').rsplit('|').next()?))
    })
}

/// Tells whether `place::name` is a function in a file below that place, or in that package.
fn exists(files: &[File], test: &str) -> bool {
    let Some((place, name)) = test.rsplit_once("::") else { return false };
    let package = members().into_iter().find(|member| member.name == place);
    let folder = package.map_or_else(|| place.to_owned(), |member| member.folder);
    let head = format!("fn {name}(");
    let below = |path: &str| path == folder || path.starts_with(&format!("{folder}/"));
    files.iter().any(|file| below(&file.path) && file.text.contains(&head))
}
