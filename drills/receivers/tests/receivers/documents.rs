//! Whether documents fit their mapping.

use serde_json::{Value, json};
use tapline_receivers::Receiver;
use tapline_receivers::elasticsearch::Options;

use crate::bulk::{bulk, start};
use crate::client::put_json;

/// An index `t` with these mappings.
fn mapped(mappings: Value) -> Receiver {
    let elasticsearch = start(Options::default());
    let template = json!({"index_patterns": ["t"], "template": {"mappings": mappings}});
    let reply = put_json(&format!("{}/_index_template/t", elasticsearch.url()), &template);
    assert_eq!(reply.status, 200, "{}", reply.text);
    elasticsearch
}

/// The error's type; empty if it was taken.
fn verdict(elasticsearch: &Receiver, document: &Value) -> String {
    let answer = bulk(elasticsearch, "/t/_bulk", &[json!({"create": {}}), document.clone()]).json();
    answer["items"][0]["create"]["error"]["type"].as_str().unwrap_or_default().to_owned()
}

const PARSING: &str = "document_parsing_exception";

#[test]
fn a_value_fits_its_type_or_not() {
    for (field, good, bad) in [
        (
            json!({"type": "long"}),
            vec![json!(1), json!("12"), json!(1.7), json!(i64::MIN), json!([1, 2]), json!(null)],
            vec![json!("x"), json!(true), json!({}), json!(u64::MAX), json!([1, "x"])],
        ),
        (json!({"type": "long", "coerce": false}), vec![json!(1)], vec![json!("1"), json!(1.5)]),
        (json!({"type": "integer"}), vec![json!(i32::MAX)], vec![json!(2_147_483_648_i64)]),
        (json!({"type": "short"}), vec![json!(32_767)], vec![json!(32_768)]),
        (json!({"type": "byte"}), vec![json!(-128)], vec![json!(-129)]),
        (json!({"type": "unsigned_long"}), vec![json!(u64::MAX)], vec![json!(-1)]),
        (json!({"type": "double"}), vec![json!(1.5), json!(1), json!("1.5")], vec![json!("x"), json!(false)]),
        (json!({"type": "float"}), vec![json!(3e38)], vec![json!(4e38)]),
        (json!({"type": "half_float"}), vec![json!(65_504)], vec![json!(70_000)]),
        (json!({"type": "scaled_float", "scaling_factor": 100}), vec![json!(1.23)], vec![json!("NaN")]),
        (json!({"type": "boolean"}), vec![json!(true), json!("false"), json!("")], vec![json!("yes"), json!(1)]),
        (
            json!({"type": "date"}),
            vec![json!("2024-01-02T03:04:05.678Z"), json!(1_700_000_000_000_i64)],
            vec![json!("2024-01-02 03:04:05"), json!("soon"), json!(true)],
        ),
        (json!({"type": "date", "format": "epoch_millis"}), vec![json!(5)], vec![json!("2024-01-02")]),
        (json!({"type": "date_nanos"}), vec![json!("2024-01-02T03:04:05.123456789Z")], vec![json!("x")]),
        (json!({"type": "ip"}), vec![json!("10.0.0.1"), json!("::1")], vec![json!("10.0.0"), json!(5)]),
        (
            json!({"type": "keyword"}),
            vec![json!("x"), json!(5), json!(true), json!("x".repeat(32_766))],
            vec![json!({"a": 1})],
        ),
        (json!({"type": "text"}), vec![json!("x".repeat(40_000))], vec![json!({})]),
        (json!({"type": "constant_keyword", "value": "a"}), vec![json!("a")], vec![json!("b")]),
        (json!({"type": "flattened"}), vec![json!({"a": {"b": 1}})], vec![json!("x")]),
        (json!({"type": "object"}), vec![json!({"a": 1}), json!([{"a": 1}])], vec![json!("x"), json!(5)]),
        (json!({"type": "object", "enabled": false}), vec![json!({"a": 1}), json!("x")], vec![]),
        (json!({"type": "nested"}), vec![json!([{"a": 1}])], vec![json!(1)]),
        (json!({"properties": {"in": {"type": "long"}}}), vec![json!({"in": 1})], vec![json!({"in": "x"}), json!(1)]),
        (json!({"type": "long", "ignore_malformed": true}), vec![json!("x")], vec![json!({})]),
    ] {
        let elasticsearch = mapped(json!({"properties": {"f": field}}));
        for value in good {
            assert_eq!(verdict(&elasticsearch, &json!({"f": value})), "", "{field} {value:.60}");
        }
        for value in bad {
            assert_eq!(verdict(&elasticsearch, &json!({"f": value})), PARSING, "{field} {value:.60}");
        }
    }
    let elasticsearch =
        mapped(json!({"properties": {"f": {"type": "keyword"}, "g": {"type": "keyword", "ignore_above": 256}}}));
    assert_eq!(
        verdict(&elasticsearch, &json!({"f": "x".repeat(32_767)})),
        "illegal_argument_exception",
        "immense term"
    );
    assert_eq!(verdict(&elasticsearch, &json!({"g": "x".repeat(32_767)})), "");
}

