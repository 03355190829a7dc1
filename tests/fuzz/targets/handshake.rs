//! The head of an upgrade is read the same, whatever follows it.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| throng_decoders::run("handshake", input));
