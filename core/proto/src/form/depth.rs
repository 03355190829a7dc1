//! How deep JSON nests, before anything is made of it.

/// Returns how many objects and arrays of a text stand in each other at most.
///
/// Reads the text once and needs no memory, so it may be asked of anything. What is not JSON has a
/// depth too, which then means nothing.
#[must_use]
pub fn depth(text: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut quoted, mut escaped) = (false, false);
    for byte in text {
        if quoted {
            quoted = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::depth;

    #[test]
    fn depth_counts_what_is_open_and_not_what_is_quoted() {
        assert_eq!(depth(b"5"), 0);
        assert_eq!(depth(br#"{"a":[{}],"b":{}}"#), 3);
        assert_eq!(depth(br#"["[[[[", "\"[[", "\\", []]"#), 2);
        assert_eq!(depth(b"]]]["), 1);
    }
}
