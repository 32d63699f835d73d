//! Patterns with `*`.

pub fn matches(pattern: &str, name: &str) -> bool {
    overlap_bytes(pattern.as_bytes(), name.as_bytes())
}

/// Whether some name fits both.
pub fn overlap(one: &str, other: &str) -> bool {
    overlap_bytes(one.as_bytes(), other.as_bytes())
}

/// Exponential for many stars on both sides, which nobody writes in an index pattern.
fn overlap_bytes(one: &[u8], other: &[u8]) -> bool {
    match (one, other) {
        ([], []) => true,
        ([b'*', rest @ ..], _) if overlap_bytes(rest, other) => true,
        (_, [b'*', rest @ ..]) if overlap_bytes(one, rest) => true,
        ([b'*', ..], [_, rest @ ..]) => overlap_bytes(one, rest),
        ([_, rest @ ..], [b'*', ..]) => overlap_bytes(rest, other),
        ([a, one @ ..], [b, other @ ..]) => a == b && overlap_bytes(one, other),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name, fits) in [
            ("logs-*", "logs-a-b", true),
            ("logs-*-*", "logs-a", false),
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abb", false),
            ("a", "a", true),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
        for (one, other, both) in
            [("logs-*", "*-x", true), ("logs-*", "metrics-*", false), ("a*b", "ac*b", true), ("a*b", "a*c", false)]
        {
            assert_eq!(overlap(one, other), both, "{one} {other}");
            assert_eq!(overlap(other, one), both, "{other} {one}");
        }
    }
}
