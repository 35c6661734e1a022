//! Modules that report their blocks of linear memory, in place of those that scripts compile: made when a script on a
//! stage asks for one, once for all cells of a case.

use crate::measure::census_events::{ModuleSeen, digest};
use crate::run::questions::Answering;
use base64_simd::STANDARD;
use instrument::{BlockFrees, GivenAllocator, Instrumented, NotInstrumented, instrument};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wasmparser::{Parser, Payload, TypeRef};

/// The directory of the answers on a stage.
pub const ANSWERS: &str = "js/modules";

/// The largest module that is taken, in bytes: engines take no larger ones.
const LARGEST: usize = 1 << 30;

/// A module by its size and the digest of its bytes.
pub type ModuleKey = (u64, u32);

/// A module that a script compiled.
#[derive(Debug)]
pub struct KnownModule {
    pub original: Vec<u8>,
    pub outcome: Result<Instrumented, NotInstrumented>,
    /// The user named the functions of its allocator, and it has them.
    pub is_given: bool,
    /// Why it has not those that the user named for the case.
    refused: Option<NotInstrumented>,
    /// Its memory is shared: a worker that is given the module has no imports of ours, and frees what others asked for.
    pub is_shared: bool,
}

/// The modules that the scripts of one case compiled, by size and digest.
#[derive(Debug, Default)]
pub struct Instrumenting {
    known: Mutex<HashMap<ModuleKey, Arc<KnownModule>>>,
    /// The functions of the allocator that the user named.
    given: Vec<GivenAllocator>,
}

/// Why nothing is known of the blocks of a module.
#[derive(Debug, PartialEq, Eq)]
pub struct Untold {
    /// As the end of a sentence.
    pub why: String,
    /// Whether it would be known if the functions of its allocator were: by a build with names, or because the user names them.
    pub is_for_want_of_names: bool,
}

impl KnownModule {
    /// The module that reports; none if it would not tell what is alive.
    pub fn replacement(&self) -> Option<&Instrumented> {
        let instrumented = self.outcome.as_ref().ok().filter(|_| !self.is_shared);
        // That nothing frees may be so, if the user says it.
        instrumented.filter(|found| found.frees == BlockFrees::Reported || self.is_given)
    }

    /// Whether each function of the allocator is known: the user named them, or all functions have names. Else one without a name
    /// may make and move blocks, and what is freed may be a block that was not seen.
    pub fn is_complete(&self) -> bool {
        self.outcome.as_ref().is_ok_and(|found| {
            let has_names = found.seen.has_names && found.seen.named >= found.seen.functions;
            (has_names || self.is_given) && !found.wrapped.iter().any(|function| function.calls_indirectly)
        })
    }

    /// Whether a collector in the module frees its blocks, and reports it: AssemblyScript's.
    pub fn has_collector(&self) -> bool {
        let is_collector = |name: &&str| memchr::memmem::find(&self.original, name.as_bytes()).is_some();
        ["~lib/rt/itcms/", "~lib/rt/tcms/"].iter().any(is_collector)
    }

    /// Why there is none; `None` if there is one.
    pub fn untold(&self) -> Option<Untold> {
        if self.replacement().is_some() {
            return None;
        }
        let why = match &self.outcome {
            Ok(_) if self.is_shared => "its memory is shared, and what other threads do with it is not seen".to_owned(),
            Ok(found) => match found.frees {
                BlockFrees::Reported | BlockFrees::Unseen => {
                    "no function was found that frees what its allocator gives".to_owned()
                }
                BlockFrees::ByCollector => {
                    "a collector of its own takes them back, and does not report it; that of AssemblyScript does, \
                                            if it was built by `asc --debug` and is not optimised"
                        .to_owned()
                }
            },
            Err(why) => why.to_string(),
        };
        let is_unnamed = matches!(&self.outcome, Ok(found) if found.frees == BlockFrees::Unseen && !self.is_shared)
            || matches!(&self.outcome, Err(NotInstrumented::NoAllocator { .. }));
        Some(Untold {
            why,
            is_for_want_of_names: is_unnamed,
        })
    }
}

/// Whether a memory of the module, its own or an imported one, is shared. What cannot be read has none.
fn has_shared_memory(module: &[u8]) -> bool {
    let is_shared = |payload: wasmparser::Result<Payload<'_>>| match payload {
        Ok(Payload::MemorySection(memories)) => memories.into_iter().flatten().any(|memory| memory.shared),
        Ok(Payload::ImportSection(imports)) => imports
            .into_imports()
            .flatten()
            .any(|import| matches!(import.ty, TypeRef::Memory(memory) if memory.shared)),
        _ => false,
    };
    Parser::new(0).parse_all(module).any(is_shared)
}

impl Instrumenting {
    /// By these functions where a module has them all; by those that are found otherwise.
    pub fn by(given: &[GivenAllocator]) -> Instrumenting {
        Instrumenting {
            known: Mutex::default(),
            given: given.to_vec(),
        }
    }

