//! Chunks of member lists come as fast as they are read.

use throng_engine::deck::Chunk;
use throng_proto::wire::Body;

use super::bench::Bench;
use crate::scene::GUILD;

fn chunk(text: &str) -> Body {
    Body::dispatch("GUILD_MEMBERS_CHUNK", &serde_json::json!(text).to_string())
}

fn give(bench: &mut Bench, text: &str) -> Chunk {
    let session = bench.reference(0);
    let answer = bench.deck.chunk(session, GUILD, chunk(text));
    bench.settle();
    answer
}

#[test]
fn a_chunk_waits_for_a_session_that_does_not_read() {
    let mut bench = Bench::crowd(1);
    assert!(matches!(give(&mut bench, "one"), Chunk::Taken));
    bench.pass();
    bench.room(0, 0);
    assert!(matches!(give(&mut bench, "two"), Chunk::Taken), "it has read the first");
    bench.pass();
    let later = give(&mut bench, "three");
    assert!(matches!(&later, Chunk::Later(body) if body.text() == chunk("three").text()));
    bench.room(0, usize::MAX);
    bench.beat(0);
    assert!(matches!(give(&mut bench, "three"), Chunk::Taken));
    bench.pass();
    assert_eq!(bench.texts(0), ["one", "two", "three"]);
    bench.deck.detach(bench.slot(0));
    assert!(matches!(give(&mut bench, "four"), Chunk::Later(_)), "it may resume");
    bench.deck.expel_session(GUILD, bench.slot(0));
    assert!(matches!(give(&mut bench, "four"), Chunk::Gone));
}

/// A list of millions would push everything else out of the log.
#[test]
fn only_the_last_chunks_are_kept_for_resuming_and_everything_else_is() {
    let mut bench = Bench::crowd(1);
    bench.tell(0, "before");
    bench.pass();
    let before = bench.deck.log().own_bytes();
    for number in 0..5 {
        give(&mut bench, &number.to_string());
        bench.pass();
    }
    let kept = bench.deck.log().own_bytes();
    for number in 5..9 {
        give(&mut bench, &number.to_string());
        bench.pass();
        assert_eq!(bench.deck.log().own_bytes(), kept, "one comes, one goes");
    }
    bench.tell(0, "after");
    bench.pass();
    let one = chunk("0").text_bytes();
    assert_eq!(kept - before, 5 * one, "four that were read, and one that is new");
    assert_eq!(bench.texts(0).len(), 11);
    let sequence = u64::from(bench.session(0).sequence);
    let session = bench.reference(0);
    // "after", and the five that are kept.
    for (missing, there) in [(1, true), (6, true), (7, false), (11, false)] {
        let mut rewind = bench.deck.begin_resume(session, sequence - missing).unwrap();
        let found = bench.deck.log().step_back(&mut rewind, usize::MAX);
        assert_eq!(found.is_ok(), there, "{missing}");
    }
}
