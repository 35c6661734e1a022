//! Finds in a program's heap what grows, what keeps it alive, and which reference to cut.

use crate::explain::explanation::foreign_functions;
use crate::explain::growth::{Growth, growth_of_born};
use crate::explain::heaps::ProgramHeap;
use crate::explain::kept::KeptGroup;
use crate::explain::leak::{Cut, Leak, LeakedKind, Leaks};
use crate::explain::sources::Sources;
use crate::explain::words::Words;
use crate::measure::census::{Census, What};
use heap::entry::{self, Entries, Entry};
use heap::path::Paths;
use heap::{Heap, NodeId, NodeKind, group};
use std::collections::HashSet;

/// What is asked of a heap.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Only this class.
    pub kind: Option<&'a str>,
    /// The engine's own nodes stay on the paths.
    pub verbose: bool,
    /// What the engine keeps to itself.
    pub hidden: Option<&'static str>,
}

/// Leaks that are shown; for each of them the heap is searched once more.
const MOST_LEAKS: usize = 6;

/// Groups that are told, of what does not grow.
const MOST_OTHERS: usize = 5;

/// Of fewer objects nothing is said: engines have some of their own.
const FEW: usize = 8;

/// Of what does not grow so many are worth to be told.
const MANY: usize = 20;

/// Of a snapshot alone, what is less than one in so many of the largest is left out.
const SMALL: usize = 100;

/// Of what grows, less than one in so many is kept in another way, or has no path, by chance.
const CHANCE: u64 = 50;

/// Paths of a group that are compared.
const COMPARED: usize = 20;

/// Classes that are told of a snapshot alone.
const MOST_CLASSES: usize = 12;

/// Kinds that are told of a leak.
const MOST_KINDS: usize = 6;

/// The class of what all have as a part in which our own scripts note a program's objects, as
/// `js/lib/watch.js` calls it.
const NOTES: &str = "HarnessNotes";

/// The class of strings.
const TEXT: &str = "string";

/// Objects of one class that are kept in one way.
pub(super) struct NewGroup {
    pub(super) class: String,
    pub(super) nodes: Vec<NodeId>,
    pub(super) growth: Growth,
}

/// What is looked through.
pub(super) struct Finding<'a> {
    pub(super) program: &'a ProgramHeap,
    pub(super) wanted: Wanted<'a>,
    preferred: [HashSet<String>; 2],
    foreign: Vec<NodeId>,
    pub(super) paths: &'a Paths,
    /// What our own scripts note a program's objects in.
    notes: HashSet<NodeId>,
    /// The classes that were counted to grow, the largest first.
    counted: Vec<&'a str>,
}

/// Finds what grows between the snapshots. `census` is what was counted before.
pub fn leaks(program: &ProgramHeap, census: Option<Census>, wanted: Wanted<'_>) -> Leaks {
    let ProgramHeap {
        heap, births, sources, ..
    } = program;
    let preferred = sources.names();
    let foreign = foreign_functions(heap, sources, &program.functions);
    let paths = Paths::find(heap, &preferred, &foreign);
    let finding = Finding {
        program,
        wanted,
        preferred,
        foreign,
        paths: &paths,
        notes: heap.with_part(NOTES).into_iter().collect(),
        counted: counted(census.as_ref()),
    };
    let new = births.new_nodes(heap);
    let reached: Vec<NodeId> = new.iter().copied().filter(|id| paths.has(*id)).collect();
    let groups = finding.groups(&reached);
    let (growing, others): (Vec<NewGroup>, Vec<NewGroup>) =
        groups.into_iter().partition(|group| group.growth == Growth::Grows);
    let leaks = finding.merged(growing);
    let classes: HashSet<&str> = leaks.iter().map(|leak| leak.group.wrapper.as_str()).collect();
    let others = others
        .iter()
        .filter(|group| group.nodes.len() >= MANY && group.class != TEXT && classes.contains(group.class.as_str()));
    let others = others
        .take(MOST_OTHERS)
        .filter_map(|group| finding.kept(group, &paths).map(|(kept, _)| kept));
    let total: u64 = leaks.iter().map(|leak| leak.of).sum();
    let unexplained = finding.unexplained(&new, &classes);
    let unexplained = if unexplained * CHANCE < total { 0 } else { unexplained };
    let storage = census.as_ref().filter(|_| leaks.is_empty());
    let storage = storage.and_then(|census| finding.storage(census));
    let is_alone = program.snapshots == 1 && program.calls.is_none();
    Leaks {
        classes: if is_alone {
            classes_of(heap, &reached)
        } else {
            Vec::new()
        },
        snapshots: program.snapshots,
        asked: wanted.kind.map(str::to_owned),
        calls: program.calls,
        stopped: program.stopped.clone(),
        storage,
        others: others.collect(),
        unexplained,
        hidden: wanted.hidden.filter(|_| unexplained > 0),
        leaks,
        census,
    }
}

