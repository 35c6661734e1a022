//! Explanations as diagrams: for Mermaid, which GitHub draws, and for Graphviz.

use crate::base::text::inert_lines;
use crate::explain::answer::{Answer, ExplainedCell};
use crate::explain::kept::KeptGroup;
use crate::show::path_text::{ShownStep, block_words, handle_words, parts, step_label};

/// A language for diagrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiagramLanguage {
    Mermaid,
    Dot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NodeShape {
    Root,
    Node,
    LinearMemory,
}

/// A box, and the lines in it.
struct DiagramNode {
    name: String,
    shape: NodeShape,
    lines: Vec<String>,
}

/// An arrow; a dashed one is an edge that no collector sees.
struct DiagramArrow {
    from: String,
    to: String,
    label: Option<String>,
    dashed: bool,
}

/// The diagram of one answer.
#[derive(Default)]
struct Diagram {
    nodes: Vec<DiagramNode>,
    arrows: Vec<DiagramArrow>,
}

/// All answers as one diagram, each in a frame of its own.
pub fn diagram(all: &[ExplainedCell], language: DiagramLanguage) -> String {
    let (begin, end) = match language {
        DiagramLanguage::Mermaid => ("flowchart TD\n", ""),
        DiagramLanguage::Dot => ("digraph explain {\n  node [shape=box];\n", "}\n"),
    };
    let frames: String = (0..)
        .zip(all)
        .map(|(number, explained)| frame(number, explained, language))
        .collect();
    format!("{begin}{frames}{end}")
}

fn frame(number: usize, explained: &ExplainedCell, language: DiagramLanguage) -> String {
    let title = language.quote(&format!("{} on {}", explained.case, explained.program));
    let diagram = Diagram::of(number, &explained.answer);
    let nodes = diagram.nodes.iter().map(|node| language.node(node));
    let arrows = diagram.arrows.iter().map(|arrow| language.arrow(arrow));
    let body: String = nodes.chain(arrows).map(|line| format!("    {line}\n")).collect();
    match language {
        DiagramLanguage::Mermaid => format!("  subgraph e{number}[{title}]\n{body}  end\n"),
        DiagramLanguage::Dot => format!("  subgraph cluster{number} {{\n    label={title};\n{body}  }}\n"),
    }
}

impl Diagram {
    fn of(number: usize, answer: &Answer) -> Diagram {
        let mut diagram = Diagram::default();
        let name = |name: &str| format!("e{number}{name}");
        let words = match answer {
            Answer::Kept(explanation) => {
                diagram.add_path(&explanation.main, name);
                return diagram;
            }
            Answer::Leaks(leaks) if !leaks.leaks.is_empty() => {
                for (number, leak) in (0..).zip(&leaks.leaks) {
                    diagram.add_path(&leak.group, |part| name(&format!("l{number}{part}")));
                }
                return diagram;
            }
            Answer::Leaks(_) => "no object grows".to_owned(),
            Answer::NoLeak(_) => "nothing grows".to_owned(),
            Answer::Nothing { wrapper, .. } => format!("nothing keeps {wrapper} alive"),
            Answer::CannotTell { reason } => format!("it cannot tell: {reason}"),
            Answer::Failed { reason } => format!("there is no answer: {reason}"),
        };
        diagram.add(name("none"), NodeShape::Node, vec![words]);
        diagram
    }

    fn add(&mut self, name: String, shape: NodeShape, lines: Vec<String>) {
        self.nodes.push(DiagramNode { name, shape, lines });
    }

