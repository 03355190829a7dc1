//! What a check asks: what a script decides by is among it.

use throng_plugin_policy_rhai_tool::{CheckReport, Lint};

use super::Desk;

fn check(script: &str) -> CheckReport {
    let module = "fn far() { 654_321 }\n";
    Desk::new().with("policy.rhai", script).with("lib/m.rhai", module).check("policy.rhai")
}

/// Bodies of hooks that fail for a few facts only.
const RARE: [(&str, &str); 28] = [
    ("publish", "if author.user > 1000 { for i in 0..100_000_000 { i + 1; } } allow()"),
    ("publish", "if author.user > 1_000_000_000_000_000_000 { 1 / 0 } allow()"),
    ("publish", "if event.length == 777 { 1 / 0 } allow()"),
    ("publish", "if event.length > 1_999 && event.act == \"edit\" && author.bot { throw } allow()"),
    ("publish", "if channel.id == 9_001 { throw } allow()"),
    ("publish", "if channel.guild in [5, 6, 7_007] && event.everyone { throw } allow()"),
    ("publish", "switch event.length { 1_234 => { throw 1 } _ => allow() }"),
    ("publish", "if clock().at(60).minutes == 1_337 { throw } allow()"),
    (
        "publish",
        "let t = clock(); if t.weekday == 7 && t.hour == 3 && t.minute > 57 { throw } allow()",
    ),
    ("publish", "if event.length == m::far() { throw } allow()"),
    ("connect", "if session.user % 7_919 != 5 { admit() } else { throw }"),
    ("connect", "if session.region.len() > 40 { throw } admit()"),
    ("connect", "if session.browser == \"Firefox\" && session.device == \"\" { throw } admit()"),
    ("connect", "if session.browser.contains(\"Discord Bot\") { throw } admit()"),
    ("connect", "if session.status == \"idle\" && !session.bot && session.afk { throw } admit()"),
    ("connect", "if session.percent(\"salt\") == 42 { throw } admit()"),
    (
        "connect",
        "if session.capabilities & 16_384 != 0 && session.os == \"Linux\" { throw } admit()",
    ),
    ("passivity", "if session.roles.len() > 20 { throw } \"active\""),
    ("passivity", "if session.os == \"windows\" && guild.members > 250_000 { throw } \"active\""),
    ("passivity", "if session.has_role(4_242) && guild.band == 5 { throw } \"active\""),
    ("passivity", "if 9_000 in session.roles && session.mode == \"muted\" { throw } \"active\""),
    ("passivity", "if session.permissions & 8 != 0 && guild.id == 77 { throw } \"active\""),
    ("passivity", "if guild.attachments > global::MANY && guild.members < 5 { throw } \"active\""),
    ("relay", "if relays.len() == 7 { throw } \"new\""),
    ("relay", "for relay in relays { if relay.load > 12_345 { throw } } \"new\""),
    ("lag", "if session.behind_bytes > 123_456 && session.behind_events < 3 { throw } \"close\""),
    ("overload", "if node.pressure == 97 { throw } []"),
    ("relays", "if guild.relays == 13 { throw } #{}"),
];

fn head(hook: &str) -> &'static str {
    match hook {
        "publish" => "publish(event, author, channel)",
        "connect" => "connect(session)",
        "passivity" => "passivity(session, guild)",
        "relay" => "relay(session, guild, relays)",
        "lag" => "lag(session)",
        "overload" => "overload(node)",
        _ => "relays(guild)",
    }
}

#[test]
fn failures_for_rare_facts_are_found_with_those_facts() {
    for (hook, body) in RARE {
        let head = head(hook);
        let script =
            format!("import \"m\" as m;\nconst MANY = 54_321;\nfn {head} {{\n    {body}\n}}\n");
        let report = check(&script);
        let found = report.scripts[0].findings.iter().find(|one| one.lint == Lint::Fails);
        let found = found.unwrap_or_else(|| panic!("{body}\n{report}"));
        assert!(found.advice.starts_with("for example when "), "{report}");
    }
}

#[test]
fn lines_that_no_question_reached_are_named() {
    let script = "fn connect(session) {
    if session.region.len() * 7_919 == 55_555_555 {
        log_info(\"strange\");
        return refuse(\"strange\");
    }
    admit()
}
";
    let report = check(script);
    assert_eq!(report.scripts[0].missed, "3-4");
    assert!(report.to_string().contains("no question reached: 3-4"), "{report}");
    assert!(report.passes(true), "it may be right all the same");
}

#[test]
fn a_script_that_fails_otherwise_each_time_is_told_some_of_it() {
    let script = "fn publish(event, author, channel) { throw `${author.user} ${event.length}` }\n\
                  fn connect(session) { throw `${session.user}` }\n";
    let findings = &check(script).scripts[0].findings;
    assert!((2..=32).contains(&findings.len()), "{}", findings.len());
}

#[test]
fn functions_that_call_each_other_in_ever_new_ways_end() {
    let names: Vec<_> = (0..30).map(|nth| format!("p{nth}")).collect();
    let (all, rest) = (names.join(", "), names[1..].join(", "));
    let script = format!(
        "fn f({all}) {{\n\
         if p0 == 1 {{ f({rest}, p0) }} else {{ f({rest}, 1) + f({rest}, \"x\") }}\n\
         }}\n\
         fn lag(session) {{ if session.bot {{ f({}) }} \"close\" }}\n",
        vec!["session"; 30].join(", ")
    );
    assert!(!check(&script).scripts[0].findings.is_empty(), "it never ends");
}
