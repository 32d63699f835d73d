//! One field: its type, and whether a value fits it.
//!
//! From "Field data types", "Numeric field types" (ranges, `coerce`: numbers as text are taken, fractions of
//! whole numbers cut off), "Boolean field type" (`"true"`, `"false"`, `""`), "Keyword type family"
//! (`ignore_above`, 32,766 bytes), "Constant keyword", "`ignore_malformed`".

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::date;
use super::failure::Failure;

/// "Lucene's term byte-length limit of 32766".
const TERM_BYTES_MAX: usize = 32_766;

const PARAMETERS: [&str; 28] = [
    "analyzer",
    "coerce",
    "copy_to",
    "depth_limit",
    "doc_values",
    "eager_global_ordinals",
    "fields",
    "format",
    "ignore_above",
    "ignore_malformed",
    "index",
    "index_options",
    "locale",
    "meta",
    "norms",
    "null_value",
    "path",
    "scaling_factor",
    "search_analyzer",
    "similarity",
    "split_queries_on_whitespace",
    "store",
    "term_vector",
    "time_series_dimension",
    "time_series_metric",
    "type",
    "value",
    "position_increment_gap",
];

#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub kind: Kind,
    ignore_malformed: bool,
    ignore_above: usize,
    coerce: bool,
    format: String,
    /// Of a constant keyword.
    constant: Option<String>,
    /// Sub-fields count towards the limit of fields.
    pub sub_fields: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Keyword,
    ConstantKeyword,
    /// Whole numbers within a range.
    Whole(&'static str),
    /// Numbers with fractions.
    Fraction(&'static str),
    Boolean,
    Date(&'static str),
    Ip,
    Flattened,
    Binary,
    /// A second name for another field; nothing can be written to it.
    Alias,
}

impl Kind {
    fn read(name: &str) -> Option<Kind> {
        Some(match name {
            "text" | "match_only_text" | "wildcard" | "version" => Kind::Text,
            "keyword" => Kind::Keyword,
            "constant_keyword" => Kind::ConstantKeyword,
            "long" => Kind::Whole("long"),
            "integer" => Kind::Whole("integer"),
            "short" => Kind::Whole("short"),
            "byte" => Kind::Whole("byte"),
            "unsigned_long" => Kind::Whole("unsigned_long"),
            "double" => Kind::Fraction("double"),
            "float" => Kind::Fraction("float"),
            "half_float" => Kind::Fraction("half_float"),
            "scaled_float" => Kind::Fraction("scaled_float"),
            "boolean" => Kind::Boolean,
            "date" => Kind::Date("date"),
            "date_nanos" => Kind::Date("date_nanos"),
            "ip" => Kind::Ip,
            "flattened" => Kind::Flattened,
            "binary" => Kind::Binary,
            "alias" => Kind::Alias,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Keyword => "keyword",
            Kind::ConstantKeyword => "constant_keyword",
            Kind::Whole(name) | Kind::Fraction(name) | Kind::Date(name) => name,
            Kind::Boolean => "boolean",
            Kind::Ip => "ip",
            Kind::Flattened => "flattened",
            Kind::Binary => "binary",
            Kind::Alias => "alias",
        }
    }
}

impl Field {
    pub fn read(path: &str, map: &Map<String, Value>) -> Result<Field, Failure> {
        let name = map.get("type").and_then(Value::as_str).unwrap_or_default();
        let unknown = || Failure::mapping(format!("No handler for type [{name}] declared on field [{path}]"));
        let kind = Kind::read(name).ok_or_else(unknown)?;
        if let Some(parameter) = map.keys().find(|parameter| !PARAMETERS.contains(&parameter.as_str())) {
            let reason = format!("unknown parameter [{parameter}] on mapper [{path}] of type [{name}]");
            return Err(Failure::mapping(reason));
        }
        if name == "scaled_float" && !map.get("scaling_factor").is_some_and(Value::is_number) {
            return Err(Failure::mapping(format!("Field [{path}] misses required parameter [scaling_factor]")));
        }
        let format = map.get("format").and_then(Value::as_str).unwrap_or(date::DEFAULT_FORMAT);
        if !date::is_known(format) {
            let reason = format!("format [{format}] of field [{path}] is not one that this receiver can check");
            return Err(Failure::mapping(reason));
        }
        let flag = |name: &str, default| map.get(name).and_then(Value::as_bool).unwrap_or(default);
        let ignore_above = map.get("ignore_above").and_then(Value::as_u64);
        Ok(Field {
            kind,
            ignore_malformed: flag("ignore_malformed", false),
            ignore_above: ignore_above.map_or(usize::MAX, |above| above as usize),
            coerce: flag("coerce", true),
            format: format.to_owned(),
            constant: map.get("value").and_then(Value::as_str).map(str::to_owned),
            sub_fields: map.get("fields").and_then(Value::as_object).map_or(0, Map::len),
        })
    }

    /// A field as dynamic mapping makes it.
    pub fn dynamic(value: &Value, date_detection: bool) -> Field {
        let kind = match value {
            Value::Bool(_) => Kind::Boolean,
            Value::Number(number) if number.is_f64() => Kind::Fraction("float"),
            Value::Number(_) => Kind::Whole("long"),
            Value::String(text) if date_detection && date::is_date(text) => Kind::Date("date"),
            _ => Kind::Text,
        };
        Field {
            kind,
            ignore_malformed: false,
            ignore_above: usize::MAX,
            coerce: true,
            format: date::DEFAULT_FORMAT.to_owned(),
            constant: None,
            // Text gets a keyword beside it.
            sub_fields: usize::from(kind == Kind::Text),
        }
    }

    /// Looks at one value, neither null nor an array.
    pub fn check(&self, path: &str, id: &str, value: &Value) -> Result<(), Failure> {
        if self.kind == Kind::Keyword {
            let text = value.as_str().unwrap_or_default();
            if text.len() > TERM_BYTES_MAX && text.chars().count() <= self.ignore_above {
                let reason = format!(
                    "Document contains at least one immense term in field=\"{path}\" (whose UTF8 encoding is \
                     longer than the max length {TERM_BYTES_MAX}), all of which were skipped."
                );
                return Err(Failure::illegal(reason));
            }
        }
        match self.fits(value) {
            Ok(()) => Ok(()),
            Err(_) if self.ignore_malformed && !value.is_object() => Ok(()),
            Err(cause) => {
                let preview: String = value.to_string().chars().take(100).collect();
                let reason = format!(
                    "failed to parse field [{path}] of type [{}] in document with id '{id}'. Preview of field's \
                     value: '{preview}'",
                    self.kind.name()
                );
                Err(Failure::document(reason).because(cause))
            }
        }
    }

    fn fits(&self, value: &Value) -> Result<(), String> {
        if value.is_object() != (self.kind == Kind::Flattened) {
            let what = if value.is_object() { "START_OBJECT" } else { "a concrete value" };
            return Err(format!("found {what}"));
        }
        match self.kind {
            Kind::Text | Kind::Keyword | Kind::Flattened => Ok(()),
            Kind::ConstantKeyword => match &self.constant {
                Some(constant) if value.as_str() != Some(constant) => {
                    Err(format!("only accepts values that are equal to [{constant}], but got {value}"))
                }
                _ => Ok(()),
            },
            Kind::Whole(name) => whole(name, self.coerce, value),
            Kind::Fraction(name) => fraction(name, self.coerce, value),
            Kind::Boolean => match value {
                Value::Bool(_) => Ok(()),
                Value::String(text) if ["true", "false", ""].contains(&text.as_str()) => Ok(()),
                _ => Err(format!("Failed to parse value [{value}] as only [true] or [false] are allowed.")),
            },
            Kind::Date(_) if date::fits(&self.format, value) => Ok(()),
            Kind::Date(_) => Err(format!("failed to parse date field [{value}] with format [{}]", self.format)),
            Kind::Ip if value.as_str().is_some_and(|text| text.parse::<IpAddr>().is_ok()) => Ok(()),
            Kind::Ip => Err(format!("'{value}' is not an IP string literal.")),
            Kind::Binary if value.is_string() => Ok(()),
            Kind::Binary => Err("not base64 text".into()),
            Kind::Alias => Err("Cannot write to a field alias".into()),
        }
    }
}

fn whole(name: &str, coerce: bool, value: &Value) -> Result<(), String> {
    let (least, most): (i128, i128) = match name {
        "byte" => (i8::MIN.into(), i8::MAX.into()),
        "short" => (i16::MIN.into(), i16::MAX.into()),
        "integer" => (i32::MIN.into(), i32::MAX.into()),
        "unsigned_long" => (0, u64::MAX.into()),
        _ => (i64::MIN.into(), i64::MAX.into()),
    };
    let number = match value {
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => i128::from(whole),
            (_, Some(whole)) => i128::from(whole),
            _ => cut(number.as_f64().unwrap_or(f64::NAN), coerce, value)?,
        },
        Value::String(text) if coerce => match text.parse::<i128>() {
            Ok(whole) => whole,
            Err(_) => cut(text.parse().map_err(|_| format!("For input string: {value}"))?, coerce, value)?,
        },
        _ => return Err(format!("For input string: {value}")),
    };
    if (least..=most).contains(&number) { Ok(()) } else { Err(format!("Value [{value}] is out of range for a {name}")) }
}

fn cut(number: f64, coerce: bool, value: &Value) -> Result<i128, String> {
    if !number.is_finite() || number.abs() > 1e30 {
        return Err(format!("Value [{value}] is out of range"));
    }
    if !coerce && number.fract() != 0.0 {
        return Err(format!("Value [{value}] has a decimal part"));
    }
    Ok(number as i128)
}

fn fraction(name: &str, coerce: bool, value: &Value) -> Result<(), String> {
    let number = match value {
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN),
        Value::String(text) if coerce => text.parse().map_err(|_| format!("For input string: {value}"))?,
        _ => return Err(format!("For input string: {value}")),
    };
    let most = match name {
        "half_float" => 65_504.0,
        "float" => f64::from(f32::MAX),
        _ => f64::MAX,
    };
    if number.is_finite() && number.abs() <= most {
        Ok(())
    } else {
        Err(format!("[{name}] supports only finite values, but got [{value}]"))
    }
}
