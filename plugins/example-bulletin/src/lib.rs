#![doc = include_str!("../README.md")]

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use http::{Method, StatusCode};
use parking_lot::Mutex;
use throng_ports::kind::{Given, Kind, Opened};
use throng_ports::plugin::{Answer, Call, Door, Host, Plugin, answer, not_found, post};
use throng_ports::settings::{Section, Settings as _};
use throng_ports::{hub::Hub, link::BoxFuture, metrics};
use throng_proto::model::{Message, User};
use throng_proto::{id::ChannelId, intents::Intents};

throng_ports::settings! {
    /// A notice board.
    pub struct Config {
        /// What stands before each notice.
        prefix: String = "Notice: ".to_owned(),
    }
}

/// The board as a kind of plugin.
#[derive(Clone, Copy, Debug)]
pub struct Bulletin;

impl Kind<Arc<dyn Plugin>> for Bulletin {
    fn name(&self) -> &'static str {
        "bulletin"
    }
    fn section(&self) -> Section {
        Config::section()
    }
    fn open(&self, given: Given) -> BoxFuture<'static, Opened<Arc<dyn Plugin>>> {
        Box::pin(async move {
            let file = given.data.join("bulletin.txt");
            let seen = Mutex::new((0, fs::read_to_string(&file).unwrap_or_default()));
            let board = Board { config: given.read()?, file, seen, desk: OnceLock::new() };
            Ok(Arc::new(board) as Arc<dyn Plugin>)
        })
    }
}

struct Board {
    config: Config,
    file: PathBuf,
    /// How many notices it has seen in this run, and the last one.
    seen: Mutex<(u64, String)>,
    desk: OnceLock<(Arc<dyn Hub>, User)>,
}

impl Plugin for Board {
    fn start(self: Arc<Self>, host: Arc<dyn Host>) -> BoxFuture<'static, Opened<()>> {
        Box::pin(async move {
            let (me, token) = host.account().await?;
            let mut events = host.events(token, Intents::GUILD_MESSAGES);
            events.next().await.ok_or("its session is not let in")?;
            let (board, own) = (Arc::clone(&self), me.id);
            self.desk.get_or_init(|| (host.hub(), me));
            tokio::spawn(async move {
                while let Some(event) = events.next().await {
                    let message = event.read::<Message>().ok().filter(|m| m.author.id == own);
                    if let Some(Message { content, .. }) = message {
                        let mut seen = board.seen.lock();
                        *seen = (seen.0 + 1, content);
                    }
                }
            });
            Ok(())
        })
    }
    fn answer(&self, call: Call) -> BoxFuture<'static, Answer> {
        let (path, body) = (call.request.uri().path(), call.request.body());
        let text = format!("{}{}", self.config.prefix, String::from_utf8_lossy(body));
        let (desk, shown) = (self.desk.get().cloned(), self.seen.lock().1.clone());
        let channel = path.trim_matches('/').parse::<ChannelId>();
        Box::pin(async move {
            match (call.door, call.request.method(), desk, channel) {
                (Door::Public, &Method::GET, ..) => answer(StatusCode::OK, "text/plain", shown),
                (Door::Admin, &Method::POST, Some((hub, me)), Ok(channel)) => {
                    match post(&*hub, me, channel, text).await {
                        Ok(_) => answer(StatusCode::NO_CONTENT, "text/plain", ""),
                        Err(why) => answer(StatusCode::CONFLICT, "text/plain", why.to_string()),
                    }
                }
                _ => not_found(),
            }
        })
    }
    fn drain(&self) -> BoxFuture<'static, ()> {
        let kept = fs::write(&self.file, &self.seen.lock().1);
        Box::pin(async move { kept.unwrap_or_default() })
    }
    fn measure(&self, page: &mut metrics::Page) {
        let (name, kind) = ("throng_plugin_bulletin_seen_total", metrics::Kind::Counter);
        page.single(name, kind, "Notices that its session has seen.", self.seen.lock().0);
    }
}
