//! The data directory, the admin token, and how many files may be open.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use anyhow::Context as _;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use throng_proto::token::Token;

use crate::private;

/// Files that are not links: database, journals, listeners, plain HTTP.
const RESERVED_FILES: u64 = 512;

/// Makes the data directory, for this user only, and closes to others what lies there already.
pub(crate) fn prepare(data: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data).with_context(|| {
        format!("the data directory {} cannot be made; choose another by --data", data.display())
    })?;
    private::close(data)
}

/// Reads the admin token, or makes one that only this user can read.
pub(crate) fn admin_token(data: &Path) -> anyhow::Result<Token> {
    let path = data.join("admin.token");
    match fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => return Ok(Token::parse(&text)),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("{} cannot be read", path.display()));
        }
        _ => {}
    }
    let secret: [u8; 32] = rand::random();
    let text: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    private::write(&path, &format!("{text}\n"))?;
    Ok(Token::parse(&text))
}

/// Raises the soft limit of open files to the hard one, and returns how many connections fit.
pub(crate) fn connections_max(configured: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files cannot be raised");
            limit.current
        }
    };
    let room = files.map_or(u64::MAX, |files| files.saturating_sub(RESERVED_FILES).max(1));
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    if configured > room {
        tracing::warn!(
            configured,
            room,
            "limits.connections_max is above what the file limit allows"
        );
    }
    if configured == 0 { room } else { configured.min(room) }
}
