//! Results as one page of HTML that needs no other file: the matrix, the cases with their plots, the times, the runs.

mod axis;
mod case;
pub mod cell;
mod filter;
mod key;
mod matrix;
mod path;
mod plot;
mod runs;
mod timing;
pub mod whole;
