//! Checks of the log of events.

use std::time::Duration;

use throng_proto::id::GuildId;
use throng_proto::record::Write;

use super::sample::{PAST, event, founding, guild};
use super::{commit, ok, refused};
use crate::store::Store;

pub(super) async fn events_are_read_in_order_after_a_place(store: &dyn Store) {
    let id = GuildId::new(300);
    let mut writes = founding(300, 301);
    writes.extend((1..=3).map(|sequence| Write::Event(Box::new(event(300, sequence, PAST)))));
    writes.push(Write::Event(Box::new(event(302, 1, PAST))));
    commit(store, writes).await;
    let all = [event(300, 1, PAST), event(300, 2, PAST), event(300, 3, PAST)];
    assert_eq!(ok(store.events(id, 0).await), all);
    assert_eq!(ok(store.events(id, 2).await), all[2..]);
    assert_eq!(ok(store.events(id, u64::MAX).await), []);
    let record = ok(store.guild(id).await);
    assert_eq!(record.map(|record| record.sequence), Some(3));
}

pub(super) async fn an_event_cannot_be_replaced(store: &dyn Store) {
    commit(store, vec![Write::Event(Box::new(event(310, 1, PAST)))]).await;
    let other = event(310, 1, PAST.after(Duration::from_secs(1)));
    let text = refused(store, vec![Write::Guild(guild(310)), Write::Event(Box::new(other))]).await;
    assert!(text.contains("310"), "the refusal names the guild: {text}");
    assert!(ok(store.guild(GuildId::new(310)).await).is_none(), "all or none");
    assert_eq!(ok(store.events(GuildId::new(310), 0).await), [event(310, 1, PAST)]);
}

pub(super) async fn trimming_keeps_the_newest_of_each_guild(store: &dyn Store) {
    let after = |seconds| PAST.after(Duration::from_secs(seconds));
    // The earlier checks' events are older than these.
    ok(store.trim_events(after(2)).await);
    let mut writes = founding(320, 321);
    let count = 5_000;
    let old = (1..=count).map(|sequence| event(320, sequence, after(10)));
    writes.extend(old.map(|event| Write::Event(Box::new(event))));
    writes.push(Write::Event(Box::new(event(330, 1, after(10)))));
    writes.push(Write::Event(Box::new(event(330, 2, after(30)))));
    writes.push(Write::Event(Box::new(event(340, 8, after(10)))));
    commit(store, writes).await;
    let (busy, quiet) = (GuildId::new(320), GuildId::new(330));
    assert_eq!(ok(store.trim_events(after(10)).await), 0, "what happened then stays");
    assert_eq!(ok(store.trim_events(after(20)).await), count);
    assert_eq!(ok(store.events(busy, 0).await), [event(320, count, after(10))]);
    assert_eq!(ok(store.events(quiet, 0).await), [event(330, 2, after(30))]);
    assert_eq!(ok(store.events(GuildId::new(340), 0).await).len(), 1);
    let record = ok(store.guild(busy).await);
    assert_eq!(record.map(|record| record.sequence), Some(count), "the counter never goes back");
    assert_eq!(ok(store.trim_events(after(20)).await), 0);
}
