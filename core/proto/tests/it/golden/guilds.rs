//! Guilds, and what is in them.

use std::sync::Arc;

use throng_proto::event::EventKind;
use throng_proto::gateway::payload::{
    Arrival, Crowd, GuildCreate, GuildDeleted, InviteCreated, InviteDeleted, MemberChanged,
    MemberRemoved, RoleChanged, RoleDeleted,
};
use throng_proto::id::RoleId;
use throng_proto::json;
use throng_proto::model::{Channel, ChannelKind, Invite, Status};

use super::{
    CHANNEL, GUILD, NOW, Shown, bob, channel, event, guild, member, presence, rest, role, user,
};

pub(super) fn all() -> Vec<Shown> {
    [creations(), structure(), members(), invites()].into_iter().flatten().collect()
}

fn creations() -> Vec<Shown> {
    let (guild, role, channels) = (guild(), Arc::new(role()), [channel()]);
    let start = GuildCreate::new(guild.body(vec![&role]), &channels, 2).open();
    let (ada, bob) = (member(), bob());
    let both = [ada.clone(), bob];
    let shown = [presence(4, Status::Dnd, &[])];
    let own = json::text(&presence(2, Status::Online, &[]));
    let crowd = |presences| Crowd { members: &both, presences }.part();
    let some = |own| Crowd::close(true, own);
    let none = |own| Crowd::close(false, own);
    let arrival = Arrival::new(&ada, true, true).part();
    let joined = Arrival::new(&ada, false, false).close(&ada);
    let create = |name, parts: &[&str]| rest(EventKind::GuildCreate, name, &parts.concat());
    vec![
        create("after READY", &[&start, &arrival, &crowd(&shown), &some(Some(&own))]),
        create("of the invisible", &[&start, &arrival, &crowd(&shown), &some(None)]),
        create("of one alone", &[&start, &arrival, &crowd(&[]), &none(Some(&own))]),
        create("of nobody", &[&start, &arrival, &crowd(&[]), &none(None)]),
        create("for who joined", &[&start, &joined]),
    ]
}

fn structure() -> Vec<Shown> {
    let (guild, role) = (guild(), role());
    let shared = Arc::new(role.clone());
    let changed = RoleChanged { guild_id: GUILD, role: &role };
    let gone = RoleDeleted { guild_id: GUILD, role_id: RoleId::new(8) };
    let voice = Channel::new(CHANNEL, GUILD, "talk", ChannelKind::VOICE);
    vec![
        event(EventKind::GuildUpdate, "", &guild.body(vec![&shared])),
        event(EventKind::GuildDelete, "", &GuildDeleted { id: GUILD }),
        event(EventKind::GuildRoleCreate, "", &changed),
        event(EventKind::GuildRoleUpdate, "", &changed),
        event(EventKind::GuildRoleDelete, "", &gone),
        event(EventKind::ChannelCreate, "", &channel()),
        event(EventKind::ChannelUpdate, "of voice", &voice),
        event(EventKind::ChannelDelete, "", &channel()),
    ]
}

fn members() -> Vec<Shown> {
    let (ada, bob) = (member(), bob());
    let added = MemberChanged { guild_id: GUILD, member: &bob };
    let changed = MemberChanged { guild_id: GUILD, member: &ada };
    let removed = MemberRemoved { guild_id: GUILD, user: &ada.user };
    vec![
        event(EventKind::GuildMemberAdd, "", &added),
        event(EventKind::GuildMemberUpdate, "", &changed),
        event(EventKind::GuildMemberRemove, "", &removed),
        event(EventKind::PresenceUpdate, "", &presence(2, Status::Idle, &[])),
        event(EventKind::PresenceUpdate, "of who has gone", &presence(2, Status::Offline, &[])),
    ]
}

fn invites() -> Vec<Shown> {
    let code = "abc-1".parse().expect("a code");
    let made = Invite {
        code,
        guild_id: GUILD,
        channel_id: CHANNEL,
        inviter: Some(user()),
        created_at: NOW,
        max_age: 3600,
        max_uses: 5,
        uses: 0,
    };
    let open = Invite { inviter: None, max_age: 0, max_uses: 0, ..made.clone() };
    vec![
        event(EventKind::InviteCreate, "", &InviteCreated::from(&made)),
        event(EventKind::InviteCreate, "of nobody and for ever", &InviteCreated::from(&open)),
        event(EventKind::InviteDelete, "", &InviteDeleted::from(&made)),
    ]
}
