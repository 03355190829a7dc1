//! Settings of the listener and of the links it makes.

use std::path::PathBuf;
use std::time::Duration;

use quinn::{IdleTimeout, TransportConfig, VarInt};
use serde::{Deserialize, Serialize};
use throng_proto::throng;

/// Streams that a client opens: the control stream.
const CLIENT_STREAMS: u32 = 1;
/// 32 KiB: two of the longest frames of a client may be under way.
const RECEIVE_WINDOW_BYTES: u32 = 32 * 1024;
/// Clients send no datagrams, but who takes none may not send any either.
const DATAGRAM_RECEIVE_BYTES: usize = 1;

throng_ports::settings! {
    /// How they are taken.
    pub struct Config {
        /// Certificate and key as PEM files, in `chain` and `key`; without them a development
        /// certificate is made.
        certificate: Option<CertificateFiles> = None,
        /// Time from a client's first packet to its first frame, in seconds.
        handshake_timeout_secs: u64 = 10,
        /// Silence after which a connection is lost, in seconds; more than two heartbeats.
        idle_timeout_secs: u64 = 90,
        /// Longest payload of a client, in bytes.
        payload_bytes_max: usize = throng::PAYLOAD_BYTES_MAX,
        /// Connections that wait to be taken; more are refused.
        backlog: usize = 4_096,
        /// Handshakes at the same time above which clients must prove their address first.
        handshakes_unproven_max: usize = 256,
        /// Refusals with a reason at the same time; more are refused without one.
        refusals_max: usize = 64,
        /// Bytes that may be on their way to one client.
        send_window_bytes: u64 = 256 * 1024,
        /// Bytes that wait for one guild's stream beyond that, before the link blocks.
        stream_queue_bytes_max: usize = 64 * 1024,
        /// Bytes of ephemeral events that wait for one client; more are dropped.
        datagram_queue_bytes_max: usize = 8 * 1024,
        /// Time after which an ephemeral event is worthless to a client, in milliseconds.
        ephemeral_lifetime_ms: u64 = 5_000,
        /// Lets the kernel cut packets: faster for few busy clients, 13 KB more for each that was
        /// ever busy.
        segmentation_offload: bool = false,
        /// Buffers of the UDP socket, in bytes, as far as the kernel allows.
        socket_buffer_bytes: usize = 4 * 1024 * 1024,
    }
}

/// Files of a certificate, in PEM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateFiles {
    /// Certificate chain, the server's own first.
    pub chain: PathBuf,
    /// Private key of the first.
    pub key: PathBuf,
}

impl Config {
    pub(crate) const fn handshake_time_max(&self) -> Duration {
        Duration::from_secs(self.handshake_timeout_secs)
    }

    /// Returns how quinn is to run connections: with little memory for many that are mostly idle.
    ///
    /// Nothing is sent only to keep a connection alive; the gateway's heartbeats do that.
    pub(crate) fn transport(&self) -> TransportConfig {
        let idle_millis = self.idle_timeout_secs.saturating_mul(1_000);
        let idle = VarInt::from_u64(idle_millis).unwrap_or(VarInt::MAX);
        let mut transport = TransportConfig::default();
        transport
            .max_concurrent_bidi_streams(CLIENT_STREAMS.into())
            .max_concurrent_uni_streams(VarInt::from_u32(0))
            .max_idle_timeout(Some(IdleTimeout::from(idle)))
            .stream_receive_window(RECEIVE_WINDOW_BYTES.into())
            .receive_window(RECEIVE_WINDOW_BYTES.into())
            .send_window(self.send_window_bytes)
            .datagram_receive_buffer_size(Some(DATAGRAM_RECEIVE_BYTES))
            .datagram_send_buffer_size(self.datagram_queue_bytes_max)
            .enable_segmentation_offload(self.segmentation_offload);
        transport
    }
}
