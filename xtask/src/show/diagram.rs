//! What was explained, as a diagram: for Mermaid, which GitHub draws, and for Graphviz.

use crate::command::explain::{Shown, Told};
use crate::explain::explanation::Explanation;
use crate::show::draw::{Part, handle_words, parts};

/// A language that diagrams are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Mermaid,
    Dot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Root,
    Node,
    LinearMemory,
}

/// A box, and the lines in it.
struct Node {
    name: String,
    shape: Shape,
    lines: Vec<String>,
}

/// An arrow; a dashed one is no edge that a collector sees.
struct Arrow {
    from: String,
    to: String,
    label: Option<String>,
    dashed: bool,
}

/// The diagram of one answer.
#[derive(Default)]
struct Diagram {
    nodes: Vec<Node>,
    arrows: Vec<Arrow>,
}

/// All answers as one diagram, each in a frame of its own.
pub fn diagram(all: &[Told], language: Language) -> String {
    let (begin, end) = match language {
        Language::Mermaid => ("flowchart TD\n", ""),
        Language::Dot => ("digraph explain {\n  node [shape=box];\n", "}\n"),
    };
    let frames: String = (0..)
        .zip(all)
        .map(|(number, told)| frame(number, told, language))
        .collect();
    format!("{begin}{frames}{end}")
}

fn frame(number: usize, told: &Told, language: Language) -> String {
    let title = language.quote(&format!("{} on {}", told.case, told.program));
    let diagram = Diagram::of(number, &told.answer);
    let nodes = diagram.nodes.iter().map(|node| language.node(node));
    let arrows = diagram.arrows.iter().map(|arrow| language.arrow(arrow));
    let body: String = nodes.chain(arrows).map(|line| format!("    {line}\n")).collect();
    match language {
        Language::Mermaid => format!("  subgraph e{number}[{title}]\n{body}  end\n"),
        Language::Dot => format!("  subgraph cluster{number} {{\n    label={title};\n{body}  }}\n"),
    }
}

impl Diagram {
    fn of(number: usize, answer: &Shown) -> Diagram {
        let mut diagram = Diagram::default();
        let name = |name: &str| format!("e{number}{name}");
        let words = match answer {
            Shown::Kept(explanation) => {
                diagram.add_path(explanation, name);
                return diagram;
            }
            Shown::Nothing { wrapper, .. } => format!("nothing keeps {wrapper} alive"),
            Shown::CannotTell { reason } => format!("it cannot tell: {reason}"),
            Shown::Failed { reason } => format!("there is no answer: {reason}"),
        };
        diagram.add(name("none"), Shape::Node, vec![words]);
        diagram
    }

    fn add(&mut self, name: String, shape: Shape, lines: Vec<String>) {
        self.nodes.push(Node { name, shape, lines });
    }

    fn add_path(&mut self, explanation: &Explanation, name: impl Fn(&str) -> String) {
        let mut last = name("root");
        self.add(last.clone(), Shape::Root, vec![explanation.root.clone()]);
        let step_name = |index: usize| name(&format!("n{index}"));
        for part in parts(&explanation.steps) {
            let (node, lines, label) = match part {
                Part::Step(index, step) => {
                    let lines = [Some(step.node.clone()), step.source.clone(), step.place.clone()];
                    (
                        step_name(index),
                        lines.into_iter().flatten().collect(),
                        Some(step.label.clone()),
                    )
                }
                Part::LeftOut(count) => (name("more"), vec![format!("{count} more steps")], None),
            };
            self.add(node.clone(), Shape::Node, lines);
            self.arrows.push(Arrow {
                from: last,
                to: node.clone(),
                label,
                dashed: false,
            });
            last = node;
        }
        let Some(linear) = &explanation.linear_memory else {
            return;
        };
        let memory = name("linear");
        let lines = vec!["linear memory".to_owned(), handle_words(linear)];
        self.add(memory.clone(), Shape::LinearMemory, lines);
        self.arrows.push(Arrow {
            from: last,
            to: memory.clone(),
            label: Some(format!(".{} = {:#x}", linear.field, linear.address)),
            dashed: true,
        });
        self.arrows.extend(linear.closes.map(|index| Arrow {
            from: memory,
            to: step_name(index),
            label: None,
            dashed: true,
        }));
    }
}

impl Language {
    fn node(self, node: &Node) -> String {
        let (name, text) = (&node.name, self.quote(&node.lines.join("\n")));
        match (self, node.shape) {
            (Language::Mermaid, Shape::Root) => format!("{name}([{text}])"),
            (Language::Mermaid, Shape::Node) => format!("{name}[{text}]"),
            (Language::Mermaid, Shape::LinearMemory) => format!("{name}[({text})]"),
            (Language::Dot, Shape::Root) => format!("{name} [label={text}, shape=ellipse];"),
            (Language::Dot, Shape::Node) => format!("{name} [label={text}];"),
            (Language::Dot, Shape::LinearMemory) => format!("{name} [label={text}, shape=cylinder, style=dashed];"),
        }
    }

    fn arrow(self, arrow: &Arrow) -> String {
        let Arrow {
            from,
            to,
            label,
            dashed,
        } = arrow;
        let label = label.as_deref().map(|label| self.quote(label));
        match self {
            Language::Mermaid => {
                let line = if *dashed { "-.->" } else { "-->" };
                let label = label.map_or(String::new(), |label| format!("|{label}|"));
                format!("{from} {line}{label} {to}")
            }
            Language::Dot => {
                let label = label.map(|label| format!("label={label}"));
                let style = dashed.then(|| "style=dashed".to_owned());
                let attributes: Vec<String> = label.into_iter().chain(style).collect();
                format!("{from} -> {to} [{}];", attributes.join(", "))
            }
        }
    }

    /// Quoted, with what the language would take for its own written otherwise.
    fn quote(self, text: &str) -> String {
        let mut quoted = String::new();
        for character in text.chars() {
            match (self, character) {
                (Language::Mermaid, '\n') => quoted += "<br>",
                (Language::Dot, '\n') => quoted += "\\n",
                (Language::Mermaid, '"' | '#' | '<' | '>' | '&' | '`' | '|' | ';' | '\\') => {
                    quoted += &format!("#{};", u32::from(character));
                }
                (Language::Dot, '"' | '\\') => quoted.extend(['\\', character]),
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
    fn what_a_language_would_take_for_its_own_is_quoted() {
        let text = "f(`a` <b> \"c\" #1)\n\\d";
        assert_eq!(
            Language::Mermaid.quote(text),
            "\"f(#96;a#96; #60;b#62; #34;c#34; #35;1)<br>#92;d\""
        );
        assert_eq!(Language::Dot.quote(text), r#""f(`a` <b> \"c\" #1)\n\\d""#);
    }
}
