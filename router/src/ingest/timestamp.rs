//! Event time, in the forms in which programs write it.

use jiff::Timestamp;

/// Nanoseconds since 1970 from a whole number, whose size tells its unit: seconds until the year
/// 5138, then milliseconds, microseconds and nanoseconds (each range begins in 1973).
pub fn from_integer(value: i64) -> Option<i64> {
    match value.unsigned_abs() {
        0..100_000_000_000 => value.checked_mul(1_000_000_000),
        100_000_000_000..100_000_000_000_000 => value.checked_mul(1_000_000),
        100_000_000_000_000..100_000_000_000_000_000 => value.checked_mul(1_000),
        _ => Some(value),
    }
}

/// Seconds with a fraction, as Python's `time.time()` gives them.
pub fn from_seconds(value: f64) -> Option<i64> {
    if !value.is_finite() {
        return None;
    }
    if value.abs() >= 1e11 {
        return from_integer(value as i64);
    }
    Some((value * 1e9) as i64)
}

/// RFC 3339, with `T` or a blank, any fraction, `Z` or an offset; without a zone it is UTC.
pub fn from_text(text: &str) -> Option<i64> {
    if let Some(ns) = utc_fixed(text.as_bytes()) {
        return Some(ns);
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return i64::try_from(time.as_nanosecond()).ok();
    }
    if let Ok(time) = text.parse::<jiff::civil::DateTime>() {
        let time = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
        return i64::try_from(time.as_nanosecond()).ok();
    }
    let number: f64 = text.parse().ok()?;
    match text.parse::<i64>() {
        Ok(whole) => from_integer(whole),
        Err(_) => from_seconds(number),
    }
}

/// The form nearly every line has, `2026-11-23T05:13:18.680807Z`, an order of magnitude faster than
/// the general parser, which decides on everything else (leap seconds and odd dates included).
fn utc_fixed(text: &[u8]) -> Option<i64> {
    let digits = |from: usize, to: usize| -> Option<i64> {
        text[from..to]
            .iter()
            .try_fold(0i64, |sum, &byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
    };
    let len = text.len();
    if !(20..=30).contains(&len) || text[len - 1] != b'Z' {
        return None;
    }
    if text[4] != b'-' || text[7] != b'-' || !matches!(text[10], b'T' | b' ') || text[13] != b':' || text[16] != b':' {
        return None;
    }
    let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
    let (hour, minute, second) = (digits(11, 13)?, digits(14, 16)?, digits(17, 19)?);
    if !(1970..=2200).contains(&year)
        || !(1..=12).contains(&month)
        || !(1..=28).contains(&day) && !(29..=31).contains(&day)
    {
        return None;
    }
    if day > days_in_month(year, month) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let nanos = match len {
        20 => 0,
        _ if text[19] != b'.' || len == 21 => return None,
        _ => digits(20, len - 1)? * 10i64.pow(9 - (len as u32 - 21)),
    };
    let days = days_from_civil(year, month, day);
    (((days * 24 + hour) * 60 + minute) * 60 + second).checked_mul(1_000_000_000)?.checked_add(nanos)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year / 400;
    let year_of_era = year - era * 400;
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// `2026-11-23T05:13:18.680807123Z`
pub fn to_text(ns: i64) -> String {
    Timestamp::from_nanosecond(i128::from(ns)).map_or_else(|_| ns.to_string(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn forms_of_one_moment() {
        let want = 1_795_410_798_680_807_000;
        for text in [
            "2026-11-23T05:13:18.680807Z",
            "2026-11-23 05:13:18.680807Z",
            "2026-11-23T05:13:18.680807",
            "2026-11-23T06:13:18.680807+01:00",
            "2026-11-23T05:13:18.680807000Z",
            "1795410798680807000",
            "1795410798680807",
        ] {
            assert_eq!(from_text(text), Some(want), "{text}");
        }
        assert_eq!(from_integer(1_795_410_798), Some(1_795_410_798_000_000_000));
        assert_eq!(from_integer(1_795_410_798_680), Some(1_795_410_798_680_000_000));
        assert_eq!(from_seconds(1_795_410_798.5), Some(1_795_410_798_500_000_000));
    }

    #[test]
    fn nonsense_is_none() {
        for text in ["", "yesterday", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-23T25:00:00Z", "NaN"] {
            assert_eq!(from_text(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn fast_form_agrees_with_the_library(ns in 0i64..7_000_000_000_000_000_000) {
            let text = to_text(ns);
            prop_assert_eq!(from_text(&text), Some(ns));
            if let Some(fast) = utc_fixed(text.as_bytes()) {
                prop_assert_eq!(fast, ns);
            }
        }

        #[test]
        fn never_panics(text in ".{0,40}") {
            let _ = from_text(&text);
        }
    }
}
