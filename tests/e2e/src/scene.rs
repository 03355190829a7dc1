//! The scene that most stories play in: one guild, a public channel, some who read and who post.

use std::thread::{self, JoinHandle};

use anyhow::{Result, anyhow};
use serde_json::json;

use crate::{Account, Api, Founded, Gateway};

/// Content of the message that ends a story.
pub const FENCE: &str = "that was all";

/// Sets of intents.
pub mod intents {
    /// Guilds, their messages and what is in them.
    pub const MESSAGES: u64 = 1 | 1 << 9 | 1 << 15;
}

/// A running gateway with a guild in it.
#[derive(Debug)]
pub struct Scene {
    /// Who posts over HTTP; owns the guild.
    pub author: Account,
    /// Those who read.
    pub readers: Vec<Account>,
    /// The guild.
    pub guild: Founded,
    /// A text channel that everybody sees.
    pub channel: String,
    /// The gateway; last, so that what speaks to it is dropped first.
    pub gateway: Gateway,
}

impl Scene {
    /// Founds a guild on `gateway` with as many bots as readers.
    ///
    /// # Errors
    ///
    /// Fails when the admin API refuses.
    pub fn with_readers(gateway: Gateway, readers: usize) -> Result<Self> {
        let admin = gateway.admin()?;
        let author = admin.bot("author")?;
        let readers: Vec<_> =
            (0..readers).map(|n| admin.bot(&format!("reader{n}"))).collect::<Result<_>>()?;
        let members: Vec<_> = readers.iter().map(|user| json!({ "user_id": user.id })).collect();
        let guild = admin.guild(&json!({
            "name": "first light",
            "owner_id": author.id,
            "channels": [{ "name": "general", "type": 0 }],
            "members": members,
        }))?;
        let channel = guild.channel("general")?;
        Ok(Self { author, readers, guild, channel, gateway })
    }

    /// Returns the public API as the author sees it.
    #[must_use]
    pub fn api(&self) -> Api {
        self.gateway.api(&self.author)
    }

    /// Posts from several threads at once, so many messages each, then the fence.
    #[must_use]
    pub fn chatter(&self, posters: usize, each: usize) -> JoinHandle<Result<()>> {
        let (api, channel) = (self.api(), self.channel.clone());
        thread::spawn(move || {
            thread::scope(|scope| {
                let posters: Vec<_> = (0..posters)
                    .map(|poster| {
                        let (api, channel) = (api.clone(), &channel);
                        scope.spawn(move || {
                            (0..each).try_for_each(|n| {
                                api.post(channel, &format!("{poster} {n}")).map(drop)
                            })
                        })
                    })
                    .collect();
                posters
                    .into_iter()
                    .try_for_each(|poster| poster.join().map_err(|_| anyhow!("panicked"))?)
            })?;
            api.post(&channel, FENCE).map(drop)
        })
    }

    /// Returns the ids of all messages of the channel, the oldest first.
    ///
    /// # Errors
    ///
    /// Fails when the API refuses.
    pub fn history(&self) -> Result<Vec<String>> {
        let history = self.api().history(&self.channel)?;
        history.iter().map(|message| crate::api::text(message, "id")).collect()
    }
}

/// Returns contents that break what handles text carelessly, each once and marked with `name`.
#[must_use]
pub fn unicode(name: &str) -> Vec<String> {
    let family = "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466}\u{1f3f3}\u{fe0f}";
    let han = "\u{4f60}\u{597d}\u{ff0c}\u{4e16}\u{754c} \u{3053}\u{3093} \u{d55c}\u{ad6d}";
    let right_to_left = "\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{645}\u{631}\u{62d}\u{628}\u{627}";
    let astral = "\u{1d54f}\u{20000}\u{10fffd}e\u{301}";
    let marks = "\"quoted\" \\back\\ </script> {\"op\":0,\"t\":\"READY\"} \u{2028}\u{2029}\u{7f}";
    let mut contents: Vec<_> = [family, han, right_to_left, astral, marks]
        .iter()
        .map(|text| format!("{name} {text}"))
        .collect();
    contents.push(format!("{name}\nline two\n\n\tline four"));
    // 2000 characters, most of them four bytes long.
    let fill = "\u{1f680}".repeat(2000 - name.chars().count() - 1);
    contents.push(format!("{name} {fill}"));
    contents
}
