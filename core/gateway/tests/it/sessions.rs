//! Sessions of plugins: they resume, begin anew, and end as those of any client.

use std::sync::Arc;

use throng::Gateway;
use throng::ports::kind::{Kind, Opened, kind};
use throng::ports::link::BoxFuture;
use throng::ports::plugin::{Event, Host, Plugin};
use throng::ports::registry::SessionsEnded;
use throng::ports::store::Store;
use throng::proto::intents::Intents;
use throng::proto::token::Token;
use throng::store_memory::MemoryStore;
use tokio::sync::mpsc;

use crate::house::{Tested, ready, start};

/// A plugin that passes on what its session is told.
struct Ear {
    intents: Intents,
    heard: mpsc::Sender<Option<Event>>,
}

impl Plugin for Ear {
    fn start(self: Arc<Self>, host: Arc<dyn Host>) -> BoxFuture<'static, Opened<()>> {
        Box::pin(async move {
            let (_, token) = host.account().await?;
            tokio::spawn(async move {
                let mut events = host.events(token, self.intents);
                while let Some(event) = events.next().await {
                    _ = self.heard.send(Some(event)).await;
                }
                _ = self.heard.send(None).await;
            });
            Ok(())
        })
    }
}

fn ear(intents: Intents) -> (impl Kind<Arc<dyn Plugin>>, mpsc::Receiver<Option<Event>>) {
    let (heard, hears) = mpsc::channel(64);
    let ear = kind("ear", move |_| {
        let ear: Arc<dyn Plugin> = Arc::new(Ear { intents, heard: heard.clone() });
        async move { Ok(ear) }
    });
    (ear, hears)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_ended_begins_anew_and_all_end_with_the_gateway() -> Tested {
    let (ear, mut hears) = ear(Intents::GUILDS);
    let (gateway, _folder) =
        start(Gateway::builder().plugin(ear).set("store.kind", "memory")).await?;
    ready(&gateway).await?;
    let hub = gateway.hub();
    let me = hub.user_named("ear".to_owned()).await?.ok_or("it has an account")?;
    assert!(me.bot);
    let first = hears.recv().await.flatten().ok_or("READY")?;
    assert_eq!(first.name, "READY");
    // An operator may end it as any other; with its token it comes back.
    assert_eq!(hub.end_sessions(SessionsEnded::Of(me.id)).await, 1);
    let second = hears.recv().await.flatten().ok_or("READY again")?;
    assert_eq!(second.name, "READY");
    assert_ne!(first.data.get(), second.data.get(), "another session");
    // Without a token it does not.
    hub.revoke_tokens(me.id).await?;
    assert!(hears.recv().await.ok_or("an end")?.is_none(), "it is not let in again");
    gateway.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_the_same_in_the_next_run_and_the_token_before_is_nobodys() -> Tested {
    let store = MemoryStore::new();
    let mut users = Vec::new();
    let mut before: Option<Token> = None;
    for _ in 0..2 {
        let (said, mut told) = mpsc::channel(1);
        let plugin = kind("ear", move |_| {
            let plugin: Arc<dyn Plugin> = Arc::new(Teller(said.clone()));
            async move { Ok(plugin) }
        });
        let store = store.clone();
        let same = kind("same", move |_| {
            let store: Arc<dyn Store> = Arc::new(store.clone());
            async move { Ok(store) }
        });
        let builder = Gateway::builder().plugin(plugin).store(same).set("store.kind", "same");
        let (gateway, _folder) = start(builder).await?;
        let (user, token) = told.recv().await.ok_or("an account")?;
        users.push(user);
        let hub = gateway.hub();
        assert!(hub.authenticate(token.clone()).await?.is_some());
        if let Some(before) = before.replace(token) {
            assert_eq!(hub.authenticate(before).await?, None);
        }
        gateway.stop().await;
    }
    assert_eq!(users[0], users[1]);
    Ok(())
}

/// A plugin that tells who it is.
struct Teller(mpsc::Sender<(throng::proto::id::UserId, Token)>);

impl Plugin for Teller {
    fn start(self: Arc<Self>, host: Arc<dyn Host>) -> BoxFuture<'static, Opened<()>> {
        Box::pin(async move {
            let (user, token) = host.account().await?;
            self.0.send((user.id, token)).await?;
            Ok(())
        })
    }
}
