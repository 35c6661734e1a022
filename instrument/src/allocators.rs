//! Looks names up in the table of allocators, mangled or not.

use crate::allocator_table::{KNOWN, KnownAllocator};
use crate::demangle::{readable_name, without_generics};
use rustc_hash::FxHashMap as HashMap;

/// Parts of which each name in the table has one, mangled or not: what has none is not looked up.
const PARTS: &[&str] = &[
    "alloc",
    "free",
    "memalign",
    "new",
    "Znw",
    "Zna",
    "Zdl",
    "Zda",
    "operator ",
    "mi_",
];
/// The longest name that is looked up.
const LONGEST: usize = 512;

/// The table, by name.
#[derive(Debug)]
pub(crate) struct KnownAllocators {
    by_name: HashMap<String, Vec<KnownAllocator>>,
}

impl KnownAllocators {
    /// All that are known.
    pub(crate) fn new() -> KnownAllocators {
        let mut by_name: HashMap<String, Vec<KnownAllocator>> = HashMap::default();
        for group in KNOWN {
            let owner = group.owner;
            for (prefix, (rest, role, parameters)) in group
                .prefixes
                .iter()
                .flat_map(|prefix| group.functions.iter().map(move |function| (prefix, *function)))
            {
                let known = KnownAllocator {
                    role,
                    parameters,
                    owner,
                    header: group.header,
                };
                by_name.entry(format!("{prefix}{rest}")).or_default().push(known);
            }
        }
        KnownAllocators { by_name }
    }

    /// What a function of this name may be: all with the same role.
    pub(crate) fn named(&self, name: &str) -> &[KnownAllocator] {
        if name.len() > LONGEST || !PARTS.iter().any(|part| name.contains(part)) {
            return &[];
        }
        match self.by_name.get(name) {
            Some(known) => known,
            None => self.by_name.get(&table_name(name)).map_or(&[], Vec::as_slice),
        }
    }
}

/// A name as the table has it.
fn table_name(name: &str) -> String {
    let readable = readable_name(name);
    let readable = readable.strip_prefix("__rustc::").unwrap_or(&readable);
    if readable.starts_with("operator ") {
        // `size_t` is what the compiler says.
        return readable
            .replace("unsigned long long", "unsigned long")
            .replace("unsigned int", "unsigned long");
    }
    without_generics(readable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::Role::{Allocate, AllocateAligned, AllocateInto, AllocateZeroed, Free, Reallocate};

    #[test]
    fn names_are_found_mangled_and_not() {
        let known = KnownAllocators::new();
        for (name, role, parameters) in [
            ("malloc", Allocate, "s"),
            ("emscripten_builtin_posix_memalign", AllocateInto, "xas"),
            ("_Znwj", Allocate, "s"),
            ("_Znam", Allocate, "s"),
            ("_ZnwmSt11align_val_tRKSt9nothrow_t", AllocateAligned, "saa"),
            ("_ZdaPvmSt11align_val_t", Free, "paa"),
            ("operator delete(void*, unsigned int)", Free, "pa"),
            ("__rust_realloc", Reallocate, "paas"),
            ("_RNvCsfgHYwM92fyn_7___rustc13___rdl_dealloc", Free, "paa"),
            (
                "_RNvMs0_CsiDSYZHWTVtf_8dlmallocNtB5_8Dlmalloc6mallocCseGbXVuc339j_3std",
                Allocate,
                "^sa",
            ),
            (
                "_RNvMs0_NtCsiDSYZHWTVtf_8dlmalloc8dlmallocINtB5_8DlmallocNtNtB7_3sys6SystemE6mallocCseGbXVuc339j_3std",
                Allocate,
                "^s",
            ),
            (
                "dlmalloc::dlmalloc::Dlmalloc<A>::memalign::h9b6446d5acfc6ecb",
                AllocateAligned,
                "^as",
            ),
            ("dlmalloc::dlmalloc::Dlmalloc::free::h9b6446d5acfc6ecb", Free, "^p"),
            ("~lib/rt/tlsf/__free", Free, "p"),
            ("mi_heap_calloc", AllocateZeroed, "-cs"),
            ("runtime.alloc", Allocate, "s-"),
        ] {
            let found = known.named(name).first().map(|known| (known.role, known.parameters));
            assert_eq!(found, Some((role, parameters)), "{name}");
        }
        for name in [
            "mallocate",
            "__pin",
            "free_obj",
            "Widget::operator new(unsigned long)",
            "operator new(unsigned long, void*)",
            "<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop",
            "__wbg_widget_free",
            "dlmalloc::dlmalloc::Dlmalloc<A>::malloc_large",
            "",
        ] {
            assert_eq!(known.named(name), [], "{name}");
        }
    }

    #[test]
    fn each_name_has_one_role_and_a_part_by_which_it_is_looked_up() {
        let known = KnownAllocators::new();
        for (name, rows) in &known.by_name {
            assert!(!known.named(name).is_empty(), "{name}");
            let first = rows[0];
            assert!(
                rows.iter()
                    .all(|row| row.role == first.role && row.owner == first.owner),
                "{name}"
            );
            let letters = rows.iter().flat_map(|row| row.parameters.chars());
            assert!(letters.into_iter().all(|letter| "scpxa-^".contains(letter)), "{name}");
        }
    }
}
