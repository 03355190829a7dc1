//! The shipped default script decides exactly as the native default.

use std::path::Path;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use throng_engine::mode::Mode;
use throng_engine::policy::{
    Act, AttachmentFacts, GuildFacts, LagFacts, Native, NodeFacts, PublishFacts, RelayFacts,
    SessionFacts,
};
use throng_engine::pressure::Band;
use throng_plugin_policy_rhai::{
    Config, Hook, HookConfig, Program, Question, Sandbox, Script, SystemClock,
};
use throng_proto::gateway::Connection;
use throng_proto::id::{Id, RoleId};
use throng_proto::intents::Intents;
use throng_proto::model::Status;
use throng_proto::permissions::Permissions;
use throng_proto::time::Timestamp;

const CASES: u32 = 4_000;
const NATIVE: Native = Native { relay_capacity: 15_000 };

/// Everything that hooks are asked about.
#[derive(Clone, Debug)]
struct Facts {
    now: Timestamp,
    session: SessionFacts,
    guild: GuildFacts,
    roles: Vec<RoleId>,
    permissions: Permissions,
    subscribed: bool,
    mode: Option<Mode>,
    relays: Vec<RelayFacts>,
    event: PublishFacts,
    lag: LagFacts,
    node: NodeFacts,
}

#[test]
fn the_default_script_answers_as_the_native_default() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/policies/default.rhai");
    let sandbox = Sandbox::new(Arc::new(SystemClock::default()), NATIVE);
    let script = Script::load(&path, &sandbox, &Config::default());
    let script = Arc::new(script.unwrap_or_else(|fault| panic!("{fault}")));
    assert_eq!(script.hooks, Hook::ALL, "it defines every hook");
    // A busy machine must not stop a run.
    let limits = HookConfig { wall_millis_max: 1_000, ..HookConfig::default() };
    let programs = Hook::ALL.map(|hook| Program::new(&script, hook, &sandbox, &limits).unwrap());
    proptest!(ProptestConfig::with_cases(CASES), |(facts in facts())| {
        let attachment = facts.attachment();
        for question in facts.questions(&attachment) {
            let outcome = programs[question.hook() as usize].ask(facts.now, &question);
            let native = question.put(&NATIVE, facts.now);
            prop_assert_eq!(outcome.verdict, Ok(native), "{}", question.hook());
        }
    });
}

impl Facts {
    fn attachment(&self) -> AttachmentFacts<'_> {
        AttachmentFacts {
            roles: &self.roles,
            permissions: self.permissions,
            subscribed: self.subscribed,
            mode: self.mode,
        }
    }

    fn questions<'a>(&'a self, attachment: &'a AttachmentFacts<'a>) -> [Question<'a>; 8] {
        let Self { session, guild, relays, event, lag, node, .. } = self;
        [
            Question::Connect { session },
            Question::Passivity { session, guild, attachment },
            Question::Delivery { guild },
            Question::Relays { guild },
            Question::Relay { session, guild, relays },
            Question::Publish { event },
            Question::Lag { session, lag },
            Question::Overload { node },
        ]
    }
}

fn facts() -> impl Strategy<Value = Facts> {
    let attachment = (vec(any::<u64>(), 0..8), any::<u64>(), any::<bool>(), mode());
    let relays = vec((any::<u32>(), 0..20_000_usize), 0..5);
    let node = (0..=100_u8, 0..Band::ALL.len());
    let rest = (relays, event(), any::<(u32, u32)>(), node);
    (any::<u32>(), session(), guild(), attachment, rest).prop_map(
        |(now, session, guild, (mut roles, bits, subscribed, mode), rest)| {
            roles.sort_unstable();
            let (relays, event, (events, bytes), (pressure, band)) = rest;
            Facts {
                now: Timestamp::from_millis(u64::from(now) * 1_000),
                session,
                guild,
                roles: roles.into_iter().map(Id::new).collect(),
                permissions: Permissions::from_bits(bits),
                subscribed,
                mode,
                relays: relays
                    .into_iter()
                    .map(|(relay, load)| RelayFacts { relay, load })
                    .collect(),
                event,
                lag: LagFacts { events, bytes: bytes as usize },
                node: NodeFacts { pressure, band: Band::ALL[band] },
            }
        },
    )
}

fn session() -> impl Strategy<Value = SessionFacts> {
    let statuses = [Status::Online, Status::Idle, Status::Dnd, Status::Invisible, Status::Offline];
    // Half of the sessions have none of the capabilities that make a difference.
    let capabilities =
        any::<u64>().prop_map(|bits| if bits % 2 == 0 { bits } else { bits & 0x7ff });
    let flags = any::<(bool, bool)>();
    (any::<u64>(), flags, capabilities, any::<u32>(), 0..5_usize, ".{0,9}").prop_map(
        move |(user, (bot, afk), capabilities, intents, status, text)| SessionFacts {
            user: Id::new(user),
            bot,
            capabilities,
            intents: Intents::from_bits(intents),
            afk,
            status: statuses[status],
            connection: Arc::new(Connection {
                os: text.clone(),
                browser: text.clone(),
                device: text.clone(),
                region: text,
            }),
        },
    )
}

fn guild() -> impl Strategy<Value = GuildFacts> {
    (any::<u64>(), 0..9_000_000_usize, 0..2_000_000_usize, 0..100_usize).prop_map(
        |(guild, members, attachments, relays)| GuildFacts {
            guild: Id::new(guild),
            members,
            attachments,
            relays,
        },
    )
}

fn event() -> impl Strategy<Value = PublishFacts> {
    let ids = any::<(u64, u64, u64)>();
    (0..4_usize, ids, any::<(bool, bool)>(), 0..4_000_usize).prop_map(
        |(act, (author, guild, channel), (bot, everyone), length)| PublishFacts {
            act: Act::ALL[act],
            author: Id::new(author),
            bot,
            guild: Id::new(guild),
            channel: Id::new(channel),
            length,
            everyone,
        },
    )
}

fn mode() -> impl Strategy<Value = Option<Mode>> {
    (0..5_usize).prop_map(|index| Mode::ALL.get(index).copied())
}
