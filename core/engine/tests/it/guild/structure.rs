//! Guild, channels, roles and members: who may change what, and what follows.

use std::time::Duration;

use serde_json::{Value, json};
use throng_engine::guild::{Config, Guild};
use throng_proto::command::{Answer, Command, MemberPatch, Reply, RolePatch};
use throng_proto::event::EventKind;
use throng_proto::id::{ChannelId, RoleId, UserId};
use throng_proto::model::{Channel, ChannelKind, Role};
use throng_proto::permissions::Permissions;
use throng_proto::record::Write;
use throng_proto::refusal::Refusal;

use super::hall::{
    ADMIN, ADMINISTRATOR, ALICE, BOB, CATEGORY, COLLEAGUE, GUILD, Hall, MOD, MODERATOR, OPEN,
    OPERATOR, OWNER, PING, RED, SECRET, STRANGER, VOICE, body, form, member, of_role, record, user,
};
use super::messages::assert_field;

const REFUSED: Refusal = Refusal::MissingPermissions;

/// Runs a command in a new hall.
fn fresh(actor: u64, command: Command) -> Result<(), Refusal> {
    Hall::new().run(actor, command).map(|_| ())
}

fn guild(value: Value) -> Command {
    Command::GuildPatch(form(value))
}

fn channel(id: ChannelId, value: Value) -> Command {
    Command::ChannelPatch(id, form(value))
}

fn new_channel(value: Value) -> Command {
    Command::ChannelCreate(form(value))
}

fn role(id: RoleId, value: Value) -> Command {
    Command::RolePatch(id, form(value))
}

fn patch(whom: u64, value: Value) -> Command {
    Command::MemberPatch(UserId::new(whom), form(value))
}

fn give(whom: u64, role: RoleId) -> Command {
    Command::MemberRoleAdd(UserId::new(whom), role)
}

fn kick(whom: u64) -> Command {
    Command::MemberDelete(UserId::new(whom))
}

#[test]
fn only_members_and_operators_see_the_guild() {
    for read in [
        || Command::GuildGet { counts: false },
        || Command::ChannelList,
        || Command::RoleList,
        || Command::MemberGet(UserId::new(OWNER)),
        || Command::MemberList { after: UserId::new(0), limit: 10 },
        || Command::ChannelGet(OPEN),
    ] {
        assert_eq!(fresh(STRANGER, read()), Err(Refusal::MissingAccess));
        assert_eq!(fresh(ALICE, read()), Ok(()));
        assert_eq!(fresh(OPERATOR, read()), Ok(()));
    }
    assert_eq!(fresh(ALICE, Command::ChannelGet(SECRET)), Err(Refusal::MissingAccess));
}

#[test]
fn reads_answer_in_order_of_ids() {
    let mut hall = Hall::new();
    hall.input(throng_engine::guild::Input::Online(3));
    let guild = hall.json(ALICE, Command::GuildGet { counts: true });
    assert_eq!(guild["approximate_member_count"], 6);
    assert_eq!(guild["approximate_presence_count"], 3);
    let list = |after, limit| Command::MemberList { after: UserId::new(after), limit };
    let ids = |value: &Value| -> Vec<String> {
        let members = value.as_array().expect("a list").iter();
        members.map(|member| member["user"]["id"].as_str().expect("an id").into()).collect()
    };
    assert_eq!(ids(&hall.json(ALICE, list(0, 2))), ["1", "2"]);
    assert_eq!(ids(&hall.json(ALICE, list(4, 100))), ["5", "6"]);
    hall.run(MODERATOR, patch(BOB, json!({ "nick": "Zoe" }))).expect("granted");
    let search = |query: &str| Command::MemberSearch { query: query.into(), limit: 10 };
    assert_eq!(ids(&hall.json(ALICE, search("zO"))), ["3"]);
    assert_eq!(ids(&hall.json(ALICE, search("USER"))).len(), 6);
    assert_eq!(hall.json(ALICE, Command::ChannelList).as_array().map(Vec::len), Some(6));
    assert_eq!(hall.json(ALICE, Command::RoleList)[0]["id"], GUILD.to_string());
}

