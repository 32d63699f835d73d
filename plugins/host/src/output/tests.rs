use super::*;
use crate::bindings::tapline::plugin::types::{Change, Column, Data, PackedText, Sparse};
use crate::plan::{Kind, Layout, Verdict, Want};
use proptest::prelude::*;

struct AnyName;

impl Resolver for AnyName {
    fn component(&self, _: &str) -> Result<(), String> {
        Ok(())
    }
    fn event(&self, _: &str) -> Result<(), String> {
        Ok(())
    }
    fn knows(&self, _: &str) -> bool {
        true
    }
    fn read(&self, _: &str, _: Kind) -> Result<(), String> {
        Ok(())
    }
    fn write(&self, _: &str, _: Kind) -> Result<(), String> {
        Ok(())
    }
    fn destination(&self, name: &str) -> Result<(), String> {
        if name == "ops" { Ok(()) } else { Err(format!("`{name}` is no destination")) }
    }
}

fn plan() -> Plan {
    let want = |field: &str, kind| Want { field: field.into(), kind, layout: Layout::Packed, optional: false };
    Plan {
        subscriptions: vec![],
        reads: vec![],
        writes: vec![want("t", Kind::Text), want("i", Kind::Int), want("f", Kind::Float), want("b", Kind::Bool)],
        verdicts: vec![Verdict::Keep, Verdict::Drop("noise".into())],
        tick_ms: None,
    }
}

fn output() -> wit::Output {
    wit::Output { verdicts: vec![], edits: vec![], notices: vec![], events: vec![] }
}

fn column(data: Data) -> Column {
    Column { present: vec![], data }
}

fn packed(ends: &[u32], text: &[u8]) -> Data {
    Data::Packed(PackedText { ends: ends.to_vec(), bytes: text.to_vec() })
}

fn edit(target: u32, change: Change) -> wit::Output {
    wit::Output { edits: vec![wit::Edit { target, change }], ..output() }
}

fn check(raw: wit::Output) -> Result<Output, String> {
    Output::check(raw, &plan(), 3, &AnyName)
}

#[track_caller]
fn refused(raw: wit::Output, reason: &str) {
    let said = check(raw).expect_err(reason);
    assert!(said.contains(reason), "{said:?} does not say {reason:?}");
}

#[test]
fn an_honest_answer_passes() {
    let raw = wit::Output {
        verdicts: vec![0, 1, 0],
        edits: vec![
            wit::Edit { target: 0, change: Change::Replace(column(packed(&[1, 1, 4], "aöb".as_bytes()))) },
            wit::Edit {
                target: 1,
                change: Change::Some(Sparse { rows: vec![0, 2], column: column(Data::Ints(vec![7, 8])) }),
            },
            wit::Edit { target: 2, change: Change::Clear },
            wit::Edit { target: 3, change: Change::Replace(column(Data::Booleans(vec![0, 1, 1]))) },
        ],
        ..output()
    };
    let output = check(raw).unwrap();
    assert_eq!(output.edits[0].values.as_ref().unwrap().text(), Some((&[1, 1, 4][..], "aöb")));
    assert_eq!(output.edits[1].rows, Rows::Some(vec![0, 2]));
    assert_eq!(output.edits[2].values, None);
}

#[test]
fn verdicts_fit_the_rows_and_the_plan() {
    refused(wit::Output { verdicts: vec![0, 0], ..output() }, "2 verdicts for 3 rows");
    refused(wit::Output { verdicts: vec![0, 2, 0], ..output() }, "verdict 2, but only 2");
}

#[test]
fn edits_stay_within_what_was_declared() {
    refused(edit(4, Change::Clear), "target 4");
    let twice = |target| wit::Edit { target, change: Change::Clear };
    refused(wit::Output { edits: vec![twice(1), twice(1)], ..output() }, "two edits of `i`");
    refused(edit(1, Change::Replace(column(Data::Floats(vec![0.; 3])))), "floats instead of Int");
    refused(edit(1, Change::Replace(column(Data::Ints(vec![0; 2])))), "2 entries instead of 3");
    let strings = Data::Strings(vec![String::new(); 3]);
    refused(edit(0, Change::Replace(column(strings))), "strings instead of text in the layout Packed");
    refused(edit(3, Change::Replace(column(Data::Booleans(vec![0, 1, 2])))), "2 as a boolean");
    refused(edit(2, Change::Replace(column(Data::Floats(vec![0., 1., f64::NAN])))), "NaN");
}

