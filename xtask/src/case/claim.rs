//! The claim about a case in 2020, in a form that can be compared with results.

use crate::engine::table::{self, Engine};
use anyhow::{Result, bail};

/// `leaks`, or `memory runs out`; of every engine, or `on ENGINE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The text in the file.
    pub text: String,
    what: ClaimedBehaviour,
    engine: Option<&'static Engine>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClaimedBehaviour {
    Leaks,
    RunsOut,
}

impl Claim {
    pub fn parse(text: &str) -> Result<Claim> {
        let (what, engine) = match text.split_once(" on ") {
            Some((what, engine)) => (what, Some(table::engine_named(engine)?)),
            None => (text, None),
        };
        let what = match what {
            "leaks" => ClaimedBehaviour::Leaks,
            "memory runs out" => ClaimedBehaviour::RunsOut,
            _ => bail!("`{what}` is neither `leaks` nor `memory runs out`"),
        };
        Ok(Claim {
            text: text.to_owned(),
            what,
            engine,
        })
    }

    /// Whether the claim is about this engine.
    pub fn concerns(&self, engine: &str) -> bool {
        self.engine.is_none_or(|claimed| claimed.name == engine)
    }

    /// Whether the claim is true.
    pub fn holds(&self, leaks: bool, ran_out: bool) -> bool {
        match self.what {
            ClaimedBehaviour::Leaks => leaks,
            ClaimedBehaviour::RunsOut => ran_out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Claim;

    #[test]
    fn a_claim_is_compared_with_results() {
        for (text, engine, leaks, ran_out, contradicted) in [
            ("leaks", "v8", true, true, false),
            ("leaks", "v8", false, true, true),
            ("memory runs out", "jsc", false, true, false),
            ("memory runs out", "jsc", false, false, true),
            ("leaks on spidermonkey", "v8", false, false, false),
            ("leaks on spidermonkey", "spidermonkey", false, false, true),
        ] {
            let claim = Claim::parse(text).unwrap();
            let actual = claim.concerns(engine) && !claim.holds(leaks, ran_out);
            assert_eq!(actual, contradicted, "{text} on {engine}");
        }
        assert!(Claim::parse("leaks on mars").is_err());
        assert!(Claim::parse("explodes").is_err());
    }
}
