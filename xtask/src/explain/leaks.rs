//! Finds in a program's heap what grows, what keeps it alive, and which reference to cut.

use crate::explain::explanation::foreign_functions;
use crate::explain::growth::{Growth, growth_of_born};
use crate::explain::heaps::ProgramHeap;
use crate::explain::kept::KeptGroup;
use crate::explain::leak::{Leak, LeakedKind, Leaks};
use crate::explain::words::Words;
use crate::measure::census::{Census, What};
use heap::path::Paths;
use heap::{EdgeKind, Heap, NodeId, NodeKind, group};
use std::collections::{HashMap, HashSet, VecDeque};

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

/// What was not counted to grow, and of which there is less than one in so many calls, is an engine's.
const RARE: usize = 10;

/// Of what does not grow so many are worth to be told.
const MANY: usize = 20;

/// Of a snapshot alone, what is less than one in so many of the largest is left out.
const SMALL: usize = 100;

/// Of what grows, less than one in so many is kept in another way, or has no path, by chance.
pub(super) const CHANCE: u64 = 50;

/// Classes that are told of a snapshot alone.
const MOST_CLASSES: usize = 12;

/// Kinds that are told of a leak.
const MOST_KINDS: usize = 6;

/// The class of what all have as a part in which our own scripts note a program's objects, as
/// `js/lib/watch.js` calls it.
const NOTES: &str = "HarnessNotes";

/// The class of strings.
pub(super) const TEXT: &str = "string";

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
    pub(super) preferred: [HashSet<String>; 2],
    pub(super) foreign: Vec<NodeId>,
    pub(super) paths: &'a Paths,
    /// What our own scripts note a program's objects in.
    notes: HashSet<NodeId>,
    /// The classes that were counted to grow, the largest first.
    pub(super) counted: Vec<&'a str>,
    /// The names of the program's functions, its packages' as well: a class is one of them.
    pub(super) functions: HashSet<&'a str>,
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
        functions: names_of_functions(heap, &foreign),
        foreign,
        paths: &paths,
        notes: heap.with_part(NOTES).into_iter().collect(),
        counted: counted(census.as_ref()),
    };
    let new = births.new_nodes(heap);
    let reached: Vec<NodeId> = new.iter().copied().filter(|id| paths.has(*id)).collect();
    let (groups, mut few) = finding.groups(&reached);
    let (growing, mut others): (Vec<NewGroup>, Vec<NewGroup>) =
        groups.into_iter().partition(|group| group.growth == Growth::Grows);
    few.extend(others.extract_if(.., |group| group.nodes.len() < FEW));
    let leaks = finding.merged(growing, few);
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

