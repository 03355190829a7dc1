//! Sessions that cannot be resumed.

use anyhow::{Result, ensure};
use throng_e2e::{Scene, Way};

use super::stranger::Stranger;
use super::{Witness, counted, misses_nothing, scene};

over_each_transport!(a_foreign_session_cannot_be_resumed);
async fn a_foreign_session_cannot_be_resumed(way: Way) -> Result<()> {
    let scene = scene(&[])?;
    let mut owner = Stranger::entered(&scene, way).await?;
    let mut thief = owner.resume_as(&scene, &scene.readers[0].token, owner.seq()).await?;
    thief.is_invalid().await?;
    counted(&scene, "invalid_resume", 1)?;
    owner.is_heard().await?;
    misses_nothing(&scene, &owner).await
}

over_each_transport!(a_stale_session_cannot_be_resumed);
async fn a_stale_session_cannot_be_resumed(way: Way) -> Result<()> {
    let scene = scene(&[("workers", "1"), ("replay.events_max", "8")])?;
    let mut witness = Witness::enter(&scene, way).await?;
    let gone = Stranger::entered(&scene, way).await?.leave().await?;
    begins_anew(&scene, gone.resume(&scene).await?).await?;
    let behind = Stranger::entered(&scene, way).await?;
    for _ in 0..32 {
        witness.is_unharmed(&scene).await?;
    }
    begins_anew(&scene, behind.resume(&scene).await?).await?;
    counted(&scene, "invalid_resume", 2)?;
    witness.is_unharmed(&scene).await
}

/// Identifies on the link whose RESUME was refused.
async fn begins_anew(scene: &Scene, mut refused: Stranger) -> Result<()> {
    refused.is_invalid().await?;
    let mut anew = refused.anew().enter(scene).await?;
    scene.api().post(&scene.channel, "anew")?;
    anew.until(&["MESSAGE_CREATE"]).await.map(drop)
}

over_each_transport!(a_sequence_from_the_future_is_refused);
async fn a_sequence_from_the_future_is_refused(way: Way) -> Result<()> {
    let scene = scene(&[])?;
    let mut witness = Witness::enter(&scene, way).await?;
    let owner = Stranger::entered(&scene, way).await?;
    for (count, ahead) in [(1, 1), (2, u64::from(u32::MAX))] {
        let mut early = owner.resume_as(&scene, &owner.token, owner.seq() + ahead).await?;
        let closed = early.closed().await?;
        ensure!(closed.code == Some(4007), "{closed:?}");
        counted(&scene, "invalid_resume", count)?;
    }
    misses_nothing(&scene, &owner).await?;
    witness.is_unharmed(&scene).await
}