#[test]
fn settings_need_manage_guild_and_a_new_owner_the_old_one() {
    let rename = || guild(json!({ "name": "new" }));
    assert_eq!(fresh(ALICE, rename()), Err(REFUSED));
    assert_eq!(fresh(MODERATOR, rename()), Ok(()));
    let owner = || guild(json!({ "owner_id": "2" }));
    assert_eq!(fresh(MODERATOR, owner()), Err(REFUSED));
    assert_eq!(fresh(ADMINISTRATOR, owner()), Err(REFUSED));
    assert_eq!(fresh(OWNER, owner()), Ok(()));
    assert_eq!(fresh(OPERATOR, owner()), Ok(()));
    assert_eq!(fresh(OWNER, guild(json!({ "owner_id": "9" }))), Err(Refusal::UnknownMember));
    assert_eq!(fresh(ADMINISTRATOR, Command::GuildDelete), Err(REFUSED));
    let table = [
        (json!({ "afk_channel_id": OPEN }), "afk_channel_id"),
        (json!({ "system_channel_id": "999" }), "system_channel_id"),
    ];
    for (form, field) in table {
        assert_field(&fresh(OWNER, guild(form)).expect_err("refused"), field);
    }
}

#[test]
fn channels_need_manage_channels_there() {
    assert_eq!(fresh(ALICE, new_channel(json!({ "name": "x" }))), Err(REFUSED));
    assert_eq!(fresh(ALICE, channel(OPEN, json!({ "name": "x" }))), Err(REFUSED));
    assert_eq!(fresh(ALICE, Command::ChannelDelete(OPEN)), Err(REFUSED));
    assert_eq!(fresh(ALICE, channel(SECRET, json!({}))), Err(Refusal::MissingAccess));
    assert_eq!(fresh(MODERATOR, channel(SECRET, json!({ "name": "x" }))), Ok(()));
    let mut hall = Hall::new();
    let deny = of_role(MOD, Permissions::NONE, Permissions::MANAGE_CHANNELS);
    hall.run(OWNER, Command::OverwritePut(OPEN, deny)).expect("granted");
    assert_eq!(hall.run(MODERATOR, Command::ChannelDelete(OPEN)), Err(REFUSED));
    let table = [
        (new_channel(json!({})), "name"),
        (new_channel(json!({ "name": "x", "type": 1 })), "type"),
        (new_channel(json!({ "name": "x", "type": 15 })), "type"),
        (new_channel(json!({ "name": "x", "type": 16 })), "type"),
        (new_channel(json!({ "name": "x", "parent_id": OPEN })), "parent_id"),
        (new_channel(json!({ "name": "x", "parent_id": "999" })), "parent_id"),
        (new_channel(json!({ "name": "x", "type": 4, "parent_id": CATEGORY })), "parent_id"),
        (channel(OPEN, json!({ "type": 2 })), "type"),
    ];
    for (command, field) in table {
        assert_field(&fresh(OWNER, command).expect_err("refused"), field);
    }
}

#[test]
fn a_new_channel_is_routed_before_anybody_hears_of_it() {
    let mut hall = Hall::new();
    let form = json!({ "name": "new", "parent_id": CATEGORY });
    let made: Channel = body(hall.json(MODERATOR, new_channel(form)));
    assert_eq!(made.position, 1, "after all others");
    assert_eq!(made.parent_id, Some(CATEGORY));
    let routed = format!("channels +[{}] -[]", made.id);
    assert_eq!(hall.trace, [routed.as_str(), "answer 1", "publish CHANNEL_CREATE"]);
    assert!(hall.guild.shape().channels.contains_key(&made.id));
    assert!(hall.guild.shape().channels.keys().is_sorted());
    let config = Config { channels_max: 6, ..Config::default() };
    let full = Hall::with(config).run(OWNER, new_channel(json!({ "name": "x" })));
    assert!(matches!(full, Err(Refusal::TooMany { code: 30_013, max: 6, .. })));
}

#[test]
fn text_channels_are_named_in_one_plain_word() {
    let mut hall = Hall::new();
    let made: Channel = body(hall.json(MODERATOR, new_channel(json!({ "name": "Big  Tea!" }))));
    assert_eq!(made.name, "big-tea");
    let named: Channel = body(hall.json(OWNER, channel(made.id, json!({ "name": "Tea Time" }))));
    assert_eq!(named.name, "tea-time");
    let voice: Channel = body(hall.json(OWNER, channel(VOICE, json!({ "name": "Tea Time" }))));
    assert_eq!(voice.name, "Tea Time");
    assert_field(&fresh(OWNER, new_channel(json!({ "name": "?!" }))).expect_err("empty"), "name");
}

