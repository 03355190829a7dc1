//! Our WebSocket parser reads what tungstenite reads, whatever arrives in whatever pieces.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| throng_decoders::run("websocket", input));