/// The classes of objects that were counted to grow, the largest first.
fn counted(census: Option<&Census>) -> Vec<&str> {
    let grows = census.into_iter().flat_map(|census| &census.grows);
    let objects = grows.filter(|growth| matches!(growth.kind.what, What::Objects | What::Bytes));
    let classes = objects.flat_map(|growth| {
        let classes = growth.kind.classes.iter().map(|(class, _)| class.as_str());
        growth.kind.class.as_deref().into_iter().chain(classes)
    });
    classes.collect()
}

/// The classes of these nodes, the most frequent first.
fn classes_of(heap: &Heap, nodes: &[NodeId]) -> Vec<LeakedKind> {
    let kind = |(id, count): (NodeId, usize)| LeakedKind {
        class: class(heap, id),
        count: count as u64,
        per_call: None,
    };
    let mut classes: Vec<LeakedKind> = heap.classes(nodes).into_iter().map(kind).collect();
    classes.sort_by(|a, b| (b.count, &a.class).cmp(&(a.count, &b.class)));
    classes.truncate(MOST_CLASSES);
    classes
}

/// The class of a node, in words.
pub fn class(heap: &Heap, id: NodeId) -> String {
    match heap.kind(id) {
        _ if heap.is_text(id) => TEXT.to_owned(),
        NodeKind::Function => "function".to_owned(),
        _ => heap.name(id).to_owned(),
    }
}

