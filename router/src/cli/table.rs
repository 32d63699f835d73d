//! Plain tables for a terminal.

/// Aligns columns; numbers to the right. A cell is cut at `width_max`.
pub(super) fn table(header: &[String], rows: &[Vec<String>], width_max: usize) -> String {
    let cut = |cell: &str| -> String {
        let cell = cell.replace(['\n', '\r', '\t'], " ");
        match cell.char_indices().nth(width_max) {
            Some((at, _)) => format!("{}…", &cell[..at]),
            None => cell,
        }
    };
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| cut(cell)).collect()).collect();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .chain(header.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let is_number =
        |cell: &str| !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit() || b"-.,".contains(&byte));
    let mut out = String::new();
    let line = |cells: &[String], out: &mut String| {
        let parts: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| if is_number(cell) { format!("{cell:>width$}") } else { format!("{cell:<width$}") })
            .collect();
        out.push_str(parts.join("  ").trim_end());
        out.push('\n');
    };
    line(header, &mut out);
    let rules: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
    line(&rules, &mut out);
    for row in &rows {
        line(row, &mut out);
    }
    out
}
