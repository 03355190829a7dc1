//! Messages and reactions: what a body becomes, and what an answer says.

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use throng_proto::permissions::Permissions;
use throng_proto::refusal::Refusal;

use crate::hub::MESSAGE;
use crate::request::{Answer, Site};

const MESSAGES: &str = "POST ~/channels/200/messages";

fn first_error(answer: &Answer, path: &str) -> Value {
    answer.json()["errors"].pointer(&format!("{path}/_errors/0/code")).cloned().unwrap_or_default()
}

async fn multipart(site: &Site, method: &str, path: &str, parts: &[(&str, &str)]) -> Answer {
    let mut body = String::new();
    for (head, content) in parts {
        let head = format!("Content-Disposition: form-data; {head}");
        body.push_str(&format!("--edge\r\n{head}\r\n\r\n{content}\r\n"));
    }
    body.push_str("--edge--\r\n");
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v10{path}"))
        .header("authorization", "Bot alice")
        .header("content-type", "multipart/form-data; boundary=edge")
        .body(Body::from(body))
        .unwrap();
    site.send(request).await
}

#[tokio::test]
async fn posting_answers_200_and_keeps_what_was_said() {
    let site = Site::public();
    let body =
        r#"{"content":"h\u00e9llo \ud83d\udc4b","nonce":"n1","enforce_nonce":true,"tts":false}"#;
    let answer = site.ask(MESSAGES, body).await;
    assert_eq!(answer.status, StatusCode::OK);
    let draft = site.hub.last_draft();
    assert_eq!(draft.content.as_deref(), Some("h\u{e9}llo \u{1f44b}"));
    assert!(draft.enforce_nonce);
}