#[test]
fn a_deleted_category_frees_its_channels_and_settings_forget_a_deleted_channel() {
    let mut hall = Hall::new();
    hall.run(OWNER, Command::ChannelDelete(CATEGORY)).expect("granted");
    assert_eq!(hall.kinds(), [EventKind::ChannelDelete, EventKind::ChannelUpdate]);
    assert_eq!(hall.guild.shape().channels[&VOICE].parent_id, None);
    hall.run(OWNER, guild(json!({ "system_channel_id": OPEN }))).expect("granted");
    hall.post(ALICE, "x");
    hall.kinds();
    hall.run(OWNER, Command::ChannelDelete(OPEN)).expect("granted");
    assert_eq!(hall.kinds(), [EventKind::ChannelDelete, EventKind::GuildUpdate]);
    assert_eq!(hall.guild.shape().guild.system_channel_id, None);
    assert!(hall.guild.last_messages().is_empty());
    assert!(hall.trace.contains(&format!("channels +[] -[{OPEN}]")));
}

#[test]
fn overwrites_need_manage_roles_and_hand_out_only_what_one_has() {
    let put = |allow: u64| {
        let overwrite = of_role(RED, Permissions::from_bits(allow), Permissions::NONE);
        Command::OverwritePut(OPEN, overwrite)
    };
    assert_eq!(fresh(ALICE, put(1 << 10)), Err(REFUSED));
    assert_eq!(fresh(MODERATOR, put(1 << 10)), Ok(()));
    assert_eq!(fresh(MODERATOR, put(1 << 3)), Err(REFUSED));
    assert_eq!(fresh(ADMINISTRATOR, put(1 << 3)), Ok(()));
    let list = json!({ "permission_overwrites": [{ "id": RED, "type": 0, "deny": "8" }] });
    assert_eq!(fresh(MODERATOR, channel(OPEN, list)), Err(REFUSED));
    let mut hall = Hall::new();
    hall.run(MODERATOR, put(1 << 11)).expect("granted");
    hall.kinds();
    hall.run(MODERATOR, put(1 << 11)).expect("granted");
    assert_eq!(hall.kinds(), [], "nothing changed");
    hall.run(MODERATOR, Command::OverwriteDelete(OPEN, RED.into())).expect("granted");
    assert_eq!(hall.kinds(), [EventKind::ChannelUpdate]);
    let gone = hall.run(MODERATOR, Command::OverwriteDelete(OPEN, RED.into()));
    assert_eq!(gone, Err(Refusal::UnknownOverwrite));
}

#[test]
fn roles_are_managed_below_ones_own_and_grant_only_what_one_has() {
    let everyone: RoleId = GUILD.cast();
    let table = [
        (ALICE, RED, json!({}), Err(REFUSED)),
        (MODERATOR, RED, json!({ "name": "x" }), Ok(())),
        (MODERATOR, MOD, json!({ "name": "x" }), Err(REFUSED)),
        (MODERATOR, ADMIN, json!({ "name": "x" }), Err(REFUSED)),
        (MODERATOR, RED, json!({ "position": 5 }), Err(REFUSED)),
        (MODERATOR, RED, json!({ "position": 4 }), Ok(())),
        (MODERATOR, RED, json!({ "permissions": "2" }), Ok(())),
        (MODERATOR, RED, json!({ "permissions": "4" }), Err(REFUSED)),
        (MODERATOR, everyone, json!({ "permissions": "1024" }), Ok(())),
        (ADMINISTRATOR, MOD, json!({ "permissions": "8" }), Ok(())),
        (ADMINISTRATOR, ADMIN, json!({ "name": "x" }), Err(REFUSED)),
        (OWNER, ADMIN, json!({ "name": "x", "position": 50 }), Ok(())),
        (OPERATOR, ADMIN, json!({ "permissions": "4" }), Ok(())),
        (OWNER, RoleId::new(999), json!({}), Err(Refusal::UnknownRole)),
    ];
    for (actor, id, form, expected) in table {
        assert_eq!(fresh(actor, role(id, form.clone())), expected, "{actor} {id} {form}");
    }
    assert_eq!(fresh(ALICE, Command::RoleCreate(RolePatch::default())), Err(REFUSED));
    assert_eq!(fresh(MODERATOR, Command::RoleDelete(MOD)), Err(REFUSED));
    assert!(fresh(OWNER, Command::RoleDelete(everyone)).is_err());
    let high = Command::RoleCreate(form(json!({ "position": 6 })));
    assert_eq!(fresh(MODERATOR, high), Err(REFUSED));
}

