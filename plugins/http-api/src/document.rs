//! Completes the OpenAPI document with what is the same for every route.

use serde_json::{Map, Value, json};
use throng_proto::json;
use utoipa::openapi::OpenApi;

/// Methods that a path may have in a document.
const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// Name of the way to authenticate.
pub(crate) const SCHEME: &str = "token";

/// Adds title, server, authentication, parameters of paths and answers to failures.
///
/// Paths are relative to the server `/api/v10`, as in Discord's own document.
pub(crate) fn finish(document: &OpenApi) -> String {
    let mut document = json::tree(document);
    document["info"] = json!({
        "title": "Throng",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Discord's HTTP API as far as Throng speaks it.",
        "license": license(),
    });
    document["servers"] = json!([{ "url": "/api/v10" }]);
    document["security"] = json!([{ SCHEME: [] }]);
    document["components"]["securitySchemes"][SCHEME] = json!({
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`Bot <token>`, `Bearer <token>` or the token alone.",
    });
    add_error(&mut document);
    if let Some(paths) = document["paths"].as_object_mut() {
        for (path, item) in paths {
            complete(path, item, &[("404", "No such route or object.")]);
        }
    }
    document.to_string()
}

/// The licence, as the manifest names it.
pub(crate) fn license() -> Value {
    let spdx = env!("CARGO_PKG_LICENSE");
    json!({ "name": spdx, "identifier": spdx })
}

pub(crate) fn add_error(document: &mut Value) {
    use utoipa::PartialSchema;
    let schema = json::tree(&crate::schema::Error::schema());
    document["components"]["schemas"]["Error"] = schema;
}

/// Adds parameters and answers to failures, those of every route among them.
pub(crate) fn complete(path: &str, item: &mut Value, always: &[(&str, &str)]) {
    for method in METHODS {
        let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) else { continue };
        parameters(path, operation);
        let mut failures = always.to_vec();
        let known = always.iter().any(|(status, _)| *status == "401");
        if !known && operation.get("security").is_none() {
            failures.push(("401", "No valid token."));
            failures.push(("403", "Not permitted."));
            failures.push(("429", "Too many requests; `retry_after` says when to come back."));
        }
        if operation.contains_key("requestBody") {
            failures.push(("400", "A field is wrong; `errors` says which."));
            failures.push(("413", "Body too large."));
        }
        for (status, description) in failures {
            operation["responses"][status] = json!({
                "description": description,
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Error" },
                } },
            });
        }
    }
}

/// Puts the parameters of the path before those of the query.
fn parameters(path: &str, operation: &mut Map<String, Value>) {
    let mut all: Vec<Value> = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            let text = match name {
                "emoji_name" => "Unicode emoji or `name:id`.",
                "invite_code" => "Code.",
                "token_id" | "session_id" => "16 hexadecimal digits.",
                _ => "Snowflake.",
            };
            let schema = json!({ "type": "string" });
            json!({
                "name": name, "in": "path", "required": true, "description": text, "schema": schema,
            })
        })
        .collect();
    if let Some(Value::Array(given)) = operation.remove("parameters") {
        all.extend(given);
    }
    if !all.is_empty() {
        operation.insert("parameters".to_owned(), Value::Array(all));
    }
}
