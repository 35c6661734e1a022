pub mod recipe;
pub mod installer;
