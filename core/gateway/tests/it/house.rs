//! What tests need of a gateway: one that keeps nothing, and questions over HTTP.

use std::error::Error;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use tempfile::TempDir;
use throng::ports::hub::Health;
use throng::{Builder, Gateway};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a test ends with.
pub(crate) type Tested = Result<(), Box<dyn Error>>;

/// Starts a gateway on any ports, on data that go with the folder.
pub(crate) async fn start(builder: Builder) -> Result<(Gateway, TempDir), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let any = "listen = '127.0.0.1:0'\nadmin = '127.0.0.1:0'\nworkers = 1\nquic.enabled = false";
    let builder = builder.settings(any).set("data", folder.path().join("data"));
    Ok((builder.start().await?, folder))
}

/// Waits until something is as it should be.
pub(crate) async fn becomes(what: &str, mut is: impl FnMut() -> bool) -> Tested {
    let mut look = tokio::time::interval(Duration::from_millis(5));
    let waiting = async {
        while !is() {
            look.tick().await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    waited.map_err(|_| format!("{what} does not come").into())
}

/// Waits until a gateway is ready.
pub(crate) async fn ready(gateway: &Gateway) -> Tested {
    becomes("readiness", || gateway.health() == Health::Ready).await
}

/// Asks over HTTP, and returns the status and the body.
pub(crate) async fn ask(url: &str, line: &str, body: &str) -> io::Result<(u16, String)> {
    let address = url.trim_start_matches("http://").to_owned();
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\
         \r\n{body}"
    );
    let asking = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        // Who refuses a body may hang up before all of it is sent.
        _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        if answer.is_empty() { read.map(|_| String::new()) } else { Ok(lossy(&answer)) }
    });
    let answer = asking.await.map_err(io::Error::other)??;
    let status = answer.get(9..12).and_then(|code| code.parse().ok()).unwrap_or_default();
    Ok((status, answer.split_once("\r\n\r\n").unwrap_or_default().1.to_owned()))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
