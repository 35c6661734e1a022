//! The blocks of linear memory that stay, in a guest with an allocator of its own: how many, how large, asked for by
//! which line; and those that are freed twice.

use crate::own::Own;
use serde_json::Value;

pub const NO_CLANG: &str = "there is no clang for C and C++ here";

/// First fit, with a list of what is free. A widget has a name of 24 bytes.
pub const GUEST: &str = "typedef unsigned long size_t;
extern unsigned char __heap_base;
struct node { size_t size; struct node *next; };
static unsigned char *top;
static struct node *list;
__attribute__((noinline)) void *malloc(size_t size) {
  size = (size + 7) & ~7ul;
  for (struct node **at = &list; *at; at = &(*at)->next)
    if ((*at)->size == size) { struct node *found = *at; *at = found->next; return found + 1; }
  if (!top) top = (unsigned char *)(((size_t)&__heap_base + 15) & ~15ul);
  struct node *made = (struct node *)top;
  top = (unsigned char *)(made + 1) + size;
  while ((size_t)top > __builtin_wasm_memory_size(0) * 65536) __builtin_wasm_memory_grow(0, 1);
  made->size = size;
  return made + 1;
}
__attribute__((noinline)) void free(void *block) {
  struct node *made = (struct node *)block - 1;
  made->next = list;
  list = made;
}
struct widget { int number; char *name; };
__attribute__((noinline)) static char *name_of(int length) {
  char *name = malloc(length);
  name[0] = 1;
  return name;
}
struct widget *make(void) {
  struct widget *made = malloc(sizeof *made);
  made->name = name_of(24);
  return made;
}
void drop(struct widget *made) { free(made->name); free(made); }
void forget(struct widget *made) { free(made); }
void twice(struct widget *made) {
  char *name = made->name;
  free(name);
  free(made);
  free(name);
}
";

/// A script whose widgets are freed by this function of the guest, or kept.
fn script(release: &str) -> String {
    format!(
        "const module_ = new WebAssembly.Module(readbuffer('guest.wasm'));
if (WebAssembly.Module.imports(module_).length > 0) throw new Error('the module is another one');
const guest = new WebAssembly.Instance(module_).exports;
const kept = [];
class Widget {{
  constructor() {{ this.address = guest.make(); }}
  free() {{ guest.{release}(this.address); }}
  keep() {{ kept.push(this); }}
}}
function test(n) {{
  for (let i = 0; i < n; i++) new Widget().{};
}}
",
        if release == "keep" { "keep()" } else { "free()" }
    )
}

/// The cell of a script that releases its widgets like this; none without clang.
fn judged(release: &str, engine: &str) -> Option<Value> {
    let own = Own::new(&[
        (
            "expected.txt",
            "#: verdict = leaks | collected | bounded\n#: guest = guest.c\n",
        ),
        ("test.js", &script(release)),
        ("guest.c", GUEST),
    ]);
    own.module(NO_CLANG, "blocks")?;
    Some(own.cell(engine))
}

/// What grows of this, as `PER CALL NAME (FILE:LINE) < …` to two places.
pub fn grown(cell: &Value, what: &str) -> Vec<String> {
    let all = cell["census"]["grows"].as_array().unwrap().iter();
    let frame = |frame: &Value| {
        let name = frame["name"].as_str().unwrap().trim_start_matches("new ");
        format!("{name} ({}:{})", frame["file"].as_str().unwrap(), frame["line"])
    };
    all.filter(|growth| growth["kind"]["what"] == what)
        .map(|growth| {
            let stack = growth["kind"]["stack"].as_array().unwrap().iter().map(frame);
            format!(
                "{:.2} {}",
                growth["per_call"].as_f64().unwrap(),
                stack.collect::<Vec<_>>().join(" < ")
            )
        })
        .collect()
}

pub fn a_forgotten_block_is_told_with_its_line(engine: &str) {
    let Some(cell) = judged("forget", engine) else {
        return;
    };
    assert_eq!(
        (&cell["outcome"], &cell["verdict"]),
        (&"ok".into(), &"leaks".into()),
        "{cell}"
    );
    // JavaScriptCore has no position in a guest's function: where it begins.
    let [name_of, make] = if engine == "jsc" { [23, 28] } else { [24, 30] };
    let stack = format!("name_of (guest.c:{name_of}) < make (guest.c:{make}) < Widget (test.js:6) < test (test.js:11)");
    assert_eq!(grown(&cell, "block-bytes"), [format!("24.00 {stack}")], "{cell}");
    assert_eq!(grown(&cell, "blocks"), [format!("1.00 {stack}")]);
    assert_eq!(cell["census"]["blocks"]["owner"], "gone");
    // Pages grow for these blocks, and are no leak beside.
    assert_eq!(grown(&cell, "linear-memory"), [] as [&str; 0]);
}

pub fn blocks_of_objects_that_stay_are_theirs(engine: &str) {
    let Some(cell) = judged("keep", engine) else {
        return;
    };
    assert_eq!(cell["verdict"], "leaks", "{cell}");
    let bytes: f64 = grown(&cell, "block-bytes")
        .iter()
        .map(|line| line.split(' ').next().unwrap().parse::<f64>().unwrap())
        .sum();
    assert_eq!(bytes, 32.0, "{cell}");
    assert_eq!(cell["census"]["blocks"]["owner"]["stays"], "Widget", "{cell}");
}

pub fn where_no_block_stays_none_is_told(engine: &str) {
    let Some(cell) = judged("drop", engine) else {
        return;
    };
    assert_ne!(cell["verdict"], "leaks", "{cell}");
    assert_eq!(cell["outcome"], "ok", "{cell}");
    assert_eq!(cell["census"]["blocks"], Value::Null, "{cell}");
}

pub fn a_block_that_is_freed_twice_is_an_error(engine: &str) {
    let Some(cell) = judged("twice", engine) else {
        return;
    };
    assert_eq!(cell["outcome"], "FAILED", "{cell}");
    let departures = cell["departures"].to_string();
    let [again, first] = if engine == "jsc" { [35, 35] } else { [39, 37] };
    for text in [
        format!("a block of linear memory was freed twice: by twice (guest.c:{again}) <"),
        format!("; and before by twice (guest.c:{first}) <"),
    ] {
        assert!(departures.contains(&text), "{departures}");
    }
}
