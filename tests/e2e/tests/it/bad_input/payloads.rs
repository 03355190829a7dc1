//! Payloads that end a link and keep its session.

use anyhow::Result;
use serde_json::json;
use throng_e2e::Way;

use super::{closes_and_keeps_the_session, identify, scene};

over_each_transport!(a_second_identify_is_refused);
async fn a_second_identify_is_refused(way: Way) -> Result<()> {
    let scene = scene(&[])?;
    let said = identify(&scene).to_string();
    closes_and_keeps_the_session(&scene, way, &[said], (4005, "decode")).await
}

over_each_transport!(malformed_json_is_refused);
async fn malformed_json_is_refused(way: Way) -> Result<()> {
    for said in ["{\"op\":1,", "hello", "", "[]", "{\"op\":\"one\",\"d\":null}", "{\"d\":null}"] {
        // One gateway each: a user has one guild, and every count begins with 0.
        let scene = scene(&[])?;
        closes_and_keeps_the_session(&scene, way, &[said.to_owned()], (4002, "decode")).await?;
    }
    Ok(())
}

over_each_transport!(an_unknown_opcode_is_refused);
async fn an_unknown_opcode_is_refused(way: Way) -> Result<()> {
    let scene = scene(&[])?;
    let said = json!({ "op": 99, "d": null }).to_string();
    closes_and_keeps_the_session(&scene, way, &[said], (4001, "decode")).await
}

over_each_transport!(an_oversized_payload_is_refused);
async fn an_oversized_payload_is_refused(way: Way) -> Result<()> {
    let limits = ["websocket.payload_bytes_max", "quic.transport.payload_bytes_max"];
    let scene = scene(&limits.map(|key| (key, "2048")))?;
    let said = json!({ "op": 1, "d": null, "fill": "x".repeat(2048) }).to_string();
    closes_and_keeps_the_session(&scene, way, &[said], (4002, "payload_bytes_max")).await
}

over_each_transport!(too_many_payloads_are_refused);
async fn too_many_payloads_are_refused(way: Way) -> Result<()> {
    let scene = scene(&[("limits.payloads_max", "5")])?;
    // IDENTIFY was the first.
    let said = vec![json!({ "op": 1, "d": null }).to_string(); 5];
    closes_and_keeps_the_session(&scene, way, &said, (4008, "payloads_max")).await
}
