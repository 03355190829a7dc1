//! Guilds that came or went between the last delivery of one run and the start of the next.
//!
//! What happened inside a guild is told from its log of events. That a guild is gone, or is new to
//! a user, is not: sessions are compared with the store, one after the other beside everything
//! else.

use throng_proto::id::GuildId;

use throng_engine::deck::SessionRef;

use super::local::Local;

/// Tells sessions that survived a restart of guilds that they lost or gained meanwhile.
pub(super) async fn compare_all(local: Local) {
    let survivors: Vec<SessionRef> = {
        let worker = local.borrow();
        let slots = worker.deck.sessions().iter().map(|(slot, _)| slot);
        slots.filter_map(|slot| worker.deck.reference(slot)).collect()
    };
    for session in survivors {
        let Some((user, known)) = local.borrow().deck.find(session).map(|found| {
            (found.identity.user, found.guilds.iter().map(|m| m.guild).collect::<Vec<_>>())
        }) else {
            continue;
        };
        let read = local.borrow().ties.gate.archive.store.guilds_of(user);
        match read.await {
            Ok(guilds) => compare(&local, session, &known, &guilds),
            Err(error) => {
                tracing::warn!(%error, "cannot read which guilds a session is in; it is ended");
                local.borrow_mut().act(|deck| deck.lose(session));
            }
        }
    }
}

fn compare(local: &Local, session: SessionRef, known: &[GuildId], guilds: &[GuildId]) {
    let mut worker = local.borrow_mut();
    let Some(found) = worker.deck.find(session) else { return };
    // A guild that has granted a place since knows better than what was read before.
    let granted = |guild| found.membership(guild).is_some_and(|m| m.relay().is_some());
    let lost = known.iter().copied().filter(|guild| !guilds.contains(guild) && !granted(*guild));
    let lost: Vec<GuildId> = lost.collect();
    worker.act(|deck| {
        for guild in lost {
            deck.expel_session(guild, session.slot);
        }
        for guild in guilds.iter().copied().filter(|guild| !known.contains(guild)) {
            deck.join_session(guild, session.slot);
        }
    });
}
