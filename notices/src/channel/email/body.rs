//! What stands in a mail, as text and as HTML.

use crate::message::{Item, Line};
use crate::text::{fit, is_link, plain};
use crate::{Kind, Message, Severity, State};

const SUMMARY_MAX: usize = 8 << 10;
const DETAIL_MAX: usize = 2 << 10;
const DETAILS_MAX: usize = 64;

pub fn text(message: &Message) -> String {
    let mut out = format!("{}\n\n", plain(&message.heading(), 200));
    if let Some(summary) = &message.summary {
        for line in &summary.lines {
            out.push_str(&plain(&of_line(line), 400));
            out.push('\n');
        }
        if summary.more > 0 {
            out.push_str(&format!("… and {} more\n", summary.more));
        }
        out.push('\n');
    }
    for item in items(message) {
        out.push_str(&plain(item.name(), SUMMARY_MAX));
        out.push('\n');
        for (name, value) in facts(item) {
            out.push_str(&format!("{}: {}\n", plain(&name, 200), plain(&value, DETAIL_MAX)));
        }
        out.push('\n');
    }
    out.push_str(&format!("-- \nTapline {}\n", plain(&message.id, 100)));
    out
}

pub fn html(message: &Message) -> String {
    let color = match (message.state(), message.severity) {
        (State::Resolved, _) => "#2e7d32",
        (_, Severity::Critical) => "#b71c1c",
        (_, Severity::Warning) => "#e65100",
        (_, Severity::Info) => "#0d47a1",
    };
    let mut out = format!(
        "<!doctype html><html><body style=\"font-family:sans-serif;font-size:14px\">\
         <p style=\"color:{color};font-weight:bold\">{}</p>\n",
        escape(&message.heading(), 200)
    );
    if let Some(summary) = &message.summary {
        out.push_str("<ul>\n");
        for line in &summary.lines {
            out.push_str(&format!("<li>{}</li>\n", escape(&of_line(line), 400)));
        }
        out.push_str("</ul>\n");
        if summary.more > 0 {
            out.push_str(&format!("<p>… and {} more</p>\n", summary.more));
        }
    }
    for item in items(message) {
        out.push_str(&format!("<p>{}</p>\n<table>\n", escape(item.name(), SUMMARY_MAX).replace('\n', "<br>\n")));
        for (name, value) in facts(item) {
            let value = match is_link(&value) && value.len() <= DETAIL_MAX {
                true => format!("<a href=\"{0}\">{0}</a>", escape(&value, DETAIL_MAX * 2)),
                false => escape(&value, DETAIL_MAX).replace('\n', "<br>\n"),
            };
            out.push_str(&format!(
                "<tr><td style=\"padding-right:1em;vertical-align:top\">{}</td><td>{value}</td></tr>\n",
                escape(&name, 200)
            ));
        }
        out.push_str("</table>\n");
    }
    out.push_str(&format!("<p style=\"color:#888\">Tapline {}</p></body></html>\n", escape(&message.id, 100)));
    out
}

/// Of a summary the lines say it all.
fn items(message: &Message) -> &[Item] {
    if message.kind == Kind::Summary { &[] } else { &message.items }
}

fn of_line(line: &Line) -> String {
    format!("{} {} ×{}: {}", line.state.code(), line.key, line.count, line.summary)
}

fn facts(item: &Item) -> Vec<(String, String)> {
    let notice = &item.notice;
    let mut facts = vec![
        ("State".to_owned(), item.state.code().to_owned()),
        ("Severity".to_owned(), item.severity.code().to_owned()),
        ("Since".to_owned(), item.since.rfc3339()),
    ];
    let mut fact = |name: &str, value: Option<String>| facts.extend(value.map(|value| (name.to_owned(), value)));
    fact("Ended", item.ended.map(|at| format!("{} after {}", at.rfc3339(), item.lasted(at))));
    fact("At the end", item.closing.clone());
    fact("Acknowledged by", item.acknowledged_by.clone());
    fact("Seen", (item.count > 1).then(|| format!("{} times", item.count)));
    for (name, value) in notice.details.iter().take(DETAILS_MAX) {
        fact(name, Some(value.clone()));
    }
    fact("Runbook", notice.runbook.clone());
    fact("Dashboard", notice.dashboard.clone());
    fact("Trace", item.trace_command());
    fact("Alert", Some(format!("{}/{}", notice.source, notice.key)));
    facts
}

fn escape(text: &str, most: usize) -> String {
    fit(text, most, |c, _, out| match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        c => out.push(c),
    })
}
