//! Whether a function takes and returns what the name of an allocator's promises.

use crate::module::PointerMemory;
use crate::role::{AllocatorParameters, Role};
use wasmparser::{FuncType, ValType};

/// What the parameters mean, if the function has those that the letters say (see
/// [`crate::allocator_table::KnownAllocator`]) and the result that goes with the role; else none.
/// `memory` is where addresses are written.
pub(crate) fn fitting(
    signature: &FuncType,
    role: Role,
    letters: &str,
    memory: Option<PointerMemory>,
) -> Option<AllocatorParameters> {
    let without = letters.trim_start_matches('^');
    let letters = [letters, without]
        .into_iter()
        .find(|letters| letters.len() == signature.params().len())?;
    let parameters = meaning(letters);
    let address = address_type(signature, role, parameters, memory)?;
    let fits = letters
        .chars()
        .zip(signature.params())
        .all(|(letter, parameter)| match letter {
            '-' => true,
            '^' => is_address(*parameter),
            _ => *parameter == address,
        });
    fits.then_some(parameters)
}

/// The parameters that a caller gave, or those that are usual for the role, in a function that may
/// have others after them; none if it does not fit.
pub(crate) fn fitting_given(
    signature: &FuncType,
    role: Role,
    given: Option<AllocatorParameters>,
    memory: Option<PointerMemory>,
) -> Option<AllocatorParameters> {
    let parameters = given.unwrap_or_else(|| meaning(role.usual_parameters()));
    let has_size = parameters.size.is_some() || parameters.fixed_size.is_some();
    let is_complete = match role {
        Role::Free => parameters.pointer.is_some(),
        Role::Reallocate | Role::AllocateInto => parameters.pointer.is_some() && has_size,
        Role::Allocate | Role::AllocateZeroed | Role::AllocateAligned => has_size,
    };
    let address = address_type(signature, role, parameters, memory)?;
    let used = [parameters.pointer, parameters.size, parameters.count];
    let mut used = used.into_iter().flatten();
    let fits = used.all(|index| signature.params().get(index as usize) == Some(&address));
    (is_complete && fits).then_some(parameters)
}

impl AllocatorParameters {
    /// What a letter for each parameter says: `s` the size of the block or of an element, `c` how many elements, `p`
    /// the block, `x` where the address of the block is written; `a` and `-` are other numbers. None if one is
    /// another letter, or one of the first four is there twice.
    pub fn from_letters(letters: &str) -> Option<AllocatorParameters> {
        let is_known = letters.chars().all(|letter| "scpxa-".contains(letter));
        let is_once = |some: &str| letters.chars().filter(|letter| some.contains(*letter)).count() <= 1;
        (is_known && is_once("s") && is_once("c") && is_once("px")).then(|| meaning(letters))
    }
}

/// Which parameters the letters say something of.
fn meaning(letters: &str) -> AllocatorParameters {
    let place = |wanted: &[char]| letters.chars().position(|letter| wanted.contains(&letter));
    let place = |wanted: &[char]| place(wanted).map(|place| place as u32);
    AllocatorParameters {
        pointer: place(&['p', 'x']),
        size: place(&['s']),
        count: place(&['c']),
        ..AllocatorParameters::default()
    }
}

/// The type of an address, by the results, or by the parameter if there are none.
fn address_type(
    signature: &FuncType,
    role: Role,
    parameters: AllocatorParameters,
    memory: Option<PointerMemory>,
) -> Option<ValType> {
    let pointer = parameters
        .pointer
        .and_then(|place| signature.params().get(place as usize).copied());
    let address = match (role, signature.results()) {
        (Role::Free, []) => pointer?,
        (Role::AllocateInto, [ValType::I32]) => {
            let wide = memory?.is_64;
            pointer.filter(|pointer| *pointer == if wide { ValType::I64 } else { ValType::I32 })?
        }
        (Role::Free | Role::AllocateInto, _) => return None,
        (_, [result]) => *result,
        _ => return None,
    };
    is_address(address).then_some(address)
}

