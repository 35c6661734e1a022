//! The whole command line, before it is resolved.

use crate::base::invocation;
use crate::browser::place::BrowserPlace;
use crate::command::bisect_flags::BisectFlags;
use crate::command::browse::BrowseFlags;
use crate::command::filter_flags::{CellFilters, FilterFlags};
use crate::command::instrument_flags::InstrumentFlags;
use crate::command::limit_flags::{LimitFlags, count, seconds};
use crate::command::process_flags::{self, GUARD, GuardFlags, ProcessFlags, SweepFlags};
use crate::command::result_flags::{CompareFlags, FindingsFlags, PageFlags};
use crate::command::status_flags::StatusFlags;
use crate::engine::selection::Selection;
use crate::run::partition::Partition;
use crate::run::stage_root::SWEEP;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

/// Are WebAssembly and JavaScript objects that refer to each other collected, or do they leak, and what keeps them alive?
#[derive(Debug, Parser)]
#[command(name = env!("CARGO_PKG_NAME"), version, after_help = EXIT_STATUS)]
pub struct Flags {
    /// Whether the output has colours [default: on a terminal, if NO_COLOR is not set]
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        global = true,
        default_value = "auto",
        hide_default_value = true
    )]
    pub color: WhenFlag,

    #[command(subcommand)]
    pub command: Command,
}

/// The command that is started in place of a shell, for a browser.
const BROWSE: &str = "browse";

const EXIT_STATUS: &str = "\
Exit status:
  0  every cell is as expected; skipped and missing ones are listed
  1  a cell is not as expected
  2  there is no answer: wrong usage, an engine named with --engine is missing,
     the guest does not build, or there is nothing to run";

impl Flags {
    /// Reads the command line; the error is help, the version, or wrong usage.
    pub fn from_command_line() -> Result<Flags, clap::Error> {
        if let Some(process) = process_flags::read(std::env::args_os())? {
            return Ok(Flags {
                color: WhenFlag::Auto,
                command: match process {
                    ProcessFlags::Guard(flags) => Command::Guard(flags),
                    ProcessFlags::Sweep(flags) => Command::Sweep(flags),
                },
            });
        }
        // Help shows the command as it was typed.
        let mut command = Flags::command().bin_name(invocation::name());
        let matches = command.try_get_matches_from_mut(std::env::args_os())?;
        Flags::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
    }

    /// The command line that users see, as data: under the name of the installed program, without hidden commands.
    pub fn described() -> clap::Command {
        let whole = Flags::command();
        let visible = whole.get_subcommands().filter(|command| !command.is_hide_set());
        clap::Command::new(env!("CARGO_PKG_NAME"))
            .version(env!("CARGO_PKG_VERSION"))
            .about(whole.get_about().cloned().unwrap_or_default())
            .after_help(EXIT_STATUS)
            .subcommand_required(true)
            .args(whole.get_arguments().cloned())
            .subcommands(visible.cloned())
    }
}

/// When something is done that depends on where the command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WhenFlag {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run cases on engines and compare them with their expectations
    Test(TestFlags),
    /// Run `test` again, with the same flags, each time that a file of its cases changes
    Watch(TestFlags),
    /// Write a small case of your own, which works, to begin with
    New(NewFlags),
    /// Show what keeps the first object of a case alive, on each engine
    Explain(ExplainFlags),
    /// Find the two versions of an engine between which the verdict of a case flips
    Bisect(BisectFlags),
    /// Build the guests of the cases, and print their paths
    Build(BuildFlags),
    /// List the engines found, and how to install missing ones
    Engines(EnginesFlags),
    /// Write docs/findings.md: the verdict of each engine on each case
    Findings(FindingsFlags),
    /// Write one page of HTML with the results of any number of runs
    Report(PageFlags),
    /// Show what changed between the results of two runs, and whether something got worse
    Compare(CompareFlags),
    /// Write a module whose allocator reports each block of linear memory, and the script that counts them
    Instrument(InstrumentFlags),
    /// Print the script by which a shell completes commands and flags
    Completions(CompletionsFlags),
    /// Print the manual page, in roff
    Manual,
    /// Run scripts in a browser, as a shell runs them
    #[command(hide = true, name = BROWSE)]
    Browse(BrowseFlags),
    /// Run a program that dies with this command, together with all its descendants
    #[command(hide = true, name = GUARD)]
    Guard(GuardFlags),
    /// Remove the directory of this command's stages when the command is gone
    #[command(hide = true, name = SWEEP)]
    Sweep(SweepFlags),
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_STATUS)]
pub struct TestFlags {
    /// Cases to run: by name, by directory (`js/cases/m0`) or script, or by a quoted pattern (`'m*'`) [default: all]
    #[arg(value_name = "CASE | DIR | GLOB")]
    pub cases: Vec<OsString>,

