//! What stands side by side in the core takes names in one direction.

use throng_tidy::imports::{Arrow, Imports};
use throng_tidy::tree::File;

use crate::{none, rust_files};

/// Sources in which the parts of a folder form no circle. The shell's rule is stricter: there no
/// two files do.
const CALM: &[&str] = &["core/engine/src", "core/ports/src", "core/proto/src"];

#[test]
fn parts_of_a_folder_do_not_take_names_from_each_other() {
    let files: Vec<File> = rust_files().into_iter().filter(|file| !file.is_test()).collect();
    let circles = CALM.iter().flat_map(|folder| Imports::of(&files, folder).circles_side_by_side());
    none(circles.map(|Arrow { from, to, names }| {
        let names = names.join(", ");
        format!("{from}: takes {names} from {to}, which closes a circle; find what both stand on")
    }));
}

#[test]
fn a_file_and_the_folder_of_its_name_are_one() {
    let file = |path: &str, text: &str| File { path: format!("src/{path}"), text: text.into() };
    let mut files = vec![
        file("lib.rs", "mod deck;\nmod log;\n"),
        file("deck.rs", "mod pass;\npub struct Deck;\nfn f() { pass::g() }\n"),
        file("deck/pass.rs", "use super::Deck;\nuse crate::log::Log;\n"),
        file("log.rs", "mod own;\npub struct Log;\n"),
        file("log/own.rs", "use super::Log;\n"),
    ];
    let circles = |files: &[File]| Imports::of(files, "src").circles_side_by_side();
    assert_eq!(circles(&files), []);
    files[4].text = "use crate::deck::Deck;\n".into();
    let told: Vec<_> = circles(&files).into_iter().map(|arrow| (arrow.from, arrow.to)).collect();
    let arrow = |from: &str, to: &str| (format!("src/{from}"), format!("src/{to}"));
    assert_eq!(told, [arrow("deck", "log"), arrow("log", "deck")]);
}
