//! A client that does with its rows what it is told.

use std::collections::BTreeMap;

use serde_json::Value;
use throng_engine::roll::{Blocks, ListId, Output};
use throng_proto::id::UserId;

use crate::scene;

/// One session's view. Rows are known by their index only, as far as they were told.
pub(crate) struct Client {
    pub(crate) user: UserId,
    pub(crate) stamp: u32,
    pub(crate) lists: BTreeMap<String, BTreeMap<u64, Value>>,
    pub(crate) holds: BTreeMap<ListId, Blocks>,
}

/// Gives a client what is for it, and returns the updates that it got.
pub(crate) fn deliver(client: &mut Client, outputs: Vec<Output<UserId>>) -> Vec<Value> {
    let mut updates = Vec::new();
    for output in outputs {
        let body = match output {
            Output::Shared { list, blocks, body } => {
                (client.holds.get(&list) == Some(&blocks)).then_some(body)
            }
            Output::Own { viewer, stamp, watches, body } if viewer == client.user => {
                assert_eq!(stamp, client.stamp);
                if let Some((list, blocks)) = watches {
                    client.holds.insert(list, blocks);
                    client.holds.retain(|_, blocks| !blocks.is_empty());
                }
                Some(body)
            }
            Output::Own { .. } | Output::Presence { .. } => None,
        };
        let Some(body) = body else { continue };
        let payload = scene::payload(&body);
        assert_eq!(payload["t"], "GUILD_MEMBER_LIST_UPDATE");
        client.follow(&payload["d"]);
        updates.push(payload["d"].clone());
    }
    updates
}

impl Client {
    pub(crate) fn new(user: UserId) -> Self {
        Self { user, stamp: 0, lists: BTreeMap::new(), holds: BTreeMap::new() }
    }

    fn follow(&mut self, update: &Value) {
        let id = update["id"].as_str().unwrap().to_owned();
        let rows = self.lists.entry(id).or_default();
        for op in update["ops"].as_array().unwrap() {
            apply(rows, op);
        }
    }

    /// Returns what each row of a list is: `@group`, or a user's id.
    pub(crate) fn rows(&self, id: &str) -> Vec<String> {
        let rows = self.lists.get(id).into_iter().flatten();
        rows.map(|(_, item)| name(item)).collect()
    }
}

/// Returns a group's id after an `@`, or a user's id.
pub(crate) fn name(item: &Value) -> String {
    match item["group"]["id"].as_str() {
        Some(group) => format!("@{group}"),
        None => item["member"]["user"]["id"].as_str().unwrap().to_owned(),
    }
}

fn apply(rows: &mut BTreeMap<u64, Value>, op: &Value) {
    let index = op["index"].as_u64().unwrap_or_default();
    let range = [&op["range"][0], &op["range"][1]].map(|end| end.as_u64().unwrap_or_default());
    match op["op"].as_str().unwrap() {
        "SYNC" => {
            rows.retain(|at, _| !(range[0]..=range[1]).contains(at));
            rows.extend((range[0]..).zip(op["items"].as_array().unwrap().iter().cloned()));
        }
        "INSERT" => {
            let later = rows.split_off(&index);
            rows.insert(index, op["item"].clone());
            rows.extend(later.into_iter().map(|(at, item)| (at + 1, item)));
        }
        "UPDATE" => {
            let old = rows.insert(index, op["item"].clone()).expect("a row to replace");
            assert_eq!(name(&old), name(&op["item"]), "an update is about the same member");
        }
        "DELETE" => {
            let later = rows.split_off(&index);
            assert!(later.contains_key(&index), "a row to delete");
            rows.extend(later.into_iter().skip(1).map(|(at, item)| (at - 1, item)));
        }
        "INVALIDATE" => rows.retain(|at, _| !(range[0]..=range[1]).contains(at)),
        other => panic!("{other}"),
    }
}
