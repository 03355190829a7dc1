//! What guilds answer, as the HTTP API shows it.

use std::sync::Arc;

use serde_json::{Value, json};
use throng_proto::command::{Answer, Counts, GuildView, Reply};
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::{Guild, Role};
use throng_proto::permissions::Permissions;

fn shown(answer: Answer) -> Value {
    serde_json::from_str(&Reply::from(answer).into_text().expect("an object")).expect("JSON")
}

#[test]
fn a_guild_is_shown_with_its_roles_and_with_counts_where_they_were_asked_for() {
    let guild = Guild::new(GuildId::new(1), "guild", UserId::new(2));
    let roles = vec![Arc::new(Role::new(GuildId::new(1).cast(), "@everyone", Permissions::NONE))];
    let mut whole = json!(guild.body(roles.iter().collect()));
    let view = GuildView { guild: guild.clone(), roles: roles.clone(), counts: None };
    assert_eq!(shown(Answer::Guild(Box::new(view.clone()))), whole);
    whole["approximate_member_count"] = json!(7);
    whole["approximate_presence_count"] = json!(3);
    let view = GuildView { counts: Some(Counts { members: 7, online: 3 }), ..view };
    assert_eq!(shown(Answer::Guild(Box::new(view))), whole);
}

#[test]
fn what_is_granted_and_nothing_are_no_content() {
    assert_eq!(Reply::nothing().into_text(), None);
    assert_eq!(Reply::from(Answer::Granted(Permissions::ALL)).into_text(), None);
    assert_eq!(shown(Answer::Imported(2)), json!({ "imported": 2 }));
    assert_eq!(shown(Answer::Members(Vec::new())), json!([]));
    let made = Reply::json(&json!({ "id": "1" })).created();
    assert!(made.created);
    assert_eq!(made.into_text().as_deref(), Some("{\"id\":\"1\"}"));
}
