//! Steps through a world in the terminal.

use std::io::{IsTerminal as _, Read as _, Write as _, stdin, stdout};
use std::ops::ControlFlow;
use std::process::{Command, Stdio};

use throng_sim::{Seen, Watch};

/// What the keys are.
const KEYS: &str = "Enter or space: next event, n: next fault, c: run on, q: quit";

/// How far a world runs until the next key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    Event,
    Fault,
    End,
}

/// A terminal that gives keys at once; as it was before when this is dropped.
struct Keys {
    before: Option<String>,
}

impl Keys {
    fn open() -> Self {
        let before = stty(&["-g"]);
        if before.is_some() {
            stty(&["-icanon", "-echo", "min", "1"]);
        }
        Self { before }
    }

    /// Waits for a key that means something; `None` means to quit.
    fn next(&self) -> Option<Until> {
        loop {
            let mut key = [0];
            stdin().read_exact(&mut key).ok()?;
            match key[0] {
                b'\n' | b'\r' | b' ' => return Some(Until::Event),
                b'n' => return Some(Until::Fault),
                b'c' => return Some(Until::End),
                b'q' => return None,
                _ => println!("{KEYS}"),
            }
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            stty(&[before]);
        }
    }
}

/// Sets up the terminal; `None` when that cannot be done.
fn stty(arguments: &[&str]) -> Option<String> {
    let output = Command::new("stty").args(arguments).stdin(Stdio::inherit()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Makes who watches: a person with keys, or nobody, for whom everything is printed.
pub(crate) fn watch() -> Watch {
    if !stdin().is_terminal() || !stdout().is_terminal() {
        return Box::new(|seen| {
            show(seen);
            ControlFlow::Continue(())
        });
    }
    println!("{KEYS}");
    let (keys, mut until) = (Keys::open(), Until::Event);
    Box::new(move |seen| {
        show(seen);
        let halts = match until {
            Until::Event => true,
            Until::Fault => matches!(seen, Seen::Fault(_)),
            Until::End => false,
        };
        if halts {
            match keys.next() {
                Some(next) => until = next,
                None => return ControlFlow::Break(()),
            }
        }
        ControlFlow::Continue(())
    })
}

fn show(seen: Seen<'_>) {
    let line = match seen {
        Seen::Event(line) => writeln!(stdout(), "{line}"),
        Seen::Fault(line) => writeln!(stdout(), "-- {line}"),
    };
    // Whoever reads may have gone, as `head` does.
    if line.is_err() {
        std::process::exit(0);
    }
}
