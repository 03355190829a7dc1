//! Whom a text names.

use serde_json::json;
use throng_proto::form;
use throng_proto::id::{RoleId, UserId};
use throng_proto::mention::{AllowedMentions, Named};
use throng_proto::refusal::Refusal;

fn users(text: &str) -> Vec<u64> {
    Named::parse(text).users.into_iter().map(UserId::value).collect()
}

fn roles(text: &str) -> Vec<u64> {
    Named::parse(text).roles.into_iter().map(RoleId::value).collect()
}

#[test]
fn users_are_named_in_both_spellings_once_each_in_order() {
    assert_eq!(users("<@7> and <@!5>, <@!7>"), [7, 5]);
    assert_eq!(users("<@18446744073709551615>"), [u64::MAX]);
    assert_eq!(users("\u{1f984}<@1>\u{1f984}<@2>\u{1f984}"), [1, 2]);
    assert_eq!(users("<@<@3>"), [3]);
}

#[test]
fn roles_are_named_apart_from_users() {
    let named = Named::parse("<@&4> <@4> <#4> <@&4>");
    assert_eq!((named.roles, named.users), (vec![RoleId::new(4)], vec![UserId::new(4)]));
}

#[test]
fn what_only_looks_like_a_mention_is_none() {
    for text in [
        "",
        "<@",
        "<@>",
        "<@!>",
        "<@&>",
        "<@&",
        "<@!",
        "<@x>",
        "<@ 1>",
        "<@1 >",
        "<@-1>",
        "<@+1>",
        "<@1",
        "@1>",
        "<#1>",
        "<@18446744073709551616>",
        "<@\u{e4}>",
        "<@&\u{1f984}>",
        "<:a:1>",
    ] {
        assert_eq!((users(text), roles(text)), (vec![], vec![]), "{text}");
    }
}

#[test]
fn everyone_and_here_are_words_of_their_own() {
    let named = Named::parse("hey @everyone");
    assert!(named.everyone && !named.here);
    let named = Named::parse("@here!");
    assert!(named.here && !named.everyone);
    assert_eq!(Named::parse("everyone here"), Named::default());
}

#[test]
fn everyone_inside_another_word_is_nobody() {
    for text in
        ["me@everyone.com", "@hereafter", "@everyone1", "x@here", "_@everyone", "@everyone_"]
    {
        assert_eq!(Named::parse(text), Named::default(), "{text}");
    }
    for text in ["@everyone.", "(@everyone)", "@@everyone", "<@everyone>", "\n@everyone\n"] {
        assert!(Named::parse(text).everyone, "{text}");
    }
}

#[test]
fn code_and_what_is_escaped_names_nobody() {
    for text in [
        "`<@1>`",
        "`@here`",
        "`` <@1> ` <@2> ``",
        "```\n<@1>\n```",
        "```rs\n`<@1>` @everyone\n```",
        "```<@1>````",
        "a `<@1>` b `@everyone`",
        "\\<@1>",
        "\\@everyone",
        "<\\@1>",
        "`\\`<@1\\>",
    ] {
        assert_eq!(Named::parse(text), Named::default(), "{text}");
    }
    for text in [
        "`<@1>",
        "``<@1>`",
        "```<@1>``",
        "`a` <@1> `b`",
        "\\`<@1>`",
        "\\\\<@1>",
        "\\\u{e4}<@1>",
        "`a\\`<@1>`",
    ] {
        assert_eq!(users(text), [1], "{text}");
    }
}

#[test]
fn a_text_full_of_ticks_is_read_quickly() {
    let text: String = (1..1000).map(|ticks| format!("{} ", "`".repeat(ticks))).collect();
    assert!(users(&text).is_empty());
    assert!(users(&"` ``".repeat(50_000)).is_empty());
}

#[test]
fn a_text_full_of_beginnings_is_read_quickly() {
    let text = "<@".repeat(100_000);
    assert!(users(&text).is_empty());
}

#[test]
fn allowances_are_read_with_any_keys_absent() {
    let read = |value| form::read::<AllowedMentions>(&value).expect("allowances");
    assert_eq!(read(json!({})), AllowedMentions::default());
    let all = read(json!({"parse": ["users"], "roles": ["1", 2], "replied_user": true}));
    assert_eq!((all.roles.len(), all.users.len(), all.replied_user), (2, 0, true));
}

#[test]
fn allowances_that_contradict_themselves_are_refused() {
    let many: Vec<String> = (1..102).map(|id: u64| id.to_string()).collect();
    for (allowed, field) in [
        (json!({ "parse": ["users"], "users": ["3"] }), ""),
        (json!({ "parse": ["roles"], "roles": ["200"] }), ""),
        (json!({ "parse": ["friends"] }), "parse.0"),
        (json!({ "users": many }), "users"),
        (json!({ "roles": many }), "roles"),
    ] {
        let refused = form::read::<AllowedMentions>(&allowed);
        let Err(Refusal::InvalidForm(wrong)) = refused else { panic!("{allowed} is right") };
        assert_eq!(wrong[0].field, field);
    }
    let nulls = json!({ "parse": null, "users": [null, "3"], "roles": null, "replied_user": null });
    assert_eq!(form::read::<AllowedMentions>(&nulls).map(|read| read.users.len()), Ok(1));
}
