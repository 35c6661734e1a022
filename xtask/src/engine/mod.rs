pub mod table;
pub mod shell;
pub mod feature;
pub mod search;
pub mod places;
pub mod probe;
pub mod version;
pub mod canary;
