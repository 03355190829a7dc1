//! Importing members from NDJSON.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use futures_util::{StreamExt, stream};
use http::StatusCode;
use serde_json::json;
use throng_plugin_http_api::{Config, Import};

use crate::request::Site;

const IMPORT: &str = "POST /admin/v1/guilds/100/members/import";

fn batches_of(batch_members_max: usize) -> Site {
    let import = Import { batch_members_max, ..Import::default() };
    Site::admin_with(Config { import, ..Config::default() })
}

/// Returns the names in each batch that reached the hub.
fn batches(site: &Site) -> Vec<Vec<String>> {
    let state = site.hub.state.lock().unwrap();
    let names = |batch: &Vec<throng_proto::model::Member>| {
        batch.iter().map(|member| member.user.username.clone()).collect()
    };
    state.batches.iter().map(names).collect()
}

#[tokio::test]
async fn users_come_by_id_or_name_and_new_names_become_users() {
    let site = batches_of(500);
    let body = concat!(
        "{\"user_id\":\"1\",\"roles\":[\"mod\"]}\r\n",
        "\n",
        "{\"username\":\"bob\",\"roles\":[\"101\",\"@everyone\"]}\n",
        "{\"username\":\"carol\"}\n",
        "{\"username\":\"carol\",\"nick\":\"again\"}"
    );
    let answer = site.ask(IMPORT, body).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.json(),
        json!({
            "imported": 2, "existing": 2, "lines": 4, "failed": 0, "through": 5, "errors": [],
        })
    );
    assert_eq!(batches(&site), [["alice", "bob", "carol"]]);
    let state = site.hub.state.lock().unwrap();
    assert_eq!(format!("{:?}", state.batches[0][1].profile.roles), "[101]");
    assert!(state.named.contains_key("carol"));
}

#[tokio::test]
async fn a_broken_line_stops_its_batch_and_all_after_it() {
    let site = batches_of(2);
    let body = concat!(
        "{\"username\":\"a\"}\n{\"username\":\"b\"}\n",
        "{\"username\":\"c\"}\nbroken\n",
        "{\"username\":\"d\"}\n"
    );
    let answer = site.ask(IMPORT, body).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let report = answer.json();
    assert_eq!((&report["imported"], &report["lines"]), (&json!(2), &json!(4)));
    assert_eq!(report["through"], 2, "what took effect");
    assert_eq!(
        report["errors"],
        json!([{ "line": 4, "message": "The request body contains invalid JSON." }])
    );
    assert_eq!(batches(&site), [["a", "b"]]);
    assert!(!site.hub.state.lock().unwrap().named.contains_key("c"));
}

#[tokio::test]
async fn broken_lines_are_skipped_when_told_so() {
    let site = batches_of(500);
    let body = concat!(
        "{\"username\":\"a\"}\n",
        "{\"user_id\":\"77\"}\n",
        "{\"username\":\"b\",\"roles\":[\"boss\"]}\n",
        "{\"username\":\"b\",\"user_id\":\"1\"}\n",
        "{\"name\":\"b\"}\n",
        "[]\n",
        "{\"username\":\"c\"}\n"
    );
    let answer = site.ask(&format!("{IMPORT}?on_error=skip"), body).await;
    assert_eq!(answer.status, StatusCode::OK);
    let report = answer.json();
    assert_eq!((&report["imported"], &report["failed"]), (&json!(2), &json!(5)));
    let mut lines: Vec<_> =
        report["errors"].as_array().unwrap().iter().map(|error| error["line"].clone()).collect();
    lines.sort_by_key(serde_json::Value::as_u64);
    assert_eq!(lines, [2, 3, 4, 5, 6]);
    assert!(
        answer.text.contains("Unknown user `77`.") && answer.text.contains("Unknown role `boss`.")
    );
    assert_eq!(batches(&site), [["a", "c"]]);
}

#[tokio::test]
async fn an_unknown_user_stops_before_anybody_of_its_batch_is_made() {
    let site = batches_of(500);
    let answer = site.ask(IMPORT, "{\"username\":\"a\"}\n{\"user_id\":\"77\"}\n").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.json()["errors"][0]["line"], 2);
    let state = site.hub.state.lock().unwrap();
    assert!(state.batches.is_empty() && state.named.is_empty());
}

