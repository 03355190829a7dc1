//! The gateway is asked to end, and comes back.

use anyhow::{Context as _, Result, bail, ensure};
use throng_e2e::{
    Client, Driver, Event, FENCE, Gateway, Identity, Library, Scene, Way, alike, intents,
};

/// Close codes that every library resumes on.
const RESUMABLE: [u16; 3] = [4000, 1001, 1012];
/// Messages before the end, which clients may not have read yet.
const BEFORE: usize = 20;

#[tokio::test]
async fn sigterm_drains_and_sessions_resume_in_the_next_process() -> Result<()> {
    let mut scene = Scene::with_readers(Gateway::start()?, Way::ALL.len())?;
    let mut clients = enter(&scene).await?;
    let api = scene.api();
    for n in 0..BEFORE {
        api.post(&scene.channel, &format!("before {n}"))?;
    }
    scene.gateway.terminate()?;
    let mut contents = vec![Vec::new(); clients.len()];
    for (client, contents) in clients.iter_mut().zip(&mut contents) {
        let code = part(client, contents).await?;
        ensure!(RESUMABLE.contains(&code), "closed with {code}");
    }
    let status = scene.gateway.wait()?;
    ensure!(status.success(), "the drained gateway ends with {status}");

    scene.gateway.restart()?;
    let expected: Vec<_> = (0..BEFORE).map(|n| format!("before {n}")).collect();
    let mut resumed = Vec::new();
    for (client, mut contents) in clients.into_iter().zip(contents) {
        let mut client = client.cursor().resume().await?;
        let missed = client.catch_up().await?;
        contents.extend(missed.iter().filter_map(|dispatch| content(&dispatch.d)));
        alike(&contents, &expected)?;
        resumed.push(client);
    }
    scene.api().post(&scene.channel, FENCE)?;
    for mut client in resumed {
        let passed = client.until_message(FENCE).await?;
        ensure!(passed.is_empty(), "told {passed:?}");
    }
    Ok(())
}

#[tokio::test]
async fn the_admin_api_drains_with_codes_that_clients_resume_on() -> Result<()> {
    let scene = Scene::with_readers(Gateway::start()?, Way::ALL.len())?;
    let mut clients = enter(&scene).await?;
    scene.gateway.admin()?.drain()?;
    for client in &mut clients {
        let code = part(client, &mut Vec::new()).await?;
        ensure!(RESUMABLE.contains(&code), "closed with {code}");
    }
    Ok(())
}

#[test]
fn libraries_resume_by_themselves_when_the_gateway_comes_back() -> Result<()> {
    if !throng_e2e::all_libraries()? {
        return Ok(());
    }
    let mut scene = Scene::with_readers(Gateway::start()?, Library::ALL.len())?;
    let mut drivers = Vec::new();
    for (library, account) in Library::ALL.into_iter().zip(&scene.readers) {
        let driver = Driver::start(library, library.wire(), &scene.gateway, account)?;
        let mut driver = driver.context("it was installed before")?;
        driver.enter(&scene.guild)?;
        drivers.push(driver);
    }
    // The others try again and again meanwhile.
    let forgetful = drivers.iter().zip(Library::ALL).filter(|(_, library)| library.forgets());
    forgetful.map(|(driver, _)| driver).try_for_each(Driver::stop)?;
    scene.gateway.terminate()?;
    let status = scene.gateway.wait()?;
    ensure!(status.success(), "the drained gateway ends with {status}");
    scene.gateway.restart()?;
    // Before anybody is back, if they are slow; what counts is exactly once.
    scene.api().post(&scene.channel, "welcome back")?;
    for (driver, library) in drivers.iter_mut().zip(Library::ALL) {
        let mut told = driver.carry_on().with_context(|| library.name())?;
        scene.api().post(&scene.channel, FENCE)?;
        told.extend(driver.messages_until(FENCE)?);
        told.retain(|content| content != FENCE);
        ensure!(told == ["welcome back"], "{} is told {told:?}", library.name());
    }
    drivers.into_iter().try_for_each(Driver::close)
}

async fn enter(scene: &Scene) -> Result<Vec<Client>> {
    let mut clients = Vec::new();
    for (way, account) in Way::ALL.into_iter().zip(&scene.readers) {
        let identity = Identity::bot(account, intents::MESSAGES);
        clients.push(Client::enter(&scene.gateway.route(way), &identity).await?);
    }
    Ok(clients)
}

/// Reads up to the end of the connection, which opcode 7 must announce; returns the close code.
async fn part(client: &mut Client, contents: &mut Vec<String>) -> Result<u16> {
    let mut announced = false;
    loop {
        match client.next().await? {
            Event::Dispatch(dispatch) => contents.extend(content(&dispatch.d)),
            Event::Reconnect => announced = true,
            Event::Closed(code) => {
                ensure!(announced, "closed with {code:?} and without opcode 7");
                return code.context("closed without a code");
            }
            other @ (Event::Answer(_) | Event::Invalid(_)) => bail!("told {other:?}"),
        }
    }
}

fn content(data: &serde_json::Value) -> Option<String> {
    data["content"].as_str().map(str::to_owned)
}