fn is_address(kind: ValType) -> bool {
    matches!(kind, ValType::I32 | ValType::I64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ValType::{F64, I32, I64};

    const NARROW: Option<PointerMemory> = Some(PointerMemory { is_64: false });
    const WIDE: Option<PointerMemory> = Some(PointerMemory { is_64: true });

    const fn places(pointer: Option<u32>, size: Option<u32>, count: Option<u32>) -> Option<AllocatorParameters> {
        Some(AllocatorParameters {
            pointer,
            size,
            count,
            fixed_size: None,
            header: 0,
        })
    }

    type Case = (
        &'static [ValType],
        &'static [ValType],
        Role,
        &'static str,
        Option<PointerMemory>,
        Option<AllocatorParameters>,
    );

    const CASES: &[Case] = &[
        (&[I32], &[I32], Role::Allocate, "s", None, places(None, Some(0), None)),
        (&[I64], &[I64], Role::Allocate, "s", WIDE, places(None, Some(0), None)),
        (&[I64], &[I32], Role::Allocate, "s", WIDE, None),
        (&[I32], &[], Role::Allocate, "s", NARROW, None),
        (&[I32], &[I32, I32], Role::Allocate, "s", NARROW, None),
        (&[F64], &[F64], Role::Allocate, "s", NARROW, None),
        (&[I32, I32], &[I32], Role::Allocate, "s", NARROW, None),
        (
            &[I32, F64],
            &[I32],
            Role::Allocate,
            "s-",
            NARROW,
            places(None, Some(0), None),
        ),
        (
            &[I32, I32],
            &[I32],
            Role::AllocateZeroed,
            "cs",
            NARROW,
            places(None, Some(1), Some(0)),
        ),
        (
            &[I32, I32],
            &[I32],
            Role::Allocate,
            "^s",
            NARROW,
            places(None, Some(1), None),
        ),
        (
            &[I32],
            &[I32],
            Role::Allocate,
            "^s",
            NARROW,
            places(None, Some(0), None),
        ),
        (&[I32], &[], Role::Free, "p", NARROW, places(Some(0), None, None)),
        (&[I64], &[], Role::Free, "p", NARROW, places(Some(0), None, None)),
        (&[I32], &[I32], Role::Free, "p", NARROW, None),
        (
            &[I32, I32, I32],
            &[I32],
            Role::AllocateInto,
            "xas",
            NARROW,
            places(Some(0), Some(2), None),
        ),
        (&[I32, I32, I32], &[I32], Role::AllocateInto, "xas", WIDE, None),
        (&[I32, I32, I32], &[I32], Role::AllocateInto, "xas", None, None),
        (
            &[I64, I64, I64],
            &[I32],
            Role::AllocateInto,
            "xas",
            WIDE,
            places(Some(0), Some(2), None),
        ),
        (
            &[I32, I32, I32, I32],
            &[I32],
            Role::Reallocate,
            "paas",
            NARROW,
            places(Some(0), Some(3), None),
        ),
    ];

    #[test]
    fn a_signature_fits_the_name_or_not() {
        for (parameters, results, role, letters, memory, expected) in CASES {
            let signature = FuncType::new(parameters.iter().copied(), results.iter().copied());
            let found = fitting(&signature, *role, letters, *memory);
            assert_eq!(found, *expected, "{parameters:?} -> {results:?} {role} {letters}");
        }
    }

    #[test]
    fn what_is_given_may_have_more_parameters() {
        let signature = FuncType::new([F64, I32, I32], [I32]);
        let given = |pointer, size| places(pointer, size, None);
        assert_eq!(fitting_given(&signature, Role::Allocate, None, NARROW), None);
        let found = fitting_given(&signature, Role::Allocate, given(None, Some(2)), NARROW);
        assert_eq!(found, given(None, Some(2)));
        assert_eq!(
            fitting_given(&signature, Role::Allocate, given(None, Some(3)), NARROW),
            None
        );
        assert_eq!(
            fitting_given(&signature, Role::Allocate, given(Some(1), None), NARROW),
            None
        );
        let cell = AllocatorParameters {
            fixed_size: Some(64),
            ..AllocatorParameters::default()
        };
        let signature = FuncType::new([], [I32]);
        assert_eq!(fitting_given(&signature, Role::Allocate, None, NARROW), None);
        assert_eq!(
            fitting_given(&signature, Role::Allocate, Some(cell), NARROW),
            Some(cell)
        );
        let signature = FuncType::new([I32, I32], []);
        assert_eq!(
            fitting_given(&signature, Role::Free, None, NARROW),
            places(Some(0), None, None)
        );
    }

    #[test]
    fn letters_say_what_parameters_mean() {
        for (letters, expected) in [
            ("", places(None, None, None)),
            ("s", places(None, Some(0), None)),
            ("-cs", places(None, Some(2), Some(1))),
            ("xas", places(Some(0), Some(2), None)),
            ("pa-", places(Some(0), None, None)),
            ("ss", None),
            ("px", None),
            ("cc", None),
            ("^s", None),
            ("S", None),
        ] {
            assert_eq!(AllocatorParameters::from_letters(letters), expected, "{letters}");
        }
    }
}
