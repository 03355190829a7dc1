//! Where the examples find the gateway: on this machine, unless the environment says otherwise; and
//! what they tell whoever started them.

use std::env;
use std::error::Error;
use std::fmt::Display;
use std::process::ExitCode;
use std::str::FromStr;

use throng_client::{Builder, Client, CloseCode, End, Event};

/// Ends an example: what failed is a sentence on standard error.
pub(crate) fn end(usage: &str, ended: Result<(), Box<dyn Error>>) -> ExitCode {
    let Err(error) = ended else { return ExitCode::SUCCESS };
    eprintln!("{}: {error}", usage.split(' ').next().unwrap_or(usage));
    ExitCode::FAILURE
}

/// Reads the token, the first argument or `THRONG_CLIENT_TOKEN`, and returns it with the other
/// arguments.
pub(crate) fn arguments(usage: &str, others: usize) -> Result<(String, Vec<String>), String> {
    let mut arguments: Vec<_> = env::args().skip(1).collect();
    let token = match env::var("THRONG_CLIENT_TOKEN") {
        Ok(token) if arguments.len() <= others => token,
        _ if arguments.is_empty() => return Err(format!("a token is missing; usage: {usage}")),
        _ => arguments.remove(0),
    };
    if arguments.len() > others {
        return Err(format!("too many arguments; usage: {usage}"));
    }
    Ok((token, arguments))
}

/// Reads the id of `what`.
pub(crate) fn id<T: FromStr>(what: &str, text: &str) -> Result<T, String> {
    let wrong =
        |_| format!("`{text}` is no id of {what}; ids are numbers such as 81384788765712384");
    text.parse().map_err(wrong)
}

/// Says on standard error what became of the link.
pub(crate) fn note(event: &Event) {
    match event {
        Event::Connected { transport } => say(format_args!("connected over {transport}")),
        Event::Reconnecting { after, cause } => say(format_args!("{cause}; again in {after:.1?}")),
        Event::SessionLost => say("some messages may be missing here"),
        _ => {}
    }
}

fn say(what: impl Display) {
    eprintln!("-- {what}");
}

/// Why the client has ended for good, and what would help.
pub(crate) fn ended(end: &End) -> String {
    match end {
        End::Refused { code: CloseCode::AuthenticationFailed, .. } => {
            "the gateway does not know this token; its first start leaves some in \
             throng-data/*.token, and its admin API makes more"
                .to_owned()
        }
        end => end.to_string(),
    }
}

/// Begins a client. `THRONG_CLIENT_HOST`, `THRONG_CLIENT_WEBSOCKET` (`ws://host:port`) and
/// `THRONG_CLIENT_QUIC` (`host:port`) lead elsewhere than to the default gateway.
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
