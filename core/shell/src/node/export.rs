//! Exports of members, as somebody reads them.

use std::io;

use futures_util::{StreamExt as _, stream};
use throng_ports::hub::{JobKind, MemberLines};
use throng_proto::id::GuildId;
use throng_proto::refusal::Refusal;
use tokio::sync::{mpsc, oneshot};

use crate::directory::Directory;
use crate::jobs::{Export, Jobs, Title};
use crate::letter::GuildLetter;
use crate::meter::Meter;
use crate::metrics::Refused;

/// Pieces of an export that wait for its reader: 2 x about 230 KB.
const AHEAD: usize = 2;

/// Begins an export of a guild's members as they are now.
pub(super) async fn begin(
    directory: &Directory,
    jobs: &Jobs,
    meter: &Meter,
    guild: GuildId,
) -> Result<MemberLines, Refusal> {
    let (answer, snapshot) = oneshot::channel();
    if !directory.send(guild, GuildLetter::Snapshot(answer)).await {
        return Err(Refusal::UnknownGuild);
    }
    let members = snapshot.await.map_err(|_| Refusal::UnknownGuild)?;
    let (lines, pieces) = mpsc::channel(AHEAD);
    let title = Title { kind: JobKind::Export, guild, total: members.len() };
    let export = Export { members, lines };
    let submitted = jobs.submit(title, |turn| export.run(turn));
    let job = submitted.map_err(|_| {
        meter.refuse(Refused::Jobs);
        Refusal::unavailable("Too many jobs wait (jobs.queue_max).")
    })?;
    let lines = stream::unfold(Some(pieces), |pieces| async move {
        let mut pieces = pieces?;
        match pieces.recv().await {
            Some(last) if last.is_empty() => None,
            Some(piece) => Some((Ok(piece), Some(pieces))),
            // Without its end an export is not whole, and whoever reads must not take it for one.
            None => Some((Err(io::Error::other("the export broke off")), None)),
        }
    });
    Ok(MemberLines { job, lines: lines.boxed() })
}
