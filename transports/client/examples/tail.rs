//! Follows everything, a guild or a channel, as lines of JSON: `{"t":…,"s":…,"d":…}`.

#[path = "shared/place.rs"]
mod place;

use std::error::Error;
use std::io::{Write as _, stdout};
use std::process::ExitCode;

use serde_json::Value;
use throng_client::id::AnyId;
use throng_client::{Event, Intents};

const USAGE: &str = "tail TOKEN [GUILD | CHANNEL]";
/// Everything that no operator must grant, and the content of messages.
const INTENTS: [Intents; 5] = [
    Intents::GUILDS,
    Intents::GUILD_MESSAGES,
    Intents::GUILD_MESSAGE_REACTIONS,
    Intents::GUILD_MESSAGE_TYPING,
    Intents::MESSAGE_CONTENT,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    place::end(USAGE, run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let (token, others) = place::arguments(USAGE, 1)?;
    let id = |text: &String| place::id("a guild or channel", text);
    let place: Option<AnyId> = others.first().map(id).transpose()?;
    let intents = INTENTS.into_iter().fold(Intents::NONE, Intents::union);
    let (client, mut events) = place::client(&token).intents(intents).connect()?;
    while let Some(event) = events.next().await {
        if let Event::Closed(end) = event {
            return Err(place::ended(&end).into());
        }
        let Some(line) = line(&event, place) else {
            place::note(&event);
            continue;
        };
        // Whoever read the lines may have seen enough.
        if !line.is_empty() && writeln!(stdout(), "{line}").is_err() {
            break;
        }
    }
    client.close().await;
    Ok(())
}

/// Writes a dispatch as a line, an empty one when it is of another place; `None` for what is no
/// dispatch.
fn line(event: &Event, place: Option<AnyId>) -> Option<String> {
    let (name, raw) = (Value::from(event.name()?), event.raw()?.get());
    let data: Value = serde_json::from_str(raw).ok()?;
    let keys = ["guild_id", "channel_id", "id"];
    let of = |place: AnyId| keys.iter().any(|key| data[*key] == place.to_string());
    if !place.is_none_or(of) {
        return Some(String::new());
    }
    Some(format!(r#"{{"t":{name},"s":{},"d":{raw}}}"#, event.sequence()?))
}
