//! What a parser quotes of a file is not told: the line may hold a secret.

/// Drops what a parser quotes of a file. Its place and what is wrong stay.
pub(super) fn without_quotes(error: &str) -> String {
    let quoted = |line: &&str| line.split_once('|').is_some_and(|(number, _)| is_margin(number));
    let kept: Vec<&str> =
        error.lines().map(str::trim).filter(|line| !line.is_empty() && !quoted(line)).collect();
    kept.join(": ")
}

fn is_margin(text: &str) -> bool {
    text.trim().chars().all(|digit| digit.is_ascii_digit())
}
