//! Routes of the public API: statuses, shapes, constant headers.

use http::{Request, StatusCode};
use serde_json::json;
use throng_proto::refusal::Refusal;

use crate::request::Site;

#[tokio::test]
async fn gateway_needs_no_token_and_every_prefix_serves_it() {
    let site = Site::public();
    for path in ["/api/v10/gateway", "/api/v9/gateway", "/api/gateway"] {
        let answer = site.bare(&format!("GET {path}")).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json(), json!({ "url": "ws://127.0.0.1:8080" }));
    }
}

#[tokio::test]
async fn gateway_bot_tells_the_session_start_limit() {
    let answer = Site::public().ask("GET ~/gateway/bot", "").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.json(),
        json!({
            "url": "ws://127.0.0.1:8080",
            "shards": 1,
            "session_start_limit": {
                "total": 1000, "remaining": 1000, "reset_after": 86_400_000, "max_concurrency": 16,
            },
        })
    );
}

#[tokio::test]
async fn tokens_come_bare_or_as_bot_or_bearer() {
    let site = Site::public();
    for (header, status) in [
        ("Bot alice", StatusCode::OK),
        ("Bearer alice", StatusCode::OK),
        ("alice", StatusCode::OK),
        ("Bot mallory", StatusCode::UNAUTHORIZED),
        ("", StatusCode::UNAUTHORIZED),
    ] {
        let request = Request::get("/api/v10/users/@me")
            .header("authorization", header)
            .body(axum::body::Body::empty())
            .unwrap();
        assert_eq!(site.send(request).await.status, status, "{header}");
    }
    let answer = site.bare("GET /api/v10/users/@me").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json(), json!({ "message": "401: Unauthorized", "code": 0 }));
}

#[tokio::test]
async fn login_calls_answer_with_what_libraries_index() {
    let site = Site::public();
    let me = site.ask("GET ~/users/@me", "").await.json();
    for key in ["id", "username", "discriminator", "avatar", "mfa_enabled", "flags", "email"] {
        assert!(me.get(key).is_some(), "{key}");
    }
    for path in ["/applications/@me", "/oauth2/applications/@me"] {
        let application = site.ask(&format!("GET ~{path}"), "").await.json();
        for key in ["id", "name", "description", "icon", "owner", "bot_public", "verify_key"] {
            assert!(application.get(key).is_some(), "{key}");
        }
    }
}

#[tokio::test]
async fn unknown_routes_and_wrong_methods_are_refused_in_json() {
    let site = Site::public();
    for path in ["/", "/api/v10", "/api/v10/nowhere", "/api/v11/gateway", "/api/v10/guilds/1/x"] {
        let answer = site.ask(&format!("GET {path}"), "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.json(), json!({ "message": "404: Not Found", "code": 0 }));
    }
    for path in [
        "/channels/200/messages/pins",
        "/channels/200/messages/search",
        "/guilds/100/roles/member-counts",
        "/guilds/templates/abc",
    ] {
        let answer = site.ask(&format!("GET ~{path}"), "").await;
        assert_eq!(answer.json(), json!({ "message": "404: Not Found", "code": 0 }), "{path}");
    }
    let answer = site.ask("POST ~/users/@me", "{}").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.json(), json!({ "message": "405: Method Not Allowed", "code": 0 }));
}

#[tokio::test]
async fn paths_may_be_escaped_as_clients_like() {
    let site = Site::public();
    for (line, body) in [
        ("GET ~/users/%40me", ""),
        ("GET ~/users/%40me/guilds", ""),
        ("GET ~/applications/%40me", ""),
        ("GET ~/oauth2/applications/%40me", ""),
        ("PATCH ~/guilds/100/members/%40me", "{}"),
        ("PUT ~/channels/200/messages/300/reactions/x%3A1/%40me", ""),
        ("GET ~/%67ateway/bot?x=%40", ""),
        ("GET /%61pi/v%31%30/users/%40me", ""),
    ] {
        let answer = site.ask(line, body).await;
        assert!(answer.status.is_success(), "{line}: {answer:?}");
    }
    let answer = site.ask("GET ~/users/%2540me", "").await;
    assert_eq!(answer.json()["code"], 50035, "decoded once");
}

#[tokio::test]
async fn paths_that_are_no_text_are_refused_in_json() {
    let site = Site::public();
    for (line, code) in [
        ("GET ~/channels/%FF", 50035),
        ("GET ~/guilds/100/members/%C3%28", 50035),
        ("PUT ~/channels/200/messages/300/reactions/%ED%A0%80/@me/x", 0),
        ("GET ~/%FF", 0),
    ] {
        assert_eq!(site.ask(line, "").await.json()["code"], code, "{line}");
    }
    for line in ["GET /api/v10/channels/%FF", "GET /%FF/%00"] {
        assert!(site.bare(line).await.json()["code"].is_number(), "{line}");
    }
}

