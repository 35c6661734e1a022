//! Makes the allocator of a WebAssembly module report each block that it hands out and takes back, and leaves the
//! rest of the module as it is.
//!
//! Bytes in, bytes out; the crate opens no file and starts no engine.
//!
//! ```
//! use instrument::{BlockReport, Role, instrument};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let module = wat::parse_str(
//!     r#"(module
//!         (memory (export "memory") 1)
//!         (global $top (mut i32) (i32.const 1024))
//!         (func $malloc (export "malloc") (param $size i32) (result i32)
//!           (global.get $top)
//!           (global.set $top (i32.add (global.get $top) (local.get $size))))
//!         (func (export "free") (param $pointer i32)))"#,
//! )?;
//! let made = instrument(&module, &[])?;
//! assert_eq!(made.reports, [BlockReport::Allocated, BlockReport::Freed]);
//! let roles: Vec<Role> = made.wrapped.iter().map(|function| function.role).collect();
//! assert_eq!(roles, [Role::Allocate, Role::Free]);
//! // `wasm-function[2]` of the new module was function 0.
//! assert_eq!(made.origins.function(2), Some(0));
//! # Ok(())
//! # }
//! ```
//!
//! # What the other half has to provide
//!
//! The new module exports what the old one did, under the same names. It imports what the old one did, and after that
//! functions from the module `wasm-leaks` ([`REPORT_MODULE`]): those of the following that it needs
//! ([`Instrumented::reports`]). Whoever instantiates it adds them to the imports; all four will do for any module.
//! Parameters are numbers, of modules with addresses of 64 bits, too; nothing is returned.
//!
//! | function | when it is called |
//! | --- | --- |
//! | `allocated(pointer, size)` | an allocating function is about to return a block |
//! | `freed(pointer)` | a function that frees was called, **before** it has freed the block |
//! | `reallocating(pointer)` | a function that resizes was called, **before** it has done anything |
//! | `reallocated(before, pointer, size)` | it is about to return |
//!
//! * **Null.** `allocated` is not called if the result is null (or of `posix_memalign`: not 0), and `freed` is not
//!   called for null. `reallocating` and `reallocated` are always called, and in pairs: with `before` 0, it is a new
//!   block; with `pointer` 0 and a size, nothing could be had, and the block `before` is still there; with `pointer`
//!   0 and `size` 0 it has been freed.
//! * **Sizes** are those that the program asked for; of `calloc` the product, which may be larger than any memory if
//!   the result is null. 0 is a size like others: such a block is one, and has to be freed.
//! * **Before, and not after.** As soon as a block is free, another thread may get it, and report it first. So a
//!   ledger takes a block off at `freed` and puts it aside at `reallocating`, and puts it back under its new address
//!   or, if nothing could be had, its old one.
//! * **Nothing is nested.** What an allocator's function calls of the allocator (`calloc` of `malloc`; `realloc` of
//!   `malloc` and `free`, by helpers, too) is not reported. There is no depth to be kept, neither in the module nor
//!   in the other half, and so nothing that a trap or an exception could leave wrong: a function that does not return
//!   has allocated nothing. Only after `reallocating` the end may be missing; the block that was put aside is then
//!   neither free nor known to be there, and `reallocating` or `freed` with the same pointer settles it.
//! * **Unless the allocator calls itself by a table** or a reference, which cannot be seen:
//!   [`WrappedFunction::calls_indirectly`]. Then the inner call is reported first. `allocated` for a pointer that is
//!   known replaces its block; and where such functions free, a pointer that is freed twice is no error.
//! * **Stacks.** In a stack that is taken during a report, the innermost frame of WebAssembly is a wrapper, of the function
//!   that the program called: [`Origins::function`] of its index is one of [`Instrumented::wrapped`]. All that follow
//!   are the program's, and of the toolchain what lies between (`__wbindgen_malloc`, Rust's `alloc`).
//! * **Threads.** Each thread has an instance of its own, and reports to the imports of that instance. A block may be
//!   freed by another thread than the one that allocated it.
//!
//! # How it is done
//!
//! A function of the allocator keeps its index, so that all calls, exports, tables and references lead to it; but its
//! body is a wrapper, and the former body is a new function at the end. In such a former body, calls to other functions
//! of the allocator lead to their former bodies. Helpers in between, which the allocator calls and which call it, are
//! copied for that purpose. Added imports push the module's own functions up: every place with the index of a
//! function is rewritten, in code, constants, tables, exports, names and hints for compilers. All other bytes are
//! copied, so that what this crate does not know passes through. An index keeps the width that it had, if it fits, so that
//! little moves. DWARF stays as it is, and is about the old module: [`Origins`] leads from functions and positions
//! of the new one to those of the old, and [`Places`] from there to files and lines.
//! A source map is about the old one, too: its columns are positions that [`Origins::offset`] returns.
//!
//! # What it cannot see
//!
//! * What compilers inlined. An allocator of the program's own, in one file with what uses it, can lose its `free`
//!   that way: wholly ([`BlockFrees::Unseen`]), or in some places, so that blocks seem to stay, or to be
//!   replaced by others at the same address. Those of standard libraries are not inlined, as far as was seen.
//! * Functions of the allocator without names, beside some with names: where the exports have `malloc` and `free` alone,
//!   `realloc` may change a block's size without being seen, and what `aligned_alloc` returns may be freed without having
//!   been allocated. [`Instrumented::seen`] says how many functions have names.
//! * What a collector takes back: [`BlockFrees::ByCollector`].
//! * Object files, before they are linked: their tables for the linker are not rewritten.

#![warn(missing_docs)]

mod allocator_table;
mod allocators;
mod custom;
mod demangle;
mod find;
mod forwarding;
mod found;
mod given;
mod graph;
mod instrumented;
mod leb;
mod module;
mod names;
mod not_instrumented;
mod origins;
mod places;
mod references;
mod renumbering;
mod report;
mod role;
mod seen;
mod signature;
mod splice;
mod structure;
mod wrapper;

pub use demangle::readable_name;
pub use found::{AllocatorEvidence, BlockFrees, WrappedFunction};
pub use given::{GivenAllocator, GivenFunction, known_role};
pub use instrumented::{Instrumented, instrument};
pub use not_instrumented::{ImportedAllocator, NoAllocatorReason, NotInstrumented};
pub use origins::Origins;
pub use places::{FilePosition, Frame, InlinedFrame, Places};
pub use report::{BlockReport, REPORT_MODULE};
pub use role::{AllocatorParameters, Role};
pub use seen::{NotTaken, NotTakenReason, SeenFunctions};