#[test]
fn unknown_fields_are_added_passed_over_or_refused() {
    let strict = mapped(json!({"dynamic": "strict", "properties": {
        "a": {"type": "long"}, "o": {"dynamic": true, "properties": {}}, "p": {"properties": {"x": {"type": "long"}}}}}));
    for (document, error) in [
        (json!({"a": 1}), ""),
        (json!({"b": 1}), "strict_dynamic_mapping_exception"),
        (json!({"b": null}), ""),
        (json!({"o": {"new": 1}}), ""),
        (json!({"o": {"new": "x"}}), PARSING),
        (json!({"o.new": 2}), ""),
        (json!({"p": {"x": 1}}), ""),
        (json!({"p": {"y": 1}}), "strict_dynamic_mapping_exception"),
        (json!({"a": {"b": 1}}), PARSING),
        (json!({"a.b": 1}), PARSING),
    ] {
        assert_eq!(verdict(&strict, &document), error, "{document}");
    }
    let lax = mapped(json!({"dynamic": false, "properties": {"a": {"type": "long"}}}));
    for (document, error) in [(json!({"b": 1}), ""), (json!({"b": {"c": "x"}}), ""), (json!({"a": "x"}), PARSING)] {
        assert_eq!(verdict(&lax, &document), error, "{document}");
    }
    let open = mapped(json!({}));
    for (document, error) in [
        (json!({"n": 1, "s": "x", "b": true, "f": 1.5, "d": "2024-01-01", "o": {"k": 1}}), ""),
        (json!({"n": "x"}), PARSING),
        (json!({"s": 1}), ""),
        (json!({"b": "x"}), PARSING),
        (json!({"f": 2}), ""),
        (json!({"d": "no date"}), PARSING),
        (json!({"o": 1}), PARSING),
        (json!({"o": {"k": "x"}}), PARSING),
        (json!({"new": [1, "x"]}), PARSING),
        (json!({"new": "x"}), ""),
        (json!({"rows": [{"a": 1}, {"a": 2}]}), ""),
        (json!({"rows2": [{"a": 1}, {"a": "x"}]}), PARSING),
        (json!({"a..b": 1}), PARSING),
    ] {
        assert_eq!(verdict(&open, &document), error, "{document}");
    }
    let quiet = mapped(json!({"date_detection": false}));
    assert_eq!(verdict(&quiet, &json!({"d": "2024-01-01"})), "");
    assert_eq!(verdict(&quiet, &json!({"d": "no date"})), "");
    let templated = mapped(json!({"dynamic_templates": [
        {"strings": {"match_mapping_type": "string", "mapping": {"type": "keyword"}}},
        {"counts": {"match": "*_count", "mapping": {"type": "long"}}}]}));
    assert_eq!(verdict(&templated, &json!({"s": "x".repeat(32_767)})), "illegal_argument_exception", "a keyword");
    assert_eq!(verdict(&templated, &json!({"x_count": 1.5})), "");
    assert_eq!(verdict(&templated, &json!({"x_count": true})), PARSING);
}

#[test]
fn a_mapping_has_limits() {
    let elasticsearch = mapped(json!({}));
    let wide = |from: usize, to: usize| (from..to).map(|at| (format!("f{at}"), json!(at))).collect::<Value>();
    assert_eq!(verdict(&elasticsearch, &wide(0, 1000)), "");
    assert_eq!(verdict(&elasticsearch, &wide(0, 1000)), "");
    assert_eq!(verdict(&elasticsearch, &wide(1000, 1001)), "illegal_argument_exception");
    let deep = |levels: usize| (1..levels).fold(json!({"x": 1}), |inner, _| json!({"x": inner}));
    assert_eq!(verdict(&mapped(json!({})), &deep(20)), "");
    assert_eq!(verdict(&mapped(json!({})), &deep(21)), "illegal_argument_exception");
}
