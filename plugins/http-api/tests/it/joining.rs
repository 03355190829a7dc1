//! Users come into guilds by their own wish.

use serde_json::json;
use throng_proto::command::Command;
use throng_proto::model::InviteCode;

use crate::request::Site;

#[tokio::test]
async fn a_user_is_added_with_a_token_of_its_own() {
    let site = Site::public();
    for (body, status, error) in [
        ("", 400, "/errors/access_token/_errors/0/code"),
        ("{}", 400, "/errors/access_token/_errors/0/code"),
        (r#"{"access_token":null}"#, 400, "/errors/access_token/_errors/0/code"),
        (r#"{"access_token":"mallory"}"#, 403, ""),
        (r#"{"access_token":""}"#, 403, ""),
        // Alice's own token is none of Bob's.
        (r#"{"access_token":"alice"}"#, 403, ""),
        (r#"{"access_token":"Bot alice"}"#, 403, ""),
    ] {
        let answer = site.ask("PUT ~/guilds/100/members/2", body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
        let expected = if status == 400 { json!("BASE_TYPE_REQUIRED") } else { json!(50025) };
        let found = if status == 400 { error } else { "/code" };
        assert_eq!(answer.json().pointer(found), Some(&expected), "{body}");
    }
    assert_eq!(site.hub.last(), "", "no guild was asked");
    let unknown = site.ask("PUT ~/guilds/100/members/77", r#"{"access_token":"bob"}"#).await;
    assert_eq!(unknown.json()["code"], 10013);
    let body =
        r#"{"access_token":"Bearer bob","nick":"b","mute":true,"deaf":false,"roles":["101"]}"#;
    let answer = site.ask("PUT ~/guilds/100/members/2", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let state = site.hub.state.lock().unwrap();
    let Command::MemberPut(user, patch) = &state.commands.last().unwrap().2 else { panic!() };
    assert_eq!(user.username, "bob");
    assert_eq!(patch.nick, Some(Some("b".to_owned())));
    assert_eq!((patch.mute, patch.deaf), (Some(true), Some(false)));
}

#[tokio::test]
async fn an_invite_that_nobody_has_is_unknown() {
    let site = Site::public();
    for code in ["nobody", "a%20b", "%C3%A4", &"x".repeat(33), "..%2f"] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = site.ask(&format!("{method} ~/invites/{code}"), "").await;
            assert_eq!(answer.status, 404, "{method} {code}");
            assert_eq!(answer.json(), json!({ "code": 10006, "message": "Unknown Invite" }));
        }
    }
}

#[tokio::test]
async fn an_invite_gets_a_code_that_no_body_names() {
    let site = Site::public();
    site.ask("POST ~/channels/200/invites", r#"{"code":"mine","max_age":60,"max_uses":null}"#)
        .await;
    let state = site.hub.state.lock().unwrap();
    let Command::InviteCreate(_, draft) = &state.commands.last().unwrap().2 else { panic!() };
    let code = draft.code.as_ref().map(InviteCode::as_str);
    assert!(code.is_some_and(|code| code.len() == 10 && code != "mine"), "{code:?}");
    assert_eq!((draft.max_age, draft.max_uses), (Some(60), None));
}

#[tokio::test]
async fn an_invite_of_the_wrong_shape_is_named_by_its_field() {
    let site = Site::public();
    for (body, field, code) in [
        (r#"{"max_age":"soon"}"#, "max_age", "NUMBER_TYPE_COERCE"),
        (r#"{"max_age":-1}"#, "max_age", "NUMBER_TYPE_MIN"),
        (r#"{"max_uses":[]}"#, "max_uses", "NUMBER_TYPE_COERCE"),
        (r#"{"unique":7}"#, "unique", "BOOLEAN_TYPE_CONVERT"),
    ] {
        let answer = site.ask("POST ~/channels/200/invites", body).await;
        assert_eq!(answer.status, 400, "{body}");
        let found = answer.json()["errors"][field]["_errors"][0]["code"].clone();
        assert_eq!(found, code, "{body}");
    }
}
