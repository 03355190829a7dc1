//! Writes what libFuzzer begins with: a folder for each target. Usage: seeds FOLDER

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

use throng_decoders::{Spoiler, TARGETS};

/// Inputs that are nearly right, beside those that are.
const SPOILT: usize = 200;

fn main() -> ExitCode {
    let Some(folder) = env::args().nth(1) else {
        eprintln!("seeds: a folder is missing; usage: seeds FOLDER");
        return ExitCode::FAILURE;
    };
    match write(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("seeds: cannot write into {folder}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path) -> io::Result<()> {
    for target in TARGETS {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder)?;
        let seeds = (target.seeds)();
        let mut spoiler = Spoiler::new(seeds.clone(), 0);
        let spoilt = (0..SPOILT).map(|_| spoiler.spoilt());
        for (number, input) in seeds.into_iter().chain(spoilt).enumerate() {
            fs::write(folder.join(number.to_string()), input)?;
        }
    }
    Ok(())
}
