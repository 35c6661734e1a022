//! Which functions call which, directly.

use crate::module::Module;
use crate::references::FunctionReferences;
use rustc_hash::FxHashSet as HashSet;

/// The direct calls of a module.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallGraph<'a> {
    module: &'a Module<'a>,
    references: &'a FunctionReferences,
}

/// What lies between functions, along direct calls.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct FunctionsBetween {
    /// Other functions that are called by these, at any distance, and that call one of these, at any
    /// distance; by index.
    pub(crate) functions: Vec<u32>,
    /// Which of the given functions may call anything, by themselves or by what they call.
    pub(crate) call_indirectly: HashSet<u32>,
}

impl<'a> CallGraph<'a> {
    /// That of a module, by the places of its function indices.
    pub(crate) fn new(module: &'a Module<'a>, references: &'a FunctionReferences) -> CallGraph<'a> {
        CallGraph { module, references }
    }

    /// The functions that this one calls, once for each call; none for an imported one.
    pub(crate) fn callees(self, function: u32) -> impl Iterator<Item = u32> + 'a {
        let bytes = self.module.bytes;
        let body = self.module.body(function).unwrap_or_default();
        let calls = self.references.within(&body).iter();
        calls.filter(|each| each.is_call(bytes)).map(|each| each.function)
    }

    /// What lies between these functions of the module's own.
    pub(crate) fn between(self, given: &[u32]) -> FunctionsBetween {
        let reached = self.reached(given);
        let is_indirect = |function: &u32| {
            let own = function.checked_sub(self.module.imported());
            own.is_some_and(|own| self.references.calls_indirectly(own as usize))
        };
        let callers = Callers::of(self, &reached, self.module.function_count());
        let given: HashSet<u32> = given.iter().copied().collect();
        let indirect: Vec<u32> = reached.iter().copied().filter(is_indirect).collect();
        let call_indirectly = callers.before(&indirect);
        let before = callers.before(&given.iter().copied().collect::<Vec<u32>>());
        let mut functions: Vec<u32> = before.into_iter().filter(|each| !given.contains(each)).collect();
        functions.sort_unstable();
        FunctionsBetween {
            functions,
            call_indirectly: call_indirectly.intersection(&given).copied().collect(),
        }
    }

    /// These functions, and those that they call, at any distance.
    fn reached(self, from: &[u32]) -> Vec<u32> {
        let mut seen = vec![false; self.module.function_count() as usize];
        let mut found = Vec::new();
        let mut rest = from.to_vec();
        while let Some(function) = rest.pop() {
            match seen.get_mut(function as usize) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            found.push(function);
            rest.extend(self.callees(function));
        }
        found
    }
}

/// The calls among some functions, from callee to caller.
struct Callers {
    /// Where the callers of each function end; they begin where those of the one before end.
    ends: Vec<u32>,
    callers: Vec<u32>,
}

impl Callers {
    /// Those of these functions; what they call is among them.
    fn of(graph: CallGraph<'_>, functions: &[u32], count: u32) -> Callers {
        let mut ends = vec![0; count as usize];
        let is_there = |callee: &u32| *callee < count;
        for function in functions {
            for callee in graph.callees(*function).filter(is_there) {
                ends[callee as usize] += 1;
            }
        }
        let mut total = 0;
        for end in &mut ends {
            total += *end;
            *end = total;
        }
        let mut callers = vec![0; total as usize];
        let mut next = ends.clone();
        for function in functions {
            for callee in graph.callees(*function).filter(is_there) {
                next[callee as usize] -= 1;
                callers[next[callee as usize] as usize] = *function;
            }
        }
        Callers { ends, callers }
    }

    /// These functions, and those that call them, at any distance.
    fn before(&self, from: &[u32]) -> HashSet<u32> {
        let mut found = HashSet::default();
        let mut rest = from.to_vec();
        while let Some(function) = rest.pop() {
            let index = function as usize;
            if index >= self.ends.len() || !found.insert(function) {
                continue;
            }
            let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
            rest.extend(&self.callers[start as usize..self.ends[index] as usize]);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_between_is_found_at_any_distance() {
        let text = r#"(module
            (import "a" "b" (func $imported))
            (table 1 funcref)
            (func $aligned (call $helper) (call $other))
            (func $helper (call $deeper) (call $helper))
            (func $deeper (call $malloc))
            (func $malloc (call $other) (call $imported))
            (func $other (call_indirect (i32.const 0)))
            (func $user (call $aligned) (call $helper))
            (func $free))"#;
        let bytes = wat::parse_str(text).unwrap();
        let module = Module::read(&bytes).unwrap();
        let references = FunctionReferences::find(&module).unwrap();
        let graph = CallGraph::new(&module, &references);
        assert_eq!(graph.callees(6).collect::<Vec<u32>>(), [1, 2]);
        let between = graph.between(&[1, 4, 7]);
        assert_eq!(between.functions, [2, 3]);
        let mut indirectly: Vec<u32> = between.call_indirectly.into_iter().collect();
        indirectly.sort_unstable();
        assert_eq!(indirectly, [1, 4]);
        assert_eq!(graph.between(&[7]), FunctionsBetween::default());
        // A callee that does not exist, and one that is imported.
        assert_eq!(graph.callees(0).count(), 0);
        assert_eq!(graph.callees(99).count(), 0);
    }
}
