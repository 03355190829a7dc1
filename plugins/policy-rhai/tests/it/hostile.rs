//! Scripts that want too much are stopped, and nothing else happens.

use std::thread;

use throng_engine::policy::{Lag, Policy as _};
use throng_plugin_policy_rhai::verdict::Verdict;
use throng_plugin_policy_rhai::{Cause, Limit, Question};

use crate::scene::{BEHIND, NODE, NOW, Room, session};

/// Runs the body of a hook and returns why it was stopped.
#[track_caller]
fn stopped(body: &str) -> Cause {
    run(&format!("fn lag(session) {{ {body} }}"))
}

#[track_caller]
fn run(script: &str) -> Cause {
    let room = Room::new(script);
    let outcome = room.ask(NOW, &Question::Lag { session: &session(), lag: &BEHIND });
    let failure = outcome.verdict.expect_err("it is stopped");
    assert!(failure.fault.line > 0, "{}", failure.fault);
    failure.cause
}

/// Loads a script and returns why that is refused.
#[track_caller]
fn refused(script: &str) -> String {
    let fault = Room::new(script).open().expect_err("it is refused");
    assert!(fault.line > 0, "{fault}");
    fault.report
}

#[test]
fn endless_loops_end() {
    let operations = Cause::Stopped(Limit::Operations);
    assert_eq!(stopped("loop {}"), operations);
    assert_eq!(stopped("let x = 0; while true { x += 1; } \"close\""), operations);
    let count = "let x = 0; for i in 0..1000000000 { x += i; } \"close\"";
    assert_eq!(stopped(count), operations);
}

#[test]
fn stops_cannot_be_caught() {
    assert_eq!(stopped("loop { try { loop {} } catch {} }"), Cause::Stopped(Limit::Operations));
    let grow = "let s = \"x\"; try { loop { s += s; } } catch { } \"close\"";
    assert_eq!(stopped(grow), Cause::Stopped(Limit::Size));
}

#[test]
fn strings_do_not_grow_past_their_limit() {
    let size = Cause::Stopped(Limit::Size);
    assert_eq!(stopped("let s = \"x\"; loop { s += s; }"), size);
    assert_eq!(stopped("let s = \"x\"; loop { s = `${s}${s}`; }"), size);
    assert_eq!(stopped("let s = \"\"; s.pad(1000000000, 'x'); \"close\""), size);
    let replace = "let s = \"\"; s.pad(2000, 'x'); s.replace(\"x\", s); \"close\"";
    assert_eq!(stopped(replace), size);
}

#[test]
fn arrays_and_maps_do_not_grow_past_their_limits() {
    let size = Cause::Stopped(Limit::Size);
    assert_eq!(stopped("let a = []; loop { a.push(1); }"), size);
    assert_eq!(stopped("let a = [1]; loop { a += a; }"), size);
    assert_eq!(stopped("let a = []; a.pad(1000000000, 1); \"close\""), size);
    assert_eq!(stopped("let a = [1]; loop { a = [a, a]; }"), size);
    assert_eq!(stopped("let m = #{}; for i in 0..1000 { m[`k${i}`] = i; } m.len()"), size);
    assert_eq!(stopped("let m = #{a: 1}; loop { m = #{a: m, b: m}; }"), size);
    let many = (0..1_000).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let report = refused(&format!("fn lag(session) {{ [{many}] }}"));
    assert!(report.contains("exceeds the maximum limit (256)"), "{report}");
}

#[test]
fn recursion_ends_before_the_stack_does() {
    let depth = Cause::Stopped(Limit::CallDepth);
    assert_eq!(run("fn lag(session) { lag(session) }"), depth);
    let costly = |n: usize| {
        let (open, close) = ("1 + (".repeat(n), ")".repeat(n));
        format!("fn lag(session) {{ {open}lag(session){close} }}")
    };
    assert_eq!(run(&costly(10)), depth);
    assert_eq!(run("fn lag(session) { [session].map(|s| lag(s)); \"close\" }"), depth);
    assert_eq!(run("fn lag(session) { [session].map(Fn(\"lag\")); \"close\" }"), depth);
}

#[test]
fn values_inside_of_values_fit_the_stack_of_any_thread() {
    // Rust gives threads 2 MiB, and so does tokio.
    let deep = |body: &'static str| {
        let room = thread::Builder::new().stack_size(2 * 1024 * 1024);
        room.spawn(move || stopped(body)).unwrap().join().unwrap()
    };
    let size = Cause::Stopped(Limit::Size);
    assert_eq!(deep("let a = []; loop { a = [a]; a.to_string(); a == a; }"), size);
    assert_eq!(deep("let a = #{}; loop { a = #{a: a}; a == a; `${a}`; }"), size);
    let nested = "let a = 0; for i in 0..127 { a = [#{a: a}]; } a == a; a.to_string(); 1";
    assert!(matches!(deep(nested), Cause::Verdict | Cause::Stopped(Limit::Size)));
}

#[test]
fn scripts_nest_only_so_deep() {
    let (open, close) = ("(1 + ".repeat(1_000), ")".repeat(1_000));
    let report = refused(&format!("fn lag(session) {{ {open}1{close} }}"));
    assert!(report.contains("maximum complexity"), "{report}");
    let (open, close) = ("if true { ".repeat(1_000), "}".repeat(1_000));
    refused(&format!("fn lag(session) {{ {open}\"close\"{close} }}"));
    let (open, close) = ("[".repeat(1_000), "]".repeat(1_000));
    refused(&format!("fn lag(session) {{ {open}{close} }}"));
}

