//! Where the examples find the gateway: on this machine, unless the environment says otherwise.

use std::env;

use throng_client::{Builder, Client};

/// Reads the token, the first argument or `THRONG_CLIENT_TOKEN`, and returns it with the other
/// arguments.
pub(crate) fn arguments(usage: &str, others: usize) -> Result<(String, Vec<String>), String> {
    let mut arguments: Vec<_> = env::args().skip(1).collect();
    let token = match env::var("THRONG_CLIENT_TOKEN") {
        Ok(token) if arguments.len() <= others => token,
        _ if arguments.is_empty() => return Err(format!("usage: {usage}")),
        _ => arguments.remove(0),
    };
    if arguments.len() > others { Err(format!("usage: {usage}")) } else { Ok((token, arguments)) }
}

/// Begins a client. `THRONG_CLIENT_HOST`, `THRONG_CLIENT_WEBSOCKET` (`ws://host:port`) and `THRONG_CLIENT_QUIC`
/// (`host:port`) lead elsewhere than to the default gateway.
pub(crate) fn client(token: &str) -> Builder {
    let mut builder = Client::builder(token);
    if let Ok(host) = env::var("THRONG_CLIENT_HOST") {
        builder = builder.host(host);
    }
    if let Ok(url) = env::var("THRONG_CLIENT_WEBSOCKET") {
        builder = builder.websocket(url);
    }
    if let Ok(address) = env::var("THRONG_CLIENT_QUIC") {
        let name = address.rsplit_once(':').map_or("localhost", |(host, _)| host).to_owned();
        builder = builder.quic(address, name);
    }
    builder
}
