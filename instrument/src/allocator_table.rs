//! The allocators that are known: a table of what their functions are called, do and take.

use crate::role::Role;

/// Whose the blocks of a function are: only functions are taken together whose blocks are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum BlockOwner {
    /// The program's.
    Program,
    /// Objects that a collector takes back.
    Collected,
    /// Those that scripts allocate; the program itself allocates by another way.
    Scripts,
}

/// What the name of a function promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownAllocator {
    pub(crate) role: Role,
    /// A letter for each parameter:
    ///
    /// | letter | parameter |
    /// | --- | --- |
    /// | `s` | the size of the block, or of an element |
    /// | `c` | how many elements |
    /// | `p` | the block |
    /// | `x` | where the address of the block is written |
    /// | `a` | another number as wide as an address: an alignment, a former size |
    /// | `-` | anything |
    /// | `^` | what the allocator keeps its state in; compilers drop it if there is only one |
    pub(crate) parameters: &'static str,
    pub(crate) owner: BlockOwner,
    /// The bytes from what it uses as a pointer to the first byte of the block.
    pub(crate) header: u32,
}

/// Functions that differ in what their names begin with.
pub(crate) struct NamedFunctions {
    /// What the names begin with.
    pub(crate) prefixes: &'static [&'static str],
    pub(crate) owner: BlockOwner,
    pub(crate) header: u32,
    /// The rest of each name, what the function does, and the letters of its parameters.
    pub(crate) functions: &'static [(&'static str, Role, &'static str)],
}

use BlockOwner::{Collected, Program, Scripts};
use Role::{Allocate, AllocateAligned, AllocateInto, AllocateZeroed, Free, Reallocate};

