pub mod telemetry;
pub mod verdict;
