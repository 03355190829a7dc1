//! Sections that are made, set and read.

use std::path::PathBuf;

use serde_json::json;

use super::{BadSetting, Secret, Section, Settings, Values};

crate::settings! {
    /// How the door
    /// is kept.
    struct Door {
        /// Seconds for which it
        /// stays open.
        open_secs: u64 = 5,
        /// Who has the key.
        keeper: Option<PathBuf> = None,
        /// The word.
        word: Secret = Secret::default(),
    }
}

fn section() -> Section {
    let checked = Door::section().check(|values| {
        let door = Door::read(values)?;
        match door.open_secs {
            0 => Err(BadSetting::must_be("open_secs", "at least 1")),
            _ => Ok(()),
        }
    });
    Section::new("A house.").row("rooms", &3, "How many.").table("door", checked)
}

fn problems(values: &serde_json::Value) -> Vec<String> {
    let mut all = Values::of(&section());
    for (key, value) in values.as_object().expect("an object") {
        all = all.with(key, value.clone());
    }
    section().problems(&all).iter().map(ToString::to_string).collect()
}

#[test]
fn what_fields_say_is_what_the_section_says() {
    let section = Door::section();
    assert_eq!(section.about(), "How the door is kept.");
    let rows: Vec<_> = section.rows().iter().map(|row| (row.key, row.about.as_str())).collect();
    let right = [
        ("open_secs", "Seconds for which it stays open."),
        ("keeper", "Who has the key."),
        ("word", "The word."),
    ];
    assert_eq!(rows, right);
    assert_eq!(Door::read(&Values::of(&section)).expect("the defaults are right"), Door::default());
}

#[test]
fn what_is_set_is_read_and_a_secret_is_not_shown() {
    let values = Values::of(&Door::section()).with("keeper", "ada").with("word", "sesame");
    let door = Door::read(&values).expect("it is right");
    assert_eq!((door.keeper, door.word.expose()), (Some("ada".into()), "sesame"));
    let shown = values.shown(&Door::section());
    assert_eq!(
        json!(shown),
        json!({ "open_secs": 5, "keeper": "ada", "word": "(hidden)" }),
        "the word is hidden"
    );
    assert!(!format!("{values:?}").contains("sesame"));
}

#[test]
fn every_fault_is_named_with_its_key() {
    assert_eq!(problems(&json!({})), Vec::<String>::new());
    assert_eq!(
        problems(&json!({ "roms": 1, "door": { "opn_secs": 1 } })),
        [
            "`roms` is no key; there are rooms, door",
            "`door.opn_secs` is no key; there are open_secs, keeper, word"
        ]
    );
    let door = |open_secs, word| json!({ "door": { "open_secs": open_secs, "word": word } });
    assert_eq!(problems(&door(json!(0), json!(""))), ["`door.open_secs` must be at least 1"]);
    let said = problems(&door(json!("long"), json!(""))).concat();
    assert!(said.starts_with("`door.open_secs` is wrong: invalid type: string"), "{said}");
    let said = problems(&door(json!(1), json!(937_418))).concat();
    assert!(said.starts_with("`door.word` must be a text") && !said.contains("937"), "{said}");
}
