//! Messages, reactions and typing.

use serde_json::json;
use throng_proto::event::EventKind;
use throng_proto::form;
use throng_proto::gateway::payload::{
    Content, Halves, MessageChanged, MessageDeleted, MessagesDeleted, ReactionAdded,
    ReactionRemoved, ReactionsCleared, Typing,
};
use throng_proto::id::{MessageId, RoleId, UserId};
use throng_proto::json;
use throng_proto::model::{
    ChannelKind, Emoji, Message, MessageKind, MessageReference, Nonce, Profile, Referenced, User,
};

use super::{CHANNEL, GUILD, MESSAGE, NOW, Shown, bob, event, member, rest, user};

pub(super) fn all() -> Vec<Shown> {
    [posts(), deletions(), reactions()].into_iter().flatten().collect()
}

fn message() -> Message {
    let read = |value| form::read(&value).expect("an embed");
    Message {
        id: MESSAGE,
        channel_id: CHANNEL,
        author: user(),
        content: "hello <@4> \u{1f980}".to_owned(),
        timestamp: NOW,
        edited_timestamp: None,
        tts: false,
        mention_everyone: false,
        mentions: vec![bob().user],
        mention_roles: vec![RoleId::new(8)],
        attachments: Vec::new(),
        embeds: vec![read(json!({ "title": "t" }))],
        pinned: false,
        kind: MessageKind::DEFAULT,
        flags: 0,
        components: Vec::new(),
        reactions: Vec::new(),
        nonce: None,
        message_reference: None,
        referenced_message: Referenced::Absent,
    }
}

fn reply(referenced: Referenced) -> Message {
    Message {
        id: MessageId::new(51),
        author: bob().user,
        content: "yes".to_owned(),
        mentions: vec![user()],
        mention_roles: Vec::new(),
        edited_timestamp: Some(NOW),
        kind: MessageKind::REPLY,
        nonce: Some(Nonce::Number(7)),
        message_reference: Some(MessageReference {
            kind: 0,
            message_id: MESSAGE,
            channel_id: Some(CHANNEL),
            guild_id: Some(GUILD),
        }),
        referenced_message: referenced,
        ..message()
    }
}

/// Tells of a message by ada, who is still there, while bob has left.
fn told<'a>(message: &'a Message, content: Content, ada: &'a Profile) -> MessageChanged<'a> {
    let here = |user: &User| (user.id == UserId::new(2)).then_some(ada);
    MessageChanged::new(message, GUILD, ChannelKind::TEXT, content, here)
}

fn posts() -> Vec<Shown> {
    let (plain, ada) = (message(), member().profile);
    let answer = reply(Referenced::to(&plain));
    let lost = reply(Referenced::Deleted);
    let told = |message, content| told(message, content, &ada);
    let (full, stripped) = (told(&answer, Content::Full), told(&answer, Content::Stripped));
    let halves = Halves::of(&json::text(&full), &json::text(&stripped)).expect("an answer");
    let half = |data: &str| format!("\"op\":0,\"t\":\"MESSAGE_CREATE\",\"d\":{data}}}");
    let kind = EventKind::MessageCreate;
    vec![
        event(kind, "in full", &told(&plain, Content::Full)),
        event(kind, "stripped", &told(&plain, Content::Stripped)),
        event(kind, "that answers, in full", &full),
        event(kind, "that answers, stripped", &stripped),
        rest(kind, "that answers, without the other", &half(&halves.outer)),
        rest(kind, "that answers, only the other", &half(&halves.inner)),
        event(EventKind::MessageUpdate, "that answers nothing", &told(&lost, Content::Full)),
        event(EventKind::TypingStart, "", &Typing::new(GUILD, CHANNEL, &member(), NOW)),
    ]
}

#[test]
fn halves_are_of_answers_that_have_their_message() {
    let (plain, ada) = (message(), member().profile);
    let halves = |message: &Message| {
        let [full, bare] = [Content::Full, Content::Stripped]
            .map(|content| json::text(&told(message, content, &ada)));
        Halves::of(&full, &bare)
    };
    let answer = halves(&reply(Referenced::to(&plain))).expect("an answer");
    assert_eq!(
        answer.readers,
        [UserId::new(2), UserId::new(4)],
        "its author, and whom it mentions"
    );
    assert_eq!(halves(&reply(Referenced::Deleted)), None);
    let quoted = Message { content: "\"referenced_message\":{".to_owned(), ..plain };
    assert_eq!(halves(&quoted), None, "a text is no answer");
}

fn deletions() -> Vec<Shown> {
    let one = MessageDeleted { channel_id: CHANNEL, guild_id: GUILD, id: MESSAGE };
    let ids = [MESSAGE, MessageId::new(51)];
    let some = MessagesDeleted { channel_id: CHANNEL, guild_id: GUILD, ids: &ids };
    vec![event(EventKind::MessageDelete, "", &one), event(EventKind::MessageDeleteBulk, "", &some)]
}

fn reactions() -> Vec<Shown> {
    let (ada, crab) = (member(), Emoji::from_key("\u{1f980}"));
    let custom = Emoji::from_key("wave:41");
    let place = (GUILD, CHANNEL, MESSAGE);
    let added = ReactionAdded::new(place, &crab, &ada, UserId::new(4));
    vec![
        event(EventKind::MessageReactionAdd, "", &added),
        event(
            EventKind::MessageReactionRemove,
            "",
            &ReactionRemoved::new(place, &custom, ada.user.id),
        ),
        event(EventKind::MessageReactionRemoveAll, "", &ReactionsCleared::new(place, None)),
        event(
            EventKind::MessageReactionRemoveEmoji,
            "",
            &ReactionsCleared::new(place, Some(&crab)),
        ),
    ]
}
