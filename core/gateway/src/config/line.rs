//! On which line of a settings file a key is written.

/// Finds the line of a dotted key; `None` where it is not written, or in an unusual way.
pub(super) fn of(text: &str, key: &str) -> Option<usize> {
    let mut table = String::new();
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            table = plain(header.trim_start_matches('[').split(']').next().unwrap_or_default());
            if table == key {
                return Some(number);
            }
            continue;
        }
        let Some((name, _)) = line.split_once('=').filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let name = plain(name);
        let whole = if table.is_empty() { name } else { format!("{table}.{name}") };
        // A table may stand on one line.
        let rest = key.strip_prefix(&whole);
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.')) {
            return Some(number);
        }
    }
    None
}

/// Writes a key without quotes and spaces.
fn plain(key: &str) -> String {
    let parts = key.split('.').map(|part| part.trim().trim_matches(['"', '\'']));
    parts.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn keys_are_found_in_tables_in_dots_and_on_one_line() {
        let text = "workers = 2\n# relay.capacity = 1\n[relay]\n\"capacity\" = 5\n\n\
                    [policy.hooks.publish]\nwall_millis_max = 5000\n[policy]\n\
                    hooks.lag.modules_max = 1\nhooks.relay = { operations_max = 0 }\n";
        for (key, line) in [
            ("workers", Some(1)),
            ("relay.capacity", Some(4)),
            ("policy.hooks.publish.wall_millis_max", Some(7)),
            ("policy.hooks.lag.modules_max", Some(9)),
            ("policy.hooks.relay.operations_max", Some(10)),
            ("policy.path", None),
            ("work", None),
        ] {
            assert_eq!(of(text, key), line, "{key}");
        }
    }
}
