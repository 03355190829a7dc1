//! Walks over members, as operators watch and end them.

use http::StatusCode;
use serde_json::json;

use crate::request::Site;

const EXPORT: &str = "GET /admin/v1/guilds/100/members/export";

#[tokio::test]
async fn jobs_are_listed_and_cancelled() {
    let site = Site::admin();
    let answer = site.ask("GET /admin/v1/jobs", "").await;
    assert_eq!(
        answer.json(),
        json!({ "jobs": [{
            "id": 7, "kind": "export", "guild": "100", "state": "running", "done": 512,
            "total": 1000, "millis": 3,
        }] })
    );
    assert_eq!(site.ask("DELETE /admin/v1/jobs/7", "").await.status, StatusCode::NO_CONTENT);
    let answer = site.ask("DELETE /admin/v1/jobs/8", "").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.json()["message"], "Job 8 is over, or never was.");
    assert_eq!(site.bare("GET /admin/v1/jobs").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_export_is_lines_and_names_its_job() {
    let site = Site::admin();
    site.hub.state.lock().unwrap().export = vec![Some("{\"a\":1}\n"), Some("{\"a\":2}\n")];
    let answer = site.ask(EXPORT, "").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.text, "{\"a\":1}\n{\"a\":2}\n");
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    assert_eq!(answer.header("x-throng-job"), "7");
    let answer = site.ask("GET /admin/v1/guilds/5/members/export", "").await;
    assert_eq!(answer.json()["code"], 10004);
}

#[tokio::test]
async fn an_export_that_is_cancelled_breaks_off() {
    let site = Site::admin();
    site.hub.state.lock().unwrap().export = vec![Some("{\"a\":1}\n"), None];
    let broken = site.begin(EXPORT).await;
    assert!(broken.is_err(), "whoever reads must not take it for whole");
}
