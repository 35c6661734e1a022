pub mod cell;
pub mod judge;
pub mod transcript;
