//! Drives the built command with fake engines and tools: what bad input gets,
//! and what is left behind.

mod checkout;
mod explaining;
mod finding;
mod installing;
mod output;
mod running;
mod usage;
#[path = "../world/mod.rs"]
mod world;