    #[command(flatten)]
    pub engines: EngineFlags,

    /// Install missing tools first; each command is printed before it runs
    #[arg(long)]
    pub install: bool,

    /// How many cells run at once [default: the machine's cores]
    #[arg(long, value_name = "N", value_parser = jobs)]
    pub jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    pub limits: LimitFlags,

    /// Run each cell N times and count the verdicts; mixed ones are a failure
    #[arg(long, value_name = "N", default_value = "1", value_parser = repetitions)]
    pub repeat: NonZeroUsize,

    /// Write the expectation that fits what comes, and show the difference first; `--accept=overwrite` also where one
    /// stands
    #[arg(long, value_enum, value_name = "WHERE", num_args = 0..=1, require_equals = true, default_missing_value = "new")]
    pub accept: Option<AcceptFlag>,

    /// Write the results of every cell to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    #[command(flatten)]
    pub part: PartFlags,

    #[command(flatten)]
    pub status: StatusFlags,

    #[command(flatten)]
    pub reports: ReportFlags,

    // Last, as its heading stands over what follows.
    #[command(flatten)]
    pub filters: FilterFlags,
}

/// Which part of the cells is run.
#[derive(Debug, Args)]
pub struct PartFlags {
    /// Run part K of N of the cells, such as 2/4: each cell is in one part, the same on every machine with the same
    /// checkout and programs, and parts take about as long as each other
    #[arg(long, value_name = "K/N", conflicts_with = "accept")]
    pub partition: Option<Partition>,

    /// Results of an earlier run, or a directory of these, by whose times the cells are split [default: docs/findings.jsonl
    /// of the checkout; else each cell counts the same]
    #[arg(long, value_name = "RESULTS | DIR", requires = "partition")]
    pub times: Vec<PathBuf>,
}

/// What is written for a CI service.
#[derive(Debug, Args)]
pub struct ReportFlags {
    /// Write the results to this file, as a JUnit report
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// Write a page of HTML with the results and with what keeps alive what leaks [default: report.html below
    /// target/wasm-leaks; installed: below the user's cache directory]
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub report: Option<Option<PathBuf>>,

    /// Print an annotation of GitHub Actions for each cell that is not as expected [default: in GitHub Actions]
    #[arg(long, value_enum, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_value = "auto", default_missing_value = "always", hide_default_value = true)]
    pub annotations: WhenFlag,

    /// What standard output has: the table, or an event a line as cells begin and end
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub message_format: MessageFormat,
}

/// What `test` prints on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MessageFormat {
    Text,
    Json,
}

/// Where an expectation may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AcceptFlag {
    /// Only where none stands
    New,
    /// Also over one that stands; its comments and other directives stay
    Overwrite,
}

#[derive(Debug, Args)]
pub struct CompletionsFlags {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub struct NewFlags {
    /// The directory to make; one that is there has to be empty
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,

