//! The functions of an allocator, as users name them: `allocate=take free=give`.

use crate::base::suggest::did_you_mean;
use anyhow::{Context, Result, bail, ensure};
use instrument::{AllocatorParameters, GivenAllocator, GivenFunction, Role, known_role};

/// The functions that a text names: words with spaces between, each `ROLE=FUNCTION`, `ROLE=FUNCTION(LETTERS)`, one of
/// these with `:SIZE`, or a bare `malloc` or other name that is known.
///
/// FUNCTION is the name of an export, or else in the section of names, or `#INDEX`. LETTERS say what each parameter
/// means, see [`AllocatorParameters::from_letters`]. SIZE is that of each block in bytes, where no parameter says it.
///
/// # Errors
///
/// If there is no word, or one is none of these.
pub fn functions(text: &str) -> Result<Vec<GivenAllocator>> {
    let given: Vec<GivenAllocator> = text.split_whitespace().map(function).collect::<Result<_>>()?;
    ensure!(
        !given.is_empty(),
        "no function is named: write `ROLE=FUNCTION`, such as `allocate=take free=give`"
    );
    Ok(given)
}

fn function(word: &str) -> Result<GivenAllocator> {
    let Some((role, rest)) = word.split_once('=') else {
        let known = known_role(word).with_context(|| {
            format!(
                "what `{word}` does is not known by its name: write `ROLE={word}`, with one of the roles {}",
                roles()
            )
        })?;
        return Ok(GivenAllocator {
            function: GivenFunction::Name(word.to_owned()),
            role: known,
            parameters: None,
        });
    };
    let Some(role) = Role::from_word(role) else {
        let words = Role::ALL.map(Role::word);
        bail!(
            "`{role}` in `{word}` is no role{}\nthe roles are {}",
            did_you_mean(role, words),
            roles()
        );
    };
    let (rest, size) = sized(rest);
    let (name, letters) = lettered(rest);
    let parameters = parameters(role, letters, size).with_context(|| format!("in `{word}`"))?;
    let function = named(name).with_context(|| format!("in `{word}`"))?;
    Ok(GivenAllocator {
        function,
        role,
        parameters,
    })
}

fn roles() -> String {
    Role::ALL.map(|role| format!("`{}`", role.word())).join(", ")
}

/// Without `:SIZE` at the end. The names of C++ and Rust have colons, too, and no number after the last.
fn sized(word: &str) -> (&str, Option<&str>) {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match word.rsplit_once(':') {
        Some((rest, size)) if is_number(size) => (rest, Some(size)),
        _ => (word, None),
    }
}

/// Without `(LETTERS)` at the end.
fn lettered(word: &str) -> (&str, Option<&str>) {
    let inner = word.strip_suffix(')').and_then(|word| word.rsplit_once('('));
    inner.map_or((word, None), |(name, letters)| (name, Some(letters)))
}

fn named(name: &str) -> Result<GivenFunction> {
    ensure!(!name.is_empty(), "no function is named: write an export, or `#INDEX`");
    let Some(index) = name.strip_prefix('#') else {
        return Ok(GivenFunction::Name(name.to_owned()));
    };
    let index = index.parse().ok();
    let index = index.with_context(|| format!("`{name}` is no index of a function: write a number, such as `#12`"))?;
    Ok(GivenFunction::Index(index))
}

/// What the parameters mean; none if the name, or the role, is to say so.
fn parameters(role: Role, letters: Option<&str>, size: Option<&str>) -> Result<Option<AllocatorParameters>> {
    let fixed_size: Option<u32> = match size {
        Some(size) => Some(size.parse().ok().with_context(|| {
            format!("`{size}` is too large for the size of a block, in bytes: there are no larger ones than 4294967295")
        })?),
        None => None,
    };
    let letters = match (letters, fixed_size) {
        (None, None) => return Ok(None),
        (Some(letters), _) => letters,
        (None, Some(_)) => pointer(role),
    };
    let found = AllocatorParameters::from_letters(letters).with_context(|| {
        format!(
            "`({letters})` has other letters than one for each parameter: `s` the size, `c` how many of that size, `p` the \
             block, `x` where its address is written, each once at most, and `-` for any other"
        )
    })?;
    let needs_size = role != Role::Free;
    ensure!(
        needs_size || fixed_size.is_none(),
        "a function that frees needs no size: leave it out"
    );
    ensure!(
        found.size.is_none() || fixed_size.is_none(),
        "`s` and a size after the colon are one too many: leave out one of them"
    );
    ensure!(
        !needs_size || found.size.is_some() || fixed_size.is_some(),
        "`({letters})` has no parameter with the size: mark it by `s`, or write the size of all blocks behind, such as \
         `({letters}):64`, or `:0` if it is not known"
    );
    ensure!(
        pointer(role).is_empty() || found.pointer.is_some(),
        "`({letters})` has no parameter with {}: mark it by `{}`",
        if role == Role::AllocateInto {
            "where the address is written"
        } else {
            "the block"
        },
        pointer(role)
    );
    Ok(Some(AllocatorParameters { fixed_size, ..found }))
}

