//! Everybody in one guild: libraries of others, our own, and a policy that all of them feel.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use throng_client::{Event, Events, Intents, Transport};
use throng_e2e::{
    Client, Driver, FENCE, Gateway, Identity, Library, PATIENCE, Scene, Script, Way, Wire, alike,
    intents, unicode,
};
use tokio::time::timeout;

/// Messages that mention nobody.
const CHATTER: usize = 10;
const LOUD: &str = "fn passivity(session, guild) { \"active\" }\n";
const QUIET: &str = "fn passivity(session, guild) { \"passive\" }\n";

#[test]
fn all_libraries_are_told_what_any_of_them_does() -> Result<()> {
    if !throng_e2e::all_libraries()? {
        return Ok(());
    }
    let scene = Scene::with_readers(Gateway::start()?, Library::ALL.len())?;
    let mut drivers = Vec::new();
    for (library, account) in Library::ALL.into_iter().zip(&scene.readers) {
        let driver = Driver::start(library, library.wire(), &scene.gateway, account)?;
        drivers.push(driver.context("it was installed before")?);
    }
    for driver in &mut drivers {
        driver.enter(&scene.guild)?;
    }
    let mut round = Round { scene: &scene, drivers };
    for speaker in 0..Library::ALL.len() {
        round.speaks(speaker).with_context(|| Library::ALL[speaker].name())?;
    }
    round.drivers.into_iter().try_for_each(Driver::close)
}

/// Libraries that sit in one channel; what one does all others are told.
struct Round<'a> {
    scene: &'a Scene,
    drivers: Vec<Driver>,
}

