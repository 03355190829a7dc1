//! All kinds of attackers.

use super::blow::Arm;
use super::flood;

/// A kind of attacker.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// What it is called.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) about: &'static str,
    /// How many do it at the same time, with [`super::ground::ATTACKERS`] accounts.
    pub(crate) hands: usize,
    /// Whether their accounts are in many guilds.
    pub(crate) crowded: bool,
    /// Which limit stops them: its name in `throng_refusals_total`, or what the names of several
    /// begin with.
    pub(crate) limit: &'static str,
    /// MiB that they may add to the gateway's memory.
    pub(crate) memory: f64,
    /// Settings that everybody is tried with.
    pub(crate) always: &'static [(&'static str, &'static str)],
    /// Settings with which a small attack is refused, too.
    pub(crate) small: &'static [(&'static str, &'static str)],
    /// How one begins.
    pub(crate) arm: Arm,
}

/// What all kinds have in common unless they say otherwise.
const PLAIN: Kind = Kind {
    name: "",
    about: "",
    hands: 4,
    crowded: false,
    limit: "",
    memory: 128.0,
    always: &[],
    small: &[],
    arm: flood::posts,
};

/// MiB for kinds that have much sent to themselves: what is kept for resuming
/// (`replay.bytes_max`), and the sessions that may resume.
const REPLAY: f64 = 320.0;

/// All kinds.
pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: "posts",
        about: "posts messages as large as they may be",
        limit: "budgets_",
        memory: 256.0,
        small: &[("budgets.written.amount", "120000")],
        arm: flood::posts,
        ..PLAIN
    },
    Kind {
        name: "edits",
        about: "edits one message, each time as large as it may be",
        limit: "budgets_",
        memory: 256.0,
        small: &[("budgets.written.amount", "120000")],
        arm: flood::edits,
        ..PLAIN
    },
    Kind {
        name: "reactions",
        about: "reacts to one message and takes it back",
        limit: "budgets_",
        small: &[("budgets.written.amount", "120000")],
        arm: flood::reactions,
        ..PLAIN
    },
    Kind {
        name: "typing",
        about: "types in one channel",
        limit: "budgets_",
        small: &[("budgets.written.amount", "120000")],
        arm: flood::typing,
        ..PLAIN
    },
    Kind {
        name: "roles",
        about: "gives one member a new set of roles, again and again",
        limit: "budgets_written",
        small: &[("budgets.written.amount", "120000")],
        arm: flood::roles,
        ..PLAIN
    },
    Kind {
        name: "pages",
        about: "reads members, a thousand at a time",
        limit: "budgets_read",
        small: &[("budgets.read.amount", "20000")],
        arm: flood::pages,
        ..PLAIN
    },
    Kind {
        name: "requests",
        about: "reads members over its link (op 100)",
        limit: "budgets_read",
        small: &[("budgets.read.amount", "20000")],
        arm: flood::requests,
        ..PLAIN
    },
    Kind {
        name: "presences",
        about: "shows another status in many guilds (op 3)",
        crowded: true,
        limit: "budgets_guilds_",
        memory: REPLAY,
        small: &[("budgets.guilds_told.amount", "24")],
        arm: flood::presences,
        ..PLAIN
    },
    Kind {
        name: "members",
        about: "looks for members (op 8), and begins anew when its link is closed",
        limit: "budgets_members_sought",
        memory: REPLAY,
        small: &[("budgets.members_sought.amount", "200")],
        arm: flood::members,
        ..PLAIN
    },
    Kind {
        name: "subscriptions",
        about: "subscribes to many guilds and their lists (op 37)",
        crowded: true,
        limit: "budgets_guilds_",
        memory: REPLAY,
        small: &[("budgets.guilds_told.amount", "24")],
        arm: flood::subscriptions,
        ..PLAIN
    },
    Kind {
        name: "identifies",
        about: "begins sessions in many guilds (op 2)",
        crowded: true,
        limit: "budgets_guilds_entered",
        memory: REPLAY,
        small: &[("budgets.guilds_entered.amount", "40")],
        arm: flood::identifies,
        ..PLAIN
    },
    Kind {
        name: "resumes",
        about: "resumes one session from its beginning, again and again (op 6)",
        limit: "budgets_resumes",
        small: &[("budgets.resumes.amount", "3")],
        arm: flood::resumes,
        ..PLAIN
    },
    Kind {
        name: "pings",
        about: "pings without a pause, on one link after the other",
        limit: "payloads_max",
        arm: flood::pings,
        ..PLAIN
    },
    Kind {
        name: "fragments",
        about: "sends one message in parts without a byte",
        limit: "payloads_max",
        arm: flood::fragments,
        ..PLAIN
    },
    Kind {
        name: "answers",
        about: "asks for large answers over its link (op 100) and reads none",
        // What comes first: the room for answers or what one user may read.
        limit: "",
        small: &[("limits.answer_bytes_per_link", "2000"), ("budgets.read.amount", "20000")],
        arm: flood::answers,
        ..PLAIN
    },
    Kind {
        name: "unread",
        about: "asks for large answers over HTTP and reads none",
        limit: "budgets_read",
        // Answers (http.answer_bytes_max), and buffers of some thousand connections.
        memory: REPLAY,
        small: &[("budgets.read.amount", "20000")],
        arm: flood::unread,
        ..PLAIN
    },
    Kind {
        name: "idlers",
        about: "opens connections that speak HTTP, and keeps them",
        limit: "http_evicted",
        always: &[("limits.http_connections_max", "2048")],
        small: &[("limits.http_connections_max", "64")],
        arm: flood::idlers,
        ..PLAIN
    },
    Kind {
        name: "handshakes",
        about: "begins handshakes that it does not end",
        // Those that give way, and those that end before they have said anything.
        limit: "handshake",
        always: &[("limits.connections_max", "6144")],
        small: &[("limits.connections_max", "1024")],
        arm: flood::handshakes,
        ..PLAIN
    },
    Kind {
        name: "garbage",
        about: "says what nobody understands, on a new connection each time",
        limit: "handshakes_refused",
        arm: flood::garbage,
        ..PLAIN
    },
];
