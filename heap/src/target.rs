//! How the objects of interest are found in a snapshot.

use crate::edge::EdgeKind;

/// The global property that has an array of the objects of interest in a snapshot of JavaScriptCore that is to be read with
/// [`TargetHint::WeakRef`]: such a snapshot has no targets of WeakRefs. The array does not count as what keeps them alive.
pub const HELD_TARGETS: &str = "wasm-leaks targets";

/// How the objects of interest are found in a snapshot.
#[derive(Debug, Clone, Copy)]
pub enum TargetHint<'a> {
    /// A variable of the global scope has a WeakRef to it, or an array of WeakRefs.
    WeakRef(&'a str),
    /// They are at these addresses. The references are added to those of the snapshot.
    Address(&'a [u64], &'a [ReportedReference]),
    /// None is: [`crate::births::Births`] tells which nodes are new, or the caller knows by their classes.
    Nothing(&'a [ReportedReference]),
}

/// A reference that a snapshot does not have, and that a script found, by addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedReference {
    /// The object that refers.
    pub from: u64,
    /// The object that it refers to.
    pub to: u64,
    /// The kind of reference.
    pub kind: EdgeKind,
    /// Its name, if it has one: the key in a Map.
    pub label: Option<String>,
    /// The WeakMap that a [`EdgeKind::WeakMapValue`] is in.
    pub map: Option<u64>,
}
