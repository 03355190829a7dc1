//! Commands of an application in one place, whatever it asks for.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use throng_proto::catalog::{
    CATALOG_BYTES_MAX, COMMANDS_MAX, Catalog, CommandChange, CommandPlace, CommandsChanged,
};
use throng_proto::form;
use throng_proto::id::{CommandId, UserId};
use throng_proto::model::application_command::{CommandEntry, CommandPatch, LOCALES};
use throng_proto::model::{ApplicationCommand, RegisteredCommand};
use throng_proto::record::Write;
use throng_proto::refusal::Refusal;

const PLACE: CommandPlace = CommandPlace { application: UserId::new(1), guild: None };

/// Everything that is kept, and the numbers that were given out.
#[derive(Default)]
struct Kept {
    commands: Vec<RegisteredCommand>,
    last: u64,
}

impl Kept {
    /// Asks, and makes what is answered as a store would.
    fn ask(&mut self, change: CommandChange) -> Result<(CommandsChanged, usize), Refusal> {
        let mut ids = || {
            self.last += 1;
            self.last
        };
        let catalog = Catalog::new(PLACE, self.commands.clone());
        let (changed, writes) = catalog.change(change, &mut ids)?;
        let count = writes.len();
        for write in writes {
            match write {
                Write::Command(command) => {
                    self.commands.retain(|known| known.id != command.id);
                    self.commands.push(*command);
                }
                Write::CommandDelete(place, id) => {
                    assert_eq!(place, PLACE);
                    self.commands.retain(|known| known.id != id);
                }
                other => panic!("{other:?}"),
            }
        }
        self.commands.sort_by_key(|command| command.id);
        Ok((changed, count))
    }

    fn put(&mut self, command: &Value) -> RegisteredCommand {
        let changed = self.ask(CommandChange::Put(Box::new(read(command)))).expect("room");
        changed.0.commands[0].clone()
    }
}

fn read(command: &Value) -> ApplicationCommand {
    form::read(command).expect("a command")
}

fn typed(name: &str, description: &str) -> Value {
    json!({ "name": name, "description": description })
}

fn entries(commands: &Value) -> Vec<CommandEntry> {
    form::read_with(commands, |list| list.forms(0..=200)).expect("commands")
}

#[test]
fn a_command_with_a_known_name_takes_the_place_of_that() {
    let mut kept = Kept::default();
    let (first, created) = {
        let (changed, _) =
            kept.ask(CommandChange::Put(Box::new(read(&typed("a", "1"))))).expect("room");
        (changed.commands[0].clone(), changed.created)
    };
    assert!(created);
    let (changed, writes) =
        kept.ask(CommandChange::Put(Box::new(read(&typed("a", "2"))))).expect("room");
    let second = &changed.commands[0];
    assert_eq!((changed.created, writes, second.id), (false, 1, first.id));
    assert!(second.version > first.version, "an edit is seen by its version");
    let (changed, writes) =
        kept.ask(CommandChange::Put(Box::new(read(&typed("a", "2"))))).expect("room");
    assert_eq!((&changed.commands[0], writes), (second, 0), "nothing changes, nothing is written");
    let other = kept.put(&json!({ "name": "a", "type": 2 }));
    assert_ne!(other.id, first.id, "another kind is another command");
}

#[test]
fn there_are_100_typed_commands_and_15_of_each_other_kind() {
    for (index, max) in COMMANDS_MAX.into_iter().enumerate() {
        let mut kept = Kept::default();
        let command = |name: usize| match index {
            0 => typed(&format!("c{name}"), "d"),
            _ => json!({ "name": format!("c{name}"), "type": index + 1 }),
        };
        (0..max).for_each(|name| drop(kept.put(&command(name))));
        let refused = kept.ask(CommandChange::Put(Box::new(read(&command(max)))));
        let expected = format!("Maximum number of application commands reached ({max})");
        let refused = refused.expect_err("one too many");
        assert_eq!((refused.to_string(), refused.code()), (expected, 30_032));
        kept.put(&command(0));
        let all: Vec<_> = (0..=max).map(command).collect();
        let refused = kept.ask(CommandChange::Replace(entries(&json!(all)))).expect_err("too many");
        assert_eq!(refused.code(), 30_032);
        assert_eq!(kept.commands.len(), max, "and nothing is changed");
    }
}

