//! The nearest right name to a wrong one: "did you mean …?".
//!
//! Used wherever Tapline refuses a name: contract, router config, routes, plugins, command line.

/// The candidate that `name` was most likely meant to be, or nothing where none is close.
///
/// Close means: about one wrong letter in three (swapped neighbours count once), or the same words
/// in another spelling (`clientOrderId`, `client-order-id`), or a name that begins with it.
pub fn nearest<'a, I>(name: &str, candidates: I) -> Option<&'a str>
where
    I: IntoIterator<Item = &'a str>,
{
    let wanted = plain(name);
    if wanted.is_empty() {
        return None;
    }
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let offered = plain(candidate);
        let mut distance = strsim::osa_distance(&wanted, &offered);
        // A beginning or an ending is a likely slip (`order_id` for `client_order_id`), but less
        // likely than a misspelling.
        let part = wanted.len() >= 4 && (offered.starts_with(&wanted) || offered.ends_with(&wanted));
        let limit = wanted.chars().count().max(offered.chars().count()).div_ceil(3);
        if part {
            distance = distance.min(limit);
        }
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// `did you mean "x"?`, ready to be put behind a message.
pub fn did_you_mean<'a, I>(name: &str, candidates: I) -> Option<String>
where
    I: IntoIterator<Item = &'a str>,
{
    nearest(name, candidates).map(|found| format!("did you mean {found:?}?"))
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    const NAMES: [&str; 5] = ["client_order_id", "broker_order_id", "symbol", "strategy_id", "price"];

    #[test]
    fn finds_misspelt_and_respelt_names() {
        for (wrong, right) in [
            ("clint_order_id", "client_order_id"),
            ("clientOrderId", "client_order_id"),
            ("symbl", "symbol"),
            ("smybol", "symbol"),
            ("strategy", "strategy_id"),
            ("PRICE", "price"),
        ] {
            assert_eq!(nearest(wrong, NAMES), Some(right), "{wrong}");
        }
    }

    #[test]
    fn stays_silent_where_nothing_is_close() {
        for wrong in ["", "quantity_filled", "x", "-"] {
            assert_eq!(nearest(wrong, NAMES), None, "{wrong}");
        }
    }
}
