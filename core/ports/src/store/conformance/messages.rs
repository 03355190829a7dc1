//! Checks of messages, reactions and nonces.

use std::time::{SystemTime, UNIX_EPOCH};

use throng_proto::id::{ChannelId, Generator, GuildId, MessageId, UserId};
use throng_proto::model::constant::{Empty, False};
use throng_proto::model::{Emoji, Message, MessageReference, Nonce, ReactionCount, Referenced};
use throng_proto::record::{MessageRow, NonceRecord, Page, ReactionRow, RowQuery, Write};
use throng_proto::time::Timestamp;

use super::sample::{PAST, add, founding, message, user};
use super::{commit, ok};
use crate::store::Store;

pub(super) async fn a_message_is_read_as_it_was_written(store: &dyn Store) {
    let answered = Message {
        mentions: vec![user(201)],
        edited_timestamp: Some(PAST),
        flags: u64::MAX,
        nonce: Some(Nonce::Number(-7)),
        message_reference: Some(MessageReference {
            kind: 0,
            message_id: MessageId::new(202),
            channel_id: None,
            guild_id: Some(GuildId::new(200)),
        }),
        referenced_message: Referenced::to(&message(200, 202, 201)),
        ..message(200, 203, 201)
    };
    commit(store, vec![add(answered.clone())]).await;
    let read = async || ok(store.message(ChannelId::new(200), MessageId::new(203), None).await);
    let with = |referenced_message| Some(Message { referenced_message, ..answered.clone() });
    assert_eq!(read().await, with(Referenced::Deleted), "what it answers is not kept in it");
    let first = Message { nonce: Some(Nonce::Number(1)), ..message(200, 202, 201) };
    commit(store, vec![add(first.clone())]).await;
    assert_eq!(read().await, with(Referenced::to(&first)));
    let edited = Message { content: "edited".to_owned(), ..first };
    commit(store, vec![Write::MessageUpdate(Box::new(edited.clone()))]).await;
    assert_eq!(read().await, with(Referenced::to(&edited)));
    let page = ok(store.messages(ChannelId::new(200), Page::Latest, 1, None).await);
    assert_eq!(page.first(), with(Referenced::to(&edited)).as_ref());
    commit(store, vec![Write::MessageDelete(ChannelId::new(200), vec![edited.id])]).await;
    assert_eq!(read().await, with(Referenced::Deleted));
    let elsewhere = store.message(ChannelId::new(201), MessageId::new(203), None).await;
    assert_eq!(ok(elsewhere), None, "a message belongs to its channel");
}

pub(super) async fn pages_are_newest_first(store: &dyn Store) {
    let channel = ChannelId::new(210);
    commit(store, (211..=219).map(|id| add(message(210, id, 1))).collect()).await;
    commit(store, vec![add(message(220, 215_000, 1))]).await;
    let pages = [
        (Page::Latest, 3, vec![219, 218, 217]),
        (Page::Latest, 100, vec![219, 218, 217, 216, 215, 214, 213, 212, 211]),
        (Page::Before(MessageId::new(215)), 2, vec![214, 213]),
        (Page::Before(MessageId::new(211)), 2, vec![]),
        (Page::Before(MessageId::new(u64::MAX)), 1, vec![219]),
        (Page::After(MessageId::new(215)), 2, vec![217, 216]),
        (Page::After(MessageId::new(0)), 2, vec![212, 211]),
        (Page::After(MessageId::new(219)), 2, vec![]),
        (Page::After(MessageId::new(u64::MAX)), 2, vec![]),
        (Page::Around(MessageId::new(215)), 4, vec![217, 216, 215, 214]),
        (Page::Around(MessageId::new(215)), 1, vec![215]),
        (Page::Around(MessageId::new(219)), 4, vec![219, 218]),
        (Page::Around(MessageId::new(300)), 2, vec![219]),
    ];
    for (page, limit, expected) in pages {
        let found = ok(store.messages(channel, page, limit, None).await);
        let ids: Vec<_> = found.iter().map(|message| message.id.value()).collect();
        assert_eq!(ids, expected, "{page:?} of at most {limit}");
    }
}

