//! Compares the OpenAPI document with the routes that are served and the objects that are sent.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use throng_proto::id::{ChannelId, GuildId, RoleId, UserId};
use throng_proto::model::{Channel, ChannelKind, CurrentUser, Member, Profile, Role, User};
use throng_proto::permissions::Permissions;
use throng_proto::time::Timestamp;

use crate::hub;
use crate::request::Site;

/// What issue and protocol ask for; a test finds each in the document.
const ROUTES: &[&str] = &[
    "get /gateway",
    "get /gateway/bot",
    "get /users/@me",
    "get /users/@me/guilds",
    "delete /users/@me/guilds/{guild_id}",
    "get /applications/@me",
    "get /oauth2/applications/@me",
    "get /applications/{application_id}/commands",
    "post /applications/{application_id}/commands",
    "put /applications/{application_id}/commands",
    "get /applications/{application_id}/commands/{command_id}",
    "patch /applications/{application_id}/commands/{command_id}",
    "delete /applications/{application_id}/commands/{command_id}",
    "get /applications/{application_id}/guilds/{guild_id}/commands",
    "post /applications/{application_id}/guilds/{guild_id}/commands",
    "put /applications/{application_id}/guilds/{guild_id}/commands",
    "get /applications/{application_id}/guilds/{guild_id}/commands/{command_id}",
    "patch /applications/{application_id}/guilds/{guild_id}/commands/{command_id}",
    "delete /applications/{application_id}/guilds/{guild_id}/commands/{command_id}",
    "get /applications/{application_id}/guilds/{guild_id}/commands/permissions",
    "get /applications/{application_id}/guilds/{guild_id}/commands/{command_id}/permissions",
    "put /applications/{application_id}/guilds/{guild_id}/commands/{command_id}/permissions",
    "post /guilds",
    "get /guilds/{guild_id}",
    "patch /guilds/{guild_id}",
    "delete /guilds/{guild_id}",
    "get /guilds/{guild_id}/channels",
    "post /guilds/{guild_id}/channels",
    "get /channels/{channel_id}",
    "patch /channels/{channel_id}",
    "delete /channels/{channel_id}",
    "put /channels/{channel_id}/permissions/{overwrite_id}",
    "delete /channels/{channel_id}/permissions/{overwrite_id}",
    "get /guilds/{guild_id}/roles",
    "post /guilds/{guild_id}/roles",
    "patch /guilds/{guild_id}/roles/{role_id}",
    "delete /guilds/{guild_id}/roles/{role_id}",
    "get /guilds/{guild_id}/members",
    "get /guilds/{guild_id}/members/search",
    "patch /guilds/{guild_id}/members/@me",
    "get /guilds/{guild_id}/members/{user_id}",
    "put /guilds/{guild_id}/members/{user_id}",
    "patch /guilds/{guild_id}/members/{user_id}",
    "delete /guilds/{guild_id}/members/{user_id}",
    "put /guilds/{guild_id}/members/{user_id}/roles/{role_id}",
    "delete /guilds/{guild_id}/members/{user_id}/roles/{role_id}",
    "get /guilds/{guild_id}/invites",
    "get /channels/{channel_id}/invites",
    "post /channels/{channel_id}/invites",
    "get /invites/{invite_code}",
    "post /invites/{invite_code}",
    "delete /invites/{invite_code}",
    "get /channels/{channel_id}/messages",
    "post /channels/{channel_id}/messages",
    "post /channels/{channel_id}/messages/bulk-delete",
    "get /channels/{channel_id}/messages/{message_id}",
    "patch /channels/{channel_id}/messages/{message_id}",
    "delete /channels/{channel_id}/messages/{message_id}",
    "delete /channels/{channel_id}/messages/{message_id}/reactions",
    "get /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}",
    "delete /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}",
    "put /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me",
    "delete /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me",
    "delete /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/{user_id}",
    "post /channels/{channel_id}/typing",
];

async fn document(site: &Site) -> Value {
    site.bare("GET /api/v10/openapi.json").await.json()
}

/// Lists `method path` of every operation.
fn operations(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().unwrap();
    let methods = paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
    });
    methods.collect()
}

#[tokio::test]
async fn the_document_says_of_which_version_it_is_and_under_what_licence() {
    let document = document(&Site::public()).await;
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let licence = env!("CARGO_PKG_LICENSE");
    assert_eq!(document["info"]["license"], json!({ "name": licence, "identifier": licence }));
}

