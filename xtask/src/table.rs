//! Results as tables.

use std::fmt::Write;

/// One row a subject.
pub(crate) struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(columns: &[&str]) -> Self {
        Table { columns: columns.iter().map(ToString::to_string).collect(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(crate) fn print(&self, title: &str) {
        println!("\n{title}\n");
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        print!("{}", table(&columns, &self.rows));
    }
}

/// Columns side by side, numbers to the right.
pub(crate) fn table(columns: &[&str], rows: &[Vec<String>]) -> String {
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
        cells.chain([columns[at].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let numeric =
        |cell: &str| !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
    let mut text = String::new();
    let head: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
    let first_numeric: Vec<bool> =
        (0..columns.len()).map(|at| rows.first().is_some_and(|row| numeric(&row[at]))).collect();
    for (number, row) in std::iter::once(&head).chain(rows).enumerate() {
        let mut line = String::from(" ");
        for ((cell, width), right) in row.iter().zip(&widths).zip(&first_numeric) {
            let _ = if numeric(cell) || number == 0 && *right {
                write!(line, " {cell:>width$} ")
            } else {
                write!(line, " {cell:<width$} ")
            };
        }
        text.push_str(line.trim_end());
        text.push('\n');
        if number == 0 {
            let total: usize = widths.iter().map(|width| width + 2).sum();
            text.push_str(&format!("  {}\n", "─".repeat(total.saturating_sub(2))));
        }
    }
    text
}

/// 512000 as `512,000`.
pub(crate) fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 && digit.is_ascii_digit() {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