#[test]
fn a_new_role_is_the_lowest_and_has_what_everyone_has() {
    let mut hall = Hall::new();
    let made: Role = body(hall.json(MODERATOR, Command::RoleCreate(RolePatch::default())));
    assert_eq!((made.name.as_str(), made.position), ("new role", 1));
    assert_eq!(made.permissions, Permissions::DEFAULT);
    let colored: Role = body(hall.json(OWNER, role(RED, json!({ "color": 255 }))));
    assert_eq!((colored.color, colored.colors.primary_color), (255, 255));
    let everyone: Role = body(hall.json(OWNER, role(GUILD.cast(), json!({ "name": "x" }))));
    assert_eq!(everyone.name, "@everyone");
    let config = Config { roles_max: 5, ..Config::default() };
    let full = Hall::with(config).run(OWNER, Command::RoleCreate(RolePatch::default()));
    assert!(matches!(full, Err(Refusal::TooMany { code: 30_005, max: 5, .. })));
}

fn colors(first: u32, second: Option<u32>, third: Option<u32>) -> Value {
    json!({ "primary_color": first, "secondary_color": second, "tertiary_color": third })
}

#[test]
fn colours_of_a_role_are_kept_however_they_are_said() {
    let mut hall = Hall::new();
    let mut paint = |form: Value| -> Value {
        let role = hall.json(OWNER, role(RED, form));
        assert_eq!(role["color"], role["colors"]["primary_color"]);
        role["colors"].clone()
    };
    let gradient = json!({ "colors": { "primary_color": 255, "secondary_color": 7 } });
    assert_eq!(paint(gradient), colors(255, Some(7), None));
    // What has not changed is sent back.
    assert_eq!(paint(json!({ "color": 255 })), colors(255, Some(7), None));
    let third = json!({ "colors": { "tertiary_color": 9 } });
    assert_eq!(paint(third), colors(255, Some(7), Some(9)));
    let both = json!({ "color": 1, "colors": { "primary_color": 2, "tertiary_color": null } });
    assert_eq!(paint(both), colors(2, Some(7), None));
    assert_eq!(paint(json!({ "color": 3 })), colors(3, None, None));
    assert_eq!(paint(json!({ "name": "x" })), colors(3, None, None));
}

#[test]
fn stages_have_what_voice_channels_have_also_when_they_are_old() {
    let mut hall = Hall::new();
    let form = json!({ "name": "s", "type": 13, "user_limit": 5 });
    let made = hall.json(OWNER, new_channel(form));
    assert_eq!((&made["bitrate"], &made["user_limit"]), (&json!(64_000), &json!(5)));
    let mut old = record();
    for channel in old.channels.iter_mut().filter(|channel| channel.id == VOICE) {
        (channel.kind, channel.bitrate, channel.user_limit) = (ChannelKind::STAGE, None, None);
    }
    let mut hall = Hall::of(old, Config::default());
    let read = hall.json(OWNER, Command::ChannelGet(VOICE));
    assert_eq!((&read["bitrate"], &read["user_limit"]), (&json!(64_000), &json!(0)));
}

#[test]
fn a_deleted_role_goes_from_overwrites_and_holders() {
    let mut hall = Hall::new();
    hall.run(ADMINISTRATOR, Command::RoleDelete(MOD)).expect("granted");
    let update = EventKind::GuildMemberUpdate;
    let kinds = [EventKind::GuildRoleDelete, EventKind::ChannelUpdate, update, update];
    assert_eq!(hall.kinds(), kinds);
    let secret = &hall.guild.shape().channels[&SECRET];
    assert_eq!(secret.permission_overwrites.len(), 1);
    for holder in [MODERATOR, COLLEAGUE] {
        let member = hall.guild.member(UserId::new(holder)).expect("a member");
        assert!(member.profile.roles.is_empty());
    }
    let written = hall.writes.iter().filter(|write| matches!(write, Write::Member(..)));
    assert_eq!(written.count(), 2);
}