pub(super) async fn changes_to_a_message_that_is_gone_do_nothing(store: &dyn Store) {
    let (channel, id) = (ChannelId::new(230), MessageId::new(231));
    let edited = Message { content: "edited".to_owned(), ..message(230, 231, 1) };
    let update = Write::MessageUpdate(Box::new(edited.clone()));
    commit(store, vec![update.clone()]).await;
    assert_eq!(ok(store.message(channel, id, None).await), None);
    commit(store, vec![add(message(230, 231, 1)), update]).await;
    assert_eq!(ok(store.message(channel, id, None).await), Some(edited.clone()));
    commit(store, vec![Write::MessageDelete(ChannelId::new(239), vec![id])]).await;
    assert_eq!(ok(store.message(channel, id, None).await), Some(edited), "another channel's");
    let both = vec![MessageId::new(232), id];
    commit(store, vec![Write::MessageDelete(channel, both)]).await;
    assert_eq!(ok(store.message(channel, id, None).await), None);
    commit(
        store,
        vec![
            Write::ReactionAdd(id, Emoji::from_key("x"), UserId::new(1)),
            Write::ReactionRemove(id, Emoji::from_key("x"), UserId::new(2)),
            Write::ReactionClear(id, None),
            Write::ReactionAdd(id, Emoji::from_key("x"), UserId::new(1)),
            add(message(230, 231, 1)),
        ],
    )
    .await;
    let found = ok(store.message(channel, id, None).await);
    assert_eq!(found.map(|message| message.reactions), Some(Vec::new()));
}

pub(super) async fn reactions_are_counted_in_order_of_the_first(store: &dyn Store) {
    let (channel, id) = (ChannelId::new(240), MessageId::new(241));
    let (crab, party) = (Emoji::from_key("\u{1f980}"), Emoji::from_key("party:99"));
    let react = |emoji: &Emoji, user| Write::ReactionAdd(id, emoji.clone(), UserId::new(user));
    let counted = |emoji: &Emoji, count, me| ReactionCount {
        emoji: emoji.clone(),
        count,
        me,
        me_burst: False,
        burst_colors: Empty,
    };
    let reactions = async |me: Option<u64>| {
        let found = ok(store.message(channel, id, me.map(UserId::new)).await);
        found.map(|message| message.reactions).unwrap_or_default()
    };
    let writes = vec![
        add(message(240, 241, 1)),
        react(&party, 2),
        react(&crab, 1),
        react(&party, 1),
        react(&party, 1),
    ];
    commit(store, writes).await;
    assert_eq!(reactions(Some(2)).await, [counted(&party, 2, true), counted(&crab, 1, false)]);
    assert_eq!(reactions(None).await, [counted(&party, 2, false), counted(&crab, 1, false)]);

    let edited = Message { reactions: vec![counted(&crab, 9, true)], ..message(240, 241, 1) };
    let first_leaves = Write::ReactionRemove(id, party.clone(), UserId::new(2));
    commit(store, vec![first_leaves, Write::MessageUpdate(Box::new(edited))]).await;
    assert_eq!(reactions(None).await, [counted(&party, 1, false), counted(&crab, 1, false)]);
    let page = ok(store.messages(channel, Page::Latest, 1, Some(UserId::new(1))).await);
    assert_eq!(page[0].reactions, [counted(&party, 1, true), counted(&crab, 1, true)]);

    let cleared = Write::ReactionClear(id, Some(party.clone()));
    commit(store, vec![cleared, react(&party, 3)]).await;
    assert_eq!(reactions(None).await, [counted(&crab, 1, false), counted(&party, 1, false)]);
    commit(store, vec![Write::ReactionClear(id, None)]).await;
    assert_eq!(reactions(None).await, []);
}

