//! The example of a gateway in somebody's own program, run.

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::house::Tested;

#[allow(dead_code, reason = "its own main is for people")]
#[path = "../../examples/embedded.rs"]
mod example;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_speaks_line_by_line_enters_over_a_transport_of_its_own() -> Tested {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let any = "'127.0.0.1:0'";
    let settings = format!(
        "listen = {any}\nadmin = {any}\nquic.enabled = false\nlines.listen = {any}\ndata = '{}'",
        data.display()
    );
    let gateway = example::start(&settings).await?;
    let (ada, token) = gateway.hub().create_user("ada".to_owned(), true).await?;
    let mut line = String::new();
    let (reader, mut writer) =
        TcpStream::connect(gateway.address("lines").ok_or("no address")?).await?.into_split();
    let mut reader = BufReader::new(reader);
    reader.read_line(&mut line).await?;
    assert!(line.starts_with(r#"{"op":10,"#), "{line}");
    let identify =
        format!(r#"{{"op":2,"d":{{"token":"{token}","intents":1,"properties":{{}}}}}}{}"#, "\n");
    writer.write_all(identify.as_bytes()).await?;
    while !line.contains(r#""t":"READY""#) {
        line.clear();
        assert!(reader.read_line(&mut line).await? > 0, "the link has ended");
    }
    assert!(line.contains(&ada.id.to_string()), "{line}");
    gateway.stop().await;
    Ok(())
}
