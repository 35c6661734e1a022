//! Numbers as people read them.

/// `1.00`, `0.013`: of things, with as many places as say something.
pub fn count(number: f64) -> String {
    match number {
        _ if number >= 100.0 => thousands(number.round() as u64),
        _ if number >= 0.1 => format!("{number:.2}"),
        _ if number >= 0.002 => format!("{number:.3}"),
        _ => format!("{number:.5}"),
    }
}

/// `0.64 B`, `24.0 B`, `1.2 MiB`
pub fn bytes(number: f64) -> String {
    match number {
        _ if number >= 1_048_576.0 => format!("{:.1} MiB", number / 1_048_576.0),
        _ if number >= 10_240.0 => format!("{:.1} KiB", number / 1024.0),
        _ if number >= 1.0 || number == 0.0 => format!("{number:.1} B"),
        _ => format!("{number:.2} B"),
    }
}

/// `12,345`
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
