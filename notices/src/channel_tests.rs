//! Messages for the tests of channels.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::message::{Item, Line, Summary, Why};
use crate::{Earlier, Kind, Message, Notice, Severity, State, Time};

pub const AT: Time = Time(1_700_000_000_000_000_000);

pub fn firing(summary: &str) -> Message {
    let notice = Arc::new(Notice::firing("reject-spike", "feed-gap/2330", Severity::Critical, summary, AT));
    let item = Item {
        notice,
        state: State::Firing,
        severity: Severity::Critical,
        title: summary.to_owned(),
        since: AT,
        ended: None,
        closing: None,
        count: 1,
        flapping: false,
        acknowledged_by: None,
    };
    Message {
        id: "t-1".into(),
        kind: Kind::Firing,
        severity: Severity::Critical,
        at: AT,
        items: vec![item],
        summary: None,
        earlier: None,
    }
}

pub fn resolved(summary: &str) -> Message {
    let mut message = firing(summary);
    (message.id, message.kind) = ("t-2".into(), Kind::Resolved);
    message.at = AT + std::time::Duration::from_secs(300);
    message.items[0].state = State::Resolved;
    message.items[0].ended = Some(message.at);
    message.items[0].closing = Some("gap closed".into());
    message.earlier = Some(Earlier { message: "t-1".into(), receipt: None, alone: true });
    message
}

pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => any::<String>(),
        2 => "[&<>@\"\\\\\n a]{0,40}",
        1 => "<!(channel|here|everyone)>|@(channel|here|everyone)|<@U1>",
        1 => (any::<String>(), 1usize..4000).prop_map(|(text, times)| text.repeat(times)),
        1 => "https?://[a-z./?&=<>|]{0,60}",
    ]
}

fn severity() -> impl Strategy<Value = Severity> {
    prop_oneof![Just(Severity::Info), Just(Severity::Warning), Just(Severity::Critical)]
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![Just(State::Firing), Just(State::Resolved)]
}

prop_compose! {
    fn arbitrary_item()(
        texts in vec(text(), 6),
        details in vec((text(), text()), 0..20),
        (runbook, dashboard) in (proptest::option::of(text()), proptest::option::of(text())),
        (severity, state) in (severity(), state()),
        (after, count) in (0u64..1_000_000, 0u64..10_000),
        extra in any::<[bool; 3]>(),
    ) -> Item {
        let mut notice = Notice::firing(&texts[0], &texts[1], severity, &texts[2], AT);
        (notice.details, notice.runbook, notice.dashboard) = (details, runbook, dashboard);
        Item {
            notice: Arc::new(notice),
            state,
            severity,
            title: texts[3].clone(),
            since: AT,
            ended: (state == State::Resolved).then(|| AT + std::time::Duration::from_secs(after)),
            closing: extra[0].then(|| texts[4].clone()),
            count,
            flapping: extra[1],
            acknowledged_by: extra[2].then(|| texts[5].clone()),
        }
    }
}

prop_compose! {
    pub fn arbitrary_message()(
        mut items in vec(arbitrary_item(), 1..5),
        lines in vec((text(), text(), severity(), state(), text()), 0..40),
        kind in 0usize..10,
        (counts, severity, earlier) in (any::<[u32; 3]>(), severity(), any::<[bool; 2]>()),
    ) -> Message {
        let kinds = [
            Kind::Firing, Kind::Repeated, Kind::Resolved, Kind::Acknowledged, Kind::Flapping, Kind::Steady,
            Kind::Group, Kind::Summary, Kind::Refresh, Kind::Test,
        ];
        let kind = kinds[kind];
        if kind != Kind::Group {
            items.truncate(1);
        }
        let lines = lines.into_iter().map(|(source, key, severity, state, summary)| {
            Line { source, key, severity, state, count: 3, summary }
        });
        let summary = (kind == Kind::Summary).then(|| Summary {
            why: Why::Storm,
            from: AT,
            firing: counts[0].into(),
            resolved: counts[1].into(),
            lines: lines.collect(),
            more: counts[2].into(),
        });
        let earlier = earlier[0].then(|| Earlier { message: "t-0".into(), receipt: None, alone: earlier[1] });
        Message { id: "t-1".into(), kind, severity, at: AT, items, summary, earlier }
    }
}
