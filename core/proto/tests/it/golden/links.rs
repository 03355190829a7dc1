//! What a link and its session are told of themselves, and why requests are refused.

use std::time::Duration;

use serde_json::json;
use throng_proto::event::EventKind;
use throng_proto::gateway::payload::{
    ChannelNews, ChannelUnreadUpdate, Control, Hello, PassiveUpdateV1, PassiveUpdateV2,
    RateLimited, Ready, Resumed,
};
use throng_proto::gateway::{ApiResponse, RequestMembers, Shard, Version};
use throng_proto::id::{GuildId, UserId};
use throng_proto::json;
use throng_proto::model::User;
use throng_proto::refusal::{CROWDED_WAIT, ErrorBody, FieldError, Refusal};

use super::{CHANNEL, GUILD, MESSAGE, Shown, event, user, whole};

pub(super) fn all() -> Vec<Shown> {
    [controls(), sessions(), digests(), answers()].into_iter().flatten().collect()
}

fn controls() -> Vec<Shown> {
    let control = |control: Control| whole(&format!("{control:?}"), control.text());
    let hello = [whole("Hello", Hello::new(41_250).text())];
    Control::ALL.into_iter().map(control).chain(hello).collect()
}

#[test]
fn what_everybody_is_sent_is_the_envelope_that_it_would_be() {
    for control in Control::ALL {
        assert_eq!(control.text(), json::text(&control));
    }
}

fn sessions() -> Vec<Shown> {
    let (ada, bot) = (user(), User::new(UserId::new(4), "bob", true));
    let guilds = [GUILD, GuildId::new(9)];
    let ready = |user, shard, guilds, version| Ready {
        session_id: "0123abcd".to_owned(),
        user,
        shard,
        guilds,
        version,
        resume_gateway_url: "ws://localhost:8080",
    };
    let shard = Some(Shard { id: 1, count: 2 });
    let request = |nonce: Option<&str>| RequestMembers {
        guild_id: GUILD,
        query: None,
        limit: None,
        presences: None,
        user_ids: None,
        nonce: nonce.map(str::to_owned),
    };
    let limited = |nonce, millis| {
        let request = request(nonce);
        let payload = RateLimited::new(&request, Duration::from_millis(millis));
        event(EventKind::RateLimited, nonce.map_or("", |_| "with a nonce"), &payload)
    };
    vec![
        event(EventKind::Ready, "of a shard", &ready(&bot, shard, &guilds, Version::V10)),
        event(EventKind::Ready, "alone", &ready(&ada, None, &[], Version::V9)),
        event(EventKind::Resumed, "", &Resumed::default()),
        limited(None, 5000),
        limited(Some("n\u{e9}\"1"), 1500),
    ]
}

fn digests() -> Vec<Shown> {
    let news = [ChannelNews::new(CHANNEL, MESSAGE)];
    vec![
        event(EventKind::PassiveUpdateV1, "", &PassiveUpdateV1::new(GUILD, &news)),
        event(EventKind::PassiveUpdateV2, "", &PassiveUpdateV2::new(GUILD, &news)),
        event(EventKind::ChannelUnreadUpdate, "", &ChannelUnreadUpdate::new(GUILD, &news)),
    ]
}

fn answers() -> Vec<Shown> {
    let body = Some(json::raw(&json!({ "id": "50" })));
    let full = ApiResponse { id: 3, status: 429, retry_after: Some(1.0), body };
    let bare = ApiResponse { id: 3, status: 204, retry_after: None, body: None };
    let fields = ["embeds.0.title", "embeds.0.title", "content", ""].map(|field| FieldError {
        field: field.to_owned(),
        code: "BASE_TYPE_REQUIRED",
        message: "This field is required".to_owned(),
    });
    let unknown = Refusal::UnknownChannel;
    let (code, message) = (unknown.code(), unknown.to_string());
    let error = |name: &str, body: ErrorBody<'_>| whole(&format!("error {name}"), body.text());
    vec![
        whole("answer with everything", full.payload()),
        whole("answer with nothing", bare.payload()),
        error("alone", ErrorBody::new(code, message)),
        error("of fields", ErrorBody::new(50_035, "Invalid Form Body").with_fields(&fields)),
        error("to come back after", ErrorBody::new(0, "Busy.").retry_after(CROWDED_WAIT)),
        error(
            "of a limit",
            ErrorBody::new(0, "You are being rate limited.")
                .retry_after(Duration::from_micros(64_570_300))
                .global(true),
        ),
    ]
}
