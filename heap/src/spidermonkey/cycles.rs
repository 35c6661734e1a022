//! What Firefox's cycle collector knows: objects of C++, and how they and those of scripts refer to each other
//! (xpcom/base/nsCycleCollector.cpp, `nsCycleCollectorLogSinkToFile`). It follows the dump of the scripts' heap, with
//! the same addresses.
//!
//! ```text
//! # Cycle collector.
//! 0x7f26 [rc=3] EventListenerManager
//! > 0x7f27 mListenerMap event=onresize
//! 0x1d5a [gc.marked] JS Object (Window)
//! > 0x7f26 UnwrapDOMObject(obj)
//! ==========
//! 0x7f26 [known=2]
//! ```

use crate::{NodeKind, parse_address};
use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

/// The line that comes before it.
pub const HEADING: &str = "# Cycle collector.";

/// What begins the text of an object of C++ in a heap, which no object of scripts has before its own.
const OF_CPLUSPLUS: &str = "\u{1}";

/// What is behind `holder` in the name of a root that an object of C++ holds.
const HOLDER: &str = ", holder ";

/// The graph of the cycle collector.
#[derive(Debug, Default)]
pub struct CycleLog {
    /// Objects of C++, by address, with their names, and their edges by number.
    pub objects: Vec<(u64, String)>,
    pub edges: Vec<CycleEdge>,
    /// Objects of C++ that something outside of the graph holds.
    pub known: Vec<u64>,
    /// The node that edges belong to.
    from: Option<CycleNode>,
    is_over: bool,
}

/// An edge from an object of C++, or from one of scripts.
#[derive(Debug, PartialEq, Eq)]
pub struct CycleEdge {
    pub from: CycleNode,
    pub to: u64,
    pub name: String,
}

/// A node that edges begin at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CycleNode {
    /// The number of an object of C++.
    CPlusPlus(usize),
    /// The address of an object of scripts.
    Script(u64),
}

impl CycleLog {
    /// Takes in a line. What is unknown is passed over: scripts' own edges are in the dump before.
    pub fn read(&mut self, line: &str) {
        if line.starts_with("==========") {
            self.is_over = true;
        } else if let Some(edge) = line.strip_prefix("> ") {
            let (address, name) = edge.split_once(' ').unwrap_or((edge, ""));
            if let (Some(from), Some(to)) = (self.from, parse_address(address)) {
                let name = name.to_owned();
                self.edges.push(CycleEdge { from, to, name });
            }
        } else if let Some((address, text)) = line.split_once(' ')
            && let Some(address) = parse_address(address)
        {
            if self.is_over {
                self.known.extend(text.starts_with("[known=").then_some(address));
                return;
            }
            self.from = Some(match text.strip_prefix("[rc=").and_then(|text| text.split_once("] ")) {
                Some((_, name)) => {
                    self.objects.push((address, name.to_owned()));
                    CycleNode::CPlusPlus(self.objects.len() - 1)
                }
                None => CycleNode::Script(address),
            });
        }
    }

    /// Forgets the edges between objects of scripts, which the dump has too.
    pub fn finish(&mut self) {
        let objects: HashSet<u64> = self.objects.iter().map(|(address, _)| *address).collect();
        self.edges
            .retain(|edge| matches!(edge.from, CycleNode::CPlusPlus(_)) || objects.contains(&edge.to));
    }

    /// The edges of each object of C++, in their order.
    pub fn edges_by_object(&self) -> HashMap<usize, Vec<&CycleEdge>> {
        let mut found: HashMap<usize, Vec<&CycleEdge>> = HashMap::default();
        for edge in &self.edges {
            if let CycleNode::CPlusPlus(number) = edge.from {
                found.entry(number).or_default().push(edge);
            }
        }
        found
    }
}

/// The address of the object of C++ that holds a root, if the root says so.
pub fn holder(root: &str) -> Option<u64> {
    parse_address(root.split_once(HOLDER)?.1)
}

/// The text of an object of C++ among those of the dump.
pub fn text(name: &str) -> String {
    format!("{OF_CPLUSPLUS}{name}")
}

/// Whether a node is of C++, and what it is then. Scripts see what has a name of the DOM; those of Gecko's own begin
/// with `ns`.
pub fn node_kind(text: &str) -> Option<(NodeKind, &str)> {
    let name = text.strip_prefix(OF_CPLUSPLUS)?;
    let mut words = name.split(' ');
    let class = words.next().unwrap_or_default();
    if class == "FragmentOrElement" {
        // `FragmentOrElement (xhtml) div id='a' http://…`
        return Some((NodeKind::Object, words.nth(1).unwrap_or("element")));
    }
    let is_own = class.starts_with("ns") || class.contains("::") || OWN.contains(&class);
    Some((if is_own { NodeKind::Engine } else { NodeKind::Object }, class))
}

