//! Secrets made of digits: cards, identity numbers, addresses.
//!
//! Order ids, prices, quantities and times are digits as well, so a number has to fit in length,
//! neighbourhood and check digit.

use super::{Look, Shape, Shapes, is_word, run_begin, run_end, secret};

/// Words that stand before a card number in one token with it (`card-4111…`); behind any other such
/// word (`CO-4111…`) the number is an id.
const CARD_WORDS: [&[u8]; 8] = [b"card", b"cc", b"pan", b"visa", b"mc", b"amex", b"mastercard", b"cardno"];

/// Groups in which cards are printed.
const CARD_GROUPS: [&[usize]; 4] = [&[4, 4, 4, 4], &[4, 4, 4, 4, 3], &[4, 6, 5], &[4, 6, 4]];

impl Shapes {
    pub(super) fn look_at_number(&self, bytes: &[u8], place: usize) -> Look {
        let from = run_begin(bytes, place, |b| b.is_ascii_digit());
        let to = run_end(bytes, place, |b| b.is_ascii_digit());
        if let Some(end) = time(bytes, from, to) {
            return Look::PassOver(end);
        }
        let mut nothing = Look::Nothing;
        if self.has(Shape::Ip) {
            match address(bytes, from) {
                Look::Nothing => {}
                Look::PassOver(end) => nothing = Look::PassOver(end),
                found => return found,
            }
        }
        if self.has(Shape::NationalId)
            && let Some((from, to)) = taiwanese(bytes, from, to).or_else(|| social(bytes, from, to))
        {
            return secret(Shape::NationalId, from, to);
        }
        if self.has(Shape::Card)
            && let Some((from, to)) = card(bytes, from, to)
        {
            return secret(Shape::Card, from, to);
        }
        if nothing == Look::Nothing && to - from >= 4 { Look::PassOver(to) } else { nothing }
    }
}

/// Where a time ends that begins here: `2026-04-08T08:31:10.123456`. Log lines are full of them, and
/// no part of one is worth a look.
fn time(bytes: &[u8], from: usize, to: usize) -> Option<usize> {
    const FORM: &[u8] = b"-dd-ddTdd:dd:dd";
    const FRACTION_MAX: usize = 9;
    let behind = bytes.get(to..to + FORM.len()).filter(|_| to - from == 4)?;
    let fits = behind.iter().zip(FORM).all(|(byte, form)| match form {
        b'd' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b' '),
        _ => byte == form,
    });
    let end = to + FORM.len();
    let fraction = match bytes.get(end) {
        Some(b'.' | b',') => run_end(bytes, end + 1, |b| b.is_ascii_digit()) - end,
        _ => 0,
    };
    (fits && fraction <= 1 + FRACTION_MAX).then_some(end + fraction)
}

/// An IPv4 address of which the digits at `from` are a part.
fn address(bytes: &[u8], from: usize) -> Look {
    let is_part = |b: u8| b.is_ascii_digit() || b == b'.';
    let begin = run_begin(bytes, from, is_part);
    let end = run_end(bytes, from, is_part);
    // Full stops around it belong to the sentence.
    let begin = run_end(&bytes[..end], begin, |b| b == b'.');
    let end = run_begin(bytes, end, |b| b == b'.').max(begin);
    let mut count = 0;
    let mut numbers = [0_u16; 4];
    for part in bytes[begin..end].split(|b| *b == b'.') {
        let number = std::str::from_utf8(part).ok().filter(|part| part.len() <= 3);
        let number = number.and_then(|part| part.parse::<u16>().ok()).filter(|number| *number <= 255);
        match (numbers.get_mut(count), number) {
            (Some(slot), Some(number)) => *slot = number,
            _ => return Look::Nothing,
        }
        count += 1;
    }
    if count != 4 {
        return Look::Nothing;
    }
    // `v1.2.3.4` is a version.
    let is_version = bytes[..begin].last().is_some_and(|b| matches!(b, b'v' | b'V'))
        && !bytes[..begin - 1].last().is_some_and(|b| b.is_ascii_alphabetic());
    if is_version || numbers == [0; 4] || numbers == [127, 0, 0, 1] {
        return Look::PassOver(end);
    }
    secret(Shape::Ip, begin, end)
}

