//! "date format": the formats that telemetry uses.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde_json::Value;

pub const DEFAULT_FORMAT: &str = "strict_date_optional_time||epoch_millis";

const KNOWN: [&str; 6] = [
    "strict_date_optional_time",
    "date_optional_time",
    "strict_date_optional_time_nanos",
    "epoch_millis",
    "epoch_second",
    "strict_date_time",
];

/// Whether all formats of `a||b` are known here.
pub fn is_known(format: &str) -> bool {
    format.split("||").all(|part| KNOWN.contains(&part))
}

pub fn fits(format: &str, value: &Value) -> bool {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return false,
    };
    format.split("||").any(|part| match part {
        "epoch_millis" | "epoch_second" => is_number(&text),
        "strict_date_time" => is_date_time(&text) && text.contains('T'),
        _ => is_date(&text),
    })
}

/// A year, a month, a day, or a time after a `T`.
pub fn is_date(text: &str) -> bool {
    match text.len() {
        4 => Date::strptime("%Y-%m-%d", format!("{text}-01-01")).is_ok(),
        7 => Date::strptime("%Y-%m-%d", format!("{text}-01")).is_ok(),
        10 => Date::strptime("%Y-%m-%d", text).is_ok(),
        _ => is_date_time(text),
    }
}

fn is_date_time(text: &str) -> bool {
    // jiff also reads a space, and names of time zones in brackets.
    let strict = text.as_bytes().get(10) == Some(&b'T') && !text.contains('[');
    strict && (text.parse::<Timestamp>().is_ok() || !text.ends_with('Z') && text.parse::<DateTime>().is_ok())
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, part].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dates_of_the_default_format() {
        for (value, good) in [
            (json!("2024-05-06T07:08:09.123456789Z"), true),
            (json!("2024-05-06T07:08:09+02:00"), true),
            (json!("2024-05-06T07:08:09"), true),
            (json!("2024-05-06"), true),
            (json!("2024-05"), true),
            (json!("2024"), true),
            (json!(1_714_979_289_000_u64), true),
            (json!("1714979289000"), true),
            (json!("2024-05-06 07:08:09"), false),
            (json!("2024-13-06"), false),
            (json!("2024-02-30T00:00:00Z"), false),
            (json!("6 May 2024"), false),
            (json!(""), false),
            (json!(true), false),
        ] {
            assert_eq!(fits(DEFAULT_FORMAT, &value), good, "{value}");
        }
        assert!(!fits("strict_date_optional_time", &json!("1714979289000")));
        assert!(!is_known("yyyy/MM/dd"));
    }
}