    fn add_path(&mut self, group: &KeptGroup, name: impl Fn(&str) -> String) {
        let mut last = name("root");
        self.add(last.clone(), NodeShape::Root, vec![group.root.clone()]);
        let step_name = |index: usize| name(&format!("n{index}"));
        for part in parts(&group.steps) {
            let (node, lines, label) = match part {
                ShownStep::Step(index, step) => {
                    let lines = [Some(step.node.clone()), step.source.clone(), step.place.clone()];
                    (
                        step_name(index),
                        lines.into_iter().flatten().collect(),
                        Some(step_label(step)),
                    )
                }
                ShownStep::LeftOut(count) => (name("more"), vec![format!("{count} more steps")], None),
            };
            self.add(node.clone(), NodeShape::Node, lines);
            self.arrows.push(DiagramArrow {
                from: last,
                to: node.clone(),
                label,
                dashed: false,
            });
            last = node;
        }
        let Some(linear) = &group.linear_memory else {
            return;
        };
        let memory = name("linear");
        let lines = vec![block_words(linear.bytes), handle_words(linear)];
        self.add(memory.clone(), NodeShape::LinearMemory, lines);
        self.arrows.push(DiagramArrow {
            from: last,
            to: memory.clone(),
            label: Some(format!(".{} = {:#x}", linear.field, linear.address)),
            dashed: true,
        });
        self.arrows.extend(linear.closes.map(|index| DiagramArrow {
            from: memory,
            to: step_name(index),
            label: None,
            dashed: true,
        }));
    }
}

impl DiagramLanguage {
    fn node(self, node: &DiagramNode) -> String {
        let (name, text) = (&node.name, self.quote(&node.lines.join("\n")));
        match (self, node.shape) {
            (DiagramLanguage::Mermaid, NodeShape::Root) => format!("{name}([{text}])"),
            (DiagramLanguage::Mermaid, NodeShape::Node) => format!("{name}[{text}]"),
            (DiagramLanguage::Mermaid, NodeShape::LinearMemory) => format!("{name}[({text})]"),
            (DiagramLanguage::Dot, NodeShape::Root) => format!("{name} [label={text}, shape=ellipse];"),
            (DiagramLanguage::Dot, NodeShape::Node) => format!("{name} [label={text}];"),
            (DiagramLanguage::Dot, NodeShape::LinearMemory) => {
                format!("{name} [label={text}, shape=cylinder, style=dashed];")
            }
        }
    }

    fn arrow(self, arrow: &DiagramArrow) -> String {
        let DiagramArrow {
            from,
            to,
            label,
            dashed,
        } = arrow;
        let label = label.as_deref().map(|label| self.quote(label));
        match self {
            DiagramLanguage::Mermaid => {
                let line = if *dashed { "-.->" } else { "-->" };
                let label = label.map_or(String::new(), |label| format!("|{label}|"));
                format!("{from} {line}{label} {to}")
            }
            DiagramLanguage::Dot => {
                let label = label.map(|label| format!("label={label}"));
                let style = dashed.then(|| "style=dashed".to_owned());
                let attributes: Vec<String> = label.into_iter().chain(style).collect();
                format!("{from} -> {to} [{}];", attributes.join(", "))
            }
        }
    }

    /// The text in quotes, with the language's special characters escaped.
    fn quote(self, text: &str) -> String {
        let mut quoted = String::new();
        for character in inert_lines(text).chars() {
            match (self, character) {
                (DiagramLanguage::Mermaid, '\n') => quoted += "<br>",
                (DiagramLanguage::Dot, '\n') => quoted += "\\n",
                (DiagramLanguage::Mermaid, '"' | '#' | '<' | '>' | '&' | '`' | '|' | ';' | '\\') => {
                    quoted += &format!("#{};", u32::from(character));
                }
                (DiagramLanguage::Dot, '"' | '\\') => quoted.extend(['\\', character]),
                _ => quoted.push(character),
            }
        }
        format!("\"{quoted}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_are_escaped() {
        let text = "f(`a` <b> \"c\" #1)\n\\d";
        assert_eq!(
            DiagramLanguage::Mermaid.quote(text),
            "\"f(#96;a#96; #60;b#62; #34;c#34; #35;1)<br>#92;d\""
        );
        assert_eq!(DiagramLanguage::Dot.quote(text), r#""f(`a` <b> \"c\" #1)\n\\d""#);
    }
}
