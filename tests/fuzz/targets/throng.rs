//! Frames of `throng/1` are the same in one piece and byte by byte.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| throng_decoders::run("throng", input));
