//! Headers of proxies, right and wrong.

use super::*;

const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4_000);

async fn read(mut bytes: &[u8]) -> io::Result<Option<SocketAddr>> {
    header(&mut bytes).await
}

fn block_of(command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
    let length = u16::try_from(addresses.len()).unwrap().to_be_bytes();
    [&SIGNATURE[..], &[0x20 | command, family], &length, addresses].concat()
}

#[tokio::test]
async fn both_versions_name_the_client() {
    let v4: SocketAddr = "192.0.2.1:56324".parse().unwrap();
    let v6: SocketAddr = "[2001:db8::1]:56324".parse().unwrap();
    let short: [&[u8]; 3] =
        [&[192, 0, 2, 1, 10, 0, 0, 1], &56_324_u16.to_be_bytes(), &[1, 187, 9, 9]];
    let source: Ipv6Addr = "2001:db8::1".parse().unwrap();
    let long = [&source.octets()[..], &[0; 16], &56_324_u16.to_be_bytes(), &[1, 187]].concat();
    let cases = [
        (b"PROXY TCP4 192.0.2.1 10.0.0.1 56324 443\r\n".to_vec(), Some(v4)),
        (b"PROXY TCP6 2001:db8::1 ::1 56324 443\r\n".to_vec(), Some(v6)),
        (b"PROXY UNKNOWN\r\n".to_vec(), None),
        (b"PROXY UNKNOWN ffff::1 what ever\r\n".to_vec(), None),
        (block_of(1, 0x11, &short.concat()), Some(v4)),
        (block_of(1, 0x21, &long), Some(v6)),
        (block_of(1, 0x00, b""), None),
        (block_of(0, 0x00, b""), None),
    ];
    for (bytes, client) in cases {
        assert_eq!(read(&bytes).await.unwrap(), client, "{bytes:?}");
        for cut in 0..bytes.len() {
            assert!(read(&bytes[..cut]).await.is_err(), "{cut} bytes of {bytes:?}");
        }
    }
}

#[tokio::test]
async fn what_is_no_header_is_refused() {
    let wrong: [&[u8]; 14] = [
        b"GET / HTTP/1.1\r\n\r\n",
        b"PROXY TCP4 here there 1 2\r\n",
        b"PROXY TCP4 192.0.2.1 10.0.0.1 99999 443\r\n",
        b"PROXY TCP4 192.0.2.1 here 1 2\r\n",
        b"PROXY TCP4 ::1 ::1 1 2\r\n",
        b"PROXY TCP6 192.0.2.1 ::1 1 2\r\n",
        b"PROXY TCP4 192.0.2.1 10.0.0.1 +1 2\r\n",
        b"PROXY TCP4 192.0.2.1 10.0.0.1 1\r\n",
        b"PROXY TCP4 192.0.2.1 10.0.0.1 1 2 3\r\n",
        b"PROXY\r\n",
        b"PROXIED TCP4 192.0.2.1 10.0.0.1 1 2\r\n",
        &[b'P'; 200],
        &block_of(1, 0x11, &[1, 2, 3]),
        &block_of(2, 0x11, &[0; 12]),
    ];
    for bytes in wrong {
        assert!(read(bytes).await.is_err(), "{bytes:?}");
    }
}

#[test]
fn only_what_trusted_proxies_say_is_believed() {
    let trusted: Vec<Network> =
        ["127.0.0.1", "10.0.0.0/8"].iter().map(|text| text.parse().unwrap()).collect();
    let cases = [
        ("X-Forwarded-For: 192.0.2.7", "192.0.2.7:0"),
        ("X-Forwarded-For: 198.51.100.9, 192.0.2.7", "192.0.2.7:0"),
        ("X-Forwarded-For: 192.0.2.7, 10.1.1.1", "192.0.2.7:0"),
        ("X-Forwarded-For: 198.51.100.9\r\nx-forwarded-for: 192.0.2.7:99", "192.0.2.7:99"),
        ("X-Forwarded-For: [2001:db8::1]", "[2001:db8::1]:0"),
        ("X-Forwarded-For: nobody", "127.0.0.1:4000"),
        ("X-Forwarded-For: 192.0.2.7, nobody", "127.0.0.1:4000"),
        ("Host: here", "127.0.0.1:4000"),
    ];
    for (line, expected) in cases {
        let head = format!("GET / HTTP/1.1\r\n{line}\r\n\r\n");
        let found = client(PEER, head.as_bytes(), &trusted);
        assert_eq!(found.to_string(), expected, "{line}");
        assert_eq!(client(PEER, head.as_bytes(), &[]), PEER, "nobody is trusted");
    }
}