    /// Copy this case of the checkout, with its guest
    #[arg(long, value_name = "CASE")]
    pub from: Option<OsString>,
}

#[derive(Debug, Args)]
#[command(after_help = EXPLAIN_STATUS)]
pub struct ExplainFlags {
    /// Cases to explain, by name, by directory (`js/cases/m1`) or script, or by a quoted pattern (`'m*'`)
    #[arg(value_name = "CASE | DIR | GLOB", required_unless_present_any = ["snapshot", "not", "needs", "verdict", "failed"])]
    pub cases: Vec<OsString>,

    #[command(flatten)]
    pub engines: EngineFlags,

    /// The format of the output
    #[arg(long, value_enum, default_value = "text")]
    pub format: ExplainFormat,

    /// Show the engine's own nodes too: contexts, hidden classes, backing stores
    #[arg(long)]
    pub verbose: bool,

    /// Of a script of your own: only what keeps objects of this class alive, such as `Widget`
    #[arg(long, value_name = "CLASS")]
    pub kind: Option<String>,

    /// A heap snapshot that somebody already has, instead of a case; several are of one process, the oldest first
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cases", "engines", "keep", "page", "not", "needs", "verdict", "failed"])]
    pub snapshot: Vec<PathBuf>,

    /// Keep the heap snapshots in this directory
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,

    /// The processor time that an engine may use, limited as that of `test` [default: 60, or the case's own]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub timeout: Option<Duration>,

    /// Write the output to this file as a page of Markdown, instead of printing it
    #[arg(long, value_name = "FILE", conflicts_with = "format")]
    pub page: Option<PathBuf>,

    // Last, as its heading stands over what follows.
    #[command(flatten)]
    pub filters: CellFilters,
}

/// How an explanation is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    Text,
    Mermaid,
    Dot,
    Json,
}

const EXPLAIN_STATUS: &str = "\
Exit status:
  0  every engine that can answer has answered; the others are named
  2  an engine that can answer has failed to, or none can answer";

#[derive(Debug, Args)]
pub struct EngineFlags {
    /// Only this engine (v8, jsc, spidermonkey), this browser (chromium, firefox, webkitgtk), this program of wasm-leaks.toml, or the program of this path, under a
    /// name of its own if NAME is no engine's; NAME@VERSION is the newest program of this version (v8@13.6), NAME=all
    /// each program of an engine that is found; may be repeated
    #[arg(long = "engine", value_name = "NAME | NAME@VERSION | NAME=PATH | PATH")]
    pub engines: Vec<OsString>,

    /// Also each browser that is found, of chromium, firefox and webkitgtk; `--engine chromium` is one of them
    #[arg(long)]
    pub browsers: bool,

    /// Where in browsers scripts run; shells have no such places
    #[arg(
        long = "in",
        value_enum,
        value_name = "PLACE",
        value_delimiter = ',',
        default_value = "page"
    )]
    pub places: Vec<BrowserPlace>,
}

impl EngineFlags {
    /// The programs that these flags ask for.
    pub fn selection(&self) -> Selection<'_> {
        Selection {
            engines: &self.engines,
            browsers: self.browsers,
            places: &self.places,
        }
    }
}

#[derive(Debug, Args)]
pub struct BuildFlags {
    /// Cases whose guests to build, by name or by directory [default: all]
    #[arg(value_name = "CASE | DIR")]
    pub cases: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct EnginesFlags {
    #[command(flatten)]
    pub engines: EngineFlags,

    /// Install shells of missing engines first; each command is printed before it runs
    #[arg(long)]
    pub install: bool,

    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Each job is a thread, and a program.
fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    at_least_one(text, 1_000)
}

/// The plan and the results of all runs are in memory.
fn repetitions(text: &str) -> Result<NonZeroUsize, String> {
    at_least_one(text, 10_000)
}

fn at_least_one(text: &str, most: u32) -> Result<NonZeroUsize, String> {
    let count = usize::try_from(count(text, most)?).ok();
    count
        .and_then(NonZeroUsize::new)
        .ok_or_else(|| "it is too large".to_owned())
}
