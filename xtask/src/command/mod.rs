pub mod flags;
pub mod test;
pub mod explain;
pub mod build;
pub mod engines;
pub mod findings;
pub mod prepare;