impl Round<'_> {
    /// Posts, edits and reacts, and shows something else.
    fn speaks(&mut self, speaker: usize) -> Result<()> {
        let (scene, name) = (self.scene, Library::ALL[speaker].name());
        let (channel, user) = (&scene.channel, &scene.readers[speaker].id);
        let mut last = String::new();
        for content in unicode(&format!("{name} says")) {
            last = self.drivers[speaker].post(channel, &content)?;
            let told = json!({ "id": last, "author": user, "content": content });
            self.others_are_told(speaker, "message", &told)?;
        }
        let content = format!("{name} says otherwise");
        let edit = json!({ "do": "edit", "channel": channel, "message": last, "content": content });
        self.drivers[speaker].tell(&edit)?;
        let told = json!({ "id": last, "content": content });
        self.drivers[speaker].told_of("edited", &told)?;
        self.others_are_told(speaker, "edit", &told)?;
        let (emoji, playing) = ("\u{1f44d}", format!("{name} plays"));
        let react = json!({ "do": "react", "channel": channel, "message": last, "emoji": emoji });
        self.drivers[speaker].tell(&react)?;
        self.drivers[speaker].expect("reacted")?;
        let told = json!({ "message": last, "user": user, "emoji": emoji });
        self.others_are_told(speaker, "reaction", &told)?;
        let shows = json!({ "do": "presence", "status": "idle", "playing": playing });
        self.drivers[speaker].tell(&shows)?;
        let told = json!({ "user": user, "status": "idle", "playing": playing });
        self.others_are_told(speaker, "presence", &told)
    }

    fn others_are_told(&mut self, speaker: usize, event: &str, due: &Value) -> Result<()> {
        let drivers = self.drivers.iter_mut().zip(Library::ALL).enumerate();
        for (_, (driver, library)) in drivers.filter(|(listener, _)| *listener != speaker) {
            driver.told_of(event, due).with_context(|| library.name())?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn quic_websocket_and_discordpy_talk_in_one_guild_and_feel_one_policy() -> Result<()> {
    if throng_e2e::driver(Library::DiscordPy, Wire::Zstd)?.is_none() {
        return Ok(());
    }
    let script = Script::new(LOUD)?;
    let gateway = Gateway::builder().set("policy.path", &script.path().display()).start()?;
    let scene = Scene::with_readers(gateway, 3)?;
    let mut trio = Trio::enter(&scene).await?;
    trio.talk(&scene).await?;

    // The same three links all along, whatever the policy says.
    let admin = scene.gateway.admin()?;
    script.replace(QUIET, &admin)?;
    let all = scene.readers.iter().map(|reader| format!("<@{}>", reader.id)).collect::<String>();
    chatter(&scene)?;
    scene.api().post(&scene.channel, &all)?;
    trio.are_told(&[all]).await?;

    script.replace(LOUD, &admin)?;
    let mut due = chatter(&scene)?;
    scene.api().post(&scene.channel, FENCE)?;
    due.push(FENCE.to_owned());
    trio.are_told(&due).await?;
    let (links, resumes) = (admin.metric("throng_links")?, admin.metric("throng_resumes_total")?);
    ensure!((links, resumes) == (3, 0), "{links} links and {resumes} resumes");
    trio.discordpy.close()
}

/// Posts what mentions nobody, and returns it.
fn chatter(scene: &Scene) -> Result<Vec<String>> {
    let contents: Vec<_> = (0..CHATTER).map(|n| format!("chatter {n}")).collect();
    for content in &contents {
        scene.api().post(&scene.channel, content)?;
    }
    Ok(contents)
}

/// Our own client over QUIC, a plain one over WebSocket, and a library of others.
struct Trio {
    quic: throng_client::Client,
    events: Events,
    websocket: Client,
    discordpy: Driver,
}

impl Trio {
    async fn enter(scene: &Scene) -> Result<Self> {
        let [first, second, third] = scene.readers.as_slice() else { bail!("not three readers") };
        let wanted = Intents::parse(intents::MESSAGES).context("no intents")?;
        let (quic, events) = throng_client::Client::builder(&first.token)
            .only(Transport::Quic)
            .quic(scene.gateway.quic().0.to_string(), "localhost")
            .intents(wanted)
            .connect()?;
        let identity = Identity::bot(second, intents::MESSAGES);
        let websocket = Client::enter(&scene.gateway.route(Way::WEBSOCKET), &identity).await?;
        let discordpy = Driver::start(Library::DiscordPy, Wire::Zstd, &scene.gateway, third)?;
        let discordpy = discordpy.context("it was installed before")?;
        let mut trio = Self { quic, events, websocket, discordpy };
        trio.discordpy.enter(&scene.guild)?;
        while !matches!(trio.event().await?, Event::GuildCreate(_)) {}
        Ok(trio)
    }

    /// Lets each of them speak, and all hear it.
    async fn talk(&mut self, scene: &Scene) -> Result<()> {
        for content in unicode("over QUIC") {
            self.quic.publish(scene.channel.parse()?, &content).await?;
            self.are_told(&[content]).await?;
        }
        let api = scene.gateway.api(&scene.readers[1]);
        for content in unicode("over HTTP") {
            api.post(&scene.channel, &content)?;
            self.are_told(&[content]).await?;
        }
        for content in unicode("in Python") {
            // Told of its own message maybe before it knows that it is posted.
            let post = json!({ "do": "post", "channel": scene.channel, "content": content });
            self.discordpy.tell(&post)?;
            self.are_told(&[content]).await?;
        }
        Ok(())
    }

    /// Expects all of them to be told exactly these messages, in order.
    async fn are_told(&mut self, due: &[String]) -> Result<()> {
        let last = due.last().context("nothing is due")?;
        let mut told = Vec::new();
        while told.last() != Some(last) {
            if let Event::MessageCreate(posted) = self.event().await? {
                told.push(posted.message.content.clone());
            }
        }
        alike(&told, due).context("over QUIC")?;
        let passed = self.websocket.until_message(last).await?;
        let passed = passed.iter().filter(|dispatch| dispatch.t == "MESSAGE_CREATE");
        let mut told: Vec<_> =
            passed.filter_map(|one| one.d["content"].as_str().map(str::to_owned)).collect();
        told.push(last.clone());
        alike(&told, due).context("over WebSocket")?;
        alike(&self.discordpy.messages_until(last)?, due).context("discord.py")
    }

    /// Reads the next event of the client over QUIC, whose link must hold.
    async fn event(&mut self) -> Result<Event> {
        let event = timeout(PATIENCE, self.events.next()).await.context("nothing came")?;
        match event.context("the client has ended")? {
            lost @ (Event::Reconnecting { .. } | Event::SessionLost | Event::Closed(_)) => {
                bail!("told {lost:?}")
            }
            event => Ok(event),
        }
    }
}
