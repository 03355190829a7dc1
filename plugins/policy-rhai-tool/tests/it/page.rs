//! The page that teaches policies, executed from top to bottom.
//!
//! Blocks of Rhai and TOML are files, named after the language in the line that opens them. Lines
//! of a block of commands that begin with `throng policy` run, and what follows as `text` is what
//! they print.

use std::path::PathBuf;

use throng_plugin_policy_rhai::fact::Fact;
use throng_plugin_policy_rhai::{Config, Hook, HookConfig};
use throng_plugin_policy_rhai_tool::{Given, Lint, starter};

use super::{Desk, scripts, workshop};

const PAGE: &str = include_str!("../../../../core/docs/POLICIES.md");

/// What stands between two fences.
struct Block {
    language: String,
    name: String,
    text: String,
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = PAGE.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let mut words = info.split_whitespace().map(str::to_owned);
        let (language, name) = (words.next().expect("a language"), words.next());
        let text: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        let name = name.unwrap_or_else(|| format!("example-{}.{language}", blocks.len()));
        blocks.push(Block { language, name, text: text.join("\n") + "\n" });
    }
    blocks
}

/// Puts the files of the page on a desk, with the library that is shipped.
fn desk() -> Desk {
    let files = blocks().into_iter().filter(|block| ["rhai", "toml"].contains(&&*block.language));
    let desk = files.fold(Desk::new(), |desk, block| desk.with(&block.name, &block.text));
    let library = std::fs::read_to_string(scripts().join("lib/hours.rhai")).expect("a module");
    desk.with("lib/hours.rhai", &library)
}

/// Runs a command of the page and returns what it prints.
fn run(desk: &Desk, command: &str) -> String {
    let words: Vec<_> = command.split_whitespace().skip(2).collect();
    let path = |name: &str| match name {
        "scripts" => scripts(),
        name => desk.path(name),
    };
    let after = |flag: &str| {
        let at = words.iter().position(|word| *word == flag)?;
        words.get(at + 1).copied()
    };
    let report = match words[..] {
        ["check", name, ..] => workshop().check(&[path(name)]).expect("scripts").to_string(),
        ["test", name, ref flags @ ..] => {
            let coverage = flags.contains(&"--coverage");
            let report = workshop().test(&[path(name)], "", coverage).expect("scripts");
            assert!(report.passes() && report.covers(100.0), "{command}: {report}");
            report.to_string()
        }
        ["run", hook, ..] => {
            let facts = path(after("--facts").expect("facts"));
            let text = std::fs::read_to_string(&facts).expect("facts");
            let scene = Given::read(&facts, &text).expect("facts").scene().expect("facts");
            let script: PathBuf = path(after("--policy").expect("a policy"));
            let hook = Hook::named(hook).expect("a hook");
            workshop().explain(&script, hook, &scene).expect("it loads").to_string()
        }
        ["new", name] => format!("{:?}", starter(name, &desk.path("new")).expect("a new policy")),
        ["definitions"] => {
            format!("{:?}", workshop().definitions(&desk.path("definitions")).expect("files"))
        }
        _ => panic!("nobody knows `{command}`"),
    };
    desk.read(&report)
}

#[test]
fn every_command_runs_and_prints_what_the_page_shows() {
    let desk = desk();
    let mut printed = String::new();
    let mut count = 0;
    for block in blocks() {
        match &*block.language {
            "sh" => {
                let commands = block.text.lines().filter(|line| line.starts_with("throng policy"));
                printed = commands.map(|command| run(&desk, command)).collect();
            }
            "text" => {
                assert_eq!(printed, block.text, "the page shows otherwise:\n{printed}");
                count += 1;
            }
            _ => {}
        }
    }
    assert!(count >= 3, "only {count} outputs are shown");
}

#[test]
fn every_script_is_right_but_the_broken_one() {
    let desk = desk();
    for block in blocks().into_iter().filter(|block| block.language == "rhai") {
        let check = desk.check(&block.name);
        assert_eq!(check.passes(true), block.name != "broken.rhai", "{check}");
        let test = desk.test(&block.name);
        assert!(test.passes(), "{test}");
    }
}

#[test]
fn every_hook_fact_and_lint_is_on_the_page() {
    for hook in Hook::ALL {
        assert!(PAGE.contains(&format!("| `{hook}` | ")), "{hook}");
    }
    for fact in Fact::ALL {
        let owner = fact.subject().name().to_lowercase();
        let row = format!("| `{owner}.{}` | {} |\n", fact.property(), fact.doc());
        assert!(PAGE.contains(&row), "{row}");
    }
    let errors = Lint::ALL.into_iter().filter(|lint| lint.is_error());
    assert_eq!(errors.count(), 9, "the page says that nine lints are errors");
    for lint in Lint::ALL {
        assert!(PAGE.contains(&format!("| `{}` | ", lint.name())), "{}", lint.name());
    }
}

#[test]
fn limits_and_failures_are_those_of_the_code() {
    let (hooks, usual) = (Config::default().hooks, HookConfig::default());
    for hook in Hook::ALL {
        let on_failure = toml::Value::try_from(hooks.of(hook).on_failure).expect("a word");
        let row = format!("| `{}` | `{}` |", hook.name(), on_failure.as_str().expect("a word"));
        assert!(PAGE.contains(&row), "{row}");
    }
    let numbers = [
        ("statement", usual.operations_max.to_string()),
        ("time", format!("{} ms", usual.wall_millis_max)),
        ("call each other", usual.call_depth_max.to_string()),
        ("in an array or map", usual.string_bytes_max.to_string()),
        ("of its items", usual.array_items_max.to_string()),
        ("of its entries", usual.map_entries_max.to_string()),
        ("at the same time", usual.variables_max.to_string()),
        ("of a script", usual.functions_max.to_string()),
        ("imported", usual.modules_max.to_string()),
    ];
    for (limit, number) in numbers {
        let plain = PAGE.replace(',', "");
        assert!(plain.contains(&format!("{limit} | {number} |\n")), "{limit}: {number}");
    }
}
