//! Results as one page of HTML that needs no other file: the matrix with what flips between versions, the cases with their plots, the times, the runs.

mod axis;
mod case;
pub mod cell;
mod filter;
mod flip;
mod key;
mod matrix;
mod path;
mod plot;
mod runs;
mod stacks;
mod timing;
pub mod whole;
