//! What a program asks while it runs, and the command answers on the stage: lines of standard output that begin with
//! `@? `. They are no part of the output.

/// What begins a line with a question.
const MARK: &[u8] = b"@? ";

/// A line that is longer is no question: what a program prints is limited.
const LONGEST: usize = 1 << 20;

/// Answers the questions of one program.
pub trait Answering: Send + Sync {
    /// A question, without its mark. The answer is a file on the stage.
    fn asked(&self, question: &[u8]);
}

/// Takes the questions out of a stream of bytes.
#[derive(Debug, Default)]
pub struct QuestionFilter {
    /// The beginning of a line that may be a question.
    held: Vec<u8>,
    /// The line that passes is none.
    is_other: bool,
}

impl QuestionFilter {
    /// Takes some bytes in; calls `passes` with those that are no question, and `asked` with each question.
    pub fn feed(&mut self, mut bytes: &[u8], mut passes: impl FnMut(&[u8]), mut asked: impl FnMut(&[u8])) {
        while !bytes.is_empty() {
            let end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
            let (part, rest) = bytes.split_at(end);
            bytes = rest;
            let is_whole = part.ends_with(b"\n");
            if self.is_other {
                passes(part);
                self.is_other = !is_whole;
                continue;
            }
            self.held.extend_from_slice(part);
            if self.held.len() > LONGEST && !is_whole {
                passes(&std::mem::take(&mut self.held));
                self.is_other = true;
                continue;
            }
            let known = self.held.len().min(MARK.len());
            if self.held[..known] != MARK[..known] {
                passes(&std::mem::take(&mut self.held));
                self.is_other = !is_whole;
            } else if is_whole && known < MARK.len() {
                passes(&std::mem::take(&mut self.held));
            } else if is_whole {
                let line = std::mem::take(&mut self.held);
                asked(line[MARK.len()..].trim_ascii_end());
            }
        }
    }

    /// What is left at the end: a question that was cut off is none.
    pub fn rest(self) -> Vec<u8> {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What passes and what is asked, of a text in pieces of so many bytes.
    fn split(text: &str, size: usize) -> (String, Vec<String>) {
        let mut filter = QuestionFilter::default();
        let (mut passed, mut asked) = (Vec::new(), Vec::new());
        for piece in text.as_bytes().chunks(size) {
            filter.feed(
                piece,
                |bytes| passed.extend_from_slice(bytes),
                |question| asked.push(String::from_utf8_lossy(question).into_owned()),
            );
        }
        passed.extend(filter.rest());
        (String::from_utf8(passed).unwrap(), asked)
    }

    #[test]
    fn a_line_that_does_not_end_is_no_question() {
        let text = format!("@? {}\n@? ask\n", "x".repeat(2 * LONGEST));
        let (passed, asked) = split(&text, 4096);
        assert_eq!(passed.len(), text.len() - "@? ask\n".len());
        assert_eq!(asked, ["ask"]);
    }

    #[test]
    fn questions_are_taken_out_wherever_the_bytes_are_cut() {
        for (text, passed, asked) in [
            ("", "", &[][..]),
            ("a\nb\n", "a\nb\n", &[]),
            ("@? ask 1\n", "", &["ask 1"]),
            ("a\n@? ask 1\r\n@ {}\n@? ask 2\nb", "a\n@ {}\nb", &["ask 1", "ask 2"]),
            ("@?\n@\n\n@? \n", "@?\n@\n\n", &[""]),
            ("a @? b\n", "a @? b\n", &[]),
            ("@? cut off", "@? cut off", &[]),
        ] {
            for size in 1..=text.len().max(1) {
                let (left, questions) = split(text, size);
                assert_eq!(
                    (left.as_str(), questions.as_slice()),
                    (passed, &asked.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()[..]),
                    "{text:?} by {size}"
                );
            }
        }
    }
}