#[tokio::test]
async fn null_means_absent_in_a_message() {
    let site = Site::public();
    let body = json!({
        "content": "x", "embeds": null, "components": null, "attachments": null, "tts": null,
        "flags": null, "nonce": null, "message_reference": null, "sticker_ids": null,
        "allowed_mentions": { "parse": null, "users": [], "replied_user": true },
    });
    let answer = site.ask(MESSAGES, body.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert!(site.hub.last_draft().allowed_mentions.unwrap().replied_user);
}

#[tokio::test]
async fn an_answer_names_the_message_it_answers_and_whether_it_needs_it() {
    let site = Site::public();
    for (key, optional) in [
        ("", false),
        (r#","fail_if_not_exists":true"#, false),
        (r#","fail_if_not_exists":false"#, true),
    ] {
        let body = format!(r#"{{"content":"x","message_reference":{{"message_id":"300"{key}}}}}"#);
        assert_eq!(site.ask(MESSAGES, body).await.status, StatusCode::OK);
        let draft = site.hub.last_draft();
        assert_eq!(draft.message_reference.unwrap().message_id, MESSAGE);
        assert_eq!(draft.reference_optional, optional, "{key}");
    }
}

#[tokio::test]
async fn files_are_refused_by_name() {
    let parts = [
        (r#"name="payload_json""#, r#"{"content":"look"}"#),
        (r#"name="files[0]"; filename="a.txt""#, "12345"),
        (r#"name="files[1]"; filename="c.txt""#, ""),
    ];
    for (method, path) in
        [("POST", "/channels/200/messages"), ("PATCH", "/channels/200/messages/300")]
    {
        let site = Site::public();
        let answer = multipart(&site, method, path, &parts).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
        assert_eq!(first_error(&answer, "/files[0]"), "NOT_SUPPORTED");
        assert!(site.hub.state.lock().unwrap().commands.is_empty());
    }
}

#[tokio::test]
async fn parts_may_come_in_any_order_and_more_than_once() {
    let json = (r#"name="payload_json""#, r#"{"tts":true}"#);
    let content = (r#"name="content""#, "plain");
    for parts in [[json, content, content], [content, json, content], [content, json, json]] {
        let site = Site::public();
        let answer = multipart(&site, "POST", "/channels/200/messages", &parts).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let draft = site.hub.last_draft();
        assert_eq!((draft.content.as_deref(), draft.tts), (Some("plain"), true));
    }
}

#[tokio::test]
async fn a_type_is_the_same_in_capitals() {
    let site = Site::public();
    let body =
        "--edge\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\nx\r\n--edge--\r\n";
    let request = Request::post("/api/v10/channels/200/messages")
        .header("authorization", "Bot alice")
        .header("content-type", "Multipart/Form-Data; Boundary=edge")
        .body(Body::from(body))
        .unwrap();
    assert_eq!(site.send(request).await.status, StatusCode::OK);
    assert_eq!(site.hub.last_draft().content.as_deref(), Some("x"));
}

#[tokio::test]
async fn text_that_json_cannot_hold_is_refused_and_the_last_of_equal_keys_counts() {
    for body in [r#"{"content":"\ud800"}"#, r#"{"nonce":1e999}"#, "{\"content\":\"\u{0}\"}", "{,}"]
    {
        let answer = Site::public().ask(MESSAGES, body).await;
        assert_eq!(answer.json()["code"], 50109, "{body}");
    }
    for nonce in ["1e300", "123456789012345678901234567890", "1.5", "{}", "true"] {
        let answer = Site::public().ask(MESSAGES, format!("{{\"nonce\":{nonce}}}")).await;
        assert_eq!(first_error(&answer, "/nonce"), "NUMBER_TYPE_COERCE", "{nonce}");
    }
    let site = Site::public();
    let body = "\u{feff}{\"content\":5,\"content\":\"a\\u0000b\"}";
    assert_eq!(site.ask(MESSAGES, body).await.status, StatusCode::OK);
    assert_eq!(site.hub.last_draft().content.as_deref(), Some("ab"));
}

#[tokio::test]
async fn a_body_that_nests_too_deeply_is_refused() {
    for levels in [33, 100, 120, 5_000, 100_000] {
        let body = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        let body = format!("{{\"content\":\"x\",\"foreign\":{body}}}");
        let answer = Site::public().ask(MESSAGES, body).await;
        assert_eq!(first_error(&answer, ""), "DEPTH_EXCEEDED", "{levels}");
    }
    let body = format!("{{\"content\":\"x\",\"foreign\":{}{}}}", "[".repeat(31), "]".repeat(31));
    assert_eq!(Site::public().ask(MESSAGES, body).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_form_may_hold_the_content_itself() {
    let site = Site::public();
    let parts = [(r#"name="content""#, "plain"), (r#"name="tts""#, "true")];
    let answer = multipart(&site, "POST", "/channels/200/messages", &parts).await;
    assert_eq!(answer.status, StatusCode::OK);
    let draft = site.hub.last_draft();
    assert_eq!((draft.content.as_deref(), draft.tts), (Some("plain"), true));
}

#[tokio::test]
async fn edits_take_multipart_too() {
    let site = Site::public();
    let parts = [(r#"name="payload_json""#, r#"{"content":"new"}"#)];
    let answer = multipart(&site, "PATCH", "/channels/200/messages/300", &parts).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(site.hub.last().contains("Some(Some(\"new\"))"), "{}", site.hub.last());
}

#[tokio::test]
async fn broken_multipart_and_attachments_without_files_are_refused() {
    let site = Site::public();
    let parts = [(r#"name="payload_json""#, "{")];
    let answer = multipart(&site, "POST", "/channels/200/messages", &parts).await;
    assert_eq!(answer.json()["code"], 50109);
    let request = Request::post("/api/v10/channels/200/messages")
        .header("authorization", "Bot alice")
        .header("content-type", "multipart/form-data; boundary=edge")
        .body(Body::from("--edge\r\nnothing"))
        .unwrap();
    let answer = site.send(request).await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].clone()), (400, json!(50035)));
    let answer = site.ask(MESSAGES, r#"{"content":"x","attachments":[{"id":"0"}]}"#).await;
    assert_eq!(first_error(&answer, "/attachments/0/id"), "ATTACHMENT_NOT_FOUND");
}

#[tokio::test]
async fn history_is_asked_for_in_pages() {
    let site = Site::public();
    for query in ["", "?before=5&limit=1", "?after=5&limit=100", "?around=5"] {
        let answer = site.ask(&format!("GET ~/channels/200/messages{query}"), "").await;
        assert_eq!(answer.json()[0]["id"], "300", "{query}");
    }
    let pages = format!("{:?}", site.hub.state.lock().unwrap().pages);
    assert_eq!(pages, "[(Latest, 50), (Before(5), 1), (After(5), 100), (Around(5), 50)]");
    for query in ["?limit=0", "?limit=101", "?limit=x", "?before=x", "?before=1&after=2"] {
        let answer = site.ask(&format!("GET ~/channels/200/messages{query}"), "").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(answer.json()["code"], 50035, "{query}");
    }
}

#[tokio::test]
async fn without_read_message_history_the_list_is_empty_and_one_message_refused() {
    let site = Site::public();
    site.hub.state.lock().unwrap().withheld = Permissions::READ_MESSAGE_HISTORY;
    let answer = site.ask("GET ~/channels/200/messages", "").await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!([])));
    let asked = |site: &Site| site.hub.state.lock().unwrap().commands.len();
    assert_eq!(asked(&site), 1, "one question");
    assert!(site.hub.state.lock().unwrap().pages.is_empty());
    let answer = site.ask("GET ~/channels/200/messages/300", "").await;
    assert_eq!(answer.json()["code"], 50013);
    site.hub.state.lock().unwrap().withheld = Permissions::NONE;
    let before = asked(&site);
    let answer = site.ask("GET ~/channels/200/messages/301", "").await;
    assert_eq!(answer.json()["code"], 10008);
    assert_eq!(asked(&site), before + 1, "one question, also about what is not there");
}

#[tokio::test]
async fn who_may_not_see_a_channel_learns_nothing_of_its_messages() {
    let site = Site::public();
    site.hub.refuse("Access", Refusal::MissingAccess);
    for line in [
        "GET ~/channels/200/messages",
        "GET ~/channels/200/messages/300",
        "GET ~/channels/200/messages/300/reactions/x:1",
    ] {
        let answer = site.ask(line, "").await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].clone()), (403, json!(50001)));
    }
}

#[tokio::test]
async fn messages_are_read_edited_and_deleted_with_discords_statuses() {
    let site = Site::public();
    for (line, body, status) in [
        ("GET ~/channels/200/messages/300", "", 200),
        ("GET ~/channels/200/messages/301", "", 404),
        ("PATCH ~/channels/200/messages/300", r#"{"content":"x"}"#, 200),
        ("DELETE ~/channels/200/messages/300", "", 204),
        ("POST ~/channels/200/messages/bulk-delete", r#"{"messages":["1","2"]}"#, 204),
        ("POST ~/channels/200/messages/bulk-delete", r#"{"messages":["1","1"]}"#, 400),
        ("POST ~/channels/200/messages/bulk-delete", "{}", 400),
        ("POST ~/channels/200/typing", "", 204),
    ] {
        let answer = site.ask(line, body).await;
        assert_eq!(answer.status, status, "{line} {body}: {}", answer.text);
    }
}

#[tokio::test]
async fn reactions_read_emojis_from_the_path() {
    let site = Site::public();
    let thumb = "~/channels/200/messages/300/reactions/%F0%9F%91%8D";
    for (line, word) in [
        (format!("PUT {thumb}/@me"), "ReactionAdd"),
        (format!("DELETE {thumb}/@me"), "ReactionRemove"),
        (format!("DELETE {thumb}/2"), "ReactionRemove"),
        (format!("DELETE {thumb}"), "ReactionClear"),
    ] {
        assert_eq!(site.ask(&line, "").await.status, StatusCode::NO_CONTENT, "{line}");
        let last = site.hub.last();
        assert!(last.starts_with(word) && last.contains("\u{1f44d}"), "{last}");
    }
    let users = site.ask(&format!("GET {thumb}?limit=3"), "").await.json();
    assert_eq!(users[0]["username"], "bob");
    let answer = site.ask("DELETE ~/channels/200/messages/300/reactions", "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let answer = site.ask("PUT ~/channels/200/messages/300/reactions/%20/@me", "").await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].clone()), (400, json!(10014)));
    let answer = site.ask("GET ~/channels/200/messages/301/reactions/x:1", "").await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].clone()), (404, json!(10008)));
}
