//! Sections that adapters bring along, and the keys that choose among them.

use figment::Jail;
use throng_ports::settings::{Settings as _, Values};

use super::other::{Config, Other};
use super::{builder, error, load};
use crate::Gateway;
use crate::config::{describe, shown};

/// Where the sections of the other adapters are.
const PLACES: [&str; 5] = ["store.other", "auth.other", "policy.other", "other", "plugins.other"];

#[test]
fn a_store_is_chosen_by_its_name_and_an_unknown_one_is_told_the_known() {
    Jail::expect_with(|jail| {
        jail.create_file("t.toml", "[store]\nkind = \"other\"\n")?;
        let loaded = load(&["--config", "t.toml"]).expect("there is one");
        assert_eq!(loaded.chosen["store.kind"], "other");
        jail.create_file("t.toml", "[store]\nkind = \"mime\"\n")?;
        let error = error(&["--config", "t.toml"]);
        assert!(error.contains("`store.kind = \"mime\"` in "), "{error}");
        let rest = "t.toml:2 is not known here; known: sqlite, memory, other";
        assert!(error.contains(rest), "{error}");
        Ok(())
    });
}

#[test]
fn what_was_chosen_before_is_chosen_still() {
    Jail::expect_with(|_| {
        let loaded = load(&[]).expect("defaults are valid");
        let chosen: Vec<_> =
            loaded.chosen.iter().map(|(key, name)| format!("{key} {name}")).collect();
        assert_eq!(chosen, ["auth.kind jwt", "policy.kind rhai", "store.kind sqlite"]);
        Ok(())
    });
}

#[test]
fn every_section_is_read_from_every_layer() {
    for place in PLACES {
        Jail::expect_with(|jail| {
            jail.create_file("t.toml", &format!("[{place}]\noften = 7\n"))?;
            let name = format!("THRONG_{}__PLACE", place.to_uppercase().replace('.', "__"));
            jail.set_env(name, "here");
            let loaded = load(&["--config", "t.toml"]).expect("valid");
            let config = Config::read(&loaded.values[place]).expect("it is read");
            assert_eq!((config.often, config.place.as_deref()), (7, Some("here")), "{place}");
            Ok(())
        });
    }
}

#[test]
fn every_fault_of_a_section_is_told_with_its_place() {
    for place in PLACES {
        for (line, right) in [
            ("oftn = 1", "oftn` in t.toml:2 is no key; there are "),
            ("often = 0", "often` in t.toml:2 must be at least 1"),
            ("often = \"x\"", "often` in t.toml:2 is wrong: invalid type: string \"x\""),
        ] {
            Jail::expect_with(|jail| {
                jail.create_file("t.toml", &format!("[{place}]\n{line}\n"))?;
                let error = error(&["--config", "t.toml"]);
                let folder = format!("{}/", jail.directory().display());
                let error = error.replace(&folder, "");
                assert!(error.contains(&format!("`{place}.{right}")), "{place}: {error}");
                Ok(())
            });
        }
    }
}

#[test]
fn sections_of_nobody_are_told_what_there_is() {
    for (text, right) in [
        ("[store.mime]\nx = 1", "there is no key `mime`; there are messages_days, sqlite"),
        ("[plugins.mime]\nx = 1", "`plugins.mime` in t.toml:1 is not known here; known: other"),
        ("[mime]\nx = 1", ", other, "),
        ("[auth.mime]\nx = 1", "`auth.mime` in t.toml:1 is no key"),
        ("auth = 1", "`auth` in t.toml:1 must be a table"),
    ] {
        Jail::expect_with(|jail| {
            jail.create_file("t.toml", text)?;
            let error = error(&["--config", "t.toml"]);
            let error = error.replace(&format!("{}/", jail.directory().display()), "");
            assert!(error.contains(right), "{text}: {error}");
            Ok(())
        });
    }
}

#[test]
fn names_that_are_none_or_taken_are_refused() {
    struct Named(&'static str);
    impl throng_ports::kind::Kind<throng_ports::link::Bound> for Named {
        fn name(&self) -> &'static str {
            self.0
        }
        fn open(
            &self,
            _: throng_ports::kind::Given,
        ) -> throng_ports::link::BoxFuture<
            'static,
            throng_ports::kind::Opened<throng_ports::link::Bound>,
        > {
            Box::pin(std::future::ready(Err("nobody opens it".into())))
        }
    }
    for (name, right) in [
        ("My", "lower-case letters"),
        ("a__b", "lower-case letters"),
        ("quic", "more than one transport is named `quic`"),
        ("limits", "other settings are"),
        ("client", "other settings are"),
        ("public_url", "other settings are"),
    ] {
        let plan = Gateway::builder().transport(Named(name)).plan();
        let error = plan.map(|_| ()).expect_err(name).to_string();
        assert!(error.contains(right), "{name}: {error}");
    }
    let twice = Gateway::builder().store(Other).store(Other).plan();
    assert!(twice.is_err(), "two of a name");
}

#[test]
fn what_is_shown_can_be_read_again_and_what_is_described_has_every_key() {
    Jail::expect_with(|jail| {
        let plan = builder(&[]).plan().expect("defaults are valid");
        let text = shown::text(&plan.loaded, &plan.scheme).expect("it is TOML");
        jail.create_file("t.toml", &text)?;
        let again = load(&["--config", "t.toml"]).expect("it is valid");
        assert_eq!(again.settings, plan.loaded.settings);
        assert_eq!(again.chosen, plan.loaded.chosen);
        let page = describe(&plan.scheme);
        let row = "| `plugins.other.often` | `3` | How often; at least 1. |";
        for part in
            [row, "| `store.kind` | `\"sqlite\"` |", "`other`: Another one.", "`other.enabled`"]
        {
            assert!(page.contains(part), "no {part} in {page}");
        }
        Ok(())
    });
}

#[test]
fn a_program_sets_keys_below_those_who_run_it() {
    Jail::expect_with(|jail| {
        jail.set_env("THRONG_PLUGINS__OTHER__OFTEN", "9");
        let builder = builder(&[]).set("plugins.other.often", 4).set("workers", 3);
        let loaded =
            builder.settings("plugins.other.place = \"there\"").plan().expect("valid").loaded;
        let config = Config::read(&loaded.values["plugins.other"]).expect("it is read");
        assert_eq!((config.often, config.place.as_deref()), (9, Some("there")));
        assert_eq!(loaded.settings.workers, 3);
        let wrong = super::builder(&[]).set("plugins.other.place", 4).plan();
        let error = wrong.map(|_| ()).expect_err("no text").to_string();
        assert!(error.contains("in the program is wrong"), "{error}");
        assert!(Values::default().keys().next().is_none());
        Ok(())
    });
}
