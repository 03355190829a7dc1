//! What the gateway keeps is this user's alone: 0600 for files and 0700 for directories, whatever
//! the umask is and whatever was there before.

use std::fs::{self, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use rustix::fs::Mode;

/// Everything that a gateway makes in its data directory; what else lies there is left alone.
const KEPT: [&str; 8] = [
    "throng.db",
    "throng.db-wal",
    "throng.db-shm",
    "throng.db-journal",
    "lock",
    "sessions",
    "quic",
    "backups",
];

/// How the names of files with tokens end.
const TOKEN: &str = ".token";

/// What others have no part in.
const OTHERS: u32 = 0o077;

/// Whatever this process makes from now on is closed to others.
pub(crate) fn by_default() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

/// Closes the data directory and what the gateway keeps there to others, and says so where it was
/// open.
///
/// # Errors
///
/// Something is open and not this user's to close; or the directory is one that everybody shares.
pub(crate) fn close(data: &Path) -> anyhow::Result<()> {
    let metadata = fs::metadata(data).with_context(|| cannot(data))?;
    if metadata.mode() & 0o1000 != 0 {
        bail!(
            "the data directory {} is one that everybody shares (mode {:04o}); choose another by \
             --data",
            data.display(),
            metadata.mode() & 0o7777
        );
    }
    let mut opened = Vec::new();
    tighten(data, &metadata, &mut opened)?;
    for entry in fs::read_dir(data).with_context(|| cannot(data))? {
        let entry = entry.with_context(|| cannot(data))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if KEPT.contains(&&*name) || name.ends_with(TOKEN) {
            walk(&entry.path(), &mut opened)?;
        }
    }
    if let Some((path, mode)) = opened.first() {
        tracing::warn!(
            first = %path.display(),
            mode = format_args!("{mode:04o}"),
            count = opened.len(),
            "files were open to others and are closed now; who could read a token may have it: \
             remove admin.token to get a new one"
        );
    }
    Ok(())
}

/// Writes a file that only this user can read, whole or not at all.
pub(crate) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let draft = path.with_extension("token.new");
    let written = (|| {
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        io::Write::write_all(&mut file, text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, path)
    })();
    written.with_context(|| format!("{} cannot be written", path.display()))
}

/// Files that were open, with the modes that they had.
type Opened = Vec<(PathBuf, u32)>;

fn walk(path: &Path, opened: &mut Opened) -> anyhow::Result<()> {
    let linked = fs::symlink_metadata(path).with_context(|| cannot(path))?.is_symlink();
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        // A link to nothing, or what has gone meanwhile.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| cannot(path)),
    };
    tighten(path, &metadata, opened)?;
    if metadata.is_dir() && !linked {
        for entry in fs::read_dir(path).with_context(|| cannot(path))? {
            walk(&entry.with_context(|| cannot(path))?.path(), opened)?;
        }
    }
    Ok(())
}

fn tighten(path: &Path, metadata: &Metadata, opened: &mut Opened) -> anyhow::Result<()> {
    let mode = metadata.mode() & 0o7777;
    if mode & OTHERS == 0 {
        return Ok(());
    }
    let closed = mode & !OTHERS & 0o777;
    fs::set_permissions(path, Permissions::from_mode(closed)).with_context(|| {
        let path = path.display();
        format!(
            "{path} is open to others (mode {mode:04o}) and cannot be closed; give it to the user \
             that runs the gateway, or run chmod go= {path}"
        )
    })?;
    opened.push((path.to_owned(), mode));
    Ok(())
}

fn cannot(path: &Path) -> String {
    format!("{} cannot be looked at", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("it is there").mode() & 0o777
    }

    fn make(path: &Path, mode: u32) {
        fs::write(path, "").expect("written");
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("set");
    }

    #[test]
    fn what_was_open_is_closed_and_what_is_not_ours_stays() {
        let dir = tempfile::tempdir().expect("a directory");
        let data = dir.path().join("data");
        fs::create_dir_all(data.join("sessions/1/0")).expect("made");
        for open in ["sessions", "sessions/1", "sessions/1/0", ""] {
            fs::set_permissions(data.join(open), Permissions::from_mode(0o755)).expect("set");
        }
        let files = ["throng.db", "admin.token", "sessions/1/0/0.log", "notes.txt"];
        files.iter().for_each(|name| make(&data.join(name), 0o664));
        close(&data).expect("closed");
        for (name, expected) in files.iter().zip([0o600, 0o600, 0o600, 0o664]) {
            assert_eq!(mode(&data.join(name)), expected, "{name}");
        }
        for name in ["", "sessions", "sessions/1", "sessions/1/0"] {
            assert_eq!(mode(&data.join(name)), 0o700, "{name}");
        }
    }

    #[test]
    fn a_directory_that_everybody_shares_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        fs::set_permissions(dir.path(), Permissions::from_mode(0o1777)).expect("set");
        let error = close(dir.path()).expect_err("refused").to_string();
        assert!(error.contains("--data") && error.contains("1777"), "{error}");
        assert_eq!(mode(dir.path()), 0o777, "nothing was changed");
    }

    #[test]
    fn a_secret_takes_the_place_of_an_open_file() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("admin.token");
        make(&path, 0o666);
        write(&path, "secret\n").expect("written");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_to_string(&path).expect("read"), "secret\n");
        assert_eq!(fs::read_dir(dir.path()).expect("read").count(), 1, "no draft is left");
    }
}