/// The names of functions that have a place, but for these.
fn names_of_functions<'h>(heap: &'h Heap, but: &[NodeId]) -> HashSet<&'h str> {
    let but: HashSet<NodeId> = but.iter().copied().collect();
    let all = (0..).take(heap.node_count());
    let is_it = |id: &NodeId| heap.kind(*id) == NodeKind::Function && heap.position(*id).is_some() && !but.contains(id);
    all.filter(is_it).map(|id| heap.name(id)).collect()
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

    /// What is new, by class and by path, the largest group first; and the groups of few objects.
    fn groups(&self, nodes: &[NodeId]) -> (Vec<NewGroup>, Vec<NewGroup>) {
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
        // An engine has objects of its own, of which more come with time.
        let is_rare = |group: &NewGroup| calls.is_some_and(|calls| group.nodes.len() * RARE < calls);
        let is_engines = |group: &NewGroup| {
            is_rare(group) && !self.counted.is_empty() && !self.counted.contains(&group.class.as_str())
        };
        let (large, small): (Vec<NewGroup>, Vec<NewGroup>) = all
            .into_iter()
            .map(group)
            .filter(|group| is_wanted(&group.class))
            .partition(|group| group.nodes.len() >= few || self.wanted.kind.is_some());
        let large = large.into_iter().filter(|group| is_counted(&group.class));
        let large = large.filter(|group| !self.is_ours(group.nodes[0], self.paths));
        let large = large.filter(|group| self.wanted.kind.is_some() || !is_engines(group));
        (large.collect(), small)
    }

    /// Whether it is kept by what our own scripts note of a program, by these paths.
    pub(super) fn is_ours(&self, node: NodeId, paths: &Paths) -> bool {
        let ProgramHeap { heap, sources, .. } = self.program;
        let is_library =
            |id: NodeId| self.notes.contains(&id) || heap.position(id).is_some_and(|at| sources.is_library(&at.file));
        let path = paths.to(heap, node);
        path.is_some_and(|path| path.edges.iter().any(|edge| is_library(edge.to)))
    }

    /// How many are new, of these classes, that nothing seems to keep.
    fn unexplained(&self, new: &[NodeId], classes: &HashSet<&str>) -> u64 {
        let is_it = |id: &&NodeId| !self.paths.has(**id) && classes.contains(class(self.heap(), **id).as_str());
        new.iter().filter(is_it).count() as u64
    }

    /// Groups of which the paths have the same beginning, up to what is to be cut.
    fn alike(&self, groups: Vec<NewGroup>) -> Vec<Vec<NewGroup>> {
        let mut found: Vec<(String, Vec<NewGroup>)> = Vec::new();
        for group in groups {
            let Some((kept, _)) = self.kept(&group, self.paths) else {
                continue;
            };
            let entries = self.entries(&group, self.paths);
            let step = self.step_of(&group, &entries);
            let mut labels: Vec<String> = kept.steps.iter().map(|step| without_index(&step.label)).collect();
            labels.truncate(step + 1);
            // As elements of an array are, and as the names are themselves.
            if self.have_many_names(&entries) {
                labels[step] = PROPERTY.to_owned();
            }
            let key = format!("{} {}", kept.root, labels.join(" "));
            match found.iter_mut().find(|(known, _)| *known == key) {
                Some((_, groups)) => groups.push(group),
                None => found.push((key, vec![group])),
            }
        }
        found.into_iter().map(|(_, groups)| groups).collect()
    }

    /// Leaks: groups that are alike, and what dies with these. A few objects of the class that stands for them are counted, too,
    /// with what hangs on them: something else held them when the heap was written.
    fn merged(&self, groups: Vec<NewGroup>, mut few: Vec<NewGroup>) -> Vec<Leak> {
        let mut rest = self.ordered(self.alike(groups));
        let mut classes: HashMap<String, u64> = HashMap::new();
        for group in rest.iter().flatten() {
            *classes.entry(group.class.clone()).or_default() += group.nodes.len() as u64;
        }
        let mut leaks = Vec::new();
        while let Some(mut groups) = rest.pop_front().filter(|_| leaks.len() < MOST_LEAKS) {
            let Some(main) = self.main(&groups) else {
                continue;
            };
            let Some((kept, _)) = self.kept(main, self.paths) else {
                continue;
            };
            let (class, of) = (
                main.class.clone(),
                classes.get(&main.class).copied().unwrap_or_default(),
            );
            // Of thousands, one more or less does not matter.
            let counts = |group: &mut NewGroup| {
                group.class == class
                    && !self.is_ours(group.nodes[0], self.paths)
                    && (group.nodes.len() as u64) * CHANCE >= of
            };
            let added: Vec<NewGroup> = few.extract_if(.., counts).collect();
            let beside: HashSet<NodeId> = added.iter().flat_map(|group| &group.nodes).copied().collect();
            let cut = self.cut(main);
            if let Some((cut, paths)) = &cut
                && cut.is_enough()
            {
                let (dead, others): (VecDeque<_>, VecDeque<_>) =
                    rest.into_iter().partition(|groups| self.die(groups, paths, &beside));
                groups.extend(dead.into_iter().flatten());
                rest = others;
            }
            groups.extend(few.extract_if(.., |group| self.hangs_on(representative(group), self.paths, &beside)));
            groups.extend(added);
            leaks.push(Leak {
                kinds: self.kinds(&groups, &kept.wrapper),
                group: kept,
                of: of + beside.len() as u64,
                cut: cut.map(|(cut, _)| cut),
            });
        }
        leaks
    }

    /// The largest first; and of those that are as large, where chance says which one has an object more, the nearest.
    fn ordered(&self, mut all: Vec<Vec<NewGroup>>) -> VecDeque<Vec<NewGroup>> {
        let total = |groups: &Vec<NewGroup>| groups.iter().map(|group| group.nodes.len()).sum::<usize>();
        all.sort_by_key(|groups| std::cmp::Reverse(total(groups)));
        let largest = all.first().map_or(0, total);
        // Of a snapshot alone all is told: what is small beside the largest does not matter.
        if self.program.snapshots == 1 && self.wanted.kind.is_none() {
            all.retain(|groups| total(groups) * SMALL >= largest);
        }
        let others = all.partition_point(|groups| (largest - total(groups)) as u64 * CHANCE < largest as u64);
        all[..others].sort_by_key(|groups| {
            let main = self.main(groups);
            main.map(|main| (self.depth(representative(main), self.paths), main.class.clone()))
        });
        all.into()
    }

    /// How many there are of each class: first of that which stands for all, then the most frequent first.
    fn kinds(&self, groups: &[NewGroup], main: &str) -> Vec<LeakedKind> {
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
        kinds.sort_by_key(|kind| (kind.class != main, std::cmp::Reverse(kind.count)));
        kinds.truncate(MOST_KINDS);
        if let Some(calls) = self.program.calls {
            kinds
                .iter_mut()
                .for_each(|kind| kind.per_call = Some(kind.count as f64 / calls.max(1) as f64));
        }
        kinds
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
pub(super) fn representative(group: &NewGroup) -> NodeId {
    group.nodes[group.nodes.len() / 2]
}

/// Properties whose names a program computes.
const PROPERTY: &str = ".[]";

/// A label without what tells one element from another; key and value of a map are one entry. Numbers in names of properties
/// are as indices.
fn without_index(label: &str) -> String {
    match label.split_once(['[', '(']) {
        _ if label == "key" => ".get[]".to_owned(),
        _ if label == EdgeKind::PropertyName.words() => PROPERTY.to_owned(),
        None if label.starts_with('.') => label.split(|c: char| c.is_ascii_digit()).collect(),
        Some((before, _)) if label.starts_with(['[', '.']) || label.starts_with("slot") => format!("{before}[]"),
        _ => label.to_owned(),
    }
}
