//! The engines: tables of facts about them, and the programs found on this machine.
//!
//! In: `--engine` and this machine. Out: programs that passed the probe and the
//! canary, and a host for each, which runs scripts on a stage.
//! It knows no case, no guest and no result.

pub mod browsers;
pub mod caller;
pub mod canary;
pub mod configuration;
pub mod engine_option;
pub mod feature;
pub mod found;
pub mod host;
pub mod library;
pub mod places;
pub mod probe;
pub mod program;
pub mod search;
pub mod selection;
pub mod settings;
pub mod shell;
pub mod table;
pub mod version;
pub mod wanted;
pub mod version_order;
