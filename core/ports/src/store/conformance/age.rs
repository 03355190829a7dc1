//! Checks of what messages take, and of their end by age.

use std::time::Duration;

use throng_proto::id::{ChannelId, GuildId, Id, MessageId, UserId};
use throng_proto::model::{Emoji, Message, MessageReference, Referenced};
use throng_proto::record::{Page, Write};
use throng_proto::time::Timestamp;

use super::sample::{add, founding, message, user};
use super::{commit, ok};
use crate::store::{Expired, GuildSize, Store};

/// Long before what other checks write with ids of now, and after their small ids.
const YEAR: Timestamp = Timestamp::from_millis(1_500_000_000_000);

/// Returns the id of the n-th message of a minute after [`YEAR`].
fn at(minute: u64, number: u64) -> u64 {
    Id::<()>::first_at(YEAR.after(Duration::from_secs(60 * minute))).value() + number
}

async fn size(store: &dyn Store, guild: u64) -> GuildSize {
    let sizes = ok(store.sizes(vec![GuildId::new(guild)]).await);
    assert_eq!(sizes.len(), 1, "one size for each guild");
    sizes[0]
}

pub(super) async fn guilds_know_what_their_messages_take(store: &dyn Store) {
    assert_eq!(size(store, 500).await, GuildSize::default());
    // A message may be there before its channel is.
    commit(store, vec![add(message(501, at(0, 0), 1))]).await;
    commit(store, founding(500, 501)).await;
    commit(store, founding(510, 511)).await;
    let first = size(store, 500).await;
    assert_eq!(first.messages, 1);
    assert!(first.message_bytes >= message(501, 1, 1).content.len() as u64, "{first:?}");
    commit(store, (1..10).map(|number| add(message(501, at(0, number), 1))).collect()).await;
    let ten = size(store, 500).await;
    assert_eq!(ten.messages, 10);
    let longer =
        |extra: usize| Message { content: "x".repeat(1_000 + extra), ..message(501, at(0, 3), 1) };
    commit(store, vec![Write::MessageUpdate(Box::new(longer(0)))]).await;
    let long = size(store, 500).await;
    assert_eq!(long.messages, 10);
    assert!(long.message_bytes > ten.message_bytes, "{long:?} after {ten:?}");
    // The same message once more is the same message.
    commit(store, vec![add(longer(5))]).await;
    let again = size(store, 500).await;
    assert_eq!((again.messages, again.message_bytes), (10, long.message_bytes + 5));
    let gone = vec![MessageId::new(at(0, 3)), MessageId::new(at(0, 4)), MessageId::new(1)];
    commit(store, vec![Write::MessageDelete(ChannelId::new(501), gone)]).await;
    let less = size(store, 500).await;
    assert_eq!(less.messages, 8);
    assert!(less.message_bytes < ten.message_bytes, "{less:?} after {ten:?}");
    let both = vec![GuildId::new(510), GuildId::new(500), GuildId::new(999)];
    let sizes = ok(store.sizes(both).await);
    assert_eq!(sizes, [GuildSize::default(), less, GuildSize::default()], "in their order");
    commit(store, vec![Write::ChannelDelete(GuildId::new(500), ChannelId::new(501))]).await;
    assert_eq!(size(store, 500).await, GuildSize::default());
}

pub(super) async fn old_messages_go_a_few_at_a_time_with_their_reactions(store: &dyn Store) {
    let channel = ChannelId::new(521);
    // What earlier checks have left is older than this.
    while ok(store.expire(YEAR, 1_000).await) != Expired::default() {}
    let mut writes = founding(520, 521);
    writes.extend((1..=3).map(|id| Write::User(user(id))));
    let crab = Emoji { id: None, name: Some("\u{1f980}".to_owned()) };
    for number in 0..50 {
        let id = at(number, 0);
        writes.push(add(message(521, id, 1)));
        let reacted = (1..=3).map(UserId::new);
        writes.extend(reacted.map(|u| Write::ReactionAdd(MessageId::new(id), crab.clone(), u)));
    }
    let answer = Message {
        message_reference: Some(MessageReference {
            kind: 0,
            message_id: MessageId::new(at(5, 0)),
            channel_id: None,
            guild_id: None,
        }),
        ..message(521, at(50, 0), 1)
    };
    writes.push(add(answer));
    commit(store, writes).await;
    let before = YEAR.after(Duration::from_secs(60 * 40));
    let first = ok(store.expire(before, 12).await);
    assert_eq!(first, Expired { messages: 12, reactions: 0 }, "the oldest, no more than asked for");
    let kept = ok(store.messages(channel, Page::After(MessageId::new(0)), 100, None).await);
    let oldest = kept.last();
    assert_eq!(oldest.map(|message| message.id), Some(MessageId::new(at(12, 0))));
    assert_eq!(oldest.map(|message| message.reactions[0].count), Some(3), "reactions stay with it");
    let (mut sum, mut turns) = (first, 1);
    loop {
        let expired = ok(store.expire(before, 12).await);
        assert!(expired.messages + expired.reactions <= 12, "{expired:?}");
        sum.messages += expired.messages;
        sum.reactions += expired.reactions;
        turns += 1;
        if expired.messages + expired.reactions < 12 {
            break;
        }
    }
    assert_eq!(sum, Expired { messages: 40, reactions: 120 }, "in {turns} turns");
    assert_eq!(ok(store.expire(before, 12).await), Expired::default());
    let kept = ok(store.messages(channel, Page::Latest, 100, None).await);
    let ids: Vec<u64> = kept.iter().map(|message| message.id.value()).collect();
    assert_eq!(ids, (40..=50).rev().map(|number| at(number, 0)).collect::<Vec<_>>());
    // As after a deletion: the answer shows nothing, and nobody reacts to what is gone.
    assert_eq!(kept[0].referenced_message, Referenced::Deleted);
    let gone = MessageId::new(at(5, 0));
    assert!(ok(store.message(channel, gone, None).await).is_none());
    commit(store, vec![Write::ReactionAdd(gone, crab.clone(), UserId::new(1))]).await;
    assert!(ok(store.reactors(gone, crab, UserId::new(0), 10).await).is_empty());
    assert_eq!(size(store, 520).await.messages, 11);
}
