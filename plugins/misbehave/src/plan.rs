//! The plan: in good order, or with one thing wrong.

use tapline_plugin::bindings::tapline::plugin::types::{Kind, Layout, Plan, Subscription, Verdict, Want};

use crate::behaviour::{Behaviour, Call, Config};

pub(crate) fn plan(config: &Config) -> Plan {
    let mut plan = Plan {
        subscribe: vec![],
        reads: vec![want("message", Kind::Text)],
        writes: vec![want("desk", Kind::Text), want("approved", Kind::Boolean)],
        verdicts: vec![Verdict::Keep, Verdict::Drop("misbehaved".into())],
        tick_ms: (config.call == Call::Tick).then_some(20),
    };
    match config.behaviour {
        Behaviour::PlanUnknownField => plan.reads.push(want("no_such_field", Kind::Text)),
        Behaviour::PlanReservedWrite => plan.writes.push(want("component", Kind::Text)),
        Behaviour::PlanWrongKind => plan.writes.push(want("message", Kind::Float)),
        Behaviour::PlanManyVerdicts => {
            plan.verdicts = (0..300).map(|n| Verdict::Drop(format!("reason_{n}"))).collect();
        }
        Behaviour::PlanBadReason => {
            plan.verdicts.push(Verdict::Drop("A sentence, with 1 number.".into()));
        }
        Behaviour::PlanNowhere => plan.verdicts.push(Verdict::Send(vec!["no-such-place".into()])),
        Behaviour::PlanBadSubscription => plan.subscribe.push(Subscription {
            components: vec!["no_such_component".into()],
            events: vec!["no_such_event".into()],
            min_level: Some(9),
            optional: false,
        }),
        Behaviour::PlanFastTick => plan.tick_ms = Some(1),
        Behaviour::PlanWide => {
            plan.reads = (0..config.amount).map(|n| want(&format!("field_{n}"), Kind::Text)).collect();
        }
        _ => {}
    }
    plan
}

fn want(field: &str, kind: Kind) -> Want {
    Want { field: field.into(), kind, layout: Layout::Packed, optional: false }
}
