pub mod places;
pub mod expectation;
pub mod claim;
