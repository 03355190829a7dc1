//! Which file of a crate takes names from which other one.
//!
//! Read from the text: `use` declarations and paths that are written out. A name that a module only
//! hands on counts for the file that defines it, so that a module which is nothing but a front page
//! ties nobody to its parts.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::File;
use crate::words::{Word, words};

/// The files of a crate as modules, by their paths.
#[derive(Debug, Default)]
pub struct Imports {
    modules: BTreeMap<Path, Module>,
}

/// Names of modules from the crate's root on, or of modules and an item.
type Path = Vec<String>;

#[derive(Debug, Default)]
struct Module {
    file: String,
    uses: Vec<Use>,
    /// Paths that are written out, outside of `use` declarations.
    paths: Vec<Path>,
    /// Every word that stands outside of them.
    words: BTreeSet<String>,
}

#[derive(Debug)]
struct Use {
    /// Handed on to others.
    visible: bool,
    path: Path,
    name: String,
}

enum Found {
    Module(Path),
    Item(Path, String),
}

/// An arrow: what a file takes from another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    /// The file that takes.
    pub from: String,
    /// The file that defines.
    pub to: String,
    /// What it takes.
    pub names: Vec<String>,
}

impl Imports {
    /// Reads the files of the crate whose sources lie in a folder.
    #[must_use]
    pub fn of(files: &[File], folder: &str) -> Self {
        let mut modules = BTreeMap::new();
        for file in files.iter().filter(|file| file.is(&["rs"])) {
            let Some(rest) = file.path.strip_prefix(folder) else { continue };
            let parts = rest.trim_start_matches('/').trim_end_matches(".rs").split('/');
            let path: Path = parts.filter(|part| *part != "lib").map(str::to_owned).collect();
            let code = &file.text[..file.text.len() - file.test_code().len()];
            modules.insert(path, Module::read(&file.path, code));
        }
        Self { modules }
    }

    /// Returns every arrow between two files, in order.
    #[must_use]
    pub fn arrows(&self) -> Vec<Arrow> {
        let mut all = Vec::new();
        for (path, module) in &self.modules {
            let mut taken: BTreeMap<Path, BTreeSet<String>> = BTreeMap::new();
            for (to, name) in self.taken(path, module).filter(|(to, _)| to != path) {
                taken.entry(to).or_default().insert(name);
            }
            all.extend(taken.into_iter().map(|(to, names)| Arrow {
                from: module.file.clone(),
                to: self.modules[&to].file.clone(),
                names: names.into_iter().collect(),
            }));
        }
        all.sort();
        all
    }

    /// Returns the arrows that lie on circles or between them; none when there is no circle.
    #[must_use]
    pub fn circles(&self) -> Vec<Arrow> {
        within_circles(self.arrows())
    }

    /// Returns the arrows on circles between what stands side by side in a folder: a file counts
    /// together with the folder of its name, whose parts may take from it and give to it.
    #[must_use]
    pub fn circles_side_by_side(&self) -> Vec<Arrow> {
        let mut levels: BTreeMap<String, Vec<Arrow>> = BTreeMap::new();
        for arrow in self.arrows() {
            if let Some((level, arrow)) = side_by_side(arrow) {
                levels.entry(level).or_default().push(arrow);
            }
        }
        levels.into_values().flat_map(within_circles).collect()
    }

    fn taken(&self, path: &Path, module: &Module) -> impl Iterator<Item = (Path, String)> {
        let mut near: BTreeMap<&str, Path> = BTreeMap::new();
        let mut taken = Vec::new();
        for used in &module.uses {
            match self.find(path, &used.path, 0) {
                Some(Found::Module(module)) => drop(near.insert(&used.name, module)),
                Some(found) if !used.visible || module.words.contains(&used.name) => {
                    taken.push(found);
                }
                _ => {}
            }
        }
        for written in &module.paths {
            let found = match near.get(written[0].as_str()) {
                Some(start) => self.walk(start.clone(), &written[1..], 0),
                None => self.find(path, written, 0),
            };
            taken.extend(found);
        }
        taken.into_iter().filter_map(|found| match found {
            Found::Item(path, name) => Some((path, name)),
            Found::Module(_) => None,
        })
    }