    /// Why the functions that the user named are in none of the modules; `None` if they are in one, or none was seen.
    pub fn refused(&self) -> Option<String> {
        let known = lock(&self.known);
        if known.values().any(|module| module.is_given) {
            return None;
        }
        // The same one each time.
        let first = known
            .iter()
            .filter_map(|(key, module)| Some((key, module.refused.as_ref()?)));
        first.min_by_key(|(key, _)| **key).map(|(_, why)| why.to_string())
    }

    /// The module that was seen by this size and digest.
    pub fn known(&self, module: &ModuleSeen) -> Option<Arc<KnownModule>> {
        lock(&self.known).get(&(module.size, module.digest)).cloned()
    }

    /// All that were seen.
    pub fn all(&self) -> HashMap<ModuleKey, Arc<KnownModule>> {
        lock(&self.known).clone()
    }

    fn learn(&self, original: Vec<u8>) {
        let key = (original.len() as u64, digest(&original));
        let by_given = (!self.given.is_empty()).then(|| instrument(&original, &self.given));
        let (outcome, is_given, refused) = match by_given {
            Some(Ok(found)) => (Ok(found), true, None),
            Some(Err(why)) => (instrument(&original, &[]), false, Some(why)),
            None => (instrument(&original, &[]), false, None),
        };
        let is_shared = has_shared_memory(&original);
        let known = Arc::new(KnownModule {
            original,
            outcome,
            is_given,
            refused,
            is_shared,
        });
        lock(&self.known).insert(key, known);
    }
}

/// Answers the scripts of one stage: `ask NAME` with the file `NAME.wasm`, or with `NAME.send` if the module is not
/// known. Then the script sends it, by `part NAME BASE64` and `end NAME`. A module that is to stay as it is has an
/// answer of one byte. A name is `DIGEST-SIZE`, as `js/lib/blocks.js` has it.
#[derive(Debug)]
pub struct StageAnswers {
    directory: PathBuf,
    /// What questions begin with, so that none is answered that was printed by chance.
    key: String,
    instrumenting: Arc<Instrumenting>,
    sent: Mutex<HashMap<ModuleKey, Vec<u8>>>,
}

impl StageAnswers {
    /// For the stage in this directory, which has a directory for the answers.
    pub fn new(stage: &Path, key: &str, instrumenting: Arc<Instrumenting>) -> StageAnswers {
        StageAnswers {
            directory: stage.join(ANSWERS),
            key: key.to_owned(),
            instrumenting,
            sent: Mutex::default(),
        }
    }

    /// Puts the module that reports in place of this one where a script looks for it; whether there is one.
    pub fn give(&self, original: Vec<u8>) -> bool {
        let module = ModuleSeen {
            size: original.len() as u64,
            digest: digest(&original),
            file: None,
        };
        if self.instrumenting.known(&module).is_none() {
            self.instrumenting.learn(original);
        }
        let known = self.instrumenting.known(&module);
        let replacement = known.as_ref().and_then(|known| known.replacement());
        if let Some(instrumented) = replacement {
            self.put(&module, "wasm", &instrumented.module);
        }
        replacement.is_some()
    }

    fn answer(&self, module: &ModuleSeen) -> bool {
        let Some(known) = self.instrumenting.known(module) else {
            return false;
        };
        match known.replacement() {
            Some(instrumented) => self.put(module, "wasm", &instrumented.module),
            None => self.put(module, "wasm", b"-"),
        }
        true
    }

    /// Puts a file where the script looks for it. One that cannot be written is missing there: the script gives up.
    fn put(&self, module: &ModuleSeen, extension: &str, bytes: &[u8]) {
        let path = self
            .directory
            .join(format!("{}-{}.{extension}", module.digest, module.size));
        let part = path.with_extension("part");
        if fs::write(&part, bytes).is_ok() {
            let _ = fs::rename(&part, &path);
        }
    }
}

impl Answering for StageAnswers {
    fn asked(&self, question: &[u8]) {
        let Some(question) = Question::parse(question, &self.key) else {
            return;
        };
        let (module, key) = (&question.module, (question.module.size, question.module.digest));
        match question.what {
            Asked::Module if self.answer(module) => {}
            Asked::Module => self.put(module, "send", b"-"),
            Asked::Part(bytes) => {
                let mut sent = lock(&self.sent);
                let all = sent.entry(key).or_default();
                if all.len() + bytes.len() <= LARGEST {
                    all.extend_from_slice(&bytes);
                }
            }
            Asked::End => {
                let bytes = lock(&self.sent).remove(&key).unwrap_or_default();
                if bytes.len() as u64 == module.size && digest(&bytes) == module.digest {
                    self.instrumenting.learn(bytes);
                }
                if !self.answer(module) {
                    self.put(module, "wasm", b"-");
                }
            }
        }
    }
}

