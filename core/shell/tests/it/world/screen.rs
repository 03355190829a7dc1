//! What a user's client shows of member lists: it does what it is told.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Account, Hall, Player, World};

/// The rows of one list by their index, as far as they were told.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Screen {
    rows: BTreeMap<u64, Value>,
    /// The last update.
    pub(crate) last: Value,
}

impl Screen {
    /// Does what an update says.
    pub(crate) fn follow(&mut self, update: Value) {
        for op in update["ops"].as_array().unwrap() {
            self.apply(op);
        }
        self.last = update;
    }

    fn apply(&mut self, op: &Value) {
        let at = op["index"].as_u64().unwrap_or_default();
        let [from, to] = [0, 1].map(|end| op["range"][end].as_u64().unwrap_or_default());
        match op["op"].as_str().unwrap() {
            "SYNC" => {
                self.rows.retain(|at, _| !(from..=to).contains(at));
                self.rows.extend((from..).zip(op["items"].as_array().unwrap().iter().cloned()));
            }
            "INSERT" => {
                let later = self.rows.split_off(&at);
                self.rows.insert(at, op["item"].clone());
                self.rows.extend(later.into_iter().map(|(at, item)| (at + 1, item)));
            }
            "UPDATE" => _ = self.rows.insert(at, op["item"].clone()).expect("a row"),
            "DELETE" => {
                let later = self.rows.split_off(&at);
                assert!(later.contains_key(&at), "{op}");
                self.rows.extend(later.into_iter().skip(1).map(|(at, item)| (at - 1, item)));
            }
            "INVALIDATE" => self.rows.retain(|at, _| !(from..=to).contains(at)),
            other => panic!("{other}"),
        }
    }

    /// Returns headings as `@group`, members by the name that is shown and their status.
    pub(crate) fn rows(&self) -> Vec<String> {
        let row = |item: &Value| {
            if let Some(group) = item["group"]["id"].as_str() {
                return format!("@{group}");
            }
            let member = &item["member"];
            let name = member["nick"].as_str().or_else(|| member["user"]["username"].as_str());
            format!("{} {}", name.unwrap(), member["presence"]["status"].as_str().unwrap())
        };
        self.rows.values().map(row).collect()
    }

    /// Returns everything but the counts of headings, which only `groups` keep up to date.
    pub(crate) fn items(&self) -> Vec<(u64, Value)> {
        let mut rows: Vec<_> = self.rows.iter().map(|(at, item)| (*at, item.clone())).collect();
        for (_, item) in &mut rows {
            if let Some(group) = item.get_mut("group").and_then(Value::as_object_mut) {
                group.remove("count").expect("headings have counts");
            }
        }
        rows
    }

    /// Takes what comes until the rows are these.
    pub(crate) async fn until(&mut self, player: &mut Player, rows: &[&str]) {
        while self.rows() != rows {
            self.follow(player.until("GUILD_MEMBER_LIST_UPDATE").await);
        }
    }
}

impl World {
    /// Connects a user's own client, which names no intents.
    pub(crate) async fn join_own(&self, account: &Account) -> Player {
        self.join_as(account, json!({"token": account.token, "properties": {}})).await
    }
}

impl Player {
    /// Asks for rows of the list of the guild's channel.
    pub(crate) fn watch(&self, hall: Hall, ranges: &Value) {
        let channels = json!({hall.channel.to_string(): ranges});
        self.send(14, &json!({"guild_id": hall.id, "channels": channels}));
    }

    /// Asks for the first rows, and returns them once they are there.
    pub(crate) async fn watched(&mut self, hall: Hall) -> Screen {
        self.watch(hall, &json!([[0, 99]]));
        let mut screen = Screen::default();
        screen.follow(self.until("GUILD_MEMBER_LIST_UPDATE").await);
        screen
    }
}
