//! A digest that is the same on every machine and in every version of this program.
//!
//! The hasher of the standard library promises neither. It is no proof against intent.

/// FNV-1a, 64 bits.
#[derive(Debug, Clone, Copy)]
pub struct StableHash(u64);

impl Default for StableHash {
    fn default() -> StableHash {
        StableHash(0xcbf2_9ce4_8422_2325)
    }
}

impl StableHash {
    fn add_bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    /// Adds a text; where it ends counts, so that no two lists of texts are alike.
    pub fn add(&mut self, text: &str) {
        self.add_bytes(text.as_bytes());
        // No text in UTF-8 has this byte.
        self.add_bytes(&[0xff]);
    }

    /// 16 hexadecimal digits.
    pub fn digits(self) -> String {
        format!("{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_fnv_1a() {
        // As published with the algorithm, by Fowler, Noll and Vo.
        for (text, wanted) in [
            ("", "cbf29ce484222325"),
            ("a", "af63dc4c8601ec8c"),
            ("foobar", "85944171f73967e8"),
        ] {
            let mut hash = StableHash::default();
            hash.add_bytes(text.as_bytes());
            assert_eq!(hash.digits(), wanted);
        }
    }

    #[test]
    fn where_a_text_ends_counts() {
        let of = |texts: &[&str]| {
            let mut hash = StableHash::default();
            texts.iter().for_each(|text| hash.add(text));
            hash.digits()
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["a"]), of(&["a", ""]));
    }
}
