//! The tables, and those that hold where none are given.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The plugin's config.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// For each field to write, where its values come from.
    pub columns: BTreeMap<String, Lookup>,
}

/// How one field is filled.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// The field whose value is looked up.
    pub from: String,
    /// Value to value; `name*` stands for all that begin so.
    pub table: BTreeMap<String, String>,
    /// For values that are not in the table; without it those events stay as they are.
    #[serde(default)]
    pub default: Option<String>,
}

impl Default for Config {
    /// The strategies of the drills by the kinds of their names, and the exchange of their symbols.
    fn default() -> Self {
        let lookup = |from: &str, table: &[(&str, &str)]| Lookup {
            from: from.into(),
            table: table.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            default: None,
        };
        let columns = [
            (
                "desk",
                lookup(
                    "strategy_id",
                    &[
                        ("mm-*", "market-making"),
                        ("mom-*", "directional"),
                        ("trend-*", "directional"),
                        ("rev-*", "relative-value"),
                        ("arb-*", "relative-value"),
                    ],
                ),
            ),
            (
                "book",
                lookup(
                    "strategy_id",
                    &[
                        ("mm-*", "MM-INDEX"),
                        ("mom-*", "DIR-INDEX"),
                        ("trend-*", "DIR-INDEX"),
                        ("rev-*", "RV-INDEX"),
                        ("arb-*", "RV-INDEX"),
                    ],
                ),
            ),
            ("venue", lookup("symbol", &[("TXF*", "TAIFEX"), ("TMF*", "TAIFEX"), ("MXF*", "TAIFEX")])),
        ];
        Config { columns: columns.map(|(field, lookup)| (field.to_string(), lookup)).into() }
    }
}
