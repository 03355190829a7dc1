//! Plain HTTP answers for connections that do not become links.

use std::io;
use std::time::Duration;

use throng_proto::refusal::ErrorBody;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::handshake::Fault;

/// Time for an answer to leave and for the client to hang up.
const LINGER: Duration = Duration::from_secs(1);
/// Most bytes of a refused request that are read and thrown away.
const DRAINED_BYTES_MAX: u64 = 64 * 1024;

/// Answers a bad upgrade.
pub(crate) async fn fault(stream: TcpStream, fault: Fault) {
    let body = ErrorBody::new(0, fault.to_string()).text();
    last(stream, &text(fault.status(), fault.headers(), &body)).await;
}

/// Answers a request for which nobody is there.
pub(crate) async fn not_found(stream: TcpStream) {
    let body = ErrorBody::new(0, "404: Not Found").text();
    last(stream, &text("404 Not Found", "", &body)).await;
}

/// Turns a connection away until `retry_after` seconds later.
pub(crate) async fn unavailable(stream: TcpStream, reason: &str, retry_after: u32) {
    let headers = format!("Retry-After: {retry_after}\r\n");
    let wait = Duration::from_secs(retry_after.into());
    let body = ErrorBody::new(0, reason).retry_after(wait).text();
    last(stream, &text("503 Service Unavailable", &headers, &body)).await;
}

/// Writes the answer that makes a connection a link.
///
/// # Errors
///
/// The connection is gone.
pub(crate) async fn upgraded(
    stream: &mut TcpStream,
    accept: &str,
    protocol: Option<&str>,
) -> io::Result<()> {
    let protocol = protocol
        .map_or_else(String::new, |protocol| format!("Sec-WebSocket-Protocol: {protocol}\r\n"));
    let text = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{protocol}\r\n"
    );
    stream.write_all(text.as_bytes()).await
}

fn text(status: &str, headers: &str, body: &str) -> String {
    // Clients of this API compare the content type as a whole: no charset.
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n{headers}\r\n{body}",
        body.len()
    )
}

/// Writes the last bytes of a connection and makes sure that they can be read.
async fn last(mut stream: TcpStream, text: &str) {
    let farewell = async {
        stream.write_all(text.as_bytes()).await?;
        stream.shutdown().await?;
        // Closing with unread bytes resets the connection, and a reset eats the answer.
        tokio::io::copy(&mut stream.take(DRAINED_BYTES_MAX), &mut tokio::io::sink()).await
    };
    // Whether the client waited for its answer is the client's concern.
    let _gone = timeout(LINGER, farewell).await;
}
