//! The data directory and the admin token.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use anyhow::Context as _;
use throng_proto::token::Token;

use crate::private;

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
