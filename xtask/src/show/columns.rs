//! Rows laid out in columns.

use console::{Alignment, measure_text_width, pad_str};

/// The columns that the longest line takes on a terminal.
pub fn width(text: &str) -> usize {
    text.lines().map(measure_text_width).max().unwrap_or(0)
}

/// Lays out rows in columns two spaces apart; styles do not count in the width of a text.
pub fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column| {
        let cells = rows.iter().filter_map(move |row: &Vec<String>| row.get(column));
        cells.map(|cell: &String| measure_text_width(cell)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let line = |row: &Vec<String>| {
        let padded = row.iter().zip(&widths);
        let padded: Vec<_> = padded
            .map(|(cell, width)| pad_str(cell, *width, Alignment::Left, None))
            .collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
