//! What changed in a cell, in words: from run to run, or from version to version.

use crate::base::text::clip;
use crate::measure::census::{Kind, What};
use crate::results::cell_changes::Changed;
use crate::results::cell_growth::Per;
use crate::show::amounts::{bytes, thousands};
use crate::show::kind_text::{name_of, quantity_of};
use crate::show::place_text::place;

/// Bytes of a page of linear memory.
const PAGE: f64 = 65_536.0;

/// The change in a line: `verdict collected → leaks`, `peak 1,000 → 3,000 objects`.
pub fn changed(what: &Changed) -> String {
    let none = |text: &str| match text {
        "" => "none".to_owned(),
        text => clip(text),
    };
    match what {
        Changed::Verdict { was, is } => format!("verdict {} → {}", none(was), none(is)),
        Changed::Outcome { was, is, reason } => {
            let why = reason
                .as_deref()
                .map_or(String::new(), |why| format!(": {}", clip(why)));
            format!("outcome {was} → {is}{why}")
        }
        Changed::Growth { kind, per, was, is } => {
            let place = place(kind);
            match (was, is) {
                (None, Some(is)) => format!("new growth: {}{place}", growth(kind, *per, *is)),
                (Some(was), None) => format!("grows no more: {}{place}", growth(kind, *per, *was)),
                (Some(was), Some(is)) => {
                    let was = quantity_of(kind, *was);
                    format!("growth +{was} → {}{place}", growth(kind, *per, *is))
                }
                (None, None) => format!("growth{place}"),
            }
        }
        Changed::Peak { kind, was, is } => {
            format!("peak {} → {}{}", peak_number(kind, *was), peak(kind, *is), place(kind))
        }
        Changed::Path {
            fingerprint,
            path,
            was,
            is,
        } => {
            let what = match (was, is) {
                (0, _) => "new retaining path",
                (_, 0) => "retaining path is gone",
                (was, is) if was < is => "one more retaining path like this",
                _ => "one retaining path like this less",
            };
            format!("{what}: {} ({fingerprint})", clip(path))
        }
    }
}

/// `+1.00 Widget a call`
fn growth(kind: &Kind, per: Per, amount: f64) -> String {
    let unit = match per {
        Per::Call => "a call",
        Per::Object => "for each object made",
    };
    format!("+{} {unit}", quantity_of(kind, amount))
}

/// `1,000 objects`, `3 pages of linear memory`
fn peak(kind: &Kind, most: f64) -> String {
    let number = peak_number(kind, most);
    match kind.what {
        what if what.is_number() => format!("{number} {}", name_of(kind)),
        What::LinearMemory if number == "1" => format!("1 page of {}", name_of(kind)),
        What::LinearMemory => format!("{number} pages of {}", name_of(kind)),
        _ => format!("{number} of {}", name_of(kind)),
    }
}

/// The same without what it is: `1,000`
fn peak_number(kind: &Kind, most: f64) -> String {
    match kind.what {
        what if what.is_number() => thousands(most.round() as u64),
        What::LinearMemory => thousands((most / PAGE).ceil() as u64),
        _ => bytes(most),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_has_its_unit() {
        for (what, most, wanted) in [
            (What::Objects, 1000.0, "1,000 objects"),
            (What::LinearMemory, 65_536.0, "1 page of linear memory"),
            (What::LinearMemory, 655_360.0, "10 pages of linear memory"),
            (What::TableSlots, 70.0, "70 slots of a table"),
            (What::Bytes, 204_800.0, "200.0 KiB of objects"),
            (What::Objects, f64::NAN, "0 objects"),
        ] {
            assert_eq!(peak(&Kind::of(what), most), wanted);
        }
    }
}