#[tokio::test]
async fn the_document_has_every_route() {
    let operations = operations(&document(&Site::public()).await);
    for route in ROUTES {
        assert!(operations.contains(*route), "{route} is not documented");
    }
}

#[tokio::test]
async fn every_documented_route_is_served() {
    let site = Site::public();
    for operation in operations(&document(&site).await) {
        let (method, path) = operation.split_once(' ').unwrap();
        let path = path
            .replace("{guild_id}", "100")
            .replace("{channel_id}", "200")
            .replace("{message_id}", "300")
            .replace("{emoji_name}", "x:1")
            .replace("{application_id}", "1");
        let path: Vec<_> =
            path.split('/').map(|part| if part.starts_with('{') { "2" } else { part }).collect();
        let line = format!("{} ~{}", method.to_uppercase(), path.join("/"));
        // What one takes away the next one may need.
        let answer = Site::public().ask(&line, "").await;
        assert_ne!(answer.text, r#"{"code":0,"message":"404: Not Found"}"#, "{line}");
        // That nobody is given or denied a command is told by this code.
        let nobody = answer.status.as_u16() == 404 && answer.json()["code"] == 10066;
        assert!(
            nobody || answer.status.as_u16() != 404 && answer.status.as_u16() != 405,
            "{line}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn the_document_is_whole() {
    let document = document(&Site::public()).await;
    assert_eq!(document["servers"], json!([{ "url": "/api/v10" }]));
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id} twice");
            let named: BTreeSet<_> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "path")
                .filter_map(|parameter| parameter["name"].as_str())
                .collect();
            let wanted = path.split('/').filter_map(|p| p.strip_prefix('{')?.strip_suffix('}'));
            assert_eq!(named, wanted.collect(), "{method} {path}");
            assert!(operation["summary"].is_string() || operation["description"].is_string());
        }
    }
    references(&document, &document);
}

/// Whatever is sent of a command, in whichever answer, is documented, and the reverse.
#[tokio::test]
async fn documented_commands_have_the_keys_that_are_sent() {
    let site = Site::public();
    let keys = |of: &Value| of.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let texts = json!({ "en-US": "t" });
    let option = json!({ "type": 3, "name": "o", "description": "d" });
    let draft = json!({ "name": "n", "description": "d", "name_localizations": texts,
        "description_localizations": texts, "options": [option] });
    let mut sent = BTreeSet::new();
    for place in ["~/applications/1/commands", "~/applications/1/guilds/100/commands"] {
        let all = json!([draft]).to_string();
        sent.extend(keys(&site.ask(&format!("PUT {place}"), all).await.json()[0]));
        sent.extend(keys(&site.ask(&format!("GET {place}"), "").await.json()[0]));
    }
    let document = document(&site).await;
    let schema = &document["components"]["schemas"]["ApplicationCommand"]["properties"];
    assert_eq!(keys(schema), sent);
}

/// Checks that every `$ref` leads somewhere.
fn references(document: &Value, value: &Value) {
    match value {
        Value::Object(keys) => {
            if let Some(Value::String(target)) = keys.get("$ref") {
                let found = document.pointer(target.trim_start_matches('#'));
                assert!(found.is_some(), "{target}");
            }
            keys.values().for_each(|value| references(document, value));
        }
        Value::Array(items) => items.iter().for_each(|item| references(document, item)),
        _ => {}
    }
}

#[tokio::test]
async fn documented_objects_have_the_keys_that_are_sent() {
    let document = document(&Site::public()).await;
    let user = User::new(UserId::new(1), "a", false);
    let profile = Profile::new(Timestamp::from_millis(0), Vec::new());
    let channel = Channel::new(ChannelId::new(1), GuildId::new(1), "a", ChannelKind::TEXT);
    for (name, sent) in [
        ("User", json!(user)),
        ("CurrentUser", json!(CurrentUser::new(&user))),
        ("Member", json!(Member { user: user.clone(), profile })),
        ("Role", json!(Role::new(RoleId::new(1), "a", Permissions::NONE))),
        ("Channel", json!(channel)),
        ("Message", json!(hub::message())),
    ] {
        let schema = &document["components"]["schemas"][name]["properties"];
        let documented: BTreeSet<_> = schema.as_object().unwrap().keys().collect();
        let sent: BTreeSet<_> = sent.as_object().unwrap().keys().collect();
        assert_eq!(documented, sent, "{name}");
    }
}
