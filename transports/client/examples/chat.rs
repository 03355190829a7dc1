//! A chat in the terminal: lines that are typed are posted, messages are shown.

#[path = "shared/place.rs"]
mod place;

use std::error::Error;
use std::process::ExitCode;

use throng_client::event::{GuildCreate, GuildMessage};
use throng_client::id::ChannelId;
use throng_client::{Client, Event, Events, Intents};
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};
use tokio::sync::oneshot;

const USAGE: &str = "chat TOKEN [CHANNEL]";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    place::end(USAGE, run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let (token, others) = place::arguments(USAGE, 1)?;
    let channel = others.first().map(|id| place::id("a channel", id)).transpose()?;
    let intents = Intents::GUILDS.union(Intents::GUILD_MESSAGES).union(Intents::MESSAGE_CONTENT);
    let (client, events) = place::client(&token).intents(intents).connect()?;
    let (found, chosen) = oneshot::channel();
    let poster = tokio::spawn(post(client, chosen));
    show(events, channel, found).await?;
    poster.await?;
    Ok(())
}

/// Posts each line in the chosen channel, until there are no more.
async fn post(client: Client, chosen: oneshot::Receiver<ChannelId>) {
    let Ok(channel) = chosen.await else { return };
    let mut lines = BufReader::new(stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if line.trim().is_empty() {
            continue;
        }
        if let Err(error) = client.publish(channel, line).await {
            eprintln!("-- not posted: {error}");
        }
    }
    client.close().await;
}

/// Shows messages to the end; tells once which channel the chat is in.
async fn show(
    mut events: Events,
    mut channel: Option<ChannelId>,
    found: oneshot::Sender<ChannelId>,
) -> Result<(), Box<dyn Error>> {
    let mut found = Some(found);
    while let Some(event) = events.next().await {
        place::note(&event);
        match event {
            Event::GuildCreate(guild) => {
                channel = channel.or_else(|| first_text_channel(&guild));
                if let Some((found, channel)) = found.take().zip(channel) {
                    eprintln!("-- in channel {channel}; type to post");
                    let _gone = found.send(channel);
                }
            }
            Event::MessageCreate(posted) if Some(posted.message.channel_id) == channel => {
                say(&posted);
            }
            Event::Closed(throng_client::End::Finished) => return Ok(()),
            Event::Closed(end) => return Err(place::ended(&end).into()),
            _ => {}
        }
    }
    Ok(())
}

fn first_text_channel(guild: &GuildCreate) -> Option<ChannelId> {
    let texts = guild.channels.iter().filter(|channel| channel.kind.has_messages());
    texts.min_by_key(|channel| channel.position).map(|channel| channel.id)
}

#[allow(clippy::print_stdout, reason = "the chat is what it prints")]
fn say(GuildMessage { message, .. }: &GuildMessage) {
    println!("{}: {}", message.author.username, message.content);
}
