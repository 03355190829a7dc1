//! What a plugin has of the gateway.

use std::sync::Arc;

use throng_ports::hub::Hub;
use throng_ports::kind::Opened;
use throng_ports::plugin::{Events, Host};
use throng_ports::registry::{AccountDraft, Asked};
use throng_proto::intents::Intents;
use throng_proto::model::User;
use throng_proto::refusal::Refusal;
use throng_proto::token::Token;
use throng_shell::Node;
use throng_transport_memory::Dialer;

use super::session::Session;

/// The place of one plugin.
pub(super) struct Seat {
    name: &'static str,
    node: Node,
    dialer: Dialer,
}

impl Seat {
    pub(super) fn new(name: &'static str, node: &Node, dialer: Dialer) -> Self {
        Self { name, node: node.clone(), dialer }
    }

    /// Notes that the gateway is not ready before the plugin is.
    pub(super) fn begins(&self) {
        let text = format!("the plugin {} is starting", self.name);
        self.node.troubles().set_grave(self.trouble("start"), text);
    }

    /// Notes that the plugin is ready, or why it is not.
    pub(super) fn has_started(&self, started: Opened<()>) {
        let (name, trouble) = (self.name, self.trouble("start"));
        match started {
            Ok(()) => {
                tracing::info!(name, "a plugin has started");
                self.node.troubles().clear(&trouble);
            }
            Err(error) => {
                tracing::error!(name, %error, "a plugin has not started");
                let text = format!("the plugin {name} has not started: {error}");
                self.node.troubles().set_grave(trouble, text);
            }
        }
    }

    fn trouble(&self, about: &str) -> String {
        format!("plugin:{}:{about}", self.name)
    }
}

impl Host for Seat {
    fn hub(&self) -> Arc<dyn Hub> {
        Arc::new(self.node.clone())
    }

    fn account(&self) -> Asked<(User, Token)> {
        let (name, hub) = (self.name.to_owned(), self.hub());
        Box::pin(async move {
            match hub.user_named(name.clone()).await? {
                Some(user) if user.bot => {
                    let (_, token) = hub.rotate_tokens(user.id).await?;
                    Ok((user, Token::parse(&token)))
                }
                Some(_) => {
                    let why = format!("a person is called `{name}`, as the plugin is");
                    Err(Refusal::field("username", "USERNAME_ALREADY_TAKEN", why))
                }
                None => {
                    let draft = AccountDraft { username: name, bot: true, owner: None };
                    let (account, token) = hub.open_account(draft).await?;
                    Ok((account.user, Token::parse(&token)))
                }
            }
        })
    }

    fn events(&self, token: Token, intents: Intents) -> Events {
        let session = Session::new(self.name, self.node.clone(), self.dialer.clone());
        Events::new(Box::pin(session.identify(token, intents).into_stream()))
    }

    fn set_trouble(&self, what: Option<String>) {
        let (troubles, name) = (self.node.troubles(), self.trouble("said"));
        match what {
            Some(text) => troubles.set(name, format!("{}: {text}", self.name)),
            None => drop(troubles.clear(&name)),
        }
    }
}
