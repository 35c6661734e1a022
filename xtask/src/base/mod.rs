pub mod file;
pub mod suggest;
pub mod output;
pub mod directories;
