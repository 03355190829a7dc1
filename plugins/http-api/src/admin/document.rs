//! The admin API's description of itself.

use serde_json::json;
use throng_proto::json;
use utoipa::openapi::OpenApi;

use crate::document;

/// Completes the document with what is the same for every route.
pub(super) fn finish(document: &OpenApi) -> String {
    let mut document = json::tree(document);
    document["info"] = json!({
        "title": "Throng, for operators",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "What whoever runs Throng asks and changes, on the admin listener alone.",
        "license": document::license(),
    });
    document["servers"] = json!([{ "url": "/" }]);
    document["security"] = json!([{ document::SCHEME: [] }]);
    document["components"]["securitySchemes"][document::SCHEME] = json!({
        "type": "http",
        "scheme": "bearer",
        "description": "The token in `admin.token` of the data directory.",
    });
    document::add_error(&mut document);
    let failures = [
        ("401", "No token, or a wrong one."),
        ("404", "No such route or object."),
        ("421", "The host is not known by this name (`http.admin_hosts`)."),
    ];
    if let Some(paths) = document["paths"].as_object_mut() {
        for (path, item) in paths {
            document::complete(path, item, &failures);
        }
    }
    document.to_string()
}
