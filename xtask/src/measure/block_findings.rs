//! What is known of the blocks of linear memory beside how they grow.

use serde::{Deserialize, Serialize};

/// Notes on blocks; empty if there is nothing to say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BlockNotes {
    /// Of blocks that stay: what became of the objects that would free them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<BlockOwners>,
    /// How many blocks stay in all, where those of each place are estimates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampled: Option<SampledBlocks>,
    /// Linear memory grows, and the blocks in it do not.
    #[serde(skip_serializing_if = "is_false")]
    pub fragments: bool,
    /// Why nothing is known of the blocks of a module whose memory grows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untold: Option<String>,
    /// Whether they would be known if the functions of the module's allocator were.
    #[serde(skip_serializing_if = "is_false")]
    pub wants_names: bool,
}

/// Blocks of which some stacks were taken alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SampledBlocks {
    /// Of so many blocks the stack of one.
    pub every: u32,
    /// How many blocks stay a call, and their bytes: exact.
    pub blocks: f64,
    pub bytes: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !value
}

/// What became of the objects for whose sake blocks were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockOwners {
    /// Objects of this class stay with them: what keeps these alive keeps the blocks. Empty if the class has no name.
    Stays(String),
    /// No object stays: nobody will free the blocks.
    Gone,
    /// A collector in the module keeps them.
    Collector,
    /// Other objects stay; whether one of them has an address of a block is not known.
    Unknown,
}

/// Whether there is nothing to say.
pub fn is_empty(notes: &BlockNotes) -> bool {
    *notes == BlockNotes::default()
}
