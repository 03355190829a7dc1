//! What a proxy says of its client is read the same whatever follows it, or stands before it.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| throng_decoders::run("proxy", input));
