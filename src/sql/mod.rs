//! SQL as text built from quoted parts: names, literals and pipelines of named steps. Runs nothing; `store` does.

mod pipeline;
mod text;

pub use pipeline::Pipeline;
pub use text::{Ident, Literal, Path, bare, identifiers, literals, with_identifiers};
