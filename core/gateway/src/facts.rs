//! What the deployment says of itself.

use throng_ports::hub::Facts;

use crate::config::Settings;

/// Returns what clients are told; `gateway_url` is the address where the gateway listens.
pub(crate) fn of(settings: &Settings, gateway_url: String) -> Facts {
    if settings.tells_host() {
        tracing::warn!(
            "clients are told the host by which they came, and over QUIC {gateway_url}, which no \
             other machine can reach: set `public_url`"
        );
    }
    Facts {
        gateway_url: settings.public_url.clone().unwrap_or(gateway_url),
        shards: 1,
        identifies_total: settings.gateway.identifies_per_day,
        max_concurrency: settings.gateway.max_concurrency,
    }
}
