//! Values that must never be found in any output, planted on purpose.
//!
//! Real stacks print secrets: a broker echoes a national id in its error text, an exception carries a
//! bearer token, a library logs its bot token. The stack does the same with values made up for each
//! run, in the free text and the account fields of a few events, and keeps a list of them. Whoever
//! runs it searches every output for each value: finding one is a leak.

use serde::Serialize;

use crate::market::dice::Dice;

/// One planted value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Canary {
    pub kind: CanaryKind,
    /// The exact text that must not be found. For a token it is the secret part alone.
    pub value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CanaryKind {
    /// A Taiwanese national id with a valid check digit, in free text.
    NationalId,
    /// The value of an `Authorization: Bearer` header, in free text.
    BearerToken,
    /// A JSON web token, in free text.
    Jwt,
    /// A Telegram bot token inside a URL, in free text.
    BotToken,
    /// `api_key=…` in free text.
    ApiKey,
    /// `password=…` in free text.
    Password,
    /// A payment card number with a valid check digit, in free text.
    CardNumber,
    /// The broker account, in the field `account`.
    Account,
}

/// The values of one run.
#[derive(Clone, Debug)]
pub struct Canaries {
    list: Vec<Canary>,
}

// === impl Canaries ===

impl Canaries {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed ^ 0xCA9A_41E5);
        let kinds = [
            CanaryKind::NationalId,
            CanaryKind::BearerToken,
            CanaryKind::Jwt,
            CanaryKind::BotToken,
            CanaryKind::ApiKey,
            CanaryKind::Password,
            CanaryKind::CardNumber,
            CanaryKind::Account,
        ];
        let list = kinds.into_iter().map(|kind| Canary { kind, value: kind.make(&mut dice) }).collect();
        Canaries { list }
    }

    /// The run's value of a kind.
    pub fn value(&self, kind: CanaryKind) -> &str {
        self.list.iter().find(|canary| canary.kind == kind).map_or("", |canary| &canary.value)
    }

    pub fn list(&self) -> &[Canary] {
        &self.list
    }
}

// === impl CanaryKind ===

impl CanaryKind {
    fn make(self, dice: &mut Dice) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut text = |length: usize| -> String { (0..length).map(|_| char::from(*dice.pick(LETTERS))).collect() };
        match self {
            CanaryKind::NationalId => national_id(dice),
            CanaryKind::BearerToken => text(40),
            CanaryKind::Jwt => {
                format!("eyJhbGciOiJIUzI1NiJ9.eyJ{}.{}", text(37), text(43))
            }
            CanaryKind::BotToken => {
                let secret = text(33);
                format!("{}:AA{secret}", dice.between(1_000_000_000, 9_999_999_999))
            }
            CanaryKind::ApiKey => format!("sk_live_{}", text(32)),
            CanaryKind::Password => text(16),
            CanaryKind::CardNumber => card_number(dice),
            CanaryKind::Account => {
                format!("F00200{}-{}", dice.between(0, 9), dice.between(1_000_000, 9_999_999))
            }
        }
    }
}

/// A letter, 1 or 2, seven digits and the check digit.
fn national_id(dice: &mut Dice) -> String {
    // What each letter counts as, A to Z.
    const LETTER_CODES: [u32; 26] =
        [10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21, 22, 35, 23, 24, 25, 26, 27, 28, 29, 32, 30, 31, 33];
    let letter = dice.between(0, 25) as u8;
    let code = LETTER_CODES[usize::from(letter)];
    let mut digits = vec![dice.between(1, 2) as u32];
    digits.extend((0..7).map(|_| dice.between(0, 9) as u32));
    let weighted: u32 = digits.iter().zip((1..=8).rev()).map(|(digit, weight)| digit * weight).sum();
    digits.push((10 - (code / 10 + code % 10 * 9 + weighted) % 10) % 10);
    let digits: String = digits.iter().map(u32::to_string).collect();
    format!("{}{digits}", char::from(b'A' + letter))
}

/// Sixteen digits whose Luhn sum is a multiple of ten.
fn card_number(dice: &mut Dice) -> String {
    let mut digits = [0; 16];
    digits[0] = 4;
    digits[1..15].fill_with(|| dice.between(0, 9));
    digits[15] = (10 - luhn_sum(&digits) % 10) % 10;
    digits.iter().map(i64::to_string).collect()
}

/// The sum of the digits, every second one from the right doubled.
fn luhn_sum(digits: &[i64]) -> i64 {
    let doubled = |digit: i64| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    digits.iter().rev().enumerate().map(|(place, digit)| if place % 2 == 1 { doubled(*digit) } else { *digit }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_form_of_the_real_thing() {
        for seed in 0..200 {
            let canaries = Canaries::new(seed);
            let card = canaries.value(CanaryKind::CardNumber);
            let digits: Vec<i64> = card.bytes().map(|byte| i64::from(byte - b'0')).collect();
            assert_eq!((digits.len(), luhn_sum(&digits) % 10), (16, 0), "{card}");
            let id = canaries.value(CanaryKind::NationalId);
            assert!(id.len() == 10 && id.as_bytes()[0].is_ascii_uppercase(), "{id}");
            assert_eq!(canaries.value(CanaryKind::Jwt).split('.').count(), 3);
            assert!(canaries.list().iter().all(|canary| canary.value.len() >= 10));
        }
    }

    #[test]
    fn a_known_good_national_id_checks() {
        // A123456789 is the textbook example: letter code 10, so 1 + 0 × 9, and weights 8 to 1.
        let weighted: u32 = [1, 2, 3, 4, 5, 6, 7, 8].iter().zip((1..=8).rev()).map(|(d, w)| d * w).sum();
        assert_eq!((10 - (1 + weighted) % 10) % 10, 9);
    }

    #[test]
    fn each_run_has_its_own() {
        assert_ne!(Canaries::new(1).list(), Canaries::new(2).list());
        assert_eq!(Canaries::new(1).list(), Canaries::new(1).list());
    }
}
