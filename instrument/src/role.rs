//! What a function of an allocator does, and what its parameters mean.

use std::fmt;

/// What a function of an allocator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Returns a new block: `malloc(size)`.
    Allocate,
    /// Returns a new block of zeros: `calloc(count, size)`.
    AllocateZeroed,
    /// Returns a new block at a multiple of something: `aligned_alloc(alignment, size)`.
    AllocateAligned,
    /// Writes the address of a new block to where it is told, in the first memory, and returns 0: `posix_memalign(out, alignment, size)`.
    AllocateInto,
    /// Gives a block another size, and perhaps another place: `realloc(pointer, size)`.
    Reallocate,
    /// Takes a block back: `free(pointer)`.
    Free,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 6] = [
        Role::Allocate,
        Role::AllocateZeroed,
        Role::AllocateAligned,
        Role::AllocateInto,
        Role::Reallocate,
        Role::Free,
    ];

    /// Whether it makes a block where there was none.
    pub fn is_allocating(self) -> bool {
        !matches!(self, Role::Reallocate | Role::Free)
    }

    /// The word for it, which [`Role::from_word`] reads.
    pub fn word(self) -> &'static str {
        match self {
            Role::Allocate => "allocate",
            Role::AllocateZeroed => "allocate-zeroed",
            Role::AllocateAligned => "allocate-aligned",
            Role::AllocateInto => "allocate-into",
            Role::Reallocate => "reallocate",
            Role::Free => "free",
        }
    }

    /// The role of this word.
    pub fn from_word(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.word() == word)
    }

    /// What the parameters of C's function for it mean, in the letters of [`crate::allocator_table`].
    pub(crate) fn usual_parameters(self) -> &'static str {
        match self {
            Role::Allocate => "s",
            Role::AllocateZeroed => "cs",
            Role::AllocateAligned => "as",
            Role::AllocateInto => "xas",
            Role::Reallocate => "ps",
            Role::Free => "p",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

/// Which parameters of an allocator's function mean what, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AllocatorParameters {
    /// The block that is freed or resized; of [`Role::AllocateInto`], where the address is written.
    pub pointer: Option<u32>,
    /// The size in bytes, or of one of several elements; none if it is fixed.
    pub size: Option<u32>,
    /// The size in bytes of all blocks, if no parameter says it: of an allocator of cells; 0 if it is not known. With a
    /// count it is that of an element.
    pub fixed_size: Option<u32>,
    /// How many elements; none for one.
    pub count: Option<u32>,
    /// The bytes from what the function uses as a pointer to the first byte of the block: 0, unless it
    /// works with headers.
    pub header: u32,
}
