//! How many files may be open, and so how many connections fit.

use anyhow::bail;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use throng_shell::PlaceLimits;

use crate::config::Settings;

/// Files that are needed whatever happens: database, journals, listeners, the admin API.
const NEEDED: u64 = 64;
/// And for each worker: its runtime, its selector, its journal.
const NEEDED_PER_WORKER: u64 = 12;
/// One file in sixteen may be a connection of the admin API, within these bounds: imports and tools
/// that make users hold many.
const ADMIN_SHARE: u64 = 16;
const ADMIN_MIN: u64 = 32;
const ADMIN_MAX: u64 = 256;
/// More is not kept back however many there are.
const RESERVED_MAX: u64 = 512;
/// Connections below which a gateway is of no use.
const USEFUL: u64 = 32;
/// Files below which the limit is worth a warning.
const PLENTY: u64 = 4_096;
/// Files of a connection without TLS, and with it.
const FILES_EACH: [u64; 2] = [1, 3];
/// One connection in four may be HTTP, unless a setting says otherwise.
const HTTP_SHARE: usize = 4;

/// Raises the limit of open files, and divides what it allows.
///
/// # Errors
///
/// There are too few to be of use.
pub(crate) fn places(settings: &Settings) -> anyhow::Result<PlaceLimits> {
    let needed = NEEDED + NEEDED_PER_WORKER * settings.shell().worker_count() as u64;
    let files = raise();
    let room = match files {
        None => usize::MAX / 2,
        Some(files) => {
            let Some(room) = room(files, needed) else {
                bail!(
                    "only {files} files may be open, and the gateway needs {} or more: raise the \
                     limit (`ulimit -n`, or `LimitNOFILE=` of the unit)",
                    least(needed),
                );
            };
            usize::try_from(room / FILES_EACH[usize::from(settings.public.has_tls())])?
        }
    };
    let limits = &settings.limits;
    let connections_max = match limits.connections_max {
        0 => room,
        configured => configured.min(room),
    };
    let http_max = match limits.http_connections_max {
        0 => (connections_max / HTTP_SHARE).max(1),
        configured => configured.min(connections_max),
    };
    if let Some(files) = files
        && (files < PLENTY || limits.connections_max > room)
    {
        let wanted = (limits.connections_max as u64 + RESERVED_MAX).max(PLENTY);
        tracing::warn!(
            "only {files} files may be open: {connections_max} connections fit, of which \
             {http_max} may be HTTP; for more, raise the limit (`ulimit -n`, or `LimitNOFILE=` of \
             the unit) to {wanted} or above"
        );
    }
    let per_address_max = limits.connections_per_address;
    let proxies = settings.public.trusted_proxies.clone();
    Ok(PlaceLimits { connections_max, http_max, per_address_max, proxies })
}

/// Returns how many connections the admin API takes at the same time, out of what is kept back; of
/// the idle, the longest idle gives way to another.
pub(crate) fn admin_connections() -> usize {
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from((files / ADMIN_SHARE).clamp(ADMIN_MIN, ADMIN_MAX)).unwrap_or(usize::MAX)
}

/// Returns how many connections fit when so many files may be open; nothing when they are too few.
fn room(files: u64, needed: u64) -> Option<u64> {
    let reserved = (files / 4).clamp(needed, needed.max(RESERVED_MAX));
    files.checked_sub(reserved).filter(|room| *room >= USEFUL)
}

/// Returns the fewest files with which a gateway starts.
const fn least(needed: u64) -> u64 {
    needed + USEFUL
}

/// Raises the soft limit to the hard one, and returns it; `None` when there is none.
fn raise() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files cannot be raised");
            limit.current
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_files_is_kept_back_and_too_few_are_refused() {
        assert_eq!(room(1_048_576, 88), Some(1_048_064));
        assert_eq!(room(1_024, 88), Some(768));
        assert_eq!(room(256, 88), Some(168));
        assert_eq!(room(least(88), 88), Some(USEFUL));
        assert_eq!(room(least(88) - 1, 88), None);
        assert_eq!(room(64, 88), None);
    }
}