#[test]
fn lying_offsets_are_refused() {
    let text = |ends: &[u32], bytes: &[u8]| edit(0, Change::Replace(column(packed(ends, bytes))));
    refused(text(&[1, 2, 9], b"abc"), "from 2 to 9");
    refused(text(&[2, 1, 3], b"abc"), "from 2 to 1");
    refused(text(&[1, 2, u32::MAX], b"abc"), "of 3");
    refused(text(&[1, 1, 2], b"abc"), "the text at 3");
    refused(text(&[1, 2, 3], "aö".as_bytes()), "entry 1");
    refused(text(&[1, 2, 3], b"a\xffc"), "not UTF-8");
}

#[test]
fn row_numbers_ascend_within_the_batch() {
    let some = |rows: &[u32]| {
        let values = column(Data::Ints(vec![0; rows.len()]));
        edit(1, Change::Some(Sparse { rows: rows.to_vec(), column: values }))
    };
    refused(some(&[0, 3]), "row 3 of a batch of 3");
    refused(some(&[1, 1]), "row 1 after row 1");
    refused(some(&[2, 0]), "row 0 after row 2");
    refused(some(&[u32::MAX]), "of a batch of 3");
}

#[test]
fn a_bitmap_has_a_bit_for_each_entry() {
    let with = |present: Vec<u8>| edit(1, Change::Replace(Column { present, data: Data::Ints(vec![0; 3]) }));
    refused(with(vec![1, 1]), "a bitmap of 2 bytes");
    let absent_nan = Column { present: vec![0b011], data: Data::Floats(vec![0., 1., f64::NAN]) };
    let values = check(edit(2, Change::Replace(absent_nan))).unwrap().edits.remove(0).values.unwrap();
    assert!(values.is_present(1) && !values.is_present(2));
}

#[test]
fn notices_and_events_are_bounded() {
    let notice = || wit::Notice {
        key: "k".into(),
        state: wit::NoticeState::Firing,
        severity: wit::Severity::Critical,
        summary: "s".into(),
        details: vec![],
        to: vec!["ops".into()],
    };
    assert!(check(wit::Output { notices: vec![notice()], ..output() }).is_ok());
    refused(wit::Output { notices: vec![notice(); 65], ..output() }, "65 notices");
    let elsewhere = wit::Notice { to: vec!["nowhere".into()], ..notice() };
    refused(wit::Output { notices: vec![elsewhere], ..output() }, "`nowhere` is no destination");
    let long = wit::Notice { summary: "x".repeat(1025), ..notice() };
    refused(wit::Output { notices: vec![long], ..output() }, "1025 bytes of a notice's summary");

    let event = |name: &str, value| wit::NewEvent { event: name.into(), level: 3, fields: vec![("x".into(), value)] };
    assert!(check(wit::Output { events: vec![event("alert", wit::Value::Int(1))], ..output() }).is_ok());
    refused(wit::Output { events: vec![event("No Code", wit::Value::Int(1))], ..output() }, "not a code");
    let infinite = event("alert", wit::Value::Float(f64::INFINITY));
    refused(wit::Output { events: vec![infinite], ..output() }, "inf");
}

#[test]
fn a_tick_has_no_rows() {
    let raw = edit(0, Change::Clear);
    assert!(Output::check_tick(raw, &plan(), &AnyName).is_err());
}

proptest! {
    /// Whatever offsets come back: refused, or each entry is a piece of the text.
    #[test]
    fn accepted_offsets_always_slice(ends in proptest::collection::vec(0u32..12, 3), text in "[aö€]{0,6}") {
        let raw = edit(0, Change::Replace(column(packed(&ends, text.as_bytes()))));
        if let Ok(output) = check(raw) {
            let values = output.edits[0].values.as_ref().unwrap();
            let (ends, text) = values.text().unwrap();
            let starts = std::iter::once(0).chain(ends.iter().copied());
            let joined: String = starts.zip(ends).map(|(s, e)| &text[s as usize..*e as usize]).collect();
            prop_assert_eq!(joined, text);
        }
    }
}
