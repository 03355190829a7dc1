//! Where settings come from; later layers go before earlier ones.

use std::path::PathBuf;

use figment::providers::{Env, Format as _, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Error, Figment, Metadata, Profile, Provider};
use serde::Serialize;
use throng_ports::settings::Values;

use super::{Scheme, Settings};
use crate::cli::Cli;

/// Name of the layer of defaults, by which errors know it.
pub(super) const DEFAULTS: &str = "Settings";
/// Name of what the program itself has set.
const PROGRAM: &str = "the program";

/// Everything that was set, and by whom.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    /// What the program has set, as text and one by one.
    program: Vec<Said>,
    /// File with settings.
    pub(super) file: Option<PathBuf>,
    /// Whether the environment is read.
    environment: bool,
    /// What the command line says.
    line: Vec<(String, Value)>,
}

#[derive(Clone, Debug)]
enum Said {
    Text(String),
    One(String, Value),
}

impl Layers {
    /// Sets a key in the program; a value that cannot be written down is told when it is read.
    pub(crate) fn set(&mut self, key: &str, value: impl Serialize) {
        let value = Value::serialize(value).unwrap_or_else(|error| error.to_string().into());
        self.program.push(Said::One(key.to_owned(), value));
    }

    /// Sets a key in the program, unless something else does.
    pub(crate) fn first(&mut self, key: &str, value: impl Into<Value>) {
        self.program.insert(0, Said::One(key.to_owned(), value.into()));
    }

    /// Sets what a text in TOML says.
    pub(crate) fn text(&mut self, toml: &str) {
        self.program.push(Said::Text(toml.to_owned()));
    }

    /// Adds the environment and the command line.
    pub(crate) fn command_line(&mut self, cli: &Cli) {
        self.file.clone_from(&cli.config);
        self.environment = true;
        let mut say = |key: &str, value: Option<Value>| {
            self.line.extend(value.map(|value| (key.to_owned(), value)));
        };
        let text = |text: String| Value::from(text);
        say("listen", cli.listen.map(|address| text(address.to_string())));
        say("admin", cli.admin.map(|address| text(address.to_string())));
        say("quic.listen", cli.quic.map(|address| text(address.to_string())));
        say("policy.path", cli.policy.as_ref().and_then(|path| Value::serialize(path).ok()));
        say("data", cli.data.as_ref().and_then(|path| Value::serialize(path).ok()));
        say("log.filter", cli.log.clone().map(text));
        say("log.format", cli.log_json.then(|| text("json".to_owned())));
    }

    /// Returns everything, with the defaults of the gateway and of its adapters.
    pub(super) fn whole(&self, scheme: &Scheme) -> Figment {
        let mut figment = Figment::from(Serialized::defaults(Settings::default()));
        for (path, values) in scheme.defaults() {
            figment = figment.merge(named(DEFAULTS, &path, values));
        }
        self.over(figment, &[])
    }

    /// Returns what is the gateway's own: everything but these keys.
    pub(super) fn own(&self, others: &[String]) -> Figment {
        let defaults = Cut(Serialized::defaults(Settings::default()), others);
        self.over(Figment::from(defaults), others)
    }

    fn over(&self, mut figment: Figment, cut: &[String]) -> Figment {
        for said in &self.program {
            figment = match said {
                Said::Text(text) => figment.merge(Cut(Toml::string(text), cut)),
                Said::One(key, value) => figment.merge(Cut(named(PROGRAM, key, value), cut)),
            };
        }
        if let Some(file) = &self.file {
            figment = figment.merge(Cut(Toml::file_exact(file), cut));
        }
        if self.environment {
            // What is meant for clients on the same machine is no setting of the gateway.
            let ours = |key: &figment::value::UncasedStr| {
                !key.as_str().to_lowercase().starts_with("client_")
            };
            figment = figment.merge(Cut(Env::prefixed("THRONG_").filter(ours).split("__"), cut));
        }
        for (key, value) in &self.line {
            figment = figment.merge(Cut(Serialized::default(key, value), cut));
        }
        figment
    }
}

/// One value, from a source with a name.
fn named<T: Serialize>(name: &'static str, key: &str, value: T) -> Named<Serialized<T>> {
    Named(name, Serialized::default(key, value))
}

struct Named<P>(&'static str, P);

impl<P: Provider> Provider for Named<P> {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.0)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        self.1.data()
    }
}

/// A source without some keys.
struct Cut<'a, P>(P, &'a [String]);

impl<P: Provider> Provider for Cut<'_, P> {
    fn metadata(&self) -> Metadata {
        self.0.metadata()
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let mut data = self.0.data()?;
        for dict in data.values_mut() {
            self.1.iter().for_each(|path| remove(dict, path));
        }
        Ok(data)
    }
}

fn remove(dict: &mut Dict, path: &str) {
    match path.split_once('.') {
        None => drop(dict.remove(path)),
        Some((first, rest)) => {
            if let Some(Value::Dict(_, inner)) = dict.get_mut(first) {
                remove(inner, rest);
            }
        }
    }
}

/// Reads the table at a path as the values of a section; `None` when something else is there.
pub(super) fn values(figment: &Figment, path: &str) -> Option<Values> {
    let Ok(value) = figment.find_value(path) else { return Some(Values::default()) };
    match serde_json::to_value(value) {
        Ok(serde_json::Value::Object(map)) => Some(Values::from(map)),
        _ => None,
    }
}
