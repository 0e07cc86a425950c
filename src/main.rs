//! Arguments in, exit code out; everything else is in the library. The one place that knows both fronts.

use std::process::ExitCode;

use tastevin::{cli, tui};

/// The engine plans a hundred small statements for each decision, which is mostly asking for memory and giving it back.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main(std::env::args_os(), |workbench, cli::Opening { load_first, theme, colourless }| {
        tui::run(workbench, tui::Options { load_first, theme, colourless })
    })
}
