//! Settings of guilds, channels, roles and members as bodies bring them.

use serde_json::{Value, json};
use throng_proto::command::{ChannelPatch, GuildPatch, MemberPatch, RolePatch};
use throng_proto::form::{self, FromForm};
use throng_proto::model::InviteDraft;
use throng_proto::refusal::Refusal;

fn wrong<T: FromForm>(body: &Value) -> (String, &'static str) {
    match form::read::<T>(body).map(|_| ()) {
        Err(Refusal::InvalidForm(fields)) => (fields[0].field.clone(), fields[0].code),
        other => panic!("{other:?} is no form error: {body}"),
    }
}

fn assert_wrong<T: FromForm>(cases: &[(Value, &str)]) {
    for (body, field) in cases {
        assert_eq!(wrong::<T>(body).0, *field, "{body}");
    }
}

#[test]
fn settings_have_discords_limits() {
    assert_wrong::<GuildPatch>(&[
        (json!({ "name": "x" }), "name"),
        (json!({ "name": "  " }), "name"),
        (json!({ "name": "x".repeat(101) }), "name"),
        (json!({ "description": "x".repeat(301) }), "description"),
        (json!({ "verification_level": 5 }), "verification_level"),
        (json!({ "default_message_notifications": 2 }), "default_message_notifications"),
        (json!({ "explicit_content_filter": 3 }), "explicit_content_filter"),
        (json!({ "afk_timeout": 61 }), "afk_timeout"),
        (json!({ "owner_id": "0" }), "owner_id"),
        (json!([["name", "x"]]), ""),
    ]);
    assert_wrong::<ChannelPatch>(&[
        (json!({ "name": "" }), "name"),
        (json!({ "name": "\u{200b}\t" }), "name"),
        (json!({ "name": 5 }), "name"),
        (json!({ "topic": "x".repeat(1025) }), "topic"),
        (json!({ "rate_limit_per_user": 21_601 }), "rate_limit_per_user"),
        (json!({ "rate_limit_per_user": 0.5 }), "rate_limit_per_user"),
        (json!({ "bitrate": 1 }), "bitrate"),
        (json!({ "user_limit": 100 }), "user_limit"),
        (json!({ "permission_overwrites": [["1", 0, "0", "0"]] }), "permission_overwrites.0"),
        (
            json!({ "permission_overwrites": [{ "id": "0", "type": 0 }] }),
            "permission_overwrites.0.id",
        ),
        (
            json!({ "permission_overwrites": [{ "id": "1", "type": 2 }] }),
            "permission_overwrites.0.type",
        ),
    ]);
    assert_wrong::<RolePatch>(&[
        (json!({ "name": "" }), "name"),
        (json!({ "color": 0x0100_0000 }), "color"),
        (json!({ "color": "x", "colors": { "primary_color": 5 } }), "color"),
        (json!({ "colors": { "tertiary_color": 0x0100_0000 } }), "colors.tertiary_color"),
        (json!({ "colors": 5 }), "colors"),
        (json!({ "colors": { "primary_color": -1 } }), "colors.primary_color"),
        (json!({ "colors": { "secondary_color": "x" } }), "colors.secondary_color"),
        (json!({ "position": 0 }), "position"),
        (json!({ "permissions": "x" }), "permissions"),
    ]);
    assert_wrong::<InviteDraft>(&[
        (json!({ "max_age": 604_801 }), "max_age"),
        (json!({ "max_uses": 101 }), "max_uses"),
        (json!({ "unique": 1 }), "unique"),
    ]);
    assert_wrong::<MemberPatch>(&[
        (json!({ "nick": "x".repeat(33) }), "nick"),
        (json!({ "roles": ["x"] }), "roles.0"),
        (json!({ "communication_disabled_until": "tomorrow" }), "communication_disabled_until"),
    ]);
}

#[test]
fn what_is_not_served_is_refused_by_name_unless_it_asks_for_nothing() {
    assert_wrong::<GuildPatch>(&[
        (json!({ "icon": "data:image/png;base64,eA==" }), "icon"),
        (json!({ "rules_channel_id": "5" }), "rules_channel_id"),
        (json!({ "preferred_locale": "de" }), "preferred_locale"),
        (json!({ "system_channel_flags": 1 }), "system_channel_flags"),
        (json!({ "features": ["COMMUNITY"] }), "features"),
    ]);
    assert_wrong::<ChannelPatch>(&[
        (json!({ "available_tags": [{ "name": "x" }] }), "available_tags"),
        (json!({ "default_auto_archive_duration": 60 }), "default_auto_archive_duration"),
    ]);
    assert_wrong::<RolePatch>(&[
        (json!({ "icon": "data:" }), "icon"),
        (json!({ "unicode_emoji": "\u{1f44d}" }), "unicode_emoji"),
    ]);
    assert_wrong::<MemberPatch>(&[(json!({ "channel_id": "5" }), "channel_id")]);
    let nothing = json!({
        "icon": null, "features": [], "system_channel_flags": 0, "preferred_locale": "en-US",
        "rules_channel_id": null, "premium_progress_bar_enabled": false, "name": null,
        "verification_level": null, "region": null,
    });
    assert_eq!(form::read::<GuildPatch>(&nothing), Ok(GuildPatch::default()));
    let nothing = json!({
        "available_tags": [], "rtc_region": null, "video_quality_mode": 1, "flags": 0,
        "default_reaction_emoji": null, "permission_overwrites": null, "nsfw": null,
    });
    assert_eq!(form::read::<ChannelPatch>(&nothing), Ok(ChannelPatch::default()));
    let nothing = json!({ "icon": null, "unicode_emoji": null, "colors": null, "color": null });
    assert_eq!(form::read::<RolePatch>(&nothing), Ok(RolePatch::default()));
}

#[test]
fn whole_floats_are_numbers_and_names_are_trimmed() {
    let channel: ChannelPatch =
        form::read(&json!({ "name": " tea ", "rate_limit_per_user": 5.0, "topic": null }))
            .expect("a form");
    assert_eq!((channel.name.as_deref(), channel.rate_limit_per_user), (Some("tea"), Some(5)));
    assert_eq!(channel.topic, Some(None));
    let body = json!({ "color": 1, "colors": { "primary_color": 255, "secondary_color": null } });
    let role: RolePatch = form::read(&body).expect("a form");
    let colors = role.colors.expect("colours");
    assert_eq!((role.color, colors.primary_color), (Some(1), Some(255)));
    assert_eq!((colors.secondary_color, colors.tertiary_color), (Some(None), None));
    let member: MemberPatch = form::read(&json!({ "nick": "  " })).expect("a form");
    assert_eq!(member.nick, Some(Some(String::new())));
}