#[tokio::test]
async fn an_application_leaves_out_what_it_does_not_have() {
    let site = Site::public();
    for path in ["/applications/@me", "/oauth2/applications/@me"] {
        let application = site.ask(&format!("GET ~{path}"), "").await.json();
        for key in [
            "install_params",
            "cover_image",
            "guild_id",
            "terms_of_service_url",
            "privacy_policy_url",
            "custom_install_url",
            "primary_sku_id",
            "slug",
        ] {
            assert!(application.get(key).is_none(), "{key} of {path}");
        }
        for key in [
            "type",
            "flags_new",
            "redirect_uris",
            "interactions_endpoint_url",
            "role_connections_verification_url",
            "approximate_user_authorization_count",
            "explicit_content_filter",
            "eligible_oauth2_scopes",
            "team",
        ] {
            assert!(application.get(key).is_some(), "{key} of {path}");
        }
    }
    assert_eq!(site.ask("GET ~/soundboard-default-sounds", "").await.json(), json!([]));
}

#[tokio::test]
async fn statuses_are_those_of_discord() {
    let site = Site::public();
    for (line, body, status) in [
        ("POST ~/guilds", r#"{"name":"abc"}"#, 201),
        ("GET ~/guilds/100?with_counts=true", "", 200),
        ("PATCH ~/guilds/100", r#"{"name":"abc"}"#, 200),
        ("DELETE ~/guilds/100", "", 204),
        ("GET ~/guilds/100/channels", "", 200),
        ("POST ~/guilds/100/channels", r#"{"name":"abc"}"#, 201),
        ("GET ~/channels/200", "", 200),
        ("PATCH ~/channels/200", r#"{"topic":null}"#, 200),
        ("DELETE ~/channels/200", "", 200),
        ("PUT ~/channels/200/permissions/101", r#"{"type":0,"deny":"1024"}"#, 204),
        ("DELETE ~/channels/200/permissions/101", "", 204),
        ("GET ~/guilds/100/roles", "", 200),
        ("POST ~/guilds/100/roles", "", 200),
        ("PATCH ~/guilds/100/roles/101", "{}", 200),
        ("DELETE ~/guilds/100/roles/101", "", 204),
        ("GET ~/guilds/100/members", "", 200),
        ("GET ~/guilds/100/members/search?query=b", "", 200),
        ("GET ~/guilds/100/members/2", "", 200),
        ("PUT ~/guilds/100/members/2", r#"{"access_token":"bob"}"#, 201),
        ("GET ~/guilds/100/invites", "", 200),
        ("GET ~/channels/200/invites", "", 200),
        ("POST ~/channels/200/invites", "{}", 200),
        ("GET ~/invites/2?with_counts=true", "", 200),
        ("POST ~/invites/2", "{}", 200),
        ("DELETE ~/invites/2", "", 200),
        ("PATCH ~/guilds/100/members/2", "{}", 200),
        ("PATCH ~/guilds/100/members/@me", "{}", 200),
        ("DELETE ~/guilds/100/members/2", "", 204),
        ("PUT ~/guilds/100/members/2/roles/101", "", 204),
        ("DELETE ~/guilds/100/members/2/roles/101", "", 204),
        ("DELETE ~/users/@me/guilds/100", "", 204),
        ("GET ~/users/2", "", 200),
        ("GET ~/applications/1/commands", "", 200),
        ("POST ~/applications/1/commands", r#"{"name":"ping","description":"p"}"#, 201),
        ("PUT ~/applications/1/guilds/100/commands", r#"[{"name":"ping","type":2}]"#, 200),
    ] {
        let answer = site.ask(line, body).await;
        assert_eq!(answer.status, status, "{line}: {}", answer.text);
        if status == 204 {
            assert_eq!(answer.text, "", "{line}");
        } else {
            assert!(!answer.json().is_null(), "{line}");
        }
    }
}

#[tokio::test]
async fn a_guild_comes_with_everyone_a_channel_and_its_owner() {
    let site = Site::public();
    site.ask("POST ~/guilds", r#"{"name":"Tea"}"#).await;
    let state = site.hub.state.lock().unwrap();
    let draft = &state.drafts[0];
    assert_eq!(draft.guild.name, "Tea");
    assert_eq!(draft.roles[0].id, draft.guild.id.cast());
    assert_eq!(draft.channels[0].name, "general");
    assert_eq!(draft.members[0].user.id, draft.guild.owner_id);
}

#[tokio::test]
async fn my_guilds_say_what_i_may_do() {
    let site = Site::public();
    let guilds = site.ask("GET ~/users/@me/guilds", "").await.json();
    assert_eq!(
        guilds,
        json!([{
            "id": "100", "name": "guild", "icon": null, "banner": null, "owner": true,
            "permissions": "8866461766385663", "features": [],
        }])
    );
    assert_eq!(site.ask("GET ~/users/@me/guilds?after=100", "").await.json(), json!([]));
    assert_eq!(site.ask("GET ~/users/@me/guilds?limit=201", "").await.status, 400);
}

#[tokio::test]
async fn ids_that_are_no_snowflakes_are_named() {
    let answer = Site::public().ask("GET ~/channels/abc", "").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        answer.json(),
        json!({
            "code": 50035,
            "message": "Invalid Form Body",
            "errors": { "channel_id": { "_errors": [
                { "code": "NUMBER_TYPE_COERCE", "message": "Value \"abc\" is not snowflake." },
            ] } },
        })
    );
}

#[tokio::test]
async fn wrong_types_are_named_by_their_field() {
    let site = Site::public();
    for (line, body, path, code) in [
        ("PATCH ~/guilds/100", r#"{"name":5}"#, "/name", "STRING_TYPE_CONVERT"),
        (
            "PATCH ~/guilds/100",
            r#"{"verification_level":"x"}"#,
            "/verification_level",
            "NUMBER_TYPE_COERCE",
        ),
        ("POST ~/guilds/100/roles", r#"{"hoist":"x"}"#, "/hoist", "BOOLEAN_TYPE_CONVERT"),
        ("POST ~/guilds/100/roles", r#"{"permissions":"x"}"#, "/permissions", "NUMBER_TYPE_COERCE"),
        (
            "PATCH ~/channels/200",
            r#"{"permission_overwrites":[{"id":"1","type":0},{"id":"2"}]}"#,
            "/permission_overwrites/1/type",
            "BASE_TYPE_REQUIRED",
        ),
        ("POST ~/channels/200/messages", r#"{"embeds":7}"#, "/embeds", "LIST_TYPE_CONVERT"),
        ("POST ~/guilds", "{}", "/name", "BASE_TYPE_REQUIRED"),
        ("PATCH ~/guilds/100", "[]", "", "MODEL_TYPE_CONVERT"),
    ] {
        let answer = site.ask(line, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{line} {body}");
        let json = answer.json();
        let found = json.pointer(&format!("/errors{path}/_errors/0/code"));
        assert_eq!(found, Some(&json!(code)), "{line} {body}: {json}");
    }
}

#[tokio::test]
async fn text_that_is_not_json_is_refused() {
    let answer = Site::public().ask("PATCH ~/guilds/100", "{").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        answer.json(),
        json!({ "code": 50109, "message": "The request body contains invalid JSON." })
    );
}

#[tokio::test]
async fn refusals_of_a_guild_keep_their_status_and_code() {
    for (refusal, status, code) in [
        (Refusal::MissingPermissions, 403, 50013),
        (Refusal::UnknownGuild, 404, 10004),
        (Refusal::EmptyMessage, 400, 50006),
        (Refusal::Policy("no".to_owned()), 403, 20000),
    ] {
        let site = Site::public();
        site.hub.refuse("GuildGet", refusal.clone());
        let answer = site.ask("GET ~/guilds/100", "").await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.json(), json!({ "code": code, "message": refusal.to_string() }));
    }
    let answer = Site::public().ask("GET ~/channels/999", "").await;
    assert_eq!(answer.json(), json!({ "code": 10003, "message": "Unknown Channel" }));
}

#[tokio::test]
async fn a_panic_is_an_answer() {
    let answer = Site::public().ask("PATCH ~/guilds/100", r#"{"name":"panic please"}"#).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.json(), json!({ "message": "500: Internal Server Error", "code": 0 }));
}

#[tokio::test]
async fn pages_of_any_origin_may_ask_with_a_token() {
    let request = Request::options("/api/v10/channels/200/messages")
        .header("origin", "https://example.org")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type")
        .body(axum::body::Body::empty())
        .unwrap();
    let answer = Site::public().send(request).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-headers"), "authorization,content-type");
    assert_eq!(answer.header("access-control-allow-methods"), "POST");
}