#[tokio::test]
async fn a_stream_is_split_into_lines_wherever_its_chunks_end() {
    let site = batches_of(3);
    let text: String = (0..10).map(|n| format!("{{\"username\":\"user{n}\"}}\n")).collect();
    let bytes: Vec<_> = text.bytes().map(|byte| Bytes::copy_from_slice(&[byte])).collect();
    let chunks = stream::iter(bytes).then(async |chunk| {
        tokio::task::yield_now().await;
        Ok::<_, Infallible>(chunk)
    });
    let answer = site.ask(IMPORT, Body::from_stream(chunks)).await;
    assert_eq!((&answer.json()["imported"], &answer.json()["lines"]), (&json!(10), &json!(10)));
    assert_eq!(batches(&site).iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 3, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_pauses_too_long_ends_and_keeps_its_committed_batches() {
    let site = batches_of(1);
    let first = stream::iter([Ok::<_, Infallible>(Bytes::from("{\"username\":\"a\"}\n{\"user"))]);
    let body = Body::from_stream(first.chain(stream::pending()));
    let answer = site.ask(IMPORT, body).await;
    assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT);
    assert_eq!(answer.json()["imported"], 1);
    assert_eq!(batches(&site), [["a"]]);
}

#[tokio::test]
async fn lines_have_a_limit_and_unknown_guilds_and_modes_are_refused() {
    let site = batches_of(500);
    for end in ["", "\n"] {
        let long = format!("{{\"username\":\"{}\"}}{end}", "x".repeat(20_000));
        let answer = site.ask(IMPORT, long).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(answer.json()["message"].as_str().unwrap().starts_with("Line 1 is longer"));
    }
    let answer = site.ask("POST /admin/v1/guilds/5/members/import", "").await;
    assert_eq!(answer.json()["code"], 10004);
    let answer = site.ask(&format!("{IMPORT}?on_error=maybe"), "").await;
    assert_eq!(answer.json()["code"], 50035);
}

#[tokio::test]
async fn an_import_goes_on_from_a_line() {
    let site = batches_of(2);
    let body = "{\"username\":\"a\"}\nbroken\n\n{\"username\":\"b\"}\n{\"username\":\"c\"}\n";
    let answer = site.ask(&format!("{IMPORT}?from=4"), body).await;
    assert_eq!(answer.status, StatusCode::OK);
    let report = answer.json();
    assert_eq!((&report["imported"], &report["lines"]), (&json!(2), &json!(2)));
    assert_eq!(report["through"], 5, "lines are counted from the first one");
    assert_eq!(batches(&site), [["b", "c"]]);
    let broken = site.ask(&format!("{IMPORT}?from=2"), body).await;
    assert_eq!(broken.json()["errors"][0]["line"], 2);
    let answer = site.ask(&format!("{IMPORT}?from=x"), "").await;
    assert_eq!(answer.json()["code"], 50035);
}

#[tokio::test]
async fn a_broken_line_has_nobody_imported_when_told_so() {
    let refuse = format!("{IMPORT}?on_error=refuse");
    let lines = "{\"username\":\"a\"}\n{\"username\":\"b\"}\n{\"username\":\"c\"}\n";
    let site = batches_of(1);
    for (broken, count) in [("oops\n{\"user_id\":\"77\"}\n", 2), ("{\"user_id\":\"77\"}", 1)] {
        let answer = site.ask(&refuse, format!("{lines}{broken}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        let report = answer.json();
        assert_eq!((&report["imported"], &report["through"]), (&json!(0), &json!(0)));
        assert_eq!((&report["failed"], &report["errors"][0]["line"]), (&json!(count), &json!(4)));
        assert_eq!(report["message"], "A line is broken; nobody was imported.");
    }
    assert!(batches(&site).is_empty() && site.hub.state.lock().unwrap().named.is_empty());
    let answer = site.ask(&refuse, lines).await;
    assert_eq!((answer.status, &answer.json()["through"]), (StatusCode::OK, &json!(3)));
    assert_eq!(batches(&site), [["a"], ["b"], ["c"]]);
}

#[tokio::test]
async fn lines_that_wait_for_each_other_have_a_limit_together() {
    let import = Import { whole_bytes_max: 40, ..Import::default() };
    let site = Site::admin_with(Config { import, ..Config::default() });
    let lines = "{\"username\":\"aaaa\"}\n{\"username\":\"bbbb\"}\n{\"username\":\"cccc\"}\n";
    let answer = site.ask(&format!("{IMPORT}?on_error=refuse"), lines).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.text.contains("import.whole_bytes_max"), "{}", answer.text);
    assert!(batches(&site).is_empty());
}

#[tokio::test(start_paused = true)]
async fn progress_is_told_while_lines_come_and_ends_with_the_report() {
    let site = batches_of(1);
    let lines = ["{\"username\":\"a\"}\n", "{\"username\":\"b\"}\n", "broken\n"];
    let slowly = stream::iter(lines).then(async |line| {
        tokio::time::advance(std::time::Duration::from_secs(2)).await;
        Ok::<_, Infallible>(Bytes::from(line))
    });
    let answer = site.ask(&format!("{IMPORT}?progress=true"), Body::from_stream(slowly)).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::OK, "application/x-ndjson")
    );
    let told: Vec<serde_json::Value> =
        answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let through: Vec<_> = told.iter().map(|line| line["through"].as_u64().unwrap()).collect();
    assert_eq!(through, [1, 2, 2]);
    assert_eq!(told[0].get("over"), None);
    let report = told.last().unwrap();
    assert_eq!((&report["over"], &report["imported"]), (&json!(true), &json!(2)));
    assert_eq!((&report["errors"][0]["line"], &report["failed"]), (&json!(3), &json!(1)));
    assert!(report["message"].as_str().unwrap().starts_with("A line is broken"), "{report}");
}
