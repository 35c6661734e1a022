pub mod question;
pub mod sources;
pub mod explanation;
