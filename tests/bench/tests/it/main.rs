//! Every program runs, with tiny sizes.

use throng_bench::big_guild::Arguments;
use throng_bench::report::Options;

#[tokio::test(flavor = "multi_thread")]
async fn the_review_program_runs() {
    let options = Options { smoke: true, ..Options::default() };
    let report = throng_bench::review::run(&options).await.expect("it runs");
    assert!(report.table().contains("acknowledgement p99"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_million_program_runs() {
    let options = Options { smoke: true, ..Options::default() };
    let report = throng_bench::million::run(&options).await.expect("it runs");
    assert!(report.table().contains("to a tenth"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_big_guild_program_runs() {
    let options = Options { smoke: true, ..Options::default() };
    let arguments = Arguments { options, ..Arguments::default() };
    let report = throng_bench::big_guild::run(&arguments).await.expect("it runs");
    assert!(report.table().contains("re-sharding: publish p99"));
    assert!(report.table().contains("hand-off: pause of publishing"));
    assert!(report.table().contains("deliveries: beside a list / alone"));
}

#[test]
fn the_quic_program_runs() {
    let options = Options { smoke: true, ..Options::default() };
    let program = env!("CARGO_BIN_EXE_quic-server").into();
    let report = throng_bench::quic::run(&program, &options).expect("it runs");
    assert!(report.table().contains("deliveries: throng / quinn"));
}

#[test]
fn the_policy_program_runs() {
    let options = Options { smoke: true, ..Options::default() };
    let report = throng_bench::policy::run(&options).expect("it runs");
    assert!(report.table().contains("two threads / one"));
}
