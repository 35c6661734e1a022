pub mod document;
pub mod repeat;
