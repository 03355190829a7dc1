//! The program.

use std::process::ExitCode;

fn main() -> ExitCode {
    throng_load::main().unwrap_or_else(|error| {
        eprintln!("throng-load: {error:#}");
        ExitCode::FAILURE
    })
}
