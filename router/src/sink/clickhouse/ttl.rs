//! For how long a table keeps its rows, read from its DDL as `system.tables` shows it.

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Forever,
    Days(u64),
    /// The part of the TTL that can't be read.
    Unclear(String),
}

/// The shortest of a table's rules that remove rows. Those that only move or compress them don't count.
pub(super) fn kept(ddl: &str) -> Kept {
    // Columns may have a TTL, too; theirs stand before the engine.
    let behind = ddl.find(" ENGINE = ").map_or("", |at| &ddl[at..]);
    let Some((_, ttl)) = behind.split_once(" TTL ") else { return Kept::Forever };
    let end = [" SETTINGS ", " COMMENT "].iter().filter_map(|mark| ttl.find(mark)).min().unwrap_or(ttl.len());
    let mut shortest = Kept::Forever;
    for rule in rules(&ttl[..end]) {
        let moves = [" TO DISK ", " TO VOLUME ", " RECOMPRESS "].iter().any(|mark| rule.contains(mark));
        if moves {
            continue;
        }
        match (days(rule), &shortest) {
            (None, _) => return Kept::Unclear(rule.to_owned()),
            (Some(days), Kept::Days(least)) if days >= *least => {}
            (Some(days), _) => shortest = Kept::Days(days),
        }
    }
    shortest
}

/// Separated by commas that stand in no brackets.
fn rules(ttl: &str) -> Vec<&str> {
    let (mut rules, mut depth, mut begin) = (Vec::new(), 0_i32, 0);
    for (at, letter) in ttl.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                rules.push(ttl[begin..at].trim());
                begin = at + 1;
            }
            _ => {}
        }
    }
    rules.push(ttl[begin..].trim());
    rules
}

/// Whole days of `+ toIntervalDay(30)` or `+ INTERVAL 30 DAY`.
fn days(rule: &str) -> Option<u64> {
    let (count, unit) = match rule.split_once("toInterval") {
        Some((_, rest)) => {
            let (unit, rest) = rest.split_once('(')?;
            (rest.split_once(')')?.0, unit)
        }
        None => rule.split_once("INTERVAL ")?.1.split_once(' ')?,
    };
    let count: u64 = count.trim_matches('\'').parse().ok()?;
    let unit = unit.split([' ', ')']).next()?.to_ascii_lowercase();
    Some(match unit.trim_end_matches('s') {
        "second" => count / 86_400,
        "minute" => count / 1440,
        "hour" => count / 24,
        "day" => count,
        "week" => count * 7,
        "month" => count * 365 / 12,
        "quarter" => count * 365 / 4,
        "year" => count * 365,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ttl: &str, expected: Kept) {
        for engine in ["MergeTree", "ReplicatedMergeTree('/clickhouse/tables/{shard}/audit/x', '{replica}')"] {
            let ddl = format!(
                "CREATE TABLE audit.x (`ts` DateTime64(9, 'UTC'), `n` String TTL ts + toIntervalDay(1)) ENGINE = {engine} \
                 PARTITION BY toYYYYMM(ts) ORDER BY ts{ttl} SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192"
            );
            assert_eq!(kept(&ddl), expected, "{ddl}");
        }
    }

    #[test]
    fn the_shortest_rule_that_removes_rows_counts() {
        check(" TTL toDateTime(ts) + toIntervalDay(1825)", Kept::Days(1825));
        check(" TTL toDateTime(ts) + INTERVAL 90 DAY", Kept::Days(90));
        check(" TTL toDateTime(ts) + toIntervalHour(47)", Kept::Days(1));
        check(" TTL toDateTime(ts) + toIntervalSecond(60)", Kept::Days(0));
        check(" TTL ts + toIntervalMonth(60)", Kept::Days(1825));
        check(" TTL ts + toIntervalYear(5)", Kept::Days(1825));
        check(
            " TTL toDateTime(ts) + toIntervalDay(30) TO VOLUME 'cold', toDateTime(ts) + toIntervalYear(5)",
            Kept::Days(1825),
        );
        check(
            " TTL toDateTime(ts) + toIntervalYear(5), toDateTime(ts) + toIntervalDay(9) WHERE level = 'info'",
            Kept::Days(9),
        );
        check(" TTL toDateTime(ts) + toIntervalDay(30) TO DISK 'cold'", Kept::Forever);
        check("", Kept::Forever);
    }

    #[test]
    fn what_can_not_be_read_is_no_promise() {
        check(" TTL expires_at", Kept::Unclear("expires_at".into()));
        check(
            " TTL toDateTime(ts) + toIntervalDay(days)",
            Kept::Unclear("toDateTime(ts) + toIntervalDay(days)".into()),
        );
    }
}