pub(super) async fn rows_have_what_a_guild_decides_on(store: &dyn Store) {
    let (channel, id) = (ChannelId::new(245), MessageId::new(246));
    let (crab, party) = (Emoji::from_key("\u{1f980}"), Emoji::from_key("party:99"));
    let react = |emoji: &Emoji, user| Write::ReactionAdd(id, emoji.clone(), UserId::new(user));
    let reactions = [(&party, 2), (&crab, 3), (&party, 1), (&party, 3)];
    let mut writes = vec![add(message(245, 246, 7))];
    writes.extend(reactions.map(|(emoji, user)| react(emoji, user)));
    commit(store, writes).await;
    let query = |channel: u64, message, users: &[u64]| RowQuery {
        channel: ChannelId::new(channel),
        message: MessageId::new(message),
        users: users.iter().copied().map(UserId::new).collect(),
    };
    let of = |emoji: &Emoji, count, users: &[u64]| ReactionRow {
        emoji: emoji.clone(),
        count,
        users: users.iter().copied().map(UserId::new).collect(),
    };
    let row = |reactions| {
        let (author, message) = (UserId::new(7), Some(Box::new(message(245, 246, 7))));
        Some(MessageRow { author, message, reactions })
    };
    let queries = vec![
        query(245, 246, &[1, 2, 9]),
        query(244, 246, &[1]),
        query(245, 247, &[]),
        query(245, 246, &[]),
    ];
    let found = ok(store.rows(queries).await);
    let expected = [
        row(vec![of(&party, 3, &[1, 2]), of(&crab, 1, &[])]),
        None,
        None,
        row(vec![of(&party, 3, &[]), of(&crab, 1, &[])]),
    ];
    assert_eq!(found, expected);
    commit(store, vec![Write::MessageDelete(channel, vec![id])]).await;
    assert_eq!(ok(store.rows(vec![query(245, 246, &[1])]).await), [None]);
}

pub(super) async fn reactors_are_paged_by_id(store: &dyn Store) {
    let (id, emoji) = (MessageId::new(251), Emoji::from_key("x"));
    let users = [255, 252, 254, 253];
    let mut writes = vec![add(message(250, 251, 1))];
    writes.extend(users.map(|id| Write::User(user(id))));
    writes.extend(users.map(|user| Write::ReactionAdd(id, emoji.clone(), UserId::new(user))));
    commit(store, writes).await;
    let page =
        async |after, limit| ok(store.reactors(id, emoji.clone(), UserId::new(after), limit).await);
    assert_eq!(page(0, 2).await, [user(252), user(253)]);
    assert_eq!(page(253, 9).await, [user(254), user(255)]);
    assert_eq!(page(u64::MAX, 9).await, []);
    let other = store.reactors(id, Emoji::from_key("x:1"), UserId::new(0), 9).await;
    assert_eq!(ok(other), [], "a custom emoji is not the character of its name");
}

pub(super) async fn a_deleted_channel_takes_its_messages_along(store: &dyn Store) {
    commit(store, founding(260, 261)).await;
    let id = MessageId::new(262);
    let reaction = Write::ReactionAdd(id, Emoji::from_key("x"), UserId::new(1));
    commit(store, vec![add(message(261, 262, 1)), reaction]).await;
    let channel = ChannelId::new(261);
    commit(store, vec![Write::ChannelDelete(GuildId::new(260), channel)]).await;
    assert_eq!(ok(store.messages(channel, Page::Latest, 9, None).await), []);
    commit(store, vec![add(message(261, 262, 1))]).await;
    let found = ok(store.message(channel, id, None).await);
    assert_eq!(found.map(|message| message.reactions), Some(Vec::new()));
}

pub(super) async fn recent_nonces_are_kept(store: &dyn Store) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp::from_millis(u64::try_from(now.as_millis()).unwrap_or_default());
    let id: MessageId = Generator::new(0).next(now);
    let with_nonce = |id: u64, nonce: &str| Message {
        nonce: Some(Nonce::Text(nonce.to_owned())),
        ..message(271, id, 272)
    };
    let mut writes = founding(270, 271);
    writes.extend([
        add(with_nonce(273, "too long ago")),
        add(with_nonce(id.value(), "fresh")),
        add(message(271, id.value() + 1, 272)),
    ]);
    commit(store, writes).await;
    let record = ok(store.guild(GuildId::new(270)).await);
    let fresh = NonceRecord {
        author: UserId::new(272),
        nonce: Nonce::Text("fresh".to_owned()),
        channel: ChannelId::new(271),
        message: id,
    };
    assert_eq!(record.map(|record| record.nonces), Some(vec![fresh]));
}