#[test]
fn members_are_changed_by_those_above_them() {
    let soon = hall_time(60);
    let nick = || json!({ "nick": "x" });
    let out = || json!({ "communication_disabled_until": soon });
    let table = [
        (ALICE, ALICE, nick(), Ok(())),
        (ALICE, BOB, nick(), Err(REFUSED)),
        (MODERATOR, BOB, nick(), Ok(())),
        (MODERATOR, COLLEAGUE, nick(), Err(REFUSED)),
        (MODERATOR, ADMINISTRATOR, nick(), Err(REFUSED)),
        (MODERATOR, OWNER, nick(), Err(REFUSED)),
        (ADMINISTRATOR, MODERATOR, nick(), Ok(())),
        (ADMINISTRATOR, OWNER, nick(), Err(REFUSED)),
        (OWNER, ADMINISTRATOR, nick(), Ok(())),
        (OPERATOR, OWNER, nick(), Ok(())),
        (ALICE, ALICE, json!({ "roles": [RED] }), Err(REFUSED)),
        (MODERATOR, ALICE, json!({ "roles": [RED, PING] }), Ok(())),
        (MODERATOR, ALICE, json!({ "roles": [ADMIN] }), Err(REFUSED)),
        (MODERATOR, ALICE, json!({ "roles": ["999"] }), Err(Refusal::UnknownRole)),
        (MODERATOR, ALICE, json!({ "mute": true, "deaf": true }), Ok(())),
        (ALICE, BOB, json!({ "mute": true }), Err(REFUSED)),
        (MODERATOR, ALICE, out(), Ok(())),
        (ALICE, BOB, out(), Err(REFUSED)),
        (MODERATOR, MODERATOR, out(), Err(REFUSED)),
        (OWNER, ADMINISTRATOR, out(), Err(REFUSED)),
        (MODERATOR, STRANGER, nick(), Err(Refusal::UnknownMember)),
    ];
    for (actor, whom, form, expected) in table {
        assert_eq!(fresh(actor, patch(whom, form.clone())), expected, "{actor} {whom} {form}");
    }
    let far = json!({ "communication_disabled_until": hall_time(28 * 24 * 3600 + 1) });
    let refused = fresh(OWNER, patch(ALICE, far)).expect_err("refused");
    assert_field(&refused, "communication_disabled_until");
}

fn hall_time(seconds: u64) -> String {
    super::hall::START.after(Duration::from_secs(seconds)).to_string()
}

#[test]
fn roles_are_given_and_taken_below_ones_own() {
    let table = [
        (ALICE, BOB, RED, Err(REFUSED)),
        (MODERATOR, BOB, RED, Ok(())),
        (MODERATOR, BOB, MOD, Err(REFUSED)),
        (MODERATOR, BOB, ADMIN, Err(REFUSED)),
        (ADMINISTRATOR, BOB, MOD, Ok(())),
        (OPERATOR, BOB, ADMIN, Ok(())),
        (OWNER, BOB, RoleId::new(999), Err(Refusal::UnknownRole)),
        (OWNER, STRANGER, RED, Err(Refusal::UnknownMember)),
    ];
    for (actor, whom, role, expected) in table {
        assert_eq!(fresh(actor, give(whom, role)), expected, "{actor} {whom} {role}");
    }
    assert!(fresh(OWNER, give(BOB, GUILD.cast())).is_err(), "everybody has @everyone");
    let mut hall = Hall::new();
    for _ in 0..2 {
        let reply = hall.run(MODERATOR, give(BOB, RED)).expect("granted");
        assert_eq!(reply, Reply::nothing());
    }
    assert_eq!(hall.kinds(), [EventKind::GuildMemberUpdate], "once");
    let take = Command::MemberRoleRemove(UserId::new(BOB), RED);
    hall.run(MODERATOR, take).expect("granted");
    assert!(hall.guild.member(UserId::new(BOB)).expect("a member").profile.roles.is_empty());
}

#[test]
fn members_are_removed_by_those_above_them_or_leave() {
    let table = [
        (ALICE, BOB, Err(REFUSED)),
        (ALICE, ALICE, Ok(())),
        (MODERATOR, BOB, Ok(())),
        (MODERATOR, COLLEAGUE, Err(REFUSED)),
        (ADMINISTRATOR, MODERATOR, Ok(())),
        (ADMINISTRATOR, OWNER, Err(REFUSED)),
        (OWNER, OWNER, Err(REFUSED)),
        (OWNER, STRANGER, Err(Refusal::UnknownMember)),
    ];
    for (actor, whom, expected) in table {
        assert_eq!(fresh(actor, kick(whom)), expected, "{actor} {whom}");
    }
    let mut hall = Hall::new();
    hall.run(ALICE, kick(ALICE)).expect("granted");
    assert!(hall.guild.member(UserId::new(ALICE)).is_none());
    assert_eq!(hall.run(ALICE, Command::RoleList), Err(Refusal::MissingAccess));
}

