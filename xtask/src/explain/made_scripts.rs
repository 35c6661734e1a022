//! Scripts that were made of others, as bundlers and minifiers do, and the places that these have
//! in what was written.

use crate::case::source_maps::SourceMaps;
use crate::explain::place::Place;
use std::collections::HashSet;
use std::sync::Arc;

/// The scripts with a source map.
#[derive(Debug, Default)]
pub struct MadeScripts {
    scripts: Vec<(String, String)>,
    maps: Option<Arc<SourceMaps>>,
}

impl MadeScripts {
    /// Takes the scripts that were made of others out of a program's, and puts their sources in.
    pub fn take(scripts: Vec<(String, String)>, maps: Option<Arc<SourceMaps>>) -> (MadeScripts, Vec<(String, String)>) {
        let script = |name: &str| maps.as_ref().and_then(|maps| maps.script(name));
        let (made, mut written): (Vec<_>, Vec<_>) = scripts.into_iter().partition(|(name, _)| script(name).is_some());
        let mut known: HashSet<String> = written.iter().map(|(name, _)| name.clone()).collect();
        let scripts = made.iter().filter_map(|(name, _)| script(name));
        for source in scripts.flat_map(|script| script.sources.clone()) {
            if known.insert(source.name.clone()) {
                written.extend(source.text.map(|text| (source.name, text)));
            }
        }
        (MadeScripts { scripts: made, maps }, written)
    }

    pub fn is_empty(&self) -> bool {
        self.scripts.is_empty()
    }

    /// The place in the source, if the script has a source map.
    pub fn original(&self, file: String, line: usize, column: usize) -> Place {
        let number = |number: usize| u32::try_from(number).unwrap_or_default();
        let maps = self.maps.as_ref();
        match maps.and_then(|maps| maps.original(&file, number(line), number(column), "")) {
            Some(place) => Place {
                file: place.file,
                line: place.line as usize,
            },
            None => Place { file, line },
        }
    }

    /// The last source of a script: of a bundle the one that imports all others.
    pub fn last_source(&self, file: &str) -> Option<String> {
        let script = self.maps.as_ref()?.script(file)?;
        Some(script.sources.last()?.name.clone())
    }

    /// The place in a source of what a script has only once.
    pub fn find(&self, text: &str) -> Option<Place> {
        let mut found = self.scripts.iter().flat_map(|(name, script)| {
            let lines = script.lines().enumerate();
            lines.filter_map(move |(index, line)| Some((name, index + 1, line.find(text)?, line)))
        });
        let (name, line, at, whole) = found.next().filter(|_| !text.is_empty())?;
        let column = whole[..at].encode_utf16().count() + 1;
        let is_alone = found.next().is_none() && !whole[at + text.len()..].contains(text);
        is_alone.then(|| self.original(name.clone(), line, column))
    }
}
