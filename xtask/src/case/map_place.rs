//! Where a script says that its source map is.

use crate::base::text::without_percent_signs;
use anyhow::{Context, Result, anyhow};

/// Where a script says that its map is.
#[derive(Debug, PartialEq, Eq)]
pub enum MapPlace {
    /// In the script.
    Inline(Vec<u8>),
    /// In a file, relative to the script's.
    File(String),
}

/// How a script names its map, at the begin of a line near its end.
const COMMENTS: [&str; 2] = ["//# sourceMappingURL=", "//@ sourceMappingURL="];

/// Where the map of a script is; `None` if it names none.
pub fn map_place(script: &str) -> Option<Result<MapPlace>> {
    let at = COMMENTS.iter().filter_map(|comment| script.rfind(comment)).max()?;
    let url = script[at..].split_once('=').map_or("", |(_, rest)| rest);
    let url = url.split(char::is_whitespace).next().unwrap_or_default();
    let Some(data) = url.strip_prefix("data:") else {
        return Some(Ok(MapPlace::File(without_percent_signs(url))));
    };
    let Some((kind, data)) = data.split_once(',') else {
        return Some(Err(anyhow!("its URL has no data")));
    };
    if !kind.ends_with(";base64") {
        return Some(Ok(MapPlace::Inline(without_percent_signs(data).into_bytes())));
    }
    let decoded = base64_simd::STANDARD.decode_to_vec(data);
    Some(decoded.map(MapPlace::Inline).context("its URL is not base64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_names_its_map() {
        for (script, wanted) in [
            (
                "a\n//# sourceMappingURL=a.js.map\n",
                Some(MapPlace::File("a.js.map".into())),
            ),
            (
                "a\n//@ sourceMappingURL=a%20b.map",
                Some(MapPlace::File("a b.map".into())),
            ),
            (
                "//# sourceMappingURL=data:application/json;base64,e30=",
                Some(MapPlace::Inline(b"{}".into())),
            ),
            (
                "//# sourceMappingURL=data:application/json,%7B%7D",
                Some(MapPlace::Inline(b"{}".into())),
            ),
            ("a", None),
        ] {
            assert_eq!(map_place(script).map(Result::unwrap), wanted, "{script}");
        }
        for script in ["//# sourceMappingURL=data:x", "//# sourceMappingURL=data:x;base64,?"] {
            assert!(map_place(script).unwrap().is_err(), "{script}");
        }
    }
}
