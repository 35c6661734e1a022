//! Drives the built command with fake engines and tools: its reaction to bad
//! input, and its leftovers.

mod accepting;
mod beginning;
mod bisecting;
mod bundling;
mod checkout;
mod choosing;

mod comparing;
mod configuring;
mod describing;
mod explaining;
mod faults;
mod finding;
mod findings;
mod installing;
mod instrumenting;
mod interrupting;
mod killing;
mod limiting;
mod old_results;
mod output;
mod parting;
mod patterns;
mod report_page;
mod reporting;
mod running;
mod snapshots;
mod spoilt;
mod staging;
mod terminal;
mod usage;
mod versions;
mod watching;
#[path = "../world/mod.rs"]
mod world;
