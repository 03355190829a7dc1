//! All libraries in one guild.

use anyhow::{Result, ensure};
use throng_e2e::{Driver, Gateway, Library, Scene, Wire, unicode};

#[test]
fn libraries_of_three_languages_talk_to_each_other() -> Result<()> {
    let wires = [Wire::Zstd, Wire::Zlib, Wire::Plain];
    for (library, wire) in Library::ALL.into_iter().zip(wires) {
        if throng_e2e::driver(library, wire)?.is_none() {
            return Ok(());
        }
    }
    let scene = Scene::with_readers(Gateway::start()?, Library::ALL.len())?;
    let mut drivers = Vec::new();
    for ((library, wire), account) in Library::ALL.into_iter().zip(wires).zip(&scene.readers) {
        drivers.extend(Driver::start(library, wire, &scene.gateway, account)?);
    }
    for driver in &mut drivers {
        driver.enter(&scene.guild)?;
    }
    for speaker in 0..drivers.len() {
        for content in unicode(&format!("{} says", Library::ALL[speaker].name())) {
            let id = drivers[speaker].post(&scene.channel, &content)?;
            for (listener, driver) in drivers.iter_mut().enumerate() {
                if listener == speaker {
                    continue;
                }
                let message = driver.message_by(&scene.readers[speaker])?;
                ensure!(message["id"] == id.as_str(), "{message} is not {id}");
                ensure!(message["content"] == content.as_str(), "{message} is not {content:?}");
            }
        }
    }
    drivers.into_iter().try_for_each(Driver::close)
}
