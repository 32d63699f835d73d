//! Texts of others, made to fit where they go.

/// Cuts in place to at most `bytes` bytes, the mark `…` included.
pub fn cut(text: &mut String, bytes: usize) {
    if text.len() <= bytes {
        return;
    }
    let mut end = bytes.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    if bytes >= '…'.len_utf8() {
        text.push('…');
    }
}

/// How receivers may count: UTF-16 units are never fewer than characters, and never fewer than what a
/// receiver counts that runs on JavaScript, Java or C#.
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// As much of `text` as fits into `most` units after each character was written by `write`, which is given
/// what follows it too, and a `…` where something is left out. Characters that no receiver shows, or that turn the reading direction of
/// what follows, become spaces.
pub fn fit(text: &str, most: usize, write: impl Fn(char, &str, &mut String)) -> String {
    let mut out = String::new();
    let mut used = 0;
    // Where to cut back to, so that the mark still fits.
    let mut last_fit = 0;
    let mut piece = String::new();
    for (at, c) in text.char_indices() {
        piece.clear();
        write(clean(c), &text[at + c.len_utf8()..], &mut piece);
        let size = units(&piece);
        if used + size > most {
            out.truncate(last_fit);
            if most > 0 {
                out.push('…');
            }
            return out;
        }
        used += size;
        out.push_str(&piece);
        if used < most {
            last_fit = out.len();
        }
    }
    out
}

/// `fit` with nothing to escape.
pub fn plain(text: &str, most: usize) -> String {
    fit(text, most, |c, _, out| out.push(c))
}

/// One line of it.
pub fn line(text: &str, most: usize) -> String {
    fit(text, most, |c, _, out| out.push(if c == '\n' { ' ' } else { c }))
}

fn clean(c: char) -> char {
    match c {
        '\n' => '\n',
        c if c.is_control() => ' ',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' => ' ',
        c => c,
    }
}

/// Receivers cut or refuse longer ones.
const LINK_MAX: usize = 2048;

/// Whether it may stand as a link: somebody else's text must not become anything but a web address.
pub fn is_link(text: &str) -> bool {
    if text.len() > LINK_MAX {
        return false;
    }
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && rest.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '|' | '"' | '\'' | '`' | '\\'))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_fits_stays_whole() {
        assert_eq!(plain("abc", 3), "abc");
        assert_eq!(plain("abcd", 3), "ab…");
        assert_eq!(plain("a😀", 3), "a😀");
        assert_eq!(plain("a😀b", 3), "a…");
        assert_eq!(plain("", 0), "");
        assert_eq!(line("a\r\nb", 9), "a  b");
    }

    #[test]
    fn only_web_addresses_are_links() {
        assert!(is_link("https://wiki.example/runbooks/A?x=1#y"));
        for not in ["javascript:alert(1)", "https://", "https://a b", "https://a|b", "https://a>", "", "http://ü"] {
            assert!(!is_link(not), "{not}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_ever_too_long(text in any::<String>(), most in 0usize..40) {
            let escaped = fit(&text, most, |c, _, out| match c {
                '&' => out.push_str("&amp;"),
                c => out.push(c),
            });
            prop_assert!(units(&escaped) <= most);
            prop_assert!(!escaped.chars().any(|c| c.is_control() && c != '\n'));
            let mut bytes = text.clone();
            cut(&mut bytes, most);
            prop_assert!(bytes.len() <= most);
        }
    }
}
