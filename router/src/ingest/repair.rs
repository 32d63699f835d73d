//! A second chance for lines that are almost JSON.
//!
//! Python's `json.dumps` writes `NaN` and `Infinity`, and free text carries bytes of other encodings.
//! Neither may cost a line: the number becomes `null`, the byte U+FFFD, and both are counted.

use super::schema_counts::{SchemaCount, Tally};

/// The line with what can be repaired repaired; `None` where nothing needed it.
pub fn repair(line: &[u8], tally: &mut Tally) -> Option<String> {
    let text = String::from_utf8_lossy(line);
    let utf8_repaired = matches!(text, std::borrow::Cow::Owned(_));
    let (numbers, text) = replace_non_numbers(&text);
    if !utf8_repaired && numbers == 0 {
        return None;
    }
    if utf8_repaired {
        tally.add(SchemaCount::RepairedUtf8, 0, 1);
    }
    if numbers > 0 {
        tally.add(SchemaCount::RepairedNumber, 0, numbers);
    }
    Some(text)
}

/// `NaN`, `Infinity` and `-Infinity` outside of strings become `null`.
fn replace_non_numbers(text: &str) -> (u64, String) {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let (mut count, mut kept, mut at, mut in_string) = (0, 0, 0, false);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            b'N' | b'I' | b'-' if !in_string => {
                let word =
                    ["NaN", "Infinity", "-Infinity"].iter().find(|word| bytes[at..].starts_with(word.as_bytes()));
                if let Some(word) = word {
                    out.push_str(&text[kept..at]);
                    out.push_str("null");
                    at += word.len();
                    kept = at;
                    count += 1;
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    out.push_str(&text[kept..]);
    (count, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_outside_strings_only() {
        let (count, text) = replace_non_numbers(r#"{"a":NaN,"b":"NaN \" Infinity","c":[-Infinity, Infinity,-1]}"#);
        assert_eq!(count, 3);
        assert_eq!(text, r#"{"a":null,"b":"NaN \" Infinity","c":[null, null,-1]}"#);
    }

    #[test]
    fn sound_lines_are_left_alone() {
        assert_eq!(repair(br#"{"a":1}"#, &mut Tally::default()), None);
    }
}
