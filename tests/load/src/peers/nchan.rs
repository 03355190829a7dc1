//! nginx with nchan, from Debian's `libnginx-mod-nchan`.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use super::IN_FLIGHT;
use crate::affinity::Cores;
use crate::floor::SAMPLE;
use crate::http::BodyPublisher;
use crate::order::Dialect;
use crate::process::{Process, free_port, until_open};
use crate::publish::Publisher;
use crate::system::{Offer, System};

/// Where Debian puts the module.
const MODULE: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";
const CONFIG: &str = include_str!("../../peers/nchan.conf");

/// Starts it.
pub(super) fn open(readers: usize, cores: Cores) -> Result<System> {
    ensure!(Path::new(MODULE).exists(), "libnginx-mod-nchan is not installed");
    let folder = tempfile::tempdir()?;
    let port = free_port()?;
    let config = CONFIG
        .replace("FOLDER", &folder.path().display().to_string())
        .replace("PORT", &port.port().to_string());
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, config)?;
    let mut command = Command::new("/usr/sbin/nginx");
    command.arg("-c").arg(&file).arg("-p").arg(folder.path()).stdin(Stdio::null());
    let process = cores.on_server(|| Process::spawn(&mut command))?.with_folder(folder);
    until_open(port)?;
    let offer = Offer {
        dialect: Dialect::Bare,
        path: "/sub",
        readers,
        publishers: IN_FLIGHT,
        sample: SAMPLE,
    };
    let publisher =
        |_| Ok(Box::new(BodyPublisher::new(format!("http://{port}/pub"), SAMPLE)?) as _);
    let publishers: Result<Vec<Box<dyn Publisher>>> = (0..IN_FLIGHT).map(publisher).collect();
    System::other(process, &offer.roll(port), publishers?)
}
