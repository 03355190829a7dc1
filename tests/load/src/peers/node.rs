//! Servers on Node.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::IN_FLIGHT;
use crate::affinity::Cores;
use crate::floor::SAMPLE;
use crate::order::Dialect;
use crate::process::Process;
use crate::system::{Offer, System};

/// The `ws` library.
pub(super) fn ws(readers: usize, cores: Cores) -> Result<System> {
    serve("ws@8", "ws.cjs", cores, &offer(Dialect::Bare, "/", readers))
}

/// Socket.IO.
pub(super) fn socket_io(readers: usize, cores: Cores) -> Result<System> {
    let path = "/socket.io/?EIO=4&transport=websocket";
    serve("socket.io@4", "socket.io.cjs", cores, &offer(Dialect::SocketIo, path, readers))
}

const fn offer(dialect: Dialect, path: &str, readers: usize) -> Offer<'_> {
    Offer { dialect, path, readers, publishers: IN_FLIGHT, sample: SAMPLE }
}

fn serve(package: &str, script: &str, cores: Cores, offer: &Offer<'_>) -> Result<System> {
    let modules = install(package)?;
    let mut command = Command::new("node");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(script);
    command.arg(script).env("NODE_PATH", modules).stdin(Stdio::null());
    System::lines(cores.on_server(|| Process::spawn(&mut command))?, offer)
}

/// Returns where Node finds a package, which lies below `target` and is fetched once.
fn install(package: &str) -> Result<PathBuf> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let place = manifest.ancestors().nth(2).context("no workspace")?.join("target/peers");
    let modules = place.join("node_modules");
    let name = package.split('@').next().unwrap_or(package);
    if !modules.join(name).exists() {
        std::fs::create_dir_all(&place)?;
        let installed = Command::new("npm")
            .args(["install", "--silent", "--prefix"])
            .arg(&place)
            .arg(package)
            .stdout(Stdio::null())
            .status()
            .context("npm is not installed")?;
        ensure!(installed.success(), "npm cannot install {package}");
    }
    Ok(modules)
}
