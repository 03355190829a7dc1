//! Numbers as clients write them.

use serde_json::{Number, Value};

/// Floats above have no fractions, so who wrote one cannot have meant it exactly.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// Digits of the largest number, with its sign.
const DIGITS_MAX: usize = 20;

/// Reads a whole number: an integer, a float without a fraction, or digits in a string.
pub(super) fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => of_number(number),
        Value::String(text) => of_text(text),
        _ => None,
    }
}

fn of_number(number: &Number) -> Option<i128> {
    if let Some(number) = number.as_i64() {
        return Some(number.into());
    }
    if let Some(number) = number.as_u64() {
        return Some(number.into());
    }
    let float = number.as_f64()?;
    let exact = float.fract() == 0.0 && float.abs() <= EXACT_MAX;
    // Exact by the line before.
    exact.then_some(float as i128)
}

fn of_text(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain && text.len() <= DIGITS_MAX { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::whole;

    #[test]
    fn whole_numbers_are_read_however_they_are_written() {
        for five in [json!(5), json!(5.0), json!("5"), json!("05")] {
            assert_eq!(whole(&five), Some(5), "{five}");
        }
        assert_eq!(whole(&json!(-1)), Some(-1));
        assert_eq!(whole(&json!("-1")), Some(-1));
        assert_eq!(whole(&json!(u64::MAX)), Some(u64::MAX.into()));
        for wrong in
            [json!(5.5), json!(1e20), json!(""), json!("-"), json!("5.0"), json!("+5"), json!(" 5")]
        {
            assert_eq!(whole(&wrong), None, "{wrong}");
        }
        for wrong in [json!(true), json!([5]), json!({}), json!("9".repeat(40))] {
            assert_eq!(whole(&wrong), None, "{wrong}");
        }
    }
}
