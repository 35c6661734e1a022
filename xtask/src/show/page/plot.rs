//! A plot: a line a program, in SVG with a title and a description.

use crate::results::curves::Point;
use crate::show::page::axis::{Axis, short};
use crate::show::page::key::{colour, dashes, mark};
use maud::{Markup, html};
use std::fmt::Write as _;

/// The size of a plot, in units that are pixels on a narrow screen, and its margins.
const SIZE: (f64, f64) = (360.0, 200.0);
const LEFT: f64 = 44.0;
const RIGHT: f64 = 18.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 36.0;

/// A plot's texts.
#[derive(Debug)]
pub struct PlotText {
    /// An identifier of its own on the page.
    pub id: String,
    pub title: String,
    /// The whole plot in words.
    pub description: String,
    pub made: &'static str,
    pub counted: &'static str,
}

/// A line of a plot.
#[derive(Debug)]
pub struct Line<'a> {
    /// The numbers of its cell and of its program.
    pub cell: usize,
    pub program: usize,
    pub points: &'a [Point],
    /// Where linear memory ended: how much had been made.
    pub memory_end: Option<f64>,
}

/// The plot of these lines.
pub fn plot(text: &PlotText, lines: &[Line<'_>]) -> Markup {
    let points = || lines.iter().flat_map(|line| line.points);
    let ends = lines.iter().filter_map(|line| line.memory_end);
    let across = Axis::up_to(points().map(|point| point.0).chain(ends));
    let up = Axis::up_to(points().map(|point| point.1));
    let place = |point: Point| place(across, up, point);
    let (bottom, end) = (SIZE.1 - BOTTOM, SIZE.0 - RIGHT);
    let label = format!("{0}-title {0}-text", text.id);
    html! {
        figure {
            figcaption { (text.title) }
            svg.plot role="img" viewBox={ "0 0 " (SIZE.0) " " (SIZE.1) } aria-labelledby=(label) {
                title id={ (text.id) "-title" } { (text.title) }
                desc id={ (text.id) "-text" } { (text.description) }
                @for number in up.numbers() {
                    @let y = rounded(place((0.0, number)).1);
                    path.grid d={ "M" (LEFT) " " (y) "H" (end) } {}
                    text x=(LEFT - 5.0) y=(y + 4.0) text-anchor="end" { (short(number)) }
                }
                @for number in across.numbers() {
                    text x=(rounded(place((number, 0.0)).0)) y=(bottom + 14.0) text-anchor="middle" { (short(number)) }
                }
                path.axis d={ "M" (LEFT) " " (TOP) "V" (bottom) "H" (end) } {}
                text x=((LEFT + end) / 2.0) y=(SIZE.1 - 6.0) text-anchor="middle" { (text.made) }
                text x="10" y=((TOP + bottom) / 2.0) text-anchor="middle"
                    transform={ "rotate(-90 10 " ((TOP + bottom) / 2.0) ")" } { (text.counted) }
                @for (index, line) in lines.iter().enumerate() {
                    (drawn(line, across, up, (index + 1) as f64 / (lines.len() + 1) as f64))
                }
            }
        }
    }
}

fn place(across: Axis, up: Axis, point: Point) -> Point {
    let height = SIZE.1 - BOTTOM - TOP;
    let width = SIZE.0 - RIGHT - LEFT;
    (
        LEFT + across.place(point.0, width),
        TOP + height - up.place(point.1, height),
    )
}

/// A line with its mark, and the sign where memory ended. Lines may lie upon each other: each
/// has its mark at another share of the way.
fn drawn(line: &Line<'_>, across: Axis, up: Axis, share: f64) -> Markup {
    let places: Vec<Point> = line.points.iter().map(|point| place(across, up, *point)).collect();
    let last = places.last().copied().unwrap_or((LEFT, SIZE.1 - BOTTOM));
    let at = |(x, y): Point| format!("translate({} {})", rounded(x), rounded(y));
    let full = line.memory_end.map(|made| (place(across, up, (made, 0.0)).0, last.1));
    html! {
        g class=(colour(line.program)) data-of=(line.cell) {
            path.curve stroke-dasharray=(dashes(line.program)) d=(outline(&places)) {}
            path.mark transform=(at(on_the_way(&places, share).unwrap_or(last))) d=(mark(line.program)) {}
            @if let Some(full) = full {
                path.full transform=(at(full)) d="M-6-6 6 6M-6 6 6-6" {}
            }
        }
    }
}

/// The place on a line at this share of the way across.
fn on_the_way(places: &[Point], share: f64) -> Option<Point> {
    let (first, last) = (places.first()?, places.last()?);
    let x = first.0 + (last.0 - first.0) * share;
    let pair = places.windows(2).find(|pair| pair[0].0 <= x && x <= pair[1].0)?;
    let run = pair[1].0 - pair[0].0;
    let part = if run > 0.0 { (x - pair[0].0) / run } else { 0.0 };
    Some((x, pair[0].1 + (pair[1].1 - pair[0].1) * part))
}

fn outline(places: &[Point]) -> String {
    let mut outline = String::new();
    for (index, (x, y)) in places.iter().enumerate() {
        let letter = if index == 0 { "M" } else { " " };
        let _ = write!(outline, "{letter}{} {}", rounded(*x), rounded(*y));
    }
    outline
}

/// A tenth of a pixel is enough.
fn rounded(length: f64) -> f64 {
    (length * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_lies_within_the_plot() {
        for points in [
            vec![],
            vec![(0.0, 0.0)],
            vec![(1000.0, 1000.0), (100_000.0, 1000.0), (100_000.0, 0.0)],
            vec![(0.0, 9e15), (9e15, 0.0)],
        ] {
            let across = Axis::up_to(points.iter().map(|point| point.0));
            let up = Axis::up_to(points.iter().map(|point| point.1));
            for point in points {
                let (x, y) = place(across, up, point);
                assert!((LEFT..=SIZE.0 - RIGHT).contains(&x), "{x}");
                assert!((TOP..=SIZE.1 - BOTTOM).contains(&y), "{y}");
            }
        }
    }

    #[test]
    fn a_line_has_its_mark_and_the_sign_where_memory_ended() {
        let text = PlotText {
            id: "p".to_owned(),
            title: "<b>".to_owned(),
            description: "& \"".to_owned(),
            made: "objects made",
            counted: "alive",
        };
        let line = Line {
            cell: 3,
            program: 1,
            points: &[(1.0, 1.0), (2.0, 2.0)],
            memory_end: Some(2.0),
        };
        let html = plot(&text, &[line]).into_string();
        for part in [
            "&lt;b&gt;",
            "&amp; ",
            "data-of=\"3\"",
            "class=\"full\"",
            "class=\"mark\"",
            "stroke-dasharray=\"7 3\"",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }
}
