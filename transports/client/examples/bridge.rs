//! Copies the messages of one channel to another, as the bridge's own user.
//!
//! Copies bear a mark that no keyboard types, and what bears it is not copied again: bridges may
//! run both ways, and in circles.

#[path = "shared/place.rs"]
mod place;

use std::error::Error;
use std::process::ExitCode;

use throng_client::id::ChannelId;
use throng_client::{Client, Event, Intents};
use tokio::sync::mpsc;

const USAGE: &str = "bridge TOKEN FROM TO";
/// First character of a copy: the invisible separator.
const MARK: char = '\u{2063}';
/// Characters of a message, by the protocol.
const CONTENT_MAX: usize = 2_000;
/// Copies that wait for the other channel; what comes faster for longer is dropped.
const WAITING_MAX: usize = 256;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    place::end(USAGE, run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let (token, others) = place::arguments(USAGE, 2)?;
    let [from, to] = others.as_slice() else {
        return Err(format!("two channels are needed; usage: {USAGE}").into());
    };
    let (from, to): (ChannelId, ChannelId) =
        (place::id("a channel", from)?, place::id("a channel", to)?);
    let intents = Intents::GUILDS.union(Intents::GUILD_MESSAGES).union(Intents::MESSAGE_CONTENT);
    let (client, mut events) = place::client(&token).intents(intents).connect()?;

    // Posting has a task of its own, so that reading never waits for it.
    let (copies, waiting) = mpsc::channel(WAITING_MAX);
    let poster = tokio::spawn(post(client, to, waiting));
    while let Some(event) = events.next().await {
        place::note(&event);
        match event {
            Event::MessageCreate(posted) if posted.message.channel_id == from => {
                let message = &posted.message;
                if message.content.is_empty() || message.content.starts_with(MARK) {
                    continue;
                }
                let copy = format!("{MARK}{}: {}", message.author.username, message.content);
                let fits: String = copy.chars().take(CONTENT_MAX).collect();
                if copies.try_send(fits).is_err() {
                    eprintln!("-- too fast; dropped message {}", message.id);
                }
            }
            Event::Closed(end) => return Err(place::ended(&end).into()),
            _ => {}
        }
    }
    drop(copies);
    poster.await?;
    Ok(())
}

async fn post(client: Client, to: ChannelId, mut waiting: mpsc::Receiver<String>) {
    while let Some(copy) = waiting.recv().await {
        if let Err(error) = client.publish(to, copy).await {
            eprintln!("-- not copied: {error}");
        }
    }
}
