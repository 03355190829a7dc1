//! Who is behind a proxy: the PROXY protocol, versions 1 and 2, and `X-Forwarded-For`.
//!
//! Both are believed only of proxies that the settings name.
//! Source: haproxy.org/download/2.9/doc/proxy-protocol.txt.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use throng_ports::link::Network;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// What a header of version 2 begins with.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Longest header of version 1, with its end.
const LINE_BYTES_MAX: usize = 107;
/// Longest header of version 2 that is read; its extensions are skipped.
const BLOCK_BYTES_MAX: usize = 4_096;

/// Reads the header that a proxy sends before everything else; `None` when it names no client.
///
/// # Errors
///
/// The connection is gone, or does not begin with a header.
pub(crate) async fn header(
    stream: &mut (impl AsyncRead + Unpin),
) -> io::Result<Option<SocketAddr>> {
    match stream.read_u8().await? {
        b'P' => line(stream).await,
        first if first == SIGNATURE[0] => block(stream).await,
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Reads `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443`, of which the first letter was read.
async fn line(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<SocketAddr>> {
    let mut line = vec![b'P'];
    while !line.ends_with(b"\r\n") {
        if line.len() == LINE_BYTES_MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
        line.push(stream.read_u8().await?);
    }
    let line = std::str::from_utf8(&line).map_err(io::Error::other)?;
    named(line.trim_end_matches("\r\n")).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Reads a line without its end; says `None` of one that is wrong, and nobody of one that names
/// nobody, whatever else stands there.
fn named(line: &str) -> Option<Option<SocketAddr>> {
    let mut words = line.strip_prefix("PROXY ")?.split(' ');
    let is_v4 = match words.next()? {
        "TCP4" => true,
        "TCP6" => false,
        "UNKNOWN" => return Some(None),
        _ => return None,
    };
    let mut address = || words.next()?.parse().ok().filter(|read: &IpAddr| read.is_ipv4() == is_v4);
    let (source, _) = (address()?, address()?);
    let mut port = || words.next().filter(|word| !word.starts_with('+'))?.parse().ok();
    let (port, _): (u16, u16) = (port()?, port()?);
    words.next().is_none().then_some(Some(SocketAddr::new(source, port)))
}

/// Reads a header of version 2, of which the first byte was read.
async fn block(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<SocketAddr>> {
    let wrong = || io::Error::from(io::ErrorKind::InvalidData);
    let mut head = [0; 15];
    stream.read_exact(&mut head).await?;
    let length = usize::from(u16::from_be_bytes([head[13], head[14]]));
    if head[..11] != SIGNATURE[1..] || head[11] >> 4 != 2 || length > BLOCK_BYTES_MAX {
        return Err(wrong());
    }
    let mut addresses = vec![0; length];
    stream.read_exact(&mut addresses).await?;
    match (head[11] & 0xf, head[12]) {
        // The proxy speaks for itself, as when it looks whether we are there.
        (0, _) => Ok(None),
        (1, 0x11) => {
            let source: &[u8; 4] = addresses.first_chunk().ok_or_else(wrong)?;
            let port = port(&addresses, 8).ok_or_else(wrong)?;
            Ok(Some(SocketAddr::from((Ipv4Addr::from(*source), port))))
        }
        (1, 0x21) => {
            let source: &[u8; 16] = addresses.first_chunk().ok_or_else(wrong)?;
            let port = port(&addresses, 32).ok_or_else(wrong)?;
            Ok(Some(SocketAddr::from((Ipv6Addr::from(*source), port))))
        }
        (1, _) => Ok(None),
        _ => Err(wrong()),
    }
}

fn port(addresses: &[u8], at: usize) -> Option<u16> {
    let bytes: &[u8; 2] = addresses.get(at..)?.first_chunk()?;
    Some(u16::from_be_bytes(*bytes))
}

/// Returns the client that a request head names behind trusted proxies: the last address of
/// `X-Forwarded-For` that is none of theirs. Whatever stands before that may be made up.
pub(crate) fn client(peer: SocketAddr, head: &[u8], trusted: &[Network]) -> SocketAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(peer.ip()) {
        return peer;
    }
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut request = httparse::Request::new(&mut headers);
    if request.parse(head).is_err() {
        return peer;
    }
    let lines =
        request.headers.iter().filter(|line| line.name.eq_ignore_ascii_case("x-forwarded-for"));
    let lines: Vec<_> = lines.filter_map(|line| std::str::from_utf8(line.value).ok()).collect();
    let named = lines.iter().rev().flat_map(|line| line.rsplit(',').map(str::trim));
    let mut client = peer;
    for named in named {
        let Some(address) = address(named) else { break };
        client = address;
        if !is_trusted(address.ip()) {
            break;
        }
    }
    client
}

/// Reads an address with or without a port.
fn address(text: &str) -> Option<SocketAddr> {
    let whole = text.parse().ok();
    whole.or_else(|| {
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        bare.parse().ok().map(|address| SocketAddr::new(address, 0))
    })
}

#[cfg(test)]
mod tests;