#[test]
fn scripts_have_only_so_many_functions_and_variables() {
    let functions: String = (0..300).map(|n| format!("fn f{n}() {{ {n} }}\n")).collect();
    let report = refused(&functions);
    assert!(report.contains("functions"), "{report}");
    let variables: String = (0..200).map(|n| format!("let v{n} = {n}; ")).collect();
    assert_eq!(stopped(&format!("{variables} \"close\"")), Cause::Stopped(Limit::Variables));
}

#[test]
fn slow_scripts_meet_the_wall() {
    let room = Room::new("fn lag(session) { let x = 0; for i in 0..500 { x += i; } \"close\" }");
    let (session, lag) = (session(), BEHIND);
    let question = Question::Lag { session: &session, lag: &lag };
    assert_eq!(room.ask(NOW, &question).verdict, Ok(Verdict::Lag(Lag::Close)));
    room.clock.hurry();
    let failure = room.ask(NOW, &question).verdict.expect_err("it is too slow");
    assert_eq!(failure.cause, Cause::Stopped(Limit::Wall));
}

#[test]
fn scripts_cannot_evaluate_print_sleep_or_bind() {
    for (call, word) in [("eval(\"1\")", "eval"), ("print(1)", "print"), ("debug(1)", "debug")] {
        let report = refused(&format!("fn lag(session) {{ {call}; \"close\" }}"));
        assert!(report.contains(word) && report.contains('^'), "{report}");
    }
    refused("fn lag(session) { let f = Fn(\"g\"); f = f.curry(f); \"close\" }");
    refused("fn lag(session) { Fn(\"g\").curry(1); \"close\" }");
    for call in ["sleep(1)", "exit()", "timestamp()", "rand()", "open_file(\"/etc/passwd\")"] {
        assert_eq!(stopped(&format!("{call}; \"close\"")), Cause::Raised, "{call}");
    }
}

#[test]
fn variables_share_no_values() {
    // A value that holds itself could never be freed, and walking over it never ends.
    let report = refused("fn lag(session) {\n    let m = #{};\n    m.f = || m;\n    \"close\"\n}");
    assert!(report.contains(":3:14: Undefined variable: m"), "{report}");
}

#[test]
fn comparisons_that_contradict_themselves_do_no_harm() {
    let sort = "let a = []; for i in 0..100 { a.push(i); } \
                a.sort(|x, y| if (x * y) % 3 == 0 { 1 } else { -1 }); \"close\"";
    let room = Room::new(&format!("fn lag(session) {{ {sort} }}"));
    let verdict = room.policy().lag(NOW, &session(), &BEHIND);
    assert_eq!(verdict, Lag::Close);
}

#[test]
fn runs_do_not_see_each_other() {
    let room = Room::new(
        "let calls = 0;
        fn lag(session) { let mine = 1; if is_def_var(\"calls\") { throw \"seen\" } \"passive\" }",
    );
    let program = room.program(throng_plugin_policy_rhai::Hook::Lag);
    for _ in 0..3 {
        let (session, lag) = (session(), BEHIND);
        let outcome = program.ask(NOW, &Question::Lag { session: &session, lag: &lag });
        assert_eq!(outcome.verdict, Ok(Verdict::Lag(Lag::Passive)));
    }
}

#[test]
fn limits_that_are_none_are_refused() {
    let mut room = Room::new("fn lag(session) { \"close\" }");
    room.config.hooks.lag.operations_max = 0;
    let fault = room.open().expect_err("no limit");
    assert!(fault.message.contains("hooks.lag.operations_max must be 1 to"), "{fault}");
    room.config.hooks.lag.operations_max = 1;
    room.config.hooks.relay.array_items_max = 100_000;
    let fault = room.open().expect_err("too much");
    assert!(
        fault.message.contains("hooks.relay.array_items_max must be 1 to 384, and is 100000"),
        "{fault}"
    );
}

#[test]
fn limits_are_those_of_each_hook() {
    let mut room = Room::new(
        "fn work() { let x = 0; for i in 0..500 { x += i; } }
        fn lag(session) { work(); \"passive\" }
        fn overload(node) { work(); [] }",
    );
    room.config.hooks.lag.operations_max = 100;
    let lag = room.ask(NOW, &Question::Lag { session: &session(), lag: &BEHIND });
    assert_eq!(lag.verdict.expect_err("few").cause, Cause::Stopped(Limit::Operations));
    assert_eq!(lag.trace.operations, 100);
    let overload = room.ask(NOW, &Question::Overload { node: &NODE });
    assert!(overload.verdict.is_ok());
    assert!(overload.trace.operations > 1_000);
}

#[test]
fn a_text_may_be_as_deep_as_each_of_its_hooks_allows() {
    let nested = |depth: usize| {
        let (open, close) = ("if true { ".repeat(depth), "}".repeat(depth));
        Room::new(&format!("fn lag(session) {{ {open}\"close\"{close} }}"))
    };
    let mut room = nested(4);
    room.policy();
    room.config.hooks.lag.expression_depth_max = 8;
    let fault = room.open().expect_err("too deep for this hook");
    assert!(fault.message.contains("maximum complexity"), "{fault}");
    let mut room = nested(10);
    room.open().expect_err("too deep");
    room.config.hooks.lag.expression_depth_max = 64;
    room.policy();
}
