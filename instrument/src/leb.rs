//! Unsigned 32-bit numbers in LEB128.

/// The bytes that the longest takes.
const LONGEST: usize = 5;

/// How many bytes a number takes if it is written in as few as possible.
pub(crate) fn width(value: u32) -> usize {
    let bits = (u32::BITS - value.leading_zeros()).max(1) as usize;
    bits.div_ceil(7)
}

/// Writes a number in this many bytes, at least; one that needs more gets more, up to five.
pub(crate) fn put(out: &mut Vec<u8>, value: u32, least: usize) {
    let bytes = width(value).max(least.min(LONGEST));
    for byte in 0..bytes {
        let more = if byte + 1 < bytes { 0x80 } else { 0 };
        out.push((value >> (7 * byte)) as u8 & 0x7f | more);
    }
}

/// The number that begins here, and how many bytes it takes; none if it is cut short or too large.
pub(crate) fn read(bytes: &[u8]) -> Option<(u32, usize)> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(LONGEST).enumerate() {
        if index + 1 == LONGEST && *byte > 0x0f {
            return None;
        }
        value |= u32::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, index + 1));
        }
    }
    None
}

/// Reads what custom sections are made of, and goes on after it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LebReader<'a> {
    rest: &'a [u8],
}

impl<'a> LebReader<'a> {
    /// From the first of these bytes on.
    pub(crate) fn new(bytes: &'a [u8]) -> LebReader<'a> {
        LebReader { rest: bytes }
    }

    /// What has not been read.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// A number.
    pub(crate) fn number(&mut self) -> Option<u32> {
        let (value, bytes) = read(self.rest)?;
        self.rest = &self.rest[bytes..];
        Some(value)
    }

    /// So many bytes.
    pub(crate) fn bytes(&mut self, count: u32) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(count as usize)?;
        self.rest = rest;
        Some(bytes)
    }

    /// A number, and as many bytes.
    pub(crate) fn counted(&mut self) -> Option<&'a [u8]> {
        let count = self.number()?;
        self.bytes(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_it_was_written() {
        for value in [0, 1, 127, 128, 16383, 16384, 1 << 21, 1 << 28, u32::MAX] {
            for least in 0..8 {
                let mut out = Vec::new();
                put(&mut out, value, least);
                assert_eq!(out.len(), width(value).max(least.min(5)), "{value}");
                assert_eq!(read(&out), Some((value, out.len())), "{value}");
            }
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for bytes in [
            &[][..],
            &[0x80],
            &[0xff, 0xff, 0xff, 0xff, 0x10],
            &[0x80, 0x80, 0x80, 0x80, 0x80, 0],
        ] {
            assert_eq!(read(bytes), None, "{bytes:?}");
        }
        assert_eq!(LebReader::new(&[3, 1, 2]).counted(), None);
        assert_eq!(LebReader::new(&[2, 1, 2]).counted(), Some(&[1, 2][..]));
    }
}
