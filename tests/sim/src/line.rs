//! A link: what it took waits here until the client reads it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use throng_engine::deck::Line;
use throng_proto::id::GuildId;
use throng_proto::wire::{Dispatch, Lane};

/// One dispatch on its way to a client.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) sequence: u32,
    pub(crate) guild: Option<GuildId>,
    /// Everything after the sequence.
    pub(crate) text: String,
}

/// Both ends of a link. Clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct Wire(Rc<State>);

#[derive(Debug)]
struct State {
    /// Which link it is, in the order of opening.
    number: u64,
    room: Cell<usize>,
    queue: RefCell<VecDeque<Frame>>,
    /// The client's end is there.
    open: Cell<bool>,
    /// It took less than it was offered, and is to be offered the rest.
    owes: Cell<bool>,
    /// The deck has closed it.
    closed: Cell<bool>,
}

impl Wire {
    pub(crate) fn new(number: u64, room: usize) -> Self {
        Self(Rc::new(State {
            number,
            room: Cell::new(room),
            queue: RefCell::default(),
            open: Cell::new(true),
            owes: Cell::new(false),
            closed: Cell::new(false),
        }))
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.number == other.0.number
    }

    /// Takes the next frame, and makes room for another one.
    pub(crate) fn read(&self) -> Option<Frame> {
        let frame = self.0.queue.borrow_mut().pop_front()?;
        self.0.room.set(self.0.room.get() + 1);
        Some(frame)
    }

    pub(crate) fn has_frames(&self) -> bool {
        !self.0.queue.borrow().is_empty()
    }

    /// Sets for how many frames there is room beside those that wait.
    pub(crate) fn make_room(&self, room: usize) {
        self.0.room.set(room);
    }

    /// Tells whether it wants to be offered something again.
    pub(crate) fn is_ready(&self) -> bool {
        self.0.owes.get() && self.0.room.get() > 0 && self.0.open.get()
    }

    pub(crate) fn offered(&self) {
        self.0.owes.set(false);
    }

    /// Lets it be offered what its session missed.
    pub(crate) fn owe(&self) {
        self.0.owes.set(true);
    }

    /// Ends the client's end; what was not read is lost.
    pub(crate) fn cut(&self) {
        self.0.open.set(false);
        self.0.queue.borrow_mut().clear();
    }

    pub(crate) fn close(&self) {
        self.0.closed.set(true);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.closed.get()
    }
}

impl Line for Wire {
    fn offer(&self, dispatches: &[Dispatch<'_>]) -> Option<usize> {
        let room = self.0.room.get();
        let count = dispatches.len().min(room);
        self.0.room.set(room - count);
        if count < dispatches.len() {
            self.0.owes.set(true);
        }
        if self.0.open.get() {
            let frames = dispatches[..count].iter().map(frame);
            self.0.queue.borrow_mut().extend(frames);
        }
        Some(count)
    }

    fn is_blocked(&self) -> bool {
        self.0.room.get() == 0
    }
}

fn frame(dispatch: &Dispatch<'_>) -> Frame {
    let mut text = String::new();
    for segment in dispatch.body.segments() {
        text.push_str(&String::from_utf8_lossy(segment.text()));
    }
    let guild = match dispatch.lane {
        Lane::Session => None,
        Lane::Guild(guild) | Lane::Ephemeral(guild) => Some(guild),
    };
    Frame { sequence: dispatch.sequence, guild, text }
}
