//! Which crate may depend on which, as data; the table in ARCHITECTURE.md is made from it.

/// What the crates of some folders may depend on.
#[derive(Clone, Copy, Debug)]
pub struct Arrow {
    /// Folder of the crate; a star at its end stands for any rest.
    pub from: &'static str,
    /// Folders of the crates that it may depend on, with the same star.
    pub to: &'static [&'static str],
}

/// A library that only some crates may depend on.
#[derive(Clone, Copy, Debug)]
pub struct Reserved {
    /// Name of the library.
    pub library: &'static str,
    /// Folders of the crates that may use it; a star at the end stands for any rest.
    pub to: &'static [&'static str],
    /// Why others must not.
    pub why: &'static str,
}

/// Every arrow there is; the first row that matches a crate counts.
///
/// What no row draws is forbidden.
pub const ARROWS: &[Arrow] = &[
    Arrow { from: "core/proto", to: &[] },
    Arrow { from: "core/engine", to: &["core/proto"] },
    Arrow { from: "core/ports", to: &["core/proto"] },
    Arrow { from: "core/shell", to: &["core/engine", "core/ports", "core/proto"] },
    Arrow { from: "core/gateway", to: &["core/*", "transports/*", "plugins/*"] },
    Arrow { from: "transports/client", to: &["core/proto"] },
    Arrow { from: "transports/*", to: &["core/ports", "core/proto"] },
    Arrow {
        from: "plugins/policy-rhai-tool",
        to: &["core/engine", "core/ports", "core/proto", "plugins/policy-rhai"],
    },
    Arrow { from: "plugins/policy-*", to: &["core/engine", "core/ports", "core/proto"] },
    Arrow { from: "plugins/*", to: &["core/ports", "core/proto"] },
    Arrow { from: "tests/*", to: &["*"] },
];

/// Libraries of others that belong to one place.
pub const RESERVED: &[Reserved] = &[
    Reserved { library: "anyhow", to: &["core/gateway", "tests/*"], why: "errors name operations" },
    Reserved {
        library: "axum",
        to: &["plugins/http-api", "core/gateway"],
        why: "one crate speaks HTTP APIs, and one serves them",
    },
    Reserved { library: "clap", to: &["core/gateway", "tests/*"], why: "flags are the binary's" },
    Reserved { library: "figment", to: &["core/gateway"], why: "one place reads configuration" },
    Reserved {
        library: "hyper",
        to: &["core/gateway", "plugins/http-api", "tests/*"],
        why: "transports and the core do not serve HTTP",
    },
    Reserved { library: "moka", to: BESIDE_THE_CORE, why: "its clock and eviction do not replay" },
    Reserved {
        library: "quinn",
        to: &["transports/*", "tests/*"],
        why: "transports and their clients alone speak QUIC",
    },
    Reserved { library: "rand", to: BESIDE_THE_CORE, why: "randomness is an input of the core" },
    Reserved {
        library: "rhai",
        to: &["plugins/policy-rhai", "plugins/policy-rhai-tool"],
        why: "one crate runs scripts, and one looks into them",
    },
    Reserved {
        library: "rusqlite",
        to: &["plugins/store-sqlite", "tests/bench"],
        why: "one store is SQLite, and one program measures it beside SQLite alone",
    },
    Reserved { library: "tokio", to: BESIDE_THE_CORE, why: "the core has no runtime" },
];

/// Everybody but `core/proto`, `core/engine` and `core/ports`.
const BESIDE_THE_CORE: &[&str] =
    &["core/shell", "core/gateway", "transports/*", "plugins/*", "tests/*"];

/// Tells whether `folder` is what `pattern` names.
#[must_use]
pub fn matches(pattern: &str, folder: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == folder, |start| folder.starts_with(start))
}

/// Finds the row for the crate in `folder`.
#[must_use]
pub fn row(folder: &str) -> Option<&'static Arrow> {
    ARROWS.iter().find(|arrow| matches(arrow.from, folder))
}

/// Writes the arrows as a Markdown table.
#[must_use]
pub fn table() -> String {
    let mut table = String::from("| crate | may depend on |\n|---|---|\n");
    for arrow in ARROWS {
        table.push_str(&format!("| `{}` | {} |\n", arrow.from, list(arrow.to)));
    }
    table.push_str("\n| library | only in | because |\n|---|---|---|\n");
    for Reserved { library, to, why } in RESERVED {
        table.push_str(&format!("| `{library}` | {} | {why} |\n", list(to)));
    }
    table
}

fn list(folders: &[&str]) -> String {
    match folders {
        [] => "nothing of ours".into(),
        ["*"] => "anything".into(),
        some => some.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    }
}
