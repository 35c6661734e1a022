//! "Did you mean".

/// Names less alike than this are not suggested.
const ALIKE: f64 = 0.65;

/// The known name that is most similar to `name`, as the end of an error message; empty if none is.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    known
        .into_iter()
        .map(|known| (alike(name, known), known))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map_or(String::new(), |(_, known)| format!("; did you mean `{known}`?"))
}

/// The similarity, from 0 to 1. Jaro and Winkler rate a short name with two swapped letters too low.
fn alike(name: &str, known: &str) -> f64 {
    let one_slip = strsim::damerau_levenshtein(name, known) == 1;
    strsim::jaro_winkler(name, known).max(if one_slip { ALIKE } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn suggests_the_nearest_name_or_none() {
        let known = ["m0", "m1", "wasm-gc", "wasm-gc-cycle"];
        assert_eq!(did_you_mean("wasm-cg", known), "; did you mean `wasm-gc`?");
        assert_eq!(did_you_mean("m", known), "; did you mean `m1`?");
        assert_eq!(did_you_mean("jcs", ["v8", "jsc"]), "; did you mean `jsc`?");
        assert_eq!(did_you_mean("zebra", known), "");
        assert_eq!(did_you_mean("m0", []), "");
    }
}