impl Shapes {
    /// An IPv6 address (RFC 4291, section 2.2) of which this colon is a part.
    pub(super) fn look_at_colons(&self, bytes: &[u8], colon: usize) -> Look {
        /// `2001:db8::1` has three groups; `a::b` may be a path in somebody's code.
        const GROUPS_LEAST: usize = 3;
        let is_part = |b: u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
        // The first colon of an address is not its last; most colons are followed by a space.
        if !bytes.get(colon + 1).is_some_and(|b| is_part(*b)) {
            return Look::Nothing;
        }
        let begin = run_begin(bytes, colon, is_part);
        // A full stop, and a colon that is no half of `::`, belong to the sentence.
        let mut end = run_end(bytes, colon, is_part);
        while bytes[begin..end].ends_with(b".")
            || bytes[begin..end].ends_with(b":") && !bytes[begin..end].ends_with(b"::")
        {
            end -= 1;
        }
        let is_cut = |b: Option<&u8>| b.is_some_and(|b| is_word(*b));
        if !self.has(Shape::Ip) || is_cut(bytes[..begin].last()) || is_cut(bytes.get(end)) {
            return Look::Nothing;
        }
        let text = std::str::from_utf8(&bytes[begin..end]).unwrap_or_default();
        let Ok(address) = text.parse::<std::net::Ipv6Addr>() else { return Look::Nothing };
        // The last four bytes may be written as those of IPv4: two groups.
        let groups = text.split(':').filter(|group| !group.is_empty()).count() + usize::from(text.contains('.'));
        if groups < GROUPS_LEAST || address.is_loopback() || !text.bytes().any(|b| b.is_ascii_digit()) {
            return Look::Nothing;
        }
        secret(Shape::Ip, begin, end)
    }
}

/// A letter and nine digits, the last of them a check digit over all.
fn taiwanese(bytes: &[u8], from: usize, to: usize) -> Option<(usize, usize)> {
    /// What the letter counts for, A to Z: assigned over the years, so in no order.
    const LETTERS: [u32; 26] =
        [10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21, 22, 35, 23, 24, 25, 26, 27, 28, 29, 32, 30, 31, 33];
    let begin = from.checked_sub(1)?;
    let letter = bytes[begin].to_ascii_uppercase();
    if to - from != 9
        || !letter.is_ascii_uppercase()
        || !matches!(bytes[from], b'1' | b'2' | b'8' | b'9')
        || bytes[..begin].last().is_some_and(u8::is_ascii_alphanumeric)
        || bytes.get(to).is_some_and(u8::is_ascii_alphanumeric)
    {
        return None;
    }
    let letter = LETTERS[usize::from(letter - b'A')];
    let digits = bytes[from..to].iter().map(|b| u32::from(b - b'0'));
    let weights = [8, 7, 6, 5, 4, 3, 2, 1, 1];
    let sum: u32 = digits.zip(weights).map(|(digit, weight)| digit * weight).sum();
    (letter / 10 + letter % 10 * 9 + sum).is_multiple_of(10).then_some((begin, to))
}

/// `ddd-dd-dddd`, found by its last four digits; numbers that are never issued don't count.
fn social(bytes: &[u8], from: usize, to: usize) -> Option<(usize, usize)> {
    let begin = from.checked_sub(7)?;
    let [a1, a2, a3, b'-', g1, g2, b'-'] = bytes[begin..from] else {
        return None;
    };
    let is_number = [a1, a2, a3, g1, g2].iter().all(u8::is_ascii_digit) && to - from == 4;
    let is_issued =
        a1 != b'9' && ![*b"000", *b"666"].contains(&[a1, a2, a3]) && [g1, g2] != *b"00" && bytes[from..to] != *b"0000";
    let stands_alone = !bytes[..begin].last().is_some_and(|b| is_word(*b) || *b == b'-')
        && !bytes.get(to).is_some_and(|b| is_word(*b) || *b == b'-');
    (is_number && is_issued && stands_alone).then_some((begin, to))
}

