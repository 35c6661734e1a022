//! What the lines of a script say, as far as their words and brackets tell it.

/// The words of a text that may be names.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    text.split(move |c: char| !is_name(c))
        .filter(|word| word.chars().next().is_some_and(|c| !c.is_ascii_digit()))
}

/// The names that a line declares, or makes properties of the global object.
pub fn declared_names(line: &str) -> impl Iterator<Item = &str> {
    let declares = ["const", "let", "var", "class", "function"];
    let first = words(line).find(|word| !["export", "async"].contains(word));
    let all = first.is_some_and(|word| declares.contains(&word));
    // Up to what is assigned: several names may be destructured.
    let names = line.split(['=', '(']).next().unwrap_or_default();
    let own = line.trim().strip_prefix("globalThis.");
    let names = own.and_then(|rest| rest.split(['=', '.', '[']).next()).unwrap_or(names);
    let any = all || own.is_some();
    let keyword = move |word: &&str| declares.contains(word) || ["export", "async"].contains(word);
    words(names).filter(move |word| any && !keyword(word))
}

/// The last line of the function that begins in a line: where its brackets are balanced.
pub fn end_of_function(lines: &[&str], start: usize) -> Option<usize> {
    const LONGEST: usize = 200;
    let mut depth = 0_i64;
    for (index, line) in lines.iter().enumerate().skip(start).take(LONGEST) {
        for character in line.chars() {
            depth += match character {
                '(' | '[' | '{' => 1,
                ')' | ']' | '}' => -1,
                _ => 0,
            };
        }
        if depth <= 0 {
            return Some(index);
        }
    }
    None
}

/// The line in which the closure begins that mentions a variable in this line: this one, or
/// the nearest one above that is indented less. The one that declares the variable is none.
pub fn start_of_function(lines: &[&str], index: usize, variable: &str) -> Option<usize> {
    let is_function = |line: &str| line.contains("=>") || words(line).any(|word| word == "function");
    let line = lines[index];
    let behind = line.split_once("=>").map(|(_, body)| body);
    if behind.is_some_and(|body| words(body).any(|word| word == variable)) {
        return Some(index);
    }
    let indent = |line: &str| line.len() - line.trim_start().len();
    let above = (0..index)
        .rev()
        .find(|other| !lines[*other].trim().is_empty() && indent(lines[*other]) < indent(line))?;
    let declared = (above..=index).any(|other| declared_names(lines[other]).any(|name| name == variable));
    (is_function(lines[above]) && !declared).then_some(above)
}

/// The only function in a line, an arrow function, from its parameters to the line's
/// end; `None` if there may be another function, or a comment.
pub fn arrow_function(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("=>")?;
    if ["=>", "function", "//", "/*"]
        .iter()
        .any(|other| before.contains(other) || after.contains(other))
    {
        return None;
    }
    let before = before.trim_end();
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let start = match before.strip_suffix(')') {
        Some(parameters) => {
            let mut depth = 1;
            let opening = parameters.char_indices().rev().find(|(_, c)| {
                depth += i32::from(*c == ')') - i32::from(*c == '(');
                depth == 0
            });
            opening?.0
        }
        None => before.trim_end_matches(is_name).len(),
    };
    Some(&line[start..])
}

/// A line up to its first unmatched closing bracket: `f(x));` is `f(x)`. Brackets
/// in quotes do not count.
pub fn balanced(line: &str) -> &str {
    let line = line.trim();
    let mut depth = 0_usize;
    let mut quote = None;
    let mut escaped = false;
    for (index, character) in line.char_indices() {
        match (quote, character) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(character),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return &line[..index],
            },
            (None, _) => {}
        }
    }
    line.trim_end_matches([';', ',']).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_where_its_brackets_are_balanced() {
        assert_eq!(balanced("() => [obj, ')', \"\\\")\"]);"), "() => [obj, ')', \"\\\")\"]");
    }

    #[test]
    fn an_arrow_function_begins_at_its_parameters() {
        for (line, function) in [
            ("  install(() => print(`a`));", Some("() => print(`a`));")),
            ("f((a, b = g(1)) => a)", Some("(a, b = g(1)) => a)")),
            ("f(x => x)", Some("x => x)")),
            ("$x => x", Some("$x => x")),
            ("say(→x => x)", Some("x => x)")),
            ("f(() => () => 1)", None),
            ("f(function () { return [1].map(x => x); })", None),
            ("f(g); // as in a => b", None),
            ("function f() {", None),
            (") => 1", None),
        ] {
            assert_eq!(arrow_function(line), function, "{line}");
        }
    }
}