impl Finding<'_> {
    pub(super) fn heap(&self) -> &Heap {
        &self.program.heap
    }

    /// What is new, by class and by path, the largest group first.
    fn groups(&self, nodes: &[NodeId]) -> Vec<NewGroup> {
        let births = &self.program.births;
        let all = group::by_path(self.heap(), self.paths, nodes);
        let group = |places: Vec<usize>| {
            let nodes: Vec<NodeId> = places.into_iter().map(|place| nodes[place]).collect();
            let mut born = vec![0; births.intervals()];
            for node in &nodes {
                born[births.interval(*node) - 1] += 1;
            }
            NewGroup {
                class: class(self.heap(), nodes[0]),
                nodes,
                growth: growth_of_born(&born),
            }
        };
        let is_wanted = |class: &str| self.wanted.kind.is_none_or(|kind| kind == class);
        // If a call takes much there are few of them.
        let calls = self.program.calls.and_then(|calls| usize::try_from(calls).ok());
        let few = calls.map_or(FEW, |calls| FEW.min(calls.max(1)));
        let is_counted = |class: &str| few == FEW || self.counted.contains(&class);
        all.into_iter()
            .filter(|places| !self.is_ours(nodes[places[0]]))
            .filter(|places| places.len() >= few || self.wanted.kind.is_some())
            .map(group)
            .filter(|group| is_wanted(&group.class) && is_counted(&group.class))
            .collect()
    }

    /// Whether it is kept by what our own scripts note of a program.
    pub(super) fn is_ours(&self, node: NodeId) -> bool {
        let ProgramHeap { heap, sources, .. } = self.program;
        let is_library =
            |id: NodeId| self.notes.contains(&id) || heap.position(id).is_some_and(|at| sources.is_library(&at.file));
        let path = self.paths.to(heap, node);
        path.is_some_and(|path| path.edges.iter().any(|edge| is_library(edge.to)))
    }

    /// How many are new, of these classes, that nothing seems to keep.
    fn unexplained(&self, new: &[NodeId], classes: &HashSet<&str>) -> u64 {
        let is_it = |id: &&NodeId| !self.paths.has(**id) && classes.contains(class(self.heap(), **id).as_str());
        new.iter().filter(is_it).count() as u64
    }

    /// Leaks: groups of which the paths have the same beginning, up to what is to be cut.
    fn merged(&self, groups: Vec<NewGroup>) -> Vec<Leak> {
        let mut found: Vec<(String, Vec<NewGroup>)> = Vec::new();
        for group in groups {
            let Some((kept, _)) = self.kept(&group, self.paths) else {
                continue;
            };
            let entries = self.entries(&group);
            let step = self.step_of(&group, &entries);
            let labels = kept.steps.iter().take(step + 1).map(|step| without_index(&step.label));
            let key = format!("{} {}", kept.root, labels.collect::<Vec<_>>().join(" "));
            match found.iter_mut().find(|(known, _)| *known == key) {
                Some((_, groups)) => groups.push(group),
                None => found.push((key, vec![group])),
            }
        }
        let total = |groups: &[NewGroup]| groups.iter().map(|group| group.nodes.len()).sum::<usize>();
        found.sort_by_key(|(_, groups)| std::cmp::Reverse(total(groups)));
        // Of a snapshot alone all is told: what is small beside the largest does not matter.
        let largest = found.first().map_or(0, |(_, groups)| total(groups));
        if self.program.snapshots == 1 && self.wanted.kind.is_none() {
            found.retain(|(_, groups)| total(groups) * SMALL >= largest);
        }
        let all: Vec<&NewGroup> = found.iter().flat_map(|(_, groups)| groups).collect();
        let of = |class: &str| -> usize {
            let same = all.iter().filter(|group| group.class == class);
            same.map(|group| group.nodes.len()).sum()
        };
        let leak = |(_, groups): &(String, Vec<NewGroup>)| {
            let main = self.main(groups)?;
            Some(self.leak(main, groups, of(&main.class) as u64))
        };
        found.iter().take(MOST_LEAKS).filter_map(leak).flatten().collect()
    }

    /// The group that stands for a leak: the class that the census names first, or one that the
    /// program defines; else the largest.
    fn main<'g>(&self, groups: &'g [NewGroup]) -> Option<&'g NewGroup> {
        let own = |group: &&NewGroup| self.program.sources.class(&group.class).is_some();
        let mut named = self
            .counted
            .iter()
            .filter_map(|class| groups.iter().find(|group| group.class == *class));
        let objects = || {
            let of_program = groups.iter().find(|group| !Sources::is_built_in(&group.class));
            of_program.or(groups.iter().find(|group| group.class != TEXT))
        };
        let named = named.find(|group| group.class != TEXT);
        groups.iter().find(own).or(named).or_else(objects).or(groups.first())
    }

    fn leak(&self, main: &NewGroup, groups: &[NewGroup], of: u64) -> Option<Leak> {
        let (group, _) = self.kept(main, self.paths)?;
        let mut kinds: Vec<LeakedKind> = Vec::new();
        for group in groups {
            let count = group.nodes.len() as u64;
            match kinds.iter_mut().find(|kind| kind.class == group.class) {
                Some(kind) => kind.count += count,
                None => kinds.push(LeakedKind {
                    class: group.class.clone(),
                    count,
                    per_call: None,
                }),
            }
        }
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
        kinds.truncate(MOST_KINDS);
        if let Some(calls) = self.program.calls {
            kinds
                .iter_mut()
                .for_each(|kind| kind.per_call = Some(kind.count as f64 / calls.max(1) as f64));
        }
        Some(Leak {
            kinds,
            group,
            of,
            cut: self.cut(main),
        })
    }

    /// The references that hold the objects of a group, each its own.
    fn entries(&self, group: &NewGroup) -> Vec<Entry> {
        let heap = self.heap();
        let every = group.nodes.len().div_ceil(COMPARED);
        let some: Vec<NodeId> = group.nodes.iter().copied().step_by(every).collect();
        let mut entries = Entries::of(heap, self.paths, &self.program.births);
        let first = entries.entry(group.nodes[0]);
        if let (Some(fork), Some(first)) = (entry::fork(heap, self.paths, &some), first)
            && self.depth(fork) >= self.depth(first.node)
        {
            let below = entry::below(heap, self.paths, fork, &group.nodes);
            if !below.is_empty() {
                return below;
            }
        }
        let found = group.nodes.iter().filter_map(|node| entries.entry(*node));
        let mut seen = HashSet::new();
        found.filter(|entry| seen.insert(entry.node)).collect()
    }

    /// How many steps lead to a node.
    fn depth(&self, node: NodeId) -> usize {
        match self.paths.to(self.heap(), node) {
            Some(path) => self.steps_before(&path.edges, node),
            None => 0,
        }
    }

    /// The number of steps of a path up to a node.
    fn steps_before(&self, edges: &[heap::Edge], node: NodeId) -> usize {
        let to = edges
            .iter()
            .position(|edge| edge.to == node)
            .map_or(edges.len(), |at| at + 1);
        let last = edges.last().map(|edge| edge.to);
        let is_step = |edge: &&heap::Edge| {
            self.wanted.verbose || self.heap().kind(edge.to) != NodeKind::Engine || Some(edge.to) == last
        };
        edges[..to].iter().filter(is_step).count()
    }

    /// The step, on the path that is shown of the group, that the references are.
    fn step_of(&self, group: &NewGroup, entries: &[Entry]) -> usize {
        let Some((kept, places)) = self.kept(group, self.paths) else {
            return 0;
        };
        let path = self.paths.to(self.heap(), representative(group));
        let nodes: HashSet<NodeId> = entries.iter().map(|entry| entry.node).collect();
        let at = path.and_then(|path| {
            let edge = path.edges.iter().find(|edge| nodes.contains(&edge.to))?;
            Some(self.steps_before(&path.edges, edge.to))
        });
        let last = kept.steps.len().saturating_sub(1);
        at.and_then(|steps| places.get(steps.saturating_sub(1)).copied())
            .unwrap_or(last)
            .min(last)
    }

    /// What becomes of the objects of a group once these references are cut.
    fn cut(&self, group: &NewGroup) -> Option<Cut> {
        let heap = self.heap();
        let entries = self.entries(group);
        // Of one object alone nothing tells what came when.
        let is_alone = self.program.snapshots == 1 && group.nodes.len() == 1;
        if entries.is_empty() || is_alone {
            return None;
        }
        let references = entry::references(heap, self.paths, &self.program.births, &entries);
        let paths = Paths::find_without(heap, &self.preferred, &self.foreign, &references);
        let mut left: Vec<NodeId> = group.nodes.iter().copied().filter(|id| paths.has(*id)).collect();
        // A few are on the stack, or what a compiler works on.
        if (left.len() as u64) * CHANCE < group.nodes.len() as u64 {
            left.clear();
        }
        let remains = group::by_path(heap, &paths, &left)
            .into_iter()
            .next()
            .and_then(|places| {
                let same = NewGroup {
                    class: group.class.clone(),
                    nodes: places.into_iter().map(|place| left[place]).collect(),
                    growth: Growth::Grows,
                };
                self.kept(&same, &paths)
            });
        Some(Cut {
            step: self.step_of(group, &entries),
            remaining: left.len() as u64,
            remains: remains.map(|(kept, _)| Box::new(kept)),
        })
    }

    /// A group in words, and where the steps of its path have come to.
    pub(super) fn kept(&self, group: &NewGroup, paths: &Paths) -> Option<(KeptGroup, Vec<usize>)> {
        let words = Words {
            verbose: self.wanted.verbose,
            heap: self.heap(),
            sources: &self.program.sources,
            functions: &self.program.functions,
            paths,
        };
        let path = paths.to(self.heap(), representative(group))?;
        let (steps, places) = words.path_steps(&path, &group.class);
        Some((
            KeptGroup {
                wrapper: group.class.clone(),
                count: group.nodes.len() as u64,
                numbers: Vec::new(),
                growth: group.growth,
                root: words.root(&path),
                steps,
                linear_memory: None,
            },
            places,
        ))
    }
}

/// The object of which the path is shown.
fn representative(group: &NewGroup) -> NodeId {
    group.nodes[group.nodes.len() / 2]
}

/// A label without what tells one element from another; key and value of a map are one entry.
fn without_index(label: &str) -> String {
    match label.split_once(['[', '(']) {
        _ if label == "key" => ".get[]".to_owned(),
        Some((before, _)) if label.starts_with(['[', '.']) || label.starts_with("slot") => format!("{before}[]"),
        _ => label.to_owned(),
    }
}
