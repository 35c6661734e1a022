pub mod table;
pub mod failure;
pub mod draw;
pub mod diagram;