#[test]
fn the_commands_of_a_place_have_a_mebibyte_in_all() {
    let texts: BTreeMap<_, _> = LOCALES.map(|locale| (locale, "\u{5c81}".repeat(100))).into();
    let large = |name: usize| {
        let choice = |name: usize| {
            let name = name.to_string();
            json!({ "name": name, "value": "v", "name_localizations": texts })
        };
        let choices: Vec<_> = (0..5).map(choice).collect();
        json!({ "name": format!("c{name}"), "description": "d", "options": [
            { "type": 3, "name": "o", "description": "d", "choices": choices } ] })
    };
    let mut kept = Kept::default();
    let mut all = Vec::new();
    let refused = loop {
        all.push(large(all.len()));
        let put = CommandChange::Put(Box::new(read(all.last().expect("a command"))));
        match kept.ask(put) {
            Ok(_) => {}
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused.code(), 30_032);
    let bytes: usize =
        kept.commands.iter().map(|known| json!(known.command).to_string().len()).sum();
    assert!((CATALOG_BYTES_MAX * 7 / 8..CATALOG_BYTES_MAX * 9 / 8).contains(&bytes), "{bytes}");
    assert_eq!(kept.ask(CommandChange::Replace(entries(&json!(all)))), Err(refused.clone()));
    let small = kept.put(&typed("small", "d"));
    let patch = json!({ "options": large(0)["options"] });
    let grown = CommandChange::Edit(small.id, form::read(&patch).expect("an edit"));
    assert_eq!(kept.ask(grown), Err(refused));
    kept.put(&large(0));
}

#[test]
fn all_commands_are_replaced_at_once_and_namesakes_keep_their_ids() {
    let mut kept = Kept::default();
    let [a, b, c] = ["a", "b", "c"].map(|name| kept.put(&typed(name, "d")));
    let all = json!([typed("d", "new"), typed("b", "d"), typed("a", "other")]);
    let (changed, writes) = kept.ask(CommandChange::Replace(entries(&all))).expect("room");
    let ids: Vec<_> = changed.commands.iter().map(|command| command.id).collect();
    assert_eq!(ids[1..], [b.id, a.id], "in the order of the request");
    assert!(ids[0] > c.id && changed.created);
    assert_eq!(writes, 3, "one goes, one comes and one changes");
    assert_eq!(changed.commands[1], b, "what stays as it is keeps its version");
    let (changed, writes) = kept.ask(CommandChange::Replace(entries(&all))).expect("room");
    assert_eq!((changed.created, writes), (false, 0));
    // Names are exchanged, and the ids say so.
    let all = json!([
        { "id": a.id, "name": "b", "description": "d" },
        { "id": b.id, "name": "a", "description": "d" },
    ]);
    let (changed, _) = kept.ask(CommandChange::Replace(entries(&all))).expect("room");
    let named: Vec<_> =
        changed.commands.iter().map(|one| (one.id, one.command.name.as_str())).collect();
    assert_eq!(named, [(a.id, "b"), (b.id, "a")]);
    assert_eq!(kept.commands.len(), 2);
    kept.ask(CommandChange::Replace(Vec::new())).expect("nothing");
    assert_eq!(kept.commands, []);
}

#[test]
fn no_two_commands_of_a_kind_have_one_name() {
    let mut kept = Kept::default();
    let [a, b] = ["a", "b"].map(|name| kept.put(&typed(name, "d")));
    let patch: CommandPatch = form::read(&json!({ "name": "b" })).expect("an edit");
    let refused = kept.ask(CommandChange::Edit(a.id, patch.clone())).expect_err("taken");
    assert!(matches!(&refused, Refusal::InvalidForm(fields) if fields[0].field == "name"));
    assert!(kept.ask(CommandChange::Edit(b.id, patch)).is_ok(), "its own name is free");
    let all = json!([typed("x", "d"), { "name": "x", "type": 2 }, typed("x", "e")]);
    let refused = kept.ask(CommandChange::Replace(entries(&all))).expect_err("twice");
    match refused {
        Refusal::InvalidForm(fields) => {
            assert_eq!(fields[0].field, "2");
            assert_eq!(fields[0].code, "APPLICATION_COMMANDS_DUPLICATE_NAME");
        }
        other => panic!("{other:?}"),
    }
    for change in [
        CommandChange::Delete(CommandId::new(99)),
        CommandChange::Edit(CommandId::new(99), CommandPatch::default()),
    ] {
        assert_eq!(kept.ask(change), Err(Refusal::UnknownCommand));
    }
}

/// A request about a few names, with ids that may be known.
fn requests() -> impl Strategy<Value = CommandChange> {
    let command = (1_u8..=3, 0_u8..4, 0_u8..2).prop_map(|(kind, name, text)| match kind {
        1 => typed(&format!("n{name}"), &format!("d{text}")),
        _ => json!({ "type": kind, "name": format!("n{name}"), "nsfw": text == 0 }),
    });
    let entry = (command.clone(), proptest::option::of(1_u64..40)).prop_map(|(mut command, id)| {
        command["id"] = json!(id.map(CommandId::new));
        command
    });
    let id = || (1_u64..40).prop_map(CommandId::new);
    prop_oneof![
        3 => command.clone().prop_map(|command| CommandChange::Put(Box::new(read(&command)))),
        3 => (id(), 0_u8..4).prop_map(|(id, name)| {
            let patch = json!({ "name": format!("n{name}"), "nsfw": name == 0 });
            CommandChange::Edit(id, form::read(&patch).expect("an edit"))
        }),
        1 => id().prop_map(CommandChange::Delete),
        2 => proptest::collection::vec(entry, 0..6)
            .prop_map(|all| CommandChange::Replace(entries(&json!(all)))),
    ]
}

proptest! {
    #[test]
    fn whatever_is_asked_names_are_unique_ids_stay_and_versions_grow(
        changes in proptest::collection::vec(requests(), 1..30),
    ) {
        let mut kept = Kept::default();
        for change in changes {
            let (before, last) = (kept.commands.clone(), kept.last);
            let wanted = match &change {
                CommandChange::Replace(entries) => Some(entries.len()),
                _ => None,
            };
            let Ok((changed, writes)) = kept.ask(change) else {
                prop_assert_eq!(&kept.commands, &before);
                continue;
            };
            let names: BTreeSet<_> =
                kept.commands.iter().map(|one| (one.command.kind, &one.command.name)).collect();
            prop_assert_eq!(names.len(), kept.commands.len());
            let ids: BTreeSet<_> = kept.commands.iter().map(|one| one.id).collect();
            prop_assert_eq!(ids.len(), kept.commands.len());
            for told in &changed.commands {
                prop_assert!(kept.commands.contains(told));
                let old = before.iter().find(|one| one.id == told.id);
                match old {
                    Some(old) if old.command == told.command => prop_assert_eq!(old, told),
                    _ => prop_assert!(told.version.value() > last),
                }
                prop_assert!(old.is_some() || told.id.value() > last);
            }
            if let Some(wanted) = wanted {
                prop_assert_eq!((changed.commands.len(), kept.commands.len()), (wanted, wanted));
            }
            prop_assert_eq!(writes == 0, kept.commands == before);
        }
    }
}
