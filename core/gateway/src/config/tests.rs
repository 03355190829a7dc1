//! Settings from every layer, and errors that say what to do.

#![allow(clippy::result_large_err, reason = "the closures of Jail return figment's own error")]

mod adapters;
mod other;

use clap::Parser as _;
use figment::Jail;

use other::Other;

use super::{Loaded, Settings, shown};
use crate::Gateway;
use crate::builder::Builder;
use crate::cli::Cli;

/// A gateway with one adapter more of each kind.
fn builder(words: &[&str]) -> Builder {
    let words = Cli::parse_from([&["throng"], words].concat());
    let builder = Gateway::builder().store(Other).transport(Other).policy(Other).tokens(Other);
    builder.plugin(Other).command_line(&words)
}

fn load(words: &[&str]) -> anyhow::Result<Loaded> {
    builder(words).plan().map(|plan| plan.loaded)
}

fn error(words: &[&str]) -> String {
    load(words).map(|_| ()).expect_err("the settings are wrong").to_string()
}

#[test]
fn defaults_are_complete_and_valid() {
    Jail::expect_with(|_| {
        assert_eq!(load(&[]).expect("defaults are valid").settings, Settings::default());
        Ok(())
    });
}

#[test]
fn each_layer_goes_before_the_one_below() {
    Jail::expect_with(|jail| {
        jail.create_file(
            "t.toml",
            "listen = \"127.0.0.1:1\"\n[relay]\ncapacity = 2\n[log]\nfilter = \"warn\"",
        )?;
        jail.set_env("THRONG_RELAY__CAPACITY", "3");
        jail.set_env("THRONG_LISTEN", "127.0.0.1:4");
        let loaded = load(&["--config", "t.toml", "--listen", "127.0.0.1:5"]).expect("valid");
        let settings = loaded.settings;
        assert_eq!(settings.listen.port(), 5, "the command line goes first");
        assert_eq!(settings.relay.capacity, 3, "the environment goes before the file");
        assert_eq!(settings.log.filter, "warn", "the file goes before the defaults");
        Ok(())
    });
}

#[test]
fn variables_of_clients_are_no_settings() {
    Jail::expect_with(|jail| {
        jail.set_env("THRONG_CLIENT_TOKEN", "secret");
        assert_eq!(load(&[]).expect("it is ignored").settings, Settings::default());
        Ok(())
    });
}

#[test]
fn an_unknown_key_is_named_with_its_source() {
    Jail::expect_with(|jail| {
        jail.create_file("t.toml", "[relay]\ncapacitty = 2")?;
        let error = error(&["--config", "t.toml"]);
        assert!(error.contains("capacitty") && error.contains("t.toml"), "{error}");
        Ok(())
    });
}

#[test]
fn a_value_of_the_wrong_kind_is_named_with_its_key() {
    Jail::expect_with(|jail| {
        jail.set_env("THRONG_RELAY__CAPACITY", "many");
        let error = error(&[]);
        assert!(error.contains("relay.capacity") || error.contains("RELAY"), "{error}");
        Ok(())
    });
}

#[test]
fn every_impossible_value_is_named_at_once() {
    Jail::expect_with(|jail| {
        jail.set_env("THRONG_RELAY__CAPACITY", "0");
        jail.set_env("THRONG_PUBLIC_URL", "http://example.org");
        let error = error(&[]);
        assert!(error.contains("relay.capacity") && error.contains("public_url"), "{error}");
        Ok(())
    });
}

#[test]
fn a_setting_of_policies_that_cannot_be_is_named_with_file_and_line() {
    Jail::expect_with(|jail| {
        jail.create_file(
            "t.toml",
            "demo = true\n[policy.hooks.publish]\nwall_millis_max = 5000\n",
        )?;
        let error = error(&["--config", "t.toml"]);
        assert!(error.contains("`policy.hooks.publish.wall_millis_max` in "), "{error}");
        assert!(error.contains("t.toml:3 must be 1 to 1000, and is 5000"), "{error}");
        Ok(())
    });
}

#[test]
fn a_missing_file_is_named() {
    Jail::expect_with(|_| {
        assert!(error(&["--config", "nowhere.toml"]).contains("nowhere.toml"));
        Ok(())
    });
}

#[test]
fn no_error_and_no_page_shows_a_secret() {
    const SECRET: &str = "93741862059417263850194726385019472";
    Jail::expect_with(|jail| {
        // Digits without quotes are no text.
        jail.create_file("t.toml", "[auth]\njwt_hs256_secret = 937418620594172638")?;
        let error = error(&["--config", "t.toml"]);
        assert!(error.contains("auth.jwt_hs256_secret"), "{error}");
        assert!(!error.contains("937418"), "{error}");
        jail.set_env("THRONG_AUTH__JWT_HS256_SECRET", format!("\"{SECRET}\""));
        let plan = builder(&[]).plan().expect("it is a text");
        let secret: throng_ports::settings::Secret =
            plan.loaded.values["auth"].get("jwt_hs256_secret").expect("it is there");
        assert_eq!(secret.expose(), SECRET);
        let shown = shown::text(&plan.loaded, &plan.scheme).expect("settings are TOML");
        assert!(shown.contains("jwt_hs256_secret = \"(hidden)\""), "{shown}");
        assert!(!format!("{:?}", plan.loaded).contains(SECRET));
        Ok(())
    });
}

#[test]
fn a_file_that_cannot_be_read_is_not_quoted() {
    for text in ["[auth]\njwt_hs256_secret = \"seekrit", "[auth]\njwt_hs256_secret = seekrit\n"] {
        Jail::expect_with(|jail| {
            jail.create_file("t.toml", text)?;
            let error = error(&["--config", "t.toml"]);
            assert!(error.contains("line 2") && !error.contains("seekrit"), "{error}");
            Ok(())
        });
    }
}