/// Classes of C++ of which scripts know nothing.
const OWN: &[&str] = &["CallbackObject", "DOMEventTargetHelper", "EventListenerManager"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::{PathStart, fold, shortest};
    use crate::{Heap, SnapshotFormat, TargetHint};

    /// A page with a listener, and a marker that an observer holds, as Firefox writes them.
    const PAGE: &str = "# Roots.
0x50 B mCallback, holder 0x92
0x60 B Preserved wrapper, holder 0x99
# Weak maps.
==========
0x10 B Window 0:Private(0x90) 1:Private(0x90)
> 0x11 B shape
> 0x20 B global-lexical-env
0x11 B shape
> 0x12 B base
> 0x13 B propertymap
0x12 B base_shape
0x13 B prop_map
0x20 B LexicalEnvironment
> 0x11 B shape
> 0x30 B explainTarget
0x30 B WeakRef 0:Private(0x1) 1:Private(0x2)
> 0x11 B shape
> 0x70 B WeakRefObject::target
0x50 B Function f
> 0x11 B shape
> 0x70 B marker
0x60 B HTMLDivElement 0:Private(0x95)
> 0x11 B shape
0x70 B Object <unknown object>
> 0x11 B shape
# Cycle collector.
# WantAllTraces=true
WeakMapEntry map=(nil) key=0x1 keyDelegate=0x1 value=0x2
0x10 [gc.marked] JS Object (Window)
> 0x11 shape
> 0x90 UnwrapDOMObject(obj)
0x90 [rc=115] nsGlobalWindowInner # 5 inner js/lib/page.html
> 0x91 mListenerManager
0x91 [rc=1] EventListenerManager
> 0x92 mListenerMap event=onresize
0x92 [rc=2] CallbackObject
> 0x50 mCallback
0x95 [rc=2] FragmentOrElement (xhtml) div http://127.0.0.1
==========
0x95 [known=1]
0x96 [garbage]
";

    fn parse(text: &str) -> anyhow::Result<Heap> {
        SnapshotFormat::SpiderMonkey.parse(text.as_bytes(), TargetHint::WeakRef("explainTarget"))
    }

    #[test]
    fn a_path_leads_through_c_to_what_scripts_made() {
        let heap = parse(PAGE).unwrap();
        let target = heap.targets[0].unwrap();
        let path = shortest(&heap, target).unwrap();
        assert!(matches!(path.start, PathStart::Global(_)), "{path:?}");
        let step = |edge: &crate::Edge| format!("{} {}", heap.label(edge.label).unwrap(), heap.name(edge.to));
        let steps: Vec<String> = path.edges.iter().map(step).collect();
        assert_eq!(
            steps,
            [
                "UnwrapDOMObject(obj) nsGlobalWindowInner",
                "mListenerManager EventListenerManager",
                "mListenerMap event=onresize CallbackObject",
                "mCallback function",
                "marker Object",
            ]
        );
        let steps: Vec<&str> = fold(&heap, &path).iter().map(|edge| heap.name(edge.to)).collect();
        assert_eq!(steps, ["function", "Object"]);
    }

    #[test]
    fn what_c_holds_is_no_root_by_itself() {
        let heap = parse(PAGE).unwrap();
        let roots: Vec<(&str, &str)> = heap
            .roots
            .iter()
            .map(|root| (root.name.as_str(), heap.name(root.node)))
            .collect();
        let wrapper = "Preserved wrapper, holder 0x99";
        assert_eq!(roots, [(wrapper, "HTMLDivElement"), ("held by the browser", "div")]);
    }

    #[test]
    fn a_log_that_is_cut_off_or_strange_is_read_as_far_as_it_goes() {
        let lines: Vec<&str> = PAGE.lines().collect();
        let heading = lines.iter().position(|line| *line == HEADING).unwrap();
        for end in heading..lines.len() {
            let heap = parse(&format!("{}\n", lines[..end].join("\n"))).unwrap();
            assert!(heap.targets[0].is_some());
        }
        for line in ["> 0x1", "0x90", "> x y", "0x90 [rc=1", "0x90 [rc=1] ", "> 0x1 "] {
            let text = PAGE.replace("# WantAllTraces=true", line);
            assert!(parse(&text).unwrap().targets[0].is_some(), "{line}");
        }
    }

    #[test]
    fn classes_of_the_dom_are_seen_by_scripts() {
        for (name, kind, class) in [
            ("ResizeObserver", NodeKind::Object, "ResizeObserver"),
            ("FragmentOrElement (xhtml) div id='a' http://a", NodeKind::Object, "div"),
            ("FragmentOrElement", NodeKind::Object, "element"),
            ("nsDOMMutationObserver", NodeKind::Engine, "nsDOMMutationObserver"),
            ("CallbackObject", NodeKind::Engine, "CallbackObject"),
            ("Document normal (xhtml) http://a", NodeKind::Object, "Document"),
            ("", NodeKind::Object, ""),
        ] {
            assert_eq!(node_kind(&text(name)), Some((kind, class)), "{name}");
        }
        assert_eq!(node_kind("Object <unknown object>"), None);
    }
}