/// The letter of the pointer that a function with this role needs; it comes first.
fn pointer(role: Role) -> &'static str {
    match role {
        Role::Allocate | Role::AllocateZeroed | Role::AllocateAligned => "",
        Role::AllocateInto => "x",
        Role::Reallocate | Role::Free => "p",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `role function pointer size*count fixed`.
    fn shown(given: &GivenAllocator) -> String {
        let GivenAllocator {
            function,
            role,
            parameters,
        } = given;
        let place = |place: Option<u32>| place.map_or("-".to_owned(), |place| place.to_string());
        match parameters {
            None => format!("{role} {function}"),
            Some(all) => {
                let [pointer, size, count, fixed] = [all.pointer, all.size, all.count, all.fixed_size].map(place);
                format!("{role} {function} {pointer} {size}*{count} {fixed}")
            }
        }
    }

    #[test]
    fn words_name_functions() {
        for (text, expected) in [
            ("malloc free", &["allocate malloc", "free free"][..]),
            ("_Znwm", &["allocate _Znwm"]),
            (" allocate=take\n free=#12 ", &["allocate take", "free function 12"]),
            ("allocate=take(-s)", &["allocate take - 1*- -"]),
            ("allocate-zeroed=zeros(cs)", &["allocate-zeroed zeros - 1*0 -"]),
            ("reallocate=#3(p-s)", &["reallocate function 3 0 2*- -"]),
            ("allocate-into=put(xas)", &["allocate-into put 0 2*- -"]),
            ("allocate=cell:64", &["allocate cell - -*- 64"]),
            ("allocate=cell:0", &["allocate cell - -*- 0"]),
            ("allocate=cells(c):24", &["allocate cells - -*0 24"]),
            ("allocate=cell():8", &["allocate cell - -*- 8"]),
            ("reallocate=move:8", &["reallocate move 0 -*- 8"]),
            ("allocate-into=put:8", &["allocate-into put 0 -*- 8"]),
            ("free=drop(-p)", &["free drop 1 -*- -"]),
            // Colons and parentheses of names.
            ("allocate=pool::take", &["allocate pool::take"]),
            ("allocate=pool::take(s)", &["allocate pool::take - 0*- -"]),
            ("allocate=a(b)c", &["allocate a(b)c"]),
            ("allocate=a=b", &["allocate a=b"]),
        ] {
            let found: Vec<String> = functions(text).unwrap().iter().map(shown).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn what_names_no_function_is_refused_with_what_to_write() {
        for (text, expected) in [
            ("", "no function is named: write `ROLE=FUNCTION`"),
            ("take", "what `take` does is not known by its name: write `ROLE=take`"),
            ("#12", "what `#12` does is not known"),
            (
                "alocate=take",
                "`alocate` in `alocate=take` is no role; did you mean `allocate`?",
            ),
            ("=take", "`` in `=take` is no role"),
            ("free=", "in `free=`: no function is named"),
            ("free=(p)", "in `free=(p)`: no function is named"),
            ("free=#x", "in `free=#x`: `#x` is no index"),
            ("free=#4294967296", "is no index"),
            ("allocate=a(z)", "`(z)` has other letters"),
            ("allocate=a(ss)", "`(ss)` has other letters"),
            ("allocate=a(-)", "`(-)` has no parameter with the size: mark it by `s`"),
            ("allocate=a()", "`()` has no parameter with the size"),
            ("free=a(-)", "`(-)` has no parameter with the block: mark it by `p`"),
            ("reallocate=a(s)", "`(s)` has no parameter with the block"),
            (
                "allocate-into=a(s)",
                "with where the address is written: mark it by `x`",
            ),
            ("free=a:8", "a function that frees needs no size"),
            ("allocate=a(s):8", "are one too many"),
            ("allocate=a:4294967296", "`4294967296` is too large"),
            ("malloc take", "what `take` does"),
        ] {
            let found = format!("{:#}", functions(text).unwrap_err());
            assert!(found.contains(expected), "{text}: {found}");
        }
    }
}
