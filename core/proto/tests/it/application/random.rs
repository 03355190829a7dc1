//! Commands that are nearly right: each is refused where it is wrong, or reads back as it was kept.

use proptest::prelude::*;
use serde_json::{Value, json};
use throng_proto::form;
use throng_proto::model::ApplicationCommand;
use throng_proto::model::application_command::CommandPatch;
use throng_proto::refusal::Refusal;

use crate::parts::random::{leads, odd, replace, size};

/// A body with everything that a command may have.
fn right() -> Value {
    let texts = json!({ "de": "wort", "zh-CN": "\u{5c81}" });
    let song = json!({ "type": 3, "name": "song", "description": "d", "required": true,
        "name_localizations": texts, "description_localizations": texts,
        "min_length": 1, "max_length": 9, "choices": [
            { "name": "c", "value": "v", "name_localizations": texts },
            { "name": "e", "value": "f" } ] });
    let times = json!({ "type": 4, "name": "times", "description": "d", "min_value": 1,
        "max_value": 9, "autocomplete": true });
    let loud = json!({ "type": 10, "name": "loud", "description": "d", "min_value": 0.5,
        "choices": [{ "name": "half", "value": 0.5 }, { "name": "w", "value": 1 }] });
    let place = json!({ "type": 7, "name": "where", "description": "d", "channel_types": [0, 2] });
    let sheet = json!({ "type": 11, "name": "sheet", "description": "d", "required": false });
    let songs = json!({ "type": 1, "name": "songs", "description": "d",
        "options": [song, times, loud, place, sheet] });
    let old = json!({ "type": 2, "name": "old", "description": "d", "options": [songs] });
    let new = json!({ "type": 1, "name": "new", "description": "d" });
    json!({
        "name": "sing", "type": 1, "description": "Sings", "name_localizations": texts,
        "description_localizations": texts, "default_member_permissions": "32", "nsfw": true,
        "dm_permission": false, "contexts": [0, 1], "integration_types": [0, 1], "id": "5",
        "options": [old, new],
    })
}

/// Reads a command again as it is stored, and as an edit of nothing.
fn reads_back(command: &ApplicationCommand) -> bool {
    let kept = json!(command).to_string();
    serde_json::from_str::<ApplicationCommand>(&kept).is_ok_and(|read| read == *command)
        && CommandPatch::default().apply(command).as_ref() == Ok(command)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn commands_that_are_nearly_right_are_refused_where_they_are_wrong_or_kept_as_they_read(
        changes in prop::collection::vec((any::<prop::sample::Index>(), odd()), 1..4),
    ) {
        let mut body = right();
        for (place, new) in changes {
            let mut place = place.index(size(&body) - 1) + 1;
            replace(&mut body, &mut place, new.as_ref());
        }
        match form::read::<ApplicationCommand>(&body) {
            Ok(command) => prop_assert!(reads_back(&command), "{command:?}"),
            Err(Refusal::InvalidForm(fields)) => {
                prop_assert!(!fields.is_empty());
                for field in fields {
                    prop_assert!(leads(&body, &field.field), "{} in {body}", field.field);
                }
            }
            Err(other) => prop_assert!(false, "{other:?}"),
        }
        let right: ApplicationCommand = form::read(&right()).expect("a command");
        if let Ok(patch) = form::read::<CommandPatch>(&body) {
            match patch.apply(&right) {
                Ok(edited) => prop_assert!(reads_back(&edited), "{edited:?}"),
                Err(Refusal::InvalidForm(fields)) => prop_assert!(!fields.is_empty()),
                Err(other) => prop_assert!(false, "{other:?}"),
            }
        }
    }
}

#[test]
fn the_command_that_is_changed_is_right() {
    assert!(reads_back(&form::read(&right()).expect("a command")));
}