#[test]
fn members_are_added_once_and_their_sessions_attached_last() {
    let mut hall = Hall::new();
    let put = || Command::MemberPut(user(20), MemberPatch::default());
    let named = form(json!({ "nick": "x" }));
    assert_eq!(hall.run(ALICE, Command::MemberPut(user(20), named)), Err(REFUSED));
    let reply = hall.run(MODERATOR, put()).expect("granted");
    assert!(reply.created && reply.answer != Answer::Nothing);
    assert_eq!(hall.trace[1..], ["answer 2", "publish GUILD_MEMBER_ADD", "joined 20"]);
    let reply = hall.run(MODERATOR, put()).expect("granted");
    assert_eq!(reply, Reply::nothing(), "already there");
    assert_eq!(hall.guild.member_count(), 7);
    let form = form(json!({ "nick": "x", "roles": [ADMIN] }));
    assert_eq!(hall.run(MODERATOR, Command::MemberPut(user(21), form)), Err(REFUSED));
}

#[test]
fn adding_a_member_needs_the_permission_to_invite() {
    let put = || Command::MemberPut(user(20), MemberPatch::default());
    let mut hall = Hall::new();
    let everyone = role(GUILD.cast(), json!({ "permissions": "1024" }));
    hall.run(OWNER, everyone).expect("granted");
    assert_eq!(hall.run(ALICE, put()), Err(REFUSED));
    assert_eq!(hall.run(MODERATOR, put()), Err(REFUSED), "who manages may invite nobody");
    assert_eq!(hall.run(STRANGER, put()), Err(Refusal::MissingAccess));
    hall.run(ADMINISTRATOR, put()).expect("granted");
}

#[test]
fn an_import_adds_those_that_are_not_there_in_one_commit() {
    let mut hall = Hall::new();
    let crowd = vec![
        member(ALICE, &[ADMIN]),
        member(31, &[RED, RoleId::new(999), GUILD.cast()]),
        member(30, &[]),
        member(30, &[RED]),
    ];
    let reply = hall.import(crowd).expect("granted");
    assert_eq!(reply.answer, Answer::Imported(2));
    let add = EventKind::GuildMemberAdd;
    assert_eq!(hall.kinds(), [add, add]);
    assert!(hall.trace.contains(&"joined 30".to_owned()));
    let roles = |id| hall.guild.member(UserId::new(id)).expect("a member").profile.roles.clone();
    assert!(roles(ALICE).is_empty() && roles(30).is_empty());
    assert_eq!(*roles(31), [RED]);
    let many = (100..300).map(|id| member(id, &[])).collect();
    hall.import(many).expect("granted");
    assert_eq!(hall.kinds(), [], "too many to announce");
    assert_eq!(hall.guild.member_count(), 208);
    assert_eq!(hall.trace.iter().filter(|word| word.starts_with("joined")).count(), 202);
    let none = hall.import(vec![member(30, &[])]).expect("granted");
    assert_eq!(none.answer, Answer::Imported(0));
}

#[test]
fn a_guild_goes_on_after_the_ids_and_the_sequence_that_it_loads() {
    let mut record = record();
    let far = ChannelId::new((super::hall::START.millis() - 1_420_070_400_000 + 5000) << 22);
    record.channels.push(Channel { id: far, ..record.channels[0].clone() });
    record.sequence = 41;
    let mut hall = Hall::of(record, Config::default());
    hall.held = true;
    hall.ask(ALICE, super::hall::create("x"));
    let Write::Event(event) = &hall.commits[0][0] else { panic!("an event") };
    assert_eq!(event.sequence, 42);
    let Write::Message(message) = &hall.commits[0][1] else { panic!("a message") };
    assert!(message.id.value() > far.value());
}

#[test]
fn a_role_that_is_gone_from_the_store_is_gone_from_members() {
    let holder = member(ALICE, &[RED, RoleId::new(999)]);
    let guild = Guild::load(record(), [holder].into_iter().collect(), Config::default());
    let found = guild.member(UserId::new(ALICE)).expect("a member");
    assert_eq!(found.profile.roles, [RED]);
}

#[test]
fn many_holders_of_a_deleted_role_are_not_announced() {
    let mut hall = Hall::new();
    hall.import((1_000..1_200).map(|id| member(id, &[RED])).collect()).expect("granted");
    hall.kinds();
    hall.run(ADMINISTRATOR, Command::RoleDelete(RED)).expect("granted");
    assert_eq!(hall.kinds(), [EventKind::GuildRoleDelete]);
    assert!(hall.guild.roster().iter().all(|entry| entry.roles().all(|role| role != RED)));
}
