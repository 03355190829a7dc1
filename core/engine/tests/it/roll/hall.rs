//! A guild with its lists, and what they should be, made anew from all members.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use throng_engine::roll::{ListId, Output, Roll, Wish};
use throng_engine::shape::Shape;
use throng_proto::id::UserId;
use throng_proto::model::{Channel, Member, Status};
use throng_proto::permissions::Permissions;

use super::client::{Client, deliver, name};
use super::showing;
use crate::scene::GUILD;

/// A guild and its lists.
pub(crate) struct Hall {
    pub(crate) roll: Roll<UserId>,
    pub(crate) shape: Arc<Shape>,
    pub(crate) people: BTreeMap<UserId, (Arc<Member>, Status)>,
    large: bool,
    stamps: u32,
}

impl Hall {
    pub(crate) fn new(shape: Shape, large: bool) -> Self {
        let shape = Arc::new(shape);
        let roll = Roll::new(Arc::clone(&shape), large);
        Self { roll, shape, people: BTreeMap::new(), large, stamps: 0 }
    }

    pub(crate) fn put(&mut self, member: Arc<Member>, status: Status) {
        self.people.insert(member.user.id, (Arc::clone(&member), status));
        self.roll.count(self.people.len());
        self.roll.put(member, showing(status), None);
    }

    pub(crate) fn remove(&mut self, user: UserId) {
        self.people.remove(&user);
        self.roll.count(self.people.len());
        self.roll.remove(user);
    }

    pub(crate) fn enlarge(&mut self) {
        self.large = true;
        self.roll.enlarge();
    }

    pub(crate) fn reshape(&mut self, shape: Arc<Shape>) {
        self.shape = Arc::clone(&shape);
        self.roll.reshape(shape);
    }

    /// Asks for what a client wants, and does not tell it yet.
    pub(crate) fn ask(&mut self, client: &mut Client, wishes: Vec<Wish>) {
        self.stamps += 1;
        client.stamp = self.stamps;
        let Some((member, _)) = self.people.get(&client.user) else { return };
        self.roll.watch(client.user, self.stamps, Arc::clone(member), wishes);
    }

    /// Gives a client what it wants, and returns what it is told. It need not be a member.
    pub(crate) fn watch(&mut self, client: &mut Client, wishes: Vec<Wish>) -> Vec<Value> {
        self.ask(client, wishes);
        deliver(client, self.flush())
    }

    /// Fills all lists, and tells what is new.
    pub(crate) fn flush(&mut self) -> Vec<Output<UserId>> {
        while self.roll.fill(7) {}
        self.roll.flush()
    }

    /// M1: a client's rows are what a SYNC would show now, and it has no others.
    pub(crate) fn check(&self, client: &Client) {
        let mut left = client.lists.clone();
        for (list, blocks) in &client.holds {
            let all = self.list(*list).unwrap_or_else(|| panic!("{list} is gone"));
            let wanted: Vec<(u64, Value)> = blocks
                .iter()
                .flat_map(|block| {
                    let first = u64::from(*block) * 100;
                    let rows = all.iter().skip(usize::try_from(first).unwrap()).take(100);
                    (first..).zip(rows.cloned())
                })
                .collect();
            let mut rows = left.remove(&list.to_string()).unwrap_or_default();
            rows.values_mut().for_each(forget_count);
            let found: Vec<(u64, Value)> = rows.into_iter().collect();
            let names = |rows: &[(u64, Value)]| {
                rows.iter().map(|(at, item)| (*at, name(item))).collect::<Vec<_>>()
            };
            assert_eq!(names(&found), names(&wanted), "{list} of {}", client.user);
            assert_eq!(found, wanted, "{list} of {}", client.user);
        }
        left.retain(|_, rows| !rows.is_empty());
        assert!(left.is_empty(), "{} knows rows of {:?}", client.user, left.keys());
    }

    /// Makes a list from everybody, without the counts of its headings, which only `groups` keep
    /// up to date.
    fn list(&self, id: ListId) -> Option<Vec<Value>> {
        let mut channels = self.shape.channels.values();
        let channel = channels.find(|channel| ListId::of(&self.shape, channel) == id)?;
        let mut rows: Vec<_> = self
            .people
            .values()
            .filter(|(member, status)| {
                self.may_view(member, channel) && (status.is_online() || !self.large)
            })
            .map(|(member, status)| (self.order(member, *status), member, *status))
            .collect();
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        let mut list = Vec::new();
        let mut last = None;
        for ((rank, group, ..), member, status) in rows {
            if last != Some(rank) {
                list.push(json!({"group": {"id": group}}));
                last = Some(rank);
            }
            let mut item = json!(**member);
            item["presence"] = json!(showing(status).presence(GUILD, member.user.id));
            list.push(json!({"member": item}));
        }
        Some(list)
    }

    pub(crate) fn may_view(&self, member: &Member, channel: &Channel) -> bool {
        let (user, roles) = (member.user.id, &member.profile.roles);
        let may = self.shape.in_channel(self.shape.base(user, roles), user, roles, channel);
        may.contains(Permissions::VIEW_CHANNEL)
    }

    /// Group by its rank and name, then the name that is shown, then the id.
    fn order(&self, member: &Member, status: Status) -> ((i64, u64), String, String, UserId) {
        let mut roles: Vec<_> = member.profile.roles.iter().collect();
        roles.retain(|role| self.shape.roles.get(*role).is_some_and(|role| role.hoist));
        roles.sort_by_key(|role| (-i64::from(self.shape.roles[*role].position), **role));
        let (rank, group) = match roles.first() {
            _ if !status.is_online() => ((2, 0), "offline".to_owned()),
            None => ((1, 0), "online".to_owned()),
            Some(role) => {
                let position = i64::from(self.shape.roles[*role].position);
                ((-position, role.value()), role.to_string())
            }
        };
        let nick = member.profile.nick.as_ref();
        let shown = nick.or(member.user.global_name.as_ref()).unwrap_or(&member.user.username);
        (rank, group, shown.to_lowercase(), member.user.id)
    }
}

fn forget_count(item: &mut Value) {
    if let Some(group) = item.get_mut("group").and_then(Value::as_object_mut) {
        group.remove("count").expect("headings have counts");
    }
}
