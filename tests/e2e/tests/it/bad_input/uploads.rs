//! Bodies that are refused before they have come whole: whoever sends them reads why.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context as _, Result, ensure};
use throng_e2e::{PATIENCE, Scene};

use super::scene;

/// Tries of each kind: what is sent and what is closed race with each other.
const TRIES: usize = 10;

/// A refusal in the middle of an upload.
struct Upload {
    what: &'static str,
    path: String,
    kind: &'static str,
    body: Vec<u8>,
    status: u16,
    says: &'static str,
}

fn uploads(scene: &Scene) -> Vec<Upload> {
    let import = format!("/admin/v1/guilds/{}/members/import", scene.guild.id);
    let line = format!("{{\"username\":\"{}\"}}\n", "x".repeat(240_000));
    let mut lines = String::from("this is no JSON\n");
    (0..100_000).for_each(|number| lines.push_str(&format!("{{\"username\":\"u{number}\"}}\n")));
    let ndjson = "application/x-ndjson";
    let upload = |what, body: String, status, says| {
        let (path, body) = (import.clone(), body.into_bytes());
        Upload { what, path, kind: ndjson, body, status, says }
    };
    vec![
        upload("a line of 240 KB", line, 413, "import.line_bytes_max"),
        upload("a broken first line of many", lines, 400, "nobody was imported"),
        Upload {
            what: "3 MB to nowhere",
            path: "/admin/v1/nowhere".to_owned(),
            kind: "application/json",
            body: vec![b' '; 3_000_000],
            status: 404,
            says: "message",
        },
    ]
}

/// Sends everything before anything is read, as simple clients do.
fn send(
    address: SocketAddr,
    authorization: &str,
    upload: &Upload,
    chunked: bool,
) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let length = if chunked {
        "Transfer-Encoding: chunked".to_owned()
    } else {
        format!("Content-Length: {}", upload.body.len())
    };
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {authorization}\r\n\
         Content-Type: {}\r\n{length}\r\n\r\n",
        upload.path, upload.kind
    );
    stream.write_all(head.as_bytes())?;
    for piece in upload.body.chunks(16 * 1024) {
        if chunked {
            stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes())?;
        }
        stream.write_all(piece)?;
        stream.write_all(if chunked { b"\r\n" } else { b"" })?;
    }
    stream.write_all(if chunked { b"0\r\n\r\n" } else { b"" })?;
    read(stream)
}

/// Reads one answer with its body.
fn read(stream: TcpStream) -> Result<String> {
    let (mut reader, mut head, mut length) = (BufReader::new(stream), String::new(), 0);
    loop {
        let from = head.len();
        ensure!(reader.read_line(&mut head)? > 0, "no whole answer: {head}");
        let line = head[from..].trim().to_lowercase();
        if let Some(bytes) = line.strip_prefix("content-length:") {
            length = bytes.trim().parse()?;
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(head + &String::from_utf8(body)?)
}

#[test]
fn who_is_refused_in_the_middle_of_an_upload_reads_why() -> Result<()> {
    let scene = scene(&[])?;
    let address = scene.gateway.admin()?.address();
    let token = std::fs::read_to_string(scene.gateway.data().join("admin.token"))?;
    let operator = format!("Bearer {}", token.trim());
    for upload in uploads(&scene) {
        for attempt in 0..TRIES {
            let answer = send(address, &operator, &upload, attempt % 2 == 1);
            let answer = answer.with_context(|| format!("{}, try {attempt}", upload.what))?;
            let status = format!("HTTP/1.1 {} ", upload.status);
            ensure!(answer.starts_with(&status), "{}: {answer}", upload.what);
            ensure!(answer.contains(upload.says), "{}: {answer}", upload.what);
        }
    }
    // So do users of the public API, and nobody without a token.
    let author = format!("Bot {}", scene.author.token);
    for (authorization, status) in [("nobody", 401), (&*author, 413)] {
        let upload = Upload {
            what: "2 MB as a message",
            path: format!("/api/v10/channels/{}/messages", scene.channel),
            kind: "application/json",
            body: vec![b' '; 2_000_000],
            status,
            says: "message",
        };
        for attempt in 0..TRIES {
            let answer = send(scene.gateway.public(), authorization, &upload, attempt % 2 == 1)?;
            let status = format!("HTTP/1.1 {} ", upload.status);
            ensure!(answer.starts_with(&status), "{authorization}: {answer}");
            ensure!(answer.contains(upload.says), "{answer}");
        }
    }
    Ok(())
}
