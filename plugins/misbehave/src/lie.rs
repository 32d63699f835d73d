//! Answers that are untrue, or too much.

use tapline_plugin::bindings::tapline::plugin::types::{
    Change, Column, Data, NewEvent, Notice, NoticeState, Output, Severity, Sparse, Value,
};

use crate::answer::{APPROVED, DESK, VERDICTS, WRITES, edit, nothing, packed, seen, well};
use crate::behaviour::{Behaviour, Config};
use crate::violence::not_utf8;

/// The answer for so many rows.
pub(crate) fn answer(config: &Config, rows: usize) -> Output {
    let amount = config.amount;
    let desk = |column: Column| edits(vec![edit(DESK, Change::Replace(column))]);
    let some = |rows: Vec<u32>, column: Column| edits(vec![edit(DESK, Change::Some(Sparse { rows, column }))]);
    match config.behaviour {
        Behaviour::EndsBeyondBytes => desk(packed(vec![0x7fff_ffff; rows], b"seen".to_vec())),
        Behaviour::EndsDescending => desk(packed((0..rows).map(|row| (rows - row) as u32).collect(), vec![b'x'; rows])),
        Behaviour::NotUtf8 => desk(packed((1..=rows as u32).collect(), vec![0xff; rows])),
        Behaviour::SplitCharacter => {
            // Whole it is UTF-8; the rows are cut a byte too early.
            let ends = (1..=rows).map(|row| if row == rows { row * 2 } else { row * 2 - 1 } as u32);
            desk(packed(ends.collect(), "é".repeat(rows).into()))
        }
        Behaviour::ShortColumn => desk(seen(rows.saturating_sub(1))),
        Behaviour::LongColumn => desk(seen(rows + 1)),
        Behaviour::WrongBitmap => desk(Column { present: vec![0xff; rows + 9], ..seen(rows) }),
        Behaviour::WrongKind => desk(Column { present: vec![], data: Data::Ints(vec![1; rows]) }),
        Behaviour::WrongLayout => desk(Column { present: vec![], data: Data::Strings(vec!["seen".into(); rows]) }),
        Behaviour::WrongBoolean => {
            let column = Column { present: vec![], data: Data::Booleans(vec![7; rows]) };
            edits(vec![edit(APPROVED, Change::Replace(column))])
        }
        Behaviour::RowOutOfRange => some(vec![rows as u32], seen(1)),
        Behaviour::RowTwice => some(vec![0, 0], seen(2)),
        Behaviour::RowsDescending => some(vec![1, 0], seen(2)),
        Behaviour::RowsWithoutValues => some(vec![0, 1], seen(1)),
        Behaviour::UndeclaredWrite => edits(vec![edit(WRITES, Change::Clear)]),
        Behaviour::EditTwice => edits(vec![edit(DESK, Change::Clear), edit(DESK, Change::Clear)]),
        Behaviour::UndeclaredVerdict => Output { verdicts: vec![VERDICTS; rows], ..nothing() },
        Behaviour::ShortVerdicts => Output { verdicts: vec![0; rows.saturating_sub(1)], ..nothing() },
        Behaviour::LongVerdicts => Output { verdicts: vec![0; rows + 1], ..nothing() },
        Behaviour::BadPointer => Output { verdicts: beyond_memory(), ..nothing() },
        Behaviour::EventLevel => events(vec![event("plugin_event", 200, 0)]),
        Behaviour::EventNameless => events(vec![event("", 2, 3)]),
        Behaviour::NoticeKeyless => notices(vec![notice("", "a notice without a key", &[])]),
        Behaviour::NoticeNowhere => notices(vec![notice("misbehave", "lost", &["no-such-place"])]),
        Behaviour::NoticeNotUtf8 => notices(vec![Notice { summary: not_utf8(), ..notice("misbehave", "", &[]) }]),
        Behaviour::FloodText => {
            let ends = (1..=rows).map(|row| (row * amount) as u32).collect();
            desk(packed(ends, vec![b'x'; rows * amount]))
        }
        Behaviour::FloodEdits => edits((0..amount).map(|_| edit(DESK, Change::Clear)).collect()),
        Behaviour::FloodVerdicts => Output { verdicts: vec![0; amount], ..nothing() },
        Behaviour::FloodNotices => {
            notices((0..amount).map(|n| notice(&format!("misbehave/{n}"), "one of many", &[])).collect())
        }
        Behaviour::NoticeLong => notices(vec![notice("misbehave", &"x".repeat(amount), &[])]),
        Behaviour::FloodEvents => events((0..amount).map(|_| event("plugin_event", 2, 1)).collect()),
        Behaviour::EventWide => events(vec![event("plugin_event", 2, amount)]),
        _ => well(rows),
    }
}

fn edits(edits: Vec<tapline_plugin::bindings::tapline::plugin::types::Edit>) -> Output {
    Output { edits, ..nothing() }
}

fn notices(notices: Vec<Notice>) -> Output {
    Output { notices, ..nothing() }
}

fn events(events: Vec<NewEvent>) -> Output {
    Output { events, ..nothing() }
}

fn notice(key: &str, summary: &str, to: &[&str]) -> Notice {
    Notice {
        key: key.into(),
        state: NoticeState::Firing,
        severity: Severity::Critical,
        summary: summary.into(),
        details: vec![("from".into(), "misbehave".into())],
        to: to.iter().map(ToString::to_string).collect(),
    }
}

fn event(name: &str, level: u8, fields: usize) -> NewEvent {
    let field = |n: usize| (format!("no_such_field_{n}"), Value::Int(n as i64));
    NewEvent { event: name.into(), level, fields: (0..fields).map(field).collect() }
}

/// A list that begins within the guest's memory and ends far beyond it.
fn beyond_memory() -> Vec<u8> {
    #[cfg(target_arch = "wasm32")]
    {
        const FAR: usize = 0x7fff_0000;
        let list = std::mem::ManuallyDrop::new(vec![0_u8; 64]);
        // SAFETY: it is not sound, and that is the point. Nothing in this crate reads the list; the
        // host finds the lie while it reads the answer, and the guest is never entered again.
        unsafe { Vec::from_raw_parts(list.as_ptr().cast_mut(), FAR, FAR) }
    }
    #[cfg(not(target_arch = "wasm32"))]
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_character_is_utf8_as_a_whole_only() {
        let config = Config { behaviour: Behaviour::SplitCharacter, ..Config::default() };
        let output = answer(&config, 3);
        let Change::Replace(Column { data: Data::Packed(text), .. }) = &output.edits[0].change else {
            panic!("packed text");
        };
        assert!(std::str::from_utf8(&text.bytes).is_ok());
        assert_eq!(text.ends, [1, 3, 6]);
    }

    #[test]
    fn floods_are_as_large_as_asked() {
        let flood = |behaviour| answer(&Config { behaviour, amount: 5000, ..Config::default() }, 2);
        assert_eq!(flood(Behaviour::FloodEdits).edits.len(), 5000);
        assert_eq!(flood(Behaviour::FloodVerdicts).verdicts.len(), 5000);
        assert_eq!(flood(Behaviour::FloodNotices).notices.len(), 5000);
        assert_eq!(flood(Behaviour::FloodEvents).events.len(), 5000);
        assert_eq!(flood(Behaviour::EventWide).events[0].fields.len(), 5000);
    }
}
