//! A form is read the same in whatever pieces it comes.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| throng_decoders::run("form", input));