    /// Finds what a path means in a module; nothing of this crate, perhaps.
    fn find(&self, at: &Path, path: &[String], depth: usize) -> Option<Found> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.walk(Path::new(), rest, depth),
            "self" => self.walk(at.clone(), rest, depth),
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                let start = at[..at.len().checked_sub(ups)?].to_vec();
                self.walk(start, &path[ups..], depth)
            }
            _ if self.modules.contains_key(&child(at, first)) => self.walk(at.clone(), path, depth),
            _ => None,
        }
    }

    fn walk(&self, mut at: Path, path: &[String], depth: usize) -> Option<Found> {
        let mut rest = path;
        while let Some((first, after)) = rest.split_first() {
            let next = child(&at, first);
            if !self.modules.contains_key(&next) {
                break;
            }
            (at, rest) = (next, after);
        }
        let Some((name, after)) = rest.split_first() else { return Some(Found::Module(at)) };
        let handed_on = self.modules.get(&at)?.uses.iter().find(|used| used.name == *name);
        match handed_on.filter(|_| depth < 8) {
            Some(used) => match self.find(&at, &used.path, depth + 1)? {
                Found::Module(module) => self.walk(module, after, depth + 1),
                item => Some(item),
            },
            None => Some(Found::Item(at, name.clone())),
        }
    }
}

/// Keeps the arrows that lie on circles or between them.
fn within_circles(mut arrows: Vec<Arrow>) -> Vec<Arrow> {
    loop {
        let from: BTreeSet<String> = arrows.iter().map(|arrow| arrow.from.clone()).collect();
        let to: BTreeSet<String> = arrows.iter().map(|arrow| arrow.to.clone()).collect();
        let before = arrows.len();
        // Nothing comes back from a file without arrows of its own, nor to one without others'.
        arrows.retain(|arrow| from.contains(&arrow.to) && to.contains(&arrow.from));
        if arrows.len() == before {
            return arrows;
        }
    }
}

/// Returns the folder in which two files lie side by side, or in folders side by side, and the
/// arrow between what stands there; `None` for a file and the folder of its name.
fn side_by_side(Arrow { from, to, names }: Arrow) -> Option<(String, Arrow)> {
    let parts = |path: &str| -> Vec<String> {
        path.trim_end_matches(".rs").split('/').map(str::to_owned).collect()
    };
    let (from, to) = (parts(&from), parts(&to));
    let common = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let upto = |path: &[String]| path.get(..=common).map(|path| path.join("/"));
    let (from, to) = (upto(&from)?, upto(&to)?);
    Some((from.rsplit_once('/')?.0.to_owned(), Arrow { from, to, names }))
}

fn child(at: &Path, name: &str) -> Path {
    at.iter().map(String::as_str).chain([name]).map(str::to_owned).collect()
}

impl Module {
    fn read(file: &str, code: &str) -> Self {
        let mut module = Self { file: file.to_owned(), ..Self::default() };
        let words = words(code);
        let mut rest = words.as_slice();
        let mut visible = false;
        while let Some((word, after)) = rest.split_first() {
            rest = after;
            match word {
                Word::Name("use") => {
                    let end = rest.iter().position(|word| *word == Word::Sign(';'));
                    let (tree, after) = rest.split_at(end.unwrap_or(rest.len()));
                    module.import(tree, &Path::new(), visible);
                    rest = after;
                }
                Word::Name(name) => {
                    let mut path = vec![(*name).to_owned()];
                    while let [Word::Turn, Word::Name(next), after @ ..] = rest {
                        path.push((*next).to_owned());
                        rest = after;
                    }
                    module.words.extend(path.iter().cloned());
                    if path.len() > 1 {
                        module.paths.push(path);
                    }
                }
                _ => {}
            }
            // Up to the next statement: `pub`, or `pub(crate)`.
            visible = match word {
                Word::Name("pub") => true,
                Word::Name("crate" | "super" | "in" | "self") | Word::Sign('(' | ')') => visible,
                _ => false,
            };
        }
        module
    }

    /// Takes a tree of a `use` declaration apart.
    fn import(&mut self, tree: &[Word<'_>], before: &Path, visible: bool) {
        let mut path = before.clone();
        let mut rest = tree;
        loop {
            match rest {
                [Word::Name("as"), Word::Name(alias), ..] => {
                    return self.uses.push(Use { visible, path, name: (*alias).to_owned() });
                }
                [Word::Name("self"), after @ ..] if !path.is_empty() => rest = after,
                [Word::Name(name), after @ ..] => {
                    path.push((*name).to_owned());
                    rest = after;
                }
                [Word::Turn, after @ ..] => rest = after,
                [Word::Sign('{'), inner @ .., Word::Sign('}')] => {
                    for part in parts(inner) {
                        self.import(part, &path, visible);
                    }
                    return;
                }
                _ => break,
            }
        }
        if let Some(name) = path.last().cloned() {
            self.uses.push(Use { visible, path, name });
        }
    }
}

/// Splits at the commas that stand in no braces.
fn parts<'a, 'b>(tree: &'a [Word<'b>]) -> Vec<&'a [Word<'b>]> {
    let mut depth = 0_usize;
    let outside = |word: &Word<'_>| {
        match word {
            Word::Sign('{') => depth += 1,
            Word::Sign('}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        *word == Word::Sign(',') && depth == 0
    };
    tree.split(outside).filter(|part| !part.is_empty()).collect()
}
