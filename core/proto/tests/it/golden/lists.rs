//! Members that were asked for, and lists of them.

use throng_proto::event::EventKind;
use throng_proto::gateway::payload::{
    GroupId, ListChange, ListGroup, ListRow, ListedMember, MemberList, MembersChunk,
};
use throng_proto::id::{RoleId, UserId};
use throng_proto::json;
use throng_proto::model::Status;

use super::{GUILD, Shown, bob, event, member, presence, rest};

pub(super) fn all() -> Vec<Shown> {
    chunks().into_iter().chain(lists()).collect()
}

fn chunks() -> Vec<Shown> {
    let presences = json::raw(&[presence(2, Status::Online, &[])]);
    let missing = [UserId::new(404)];
    let full = MembersChunk {
        guild_id: GUILD,
        chunk_index: 0,
        chunk_count: 2,
        not_found: &missing,
        presences: Some(&presences),
        nonce: Some("n"),
    };
    let bare = MembersChunk { not_found: &[], presences: None, nonce: None, ..full };
    let members = [member(), bob()].map(|member| json::text(&member)).join(",");
    let chunk = |name, members: &str, chunk: MembersChunk<'_>| {
        let text = MembersChunk::open() + members + &chunk.close();
        rest(EventKind::GuildMembersChunk, name, &text)
    };
    vec![chunk("with everything", &members, full), chunk("of nobody", "", bare)]
}

fn lists() -> Vec<Shown> {
    let red = ListGroup { id: GroupId::Role(RoleId::new(8)), count: 1 };
    let groups = [red, ListGroup { id: GroupId::Offline, count: 1 }];
    let (ada, bob) = (member(), bob());
    let row = |member, id, status| {
        ListRow::Member(ListedMember { member, presence: presence(id, status, &[]) })
    };
    let heading = ListRow::Group(red);
    let changes = [
        ListChange::Sync { range: [0, 99], items: vec![heading, row(&ada, 2, Status::Online)] },
        ListChange::Insert { index: 3, item: row(&bob, 4, Status::Offline) },
        ListChange::Update { index: 0, item: ListRow::Group(red) },
        ListChange::Delete { index: 1 },
        ListChange::Invalidate { range: [100, 199] },
    ];
    let list = |id: &str, groups, changes: &[ListChange<'_>]| {
        let id = id.to_owned();
        let open = MemberList { guild_id: GUILD, id, member_count: 2, online_count: 1, groups };
        let changes: Vec<String> = changes.iter().map(json::text).collect();
        let data = MemberList::close(&open.open(), &changes.join(","));
        serde_json::from_str::<Box<serde_json::value::RawValue>>(&data).expect("an object")
    };
    let kind = EventKind::GuildMemberListUpdate;
    vec![
        event(kind, "with every change", &list("everyone", &groups, &changes)),
        event(kind, "of nobody", &list("3141592653", &[], &[])),
    ]
}