/// What a script asks or sends.
struct Question {
    module: ModuleSeen,
    what: Asked,
}

enum Asked {
    Module,
    Part(Vec<u8>),
    End,
}

impl Question {
    fn parse(text: &[u8], key: &str) -> Option<Question> {
        let text = str::from_utf8(text).ok()?.strip_prefix(key)?.strip_prefix(' ')?;
        let mut words = text.split(' ');
        let (what, name) = (words.next()?, words.next()?);
        let (digest, size) = name.split_once('-')?;
        let module = ModuleSeen {
            digest: digest.parse().ok()?,
            size: size.parse().ok()?,
            file: None,
        };
        let what = match what {
            "ask" => Asked::Module,
            "part" => Asked::Part(STANDARD.decode_to_vec(words.next()?).ok()?),
            "end" => Asked::End,
            _ => return None,
        };
        Some(Question { module, what })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64_simd::STANDARD;

    const KEY: &str = "0123";

    /// A module with an allocator, and one without.
    fn modules() -> [Vec<u8>; 2] {
        let allocator = r#"(module (memory (export "memory") 1)
            (func $malloc (export "malloc") (param i32) (result i32) (local.get 0))
            (func $free (export "free") (param i32)))"#;
        [allocator, "(module)"].map(|text| wat::parse_str(text).unwrap())
    }

    #[test]
    fn a_shared_memory_is_its_own_or_imported() {
        for (text, shared) in [
            ("(module)", false),
            ("(module (memory 1 2))", false),
            ("(module (memory 1 2 shared))", true),
            (
                r#"(module (import "e" "f" (func)) (import "e" "m" (memory 1 2 shared)))"#,
                true,
            ),
            (r#"(module (import "e" "m" (memory 1)))"#, false),
        ] {
            assert_eq!(has_shared_memory(&wat::parse_str(text).unwrap()), shared, "{text}");
        }
        assert!(!has_shared_memory(b"\0asm\x01\0\0\0\x05\xff"));
    }

    fn name(module: &[u8]) -> String {
        format!("{}-{}", digest(module), module.len())
    }

    /// The answer on the stage to this question, if there is one.
    fn answer(stage: &Path, name: &str) -> Option<Vec<u8>> {
        fs::read(stage.join(ANSWERS).join(name)).ok()
    }

    #[test]
    fn a_module_is_sent_once_and_answered_on_each_stage() {
        let instrumenting = Arc::new(Instrumenting::default());
        for (index, module) in modules().iter().enumerate() {
            let name = name(module);
            for stage in 0..2 {
                let directory = tempfile::tempdir().unwrap();
                fs::create_dir_all(directory.path().join(ANSWERS)).unwrap();
                let answers = StageAnswers::new(directory.path(), KEY, Arc::clone(&instrumenting));
                answers.asked(format!("{KEY} ask {name}").as_bytes());
                let is_wanted = answer(directory.path(), &format!("{name}.send")).is_some();
                assert_eq!(is_wanted, stage == 0, "{name}");
                if is_wanted {
                    for part in module.chunks(30) {
                        let text = STANDARD.encode_to_string(part);
                        answers.asked(format!("{KEY} part {name} {text}").as_bytes());
                    }
                    answers.asked(format!("{KEY} end {name}").as_bytes());
                }
                let bytes = answer(directory.path(), &format!("{name}.wasm")).unwrap();
                assert_eq!(bytes.len() > 1, index == 0, "{name}");
            }
        }
        let seen = |module: &Vec<u8>| ModuleSeen {
            size: module.len() as u64,
            digest: digest(module),
            file: None,
        };
        let [with, without] = modules();
        assert_eq!(instrumenting.known(&seen(&with)).unwrap().untold(), None);
        let untold = instrumenting.known(&seen(&without)).unwrap().untold().unwrap();
        assert!(untold.why.contains("no allocator was found"), "{untold:?}");
        assert!(untold.is_for_want_of_names);
    }

    #[test]
    fn what_is_no_question_has_no_answer() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join(ANSWERS)).unwrap();
        let answers = StageAnswers::new(directory.path(), KEY, Arc::default());
        let text = STANDARD.encode_to_string(b"\0asm");
        for question in [
            "",
            "0123",
            "9999 ask 1-2",
            "0123 ask",
            "0123 ask ../../x",
            "0123 ask 1-2/../x",
            "0123 ask -1-2",
            "0123 take 1-2",
            "0123 part 1-2",
            "0123 part 1-2 ???",
            &format!("0123 part 1-2 {text}"),
        ] {
            answers.asked(question.as_bytes());
            assert_eq!(
                fs::read_dir(directory.path().join(ANSWERS)).unwrap().count(),
                0,
                "{question}"
            );
        }
        // Not what was promised: the script gets its own module.
        answers.asked(b"0123 end 1-2");
        assert_eq!(answer(directory.path(), "1-2.wasm").unwrap(), b"-");
    }
}