/// All that are known.
pub(crate) const KNOWN: &[NamedFunctions] = &[
    // C, and what libraries call theirs: musl, Emscripten, dlmalloc.
    NamedFunctions {
        prefixes: &[
            "",
            "dl",
            "emscripten_builtin_",
            "__libc_",
            "emmalloc_",
            "_",
            "__",
            "je_",
            "rp",
            "tc_",
        ],
        owner: Program,
        header: 0,
        functions: &[
            ("malloc", Allocate, "s"),
            ("free", Free, "p"),
            ("calloc", AllocateZeroed, "cs"),
            ("realloc", Reallocate, "ps"),
            ("aligned_alloc", AllocateAligned, "as"),
            ("memalign", AllocateAligned, "as"),
            ("posix_memalign", AllocateInto, "xas"),
            ("valloc", AllocateAligned, "s"),
            ("pvalloc", AllocateAligned, "s"),
            ("cfree", Free, "p"),
        ],
    },
    // C, what has no variants.
    NamedFunctions {
        prefixes: &[""],
        owner: Program,
        header: 0,
        functions: &[
            ("reallocarray", Reallocate, "pcs"),
            ("reallocf", Reallocate, "ps"),
            ("free_sized", Free, "pa"),
            ("free_aligned_sized", Free, "paa"),
            ("realloc_in_place", Reallocate, "ps"),
            ("dlrealloc_in_place", Reallocate, "ps"),
            ("emmalloc_realloc_try", Reallocate, "ps"),
            ("emmalloc_aligned_realloc", Reallocate, "pas"),
        ],
    },
    // https://microsoft.github.io/mimalloc/, which Emscripten has too.
    NamedFunctions {
        prefixes: &["mi_"],
        owner: Program,
        header: 0,
        functions: &[
            ("malloc", Allocate, "s"),
            ("malloc_small", Allocate, "s"),
            ("mallocn", Allocate, "cs"),
            ("zalloc", AllocateZeroed, "s"),
            ("zalloc_small", AllocateZeroed, "s"),
            ("calloc", AllocateZeroed, "cs"),
            ("realloc", Reallocate, "ps"),
            ("reallocn", Reallocate, "pcs"),
            ("reallocf", Reallocate, "ps"),
            ("reallocarray", Reallocate, "pcs"),
            ("rezalloc", Reallocate, "ps"),
            ("recalloc", Reallocate, "pcs"),
            ("expand", Reallocate, "ps"),
            ("free", Free, "p"),
            ("free_size", Free, "pa"),
            ("free_aligned", Free, "pa"),
            ("free_size_aligned", Free, "paa"),
            ("cfree", Free, "p"),
            ("malloc_aligned", AllocateAligned, "sa"),
            ("zalloc_aligned", AllocateAligned, "sa"),
            ("calloc_aligned", AllocateAligned, "csa"),
            ("realloc_aligned", Reallocate, "psa"),
            ("memalign", AllocateAligned, "as"),
            ("aligned_alloc", AllocateAligned, "as"),
            ("posix_memalign", AllocateInto, "xas"),
            ("valloc", AllocateAligned, "s"),
            ("pvalloc", AllocateAligned, "s"),
            ("new", Allocate, "s"),
            ("new_n", Allocate, "cs"),
            ("new_nothrow", Allocate, "s"),
            ("new_aligned", AllocateAligned, "sa"),
            ("new_aligned_nothrow", AllocateAligned, "sa"),
            ("new_realloc", Reallocate, "ps"),
            ("new_reallocn", Reallocate, "pcs"),
            ("heap_malloc", Allocate, "-s"),
            ("heap_malloc_small", Allocate, "-s"),
            ("heap_mallocn", Allocate, "-cs"),
            ("heap_zalloc", AllocateZeroed, "-s"),
            ("heap_calloc", AllocateZeroed, "-cs"),
            ("heap_realloc", Reallocate, "-ps"),
            ("heap_reallocn", Reallocate, "-pcs"),
            ("heap_malloc_aligned", AllocateAligned, "-sa"),
            ("heap_zalloc_aligned", AllocateAligned, "-sa"),
            ("heap_calloc_aligned", AllocateAligned, "-csa"),
            ("heap_realloc_aligned", Reallocate, "-psa"),
            ("heap_alloc_new", Allocate, "-s"),
        ],
    },
    // C++: https://en.cppreference.com/w/cpp/memory/new/operator_new. Other types of sizes are written as this one.
    NamedFunctions {
        prefixes: &["operator new", "operator new[]"],
        owner: Program,
        header: 0,
        functions: &[
            ("(unsigned long)", Allocate, "s"),
            ("(unsigned long, std::nothrow_t const&)", Allocate, "sa"),
            ("(unsigned long, std::align_val_t)", AllocateAligned, "sa"),
            (
                "(unsigned long, std::align_val_t, std::nothrow_t const&)",
                AllocateAligned,
                "saa",
            ),
        ],
    },
    NamedFunctions {
        prefixes: &["operator delete", "operator delete[]"],
        owner: Program,
        header: 0,
        functions: &[
            ("(void*)", Free, "p"),
            ("(void*, unsigned long)", Free, "pa"),
            ("(void*, std::nothrow_t const&)", Free, "pa"),
            ("(void*, std::align_val_t)", Free, "pa"),
            ("(void*, unsigned long, std::align_val_t)", Free, "paa"),
            ("(void*, std::align_val_t, std::nothrow_t const&)", Free, "paa"),
        ],
    },
    // Rust: what `alloc` calls, the default behind it, and a `#[global_allocator]` behind it.
    NamedFunctions {
        prefixes: &["__rust_", "__rdl_", "__rg_"],
        owner: Program,
        header: 0,
        functions: &[
            ("alloc", Allocate, "sa"),
            ("alloc_zeroed", AllocateZeroed, "sa"),
            ("dealloc", Free, "paa"),
            ("realloc", Reallocate, "paas"),
        ],
    },
    // Rust's default, within.
    NamedFunctions {
        prefixes: &["dlmalloc::dlmalloc::Dlmalloc::"],
        owner: Program,
        header: 0,
        functions: &[
            ("malloc", Allocate, "^s"),
            ("memalign", AllocateAligned, "^as"),
            ("realloc", Reallocate, "^ps"),
            ("free", Free, "^p"),
        ],
    },
    NamedFunctions {
        prefixes: &["dlmalloc::Dlmalloc::"],
        owner: Program,
        header: 0,
        functions: &[
            ("malloc", Allocate, "^sa"),
            ("calloc", AllocateZeroed, "^sa"),
            ("realloc", Reallocate, "^paas"),
            ("free", Free, "^paa"),
        ],
    },
    // wasm-bindgen; older versions have no alignment.
    NamedFunctions {
        prefixes: &["__wbindgen_"],
        owner: Scripts,
        header: 0,
        functions: &[
            ("malloc", Allocate, "sa"),
            ("malloc", Allocate, "s"),
            ("realloc", Reallocate, "pasa"),
            ("realloc", Reallocate, "pas"),
            ("free", Free, "paa"),
            ("free", Free, "pa"),
        ],
    },
    // AssemblyScript: https://www.assemblyscript.org/runtime.html. Older versions pass the class as well.
    NamedFunctions {
        prefixes: &["~lib/rt/tlsf/", "~lib/rt/stub/", "~lib/rt/rtrace/", "~lib/rt/"],
        owner: Program,
        header: 0,
        functions: &[
            ("__alloc", Allocate, "s"),
            ("__alloc", Allocate, "s-"),
            ("__realloc", Reallocate, "ps"),
            ("__free", Free, "p"),
        ],
    },
    NamedFunctions {
        prefixes: &[""],
        owner: Program,
        header: 0,
        functions: &[
            ("__alloc", Allocate, "s"),
            ("__alloc", Allocate, "s-"),
            ("__realloc", Reallocate, "ps"),
        ],
    },
    // Within it a pointer is that of the header, which has 4 bytes; compilers inline what adds them.
    NamedFunctions {
        prefixes: &["~lib/rt/tlsf/"],
        owner: Program,
        header: 4,
        functions: &[
            ("allocateBlock", Allocate, "^s"),
            ("reallocateBlock", Reallocate, "^ps"),
            ("freeBlock", Free, "^p"),
        ],
    },
    NamedFunctions {
        prefixes: &["", "~lib/rt/itcms/", "~lib/rt/tcms/", "~lib/rt/stub/", "~lib/rt/pure/"],
        owner: Collected,
        header: 0,
        functions: &[("__new", Allocate, "s-")],
    },
    // TinyGo, with what describes the layout, and a context that compilers drop.
    NamedFunctions {
        prefixes: &["runtime."],
        owner: Collected,
        header: 0,
        functions: &[
            ("alloc", Allocate, "s-"),
            ("alloc", Allocate, "s--"),
            ("free", Free, "p"),
            ("free", Free, "p-"),
        ],
    },
];
