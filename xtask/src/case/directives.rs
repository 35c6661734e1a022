//! The directives of an expectation: the lines `#: name = value`.

use crate::base::suggest::did_you_mean;
use crate::case::allocator;
use crate::case::claim::Claim;
use crate::case::page_source::PageSource;
use crate::engine::feature::Feature;
use crate::measure::verdict::Verdict;
use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::ValueEnum;
use instrument::GivenAllocator;

/// The directives of a file read so far.
#[derive(Debug, Default)]
pub struct Directives {
    pub verdicts: Option<Vec<Verdict>>,
    pub guests: Vec<String>,
    pub allocator: Vec<GivenAllocator>,
    pub clang: Option<Vec<String>>,
    pub shows: Option<String>,
    pub claimed: Option<Claim>,
    pub sources: Vec<String>,
    pub needs: Option<Vec<Feature>>,
    pub page: Option<PageSource>,
    pub only_named: Option<bool>,
    pub rounds: Option<u32>,
    pub objects: Option<u32>,
    pub timeout: Option<u32>,
    pub memory: Option<u32>,
    pub bug: Option<String>,
}

/// The most rounds, objects in each, and MiB of memory that can be asked for.
pub const MOST_ROUNDS: u32 = 10_000;
pub const MOST_OBJECTS: u32 = 1_000_000;
pub const MOST_MEBIBYTES: u32 = 1 << 20;

type DirectiveReader = fn(&mut Directives, &str) -> Result<()>;

/// The directives: the name, and a function that parses the value.
const DIRECTIVES: &[(&str, DirectiveReader)] = &[
    ("verdict", |directives, value| {
        once(&mut directives.verdicts, verdicts(value)?)
    }),
    ("guest", |directives, value| {
        ensure!(!value.is_empty(), "it names no file");
        directives.guests.push(value.to_owned());
        Ok(())
    }),
    ("allocator", |directives, value| {
        directives.allocator.extend(allocator::functions(value)?);
        Ok(())
    }),
    ("clang", |directives, value| {
        once(
            &mut directives.clang,
            shlex::split(value).context("a quote is not closed")?,
        )
    }),
    ("shows", |directives, value| {
        once(&mut directives.shows, value.to_owned())
    }),
    ("claimed", |directives, value| {
        once(&mut directives.claimed, Claim::parse(value)?)
    }),
    ("source", |directives, value| {
        directives.sources.push(address(value)?);
        Ok(())
    }),
    ("needs", |directives, value| {
        once(&mut directives.needs, features(value)?)
    }),
    ("page", |directives, value| {
        once(&mut directives.page, PageSource::file(value)?)
    }),
    ("url", |directives, value| {
        once(&mut directives.page, PageSource::address(value)?)
    }),
    ("run", |directives, value| {
        once(&mut directives.only_named, only_named(value)?)
    }),
    ("rounds", |directives, value| {
        once(&mut directives.rounds, count(value, MOST_ROUNDS)?)
    }),
    ("objects", |directives, value| {
        once(&mut directives.objects, count(value, MOST_OBJECTS)?)
    }),
    ("timeout", |directives, value| {
        once(&mut directives.timeout, count(value, 86_400)?)
    }),
    ("memory", |directives, value| {
        once(&mut directives.memory, count(value, MOST_MEBIBYTES)?)
    }),
    ("bug", |directives, value| once(&mut directives.bug, address(value)?)),
];

impl Directives {
    /// Reads one line, behind its `#:`.
    pub fn read(&mut self, text: &str) -> Result<()> {
        let Some((name, value)) = text.split_once('=') else {
            bail!("a directive reads `#: name = value`");
        };
        let (name, value) = (name.trim(), value.trim());
        let Some((_, read)) = DIRECTIVES.iter().find(|(known, _)| *known == name) else {
            bail!(
                "unknown directive `{name}`{}",
                did_you_mean(name, DIRECTIVES.iter().map(|(known, _)| *known))
            );
        };
        read(self, value).with_context(|| format!("the directive `{name}`"))
    }
}

/// An address that stands in a page as a link.
fn address(value: &str) -> Result<String> {
    let is_plain = !value.contains(|c: char| c.is_whitespace() || c.is_control() || "<>".contains(c));
    ensure!(
        value.contains("://") && is_plain,
        "`{value}` is not an address such as https://…"
    );
    Ok(value.to_owned())
}

fn once<T>(slot: &mut Option<T>, value: T) -> Result<()> {
    ensure!(slot.is_none(), "it is given twice");
    *slot = Some(value);
    Ok(())
}

/// One verdict, or several with `|` between.
fn verdicts(value: &str) -> Result<Vec<Verdict>> {
    value.split('|').map(|name| verdict(name.trim())).collect()
}

fn verdict(value: &str) -> Result<Verdict> {
    known("verdict", value)
}

fn features(value: &str) -> Result<Vec<Feature>> {
    value.split_whitespace().map(|name| known("feature", name)).collect()
}

/// The value of this name; the error names the most similar one.
fn known<T: ValueEnum>(what: &str, name: &str) -> Result<T> {
    T::from_str(name, false).map_err(|_| {
        let values: Vec<_> = T::value_variants().iter().filter_map(T::to_possible_value).collect();
        let names = values.iter().map(clap::builder::PossibleValue::get_name);
        anyhow!("unknown {what} `{name}`{}", did_you_mean(name, names))
    })
}

fn only_named(value: &str) -> Result<bool> {
    match value {
        "always" => Ok(false),
        "when-named" => Ok(true),
        _ => bail!("`{value}` is neither `always` nor `when-named`"),
    }
}

fn count(value: &str, most: u32) -> Result<u32> {
    let count = value.parse().ok().filter(|count| (1..=most).contains(count));
    count.with_context(|| format!("`{value}` is not a number from 1 to {most}"))
}
