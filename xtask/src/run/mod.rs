//! Runs programs within limits, under a guard that leaves nothing behind.
//!
//! In: a program, its arguments, a stage, limits. Out: how it ended, and what it
//! printed. It knows no engine, no case, and no program's purpose.

pub mod changes;
pub mod clock;
pub mod commit;
pub mod guard;
pub mod hold;
pub mod interrupt;
pub mod keys;
pub mod lifeline;
pub mod limits;
pub mod lock;
pub mod memory;
pub mod partition;
pub mod process;
pub mod progress;
pub mod questions;
pub mod running;
pub mod schedule;
pub mod session;
pub mod spares;
pub mod stage;
pub mod stage_place;
pub mod stage_root;
pub mod supervise;
pub mod tools;
pub mod tree;