fn card(bytes: &[u8], from: usize, to: usize) -> Option<(usize, usize)> {
    if !may_begin(bytes, from) {
        return None;
    }
    if to - from >= 13 {
        return (may_end(bytes, to) && is_card(&bytes[from..to])).then_some((from, to));
    }
    let mark = *bytes.get(to).filter(|b| matches!(b, b' ' | b'-'))?;
    CARD_GROUPS.iter().find_map(|groups| {
        let mut digits = [0; 19];
        let mut count = 0;
        let mut at = from;
        for (index, &group) in groups.iter().enumerate() {
            if index > 0 {
                if bytes.get(at) != Some(&mark) {
                    return None;
                }
                at += 1;
            }
            if run_end(bytes, at, |b| b.is_ascii_digit()) - at != group {
                return None;
            }
            digits[count..count + group].copy_from_slice(&bytes[at..at + group]);
            count += group;
            at += group;
        }
        (may_end(bytes, at) && is_card(&digits[..count])).then_some((from, at))
    })
}

/// No part of a longer name or of a decimal number.
fn may_begin(bytes: &[u8], from: usize) -> bool {
    let before = &bytes[..from];
    match before.last() {
        Some(b'.') => !before[..from - 1].last().is_some_and(u8::is_ascii_digit),
        Some(b'-' | b'_') => {
            let word = &before[..from - 1];
            let word = &word[run_begin(word, word.len(), is_word)..];
            word.is_empty() || CARD_WORDS.iter().any(|card| word.eq_ignore_ascii_case(card))
        }
        Some(byte) => !is_word(*byte),
        None => true,
    }
}

fn may_end(bytes: &[u8], to: usize) -> bool {
    match bytes.get(to) {
        Some(b'.') => !bytes.get(to + 1).is_some_and(u8::is_ascii_digit),
        Some(byte) => !is_word(*byte),
        None => true,
    }
}

/// A prefix that a card network uses, with a length that it uses, and Luhn's check digit.
fn is_card(digits: &[u8]) -> bool {
    let head = |count: usize| digits[..count].iter().fold(0, |n, b| n * 10 + u32::from(b - b'0'));
    let known = match digits.len() {
        13 | 19 => digits[0] == b'4',
        14 => matches!(head(2), 36 | 38 | 39) || matches!(head(3), 300..=305),
        15 => matches!(head(2), 34 | 37),
        _ => false,
    } || (16..=19).contains(&digits.len()) && (matches!(head(2), 35 | 50 | 56..=69) || digits[0] == b'6')
        || digits.len() == 16 && (digits[0] == b'4' || matches!(head(2), 51..=55) || matches!(head(4), 2221..=2720));
    let luhn = digits.iter().rev().enumerate().fold(0, |sum, (place, byte)| {
        let digit = u32::from(byte - b'0');
        let doubled = if place % 2 == 1 { digit * 2 } else { digit };
        sum + doubled / 10 + doubled % 10
    });
    known && luhn % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_need_prefix_length_and_check_digit() {
        for card in [
            "4111111111111111",
            "378282246310005",
            "5555555555554444",
            "6011111111111117",
            "3530111333300000",
            "30569309025904",
            "2223003122003222",
            "6212345678901232",
        ] {
            assert!(is_card(card.as_bytes()), "{card}");
        }
        for other in ["4111111111111112", "1795410521046547", "1767225600000", "0000000000000000"] {
            assert!(!is_card(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn taiwanese_numbers_need_their_check_digit() {
        let check = |text: &str| taiwanese(text.as_bytes(), 1, text.len()).is_some();
        assert!(check("A123456789") && check("a123456789") && check("Z299999992"));
        assert!(!check("A123456788") && !check("A323456789") && !check("A12345678"));
    }

    #[test]
    fn times_are_passed_over() {
        let check = |text: &str| time(text.as_bytes(), 0, 4);
        assert_eq!(check("2026-04-08T08:31:10.123456Z"), Some(26));
        assert_eq!(check("2026-04-08 08:31:10"), Some(19));
        for other in ["2026-04-08", "2026-04-08T08:31:1x", "4111-11-11T11:11:11.1111111111"] {
            assert_eq!(check(other), None, "{other}");
        }
    }

    #[test]
    fn addresses_are_four_small_numbers() {
        let check = |text: &str| address(text.as_bytes(), text.find(|c: char| c.is_ascii_digit()).unwrap());
        assert_eq!(check("at 10.0.0.17."), secret(Shape::Ip, 3, 12));
        for other in ["v1.2.3.4", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1..2.3", "127.0.0.1"] {
            assert!(!matches!(check(other), Look::Secret(_)), "{other}");
        }
    }
}
