//! Member lists, computed the long way: from members, roles and what everybody shows.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::Value;
use throng_engine::guild::Guild;
use throng_proto::id::{ChannelId, RoleId, UserId};
use throng_proto::model::{Member, Role, Status};
use throng_proto::permissions::Permissions;

use super::rights::allows;

/// What a row of a list says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// A group's id after an `@`, or a user's.
    pub(crate) id: String,
    nick: Option<String>,
    roles: Vec<String>,
    status: String,
}

impl Row {
    /// Reads a row as clients are told it; `None` when it is none.
    pub(crate) fn read(item: &Value) -> Option<Self> {
        if let Some(group) = item["group"]["id"].as_str() {
            return Some(Self::heading(group));
        }
        let (member, presence) = (&item["member"], &item["member"]["presence"]);
        let roles = member["roles"].as_array()?.iter();
        Some(Self {
            id: member["user"]["id"].as_str()?.to_owned(),
            nick: member["nick"].as_str().map(str::to_owned),
            roles: roles.filter_map(|role| role.as_str().map(str::to_owned)).collect(),
            status: presence["status"].as_str()?.to_owned(),
        })
    }

    fn heading(group: &str) -> Self {
        let (nick, roles, status) = (None, Vec::new(), String::new());
        Self { id: format!("@{group}"), nick, roles, status }
    }

    fn of(member: &Member, status: Status) -> Self {
        let shown = if status.is_online() { status } else { Status::Offline };
        Self {
            id: member.user.id.to_string(),
            nick: member.profile.nick.clone(),
            roles: member.profile.roles.iter().map(RoleId::to_string).collect(),
            status: serde_json::to_value(shown).ok().as_ref().and_then(named).unwrap_or_default(),
        }
    }
}

fn named(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// Computes the list of a channel; `large` ones leave out who is offline.
pub(crate) fn rows_of_list(
    guild: &Guild,
    statuses: &BTreeMap<UserId, Status>,
    channel: ChannelId,
    large: bool,
) -> Vec<Row> {
    let mut hoisted: Vec<&Role> =
        guild.shape().roles.values().map(|role| &**role).filter(|role| role.hoist).collect();
    hoisted.sort_by_key(|role| (Reverse(role.position), role.id));
    let mut seen: Vec<(usize, String, Member)> = Vec::new();
    for member in guild.roster().iter().map(|entry| entry.member()) {
        if !allows(guild, &member, channel, Permissions::VIEW_CHANNEL) {
            continue;
        }
        let online = statuses.get(&member.user.id).is_some_and(|status| status.is_online());
        let role = hoisted.iter().position(|role| member.profile.roles.contains(&role.id));
        let group = if online { role.unwrap_or(hoisted.len()) } else { hoisted.len() + 1 };
        seen.push((group, name_of(&member), member));
    }
    seen.sort_by(|a, b| (a.0, &a.1, a.2.user.id).cmp(&(b.0, &b.1, b.2.user.id)));
    let mut rows = Vec::new();
    let mut last = None;
    for (group, _, member) in
        seen.into_iter().filter(|(group, ..)| !large || *group <= hoisted.len())
    {
        if last.replace(group) != Some(group) {
            let name = hoisted.get(group).map(|role| role.id.to_string());
            let rest = if group == hoisted.len() { "online" } else { "offline" };
            rows.push(Row::heading(name.as_deref().unwrap_or(rest)));
        }
        let status = statuses.get(&member.user.id).copied().unwrap_or(Status::Offline);
        rows.push(Row::of(&member, status));
    }
    rows
}

/// Returns the name by which a member is found: nick, display name or user name.
fn name_of(member: &Member) -> String {
    let shown = member.profile.nick.as_ref().or(member.user.global_name.as_ref());
    shown.unwrap_or(&member.user.username).to_lowercase()
}
