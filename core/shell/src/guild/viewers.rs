//! Who watches member lists: the guild's end of them.

use std::sync::Arc;

use throng_engine::attendance::{SessionRef, Shown};
use throng_engine::deck::Watch;
use throng_engine::event::{Change, Event};
use throng_proto::id::UserId;
use throng_proto::wire::Body;

use super::lists::{Batch, Lists, Note, Seed};
use super::task::GuildTask;

/// Members that the guild hands over in one turn.
const SEED_MAX: usize = 256;

impl GuildTask {
    /// Takes what a session wants to see of member lists.
    pub(super) fn watch(&mut self, watch: Watch) {
        let Some(member) = self.guild.member(watch.user) else { return };
        let wants = watch.wishes.iter().any(|wish| !wish.blocks.is_empty());
        let large = self.is_large();
        let lists = self
            .lists
            .get_or_insert_with(|| Lists::start(&self.ties, Arc::clone(self.guild.shape()), large));
        if wants {
            lists.viewers.insert(watch.session);
        } else {
            lists.viewers.remove(&watch.session);
        }
        lists.notes.push(Note::Watch(Box::new(watch), member));
    }

    /// Forgets a session that left the guild.
    pub(super) fn unwatch(&mut self, session: SessionRef) {
        if let Some(lists) = &mut self.lists
            && lists.viewers.remove(&session)
        {
            lists.notes.push(Note::Leave(session));
        }
    }

    fn is_large(&self) -> bool {
        self.guild.member_count() > self.ties.settings.lists.offline_members_max
    }

    /// Tells the lists of an event.
    pub(super) fn list_event(&mut self, event: &Event) {
        match &event.change {
            Change::Member(user, _) => self.list_member(*user, self.attendance.shown(*user), None),
            Change::Left(user) => self.list_note(Note::Remove(*user)),
            Change::Shape(shape) => self.list_note(Note::Shape(Arc::clone(shape))),
            _ => {}
        }
    }

    /// Tells the lists of a member as it is now.
    pub(super) fn list_member(&mut self, user: UserId, shown: Shown, presence: Option<Body>) {
        if self.lists.is_some()
            && let Some(member) = self.guild.member(user)
        {
            self.list_note(Note::Put(member, shown, presence));
        }
    }

    fn list_note(&mut self, note: Note) {
        if let Some(lists) = &mut self.lists {
            lists.notes.push(note);
        }
    }

    /// Tells whether members are still to be handed over.
    pub(super) fn has_seed(&self) -> bool {
        self.lists.as_ref().is_some_and(|lists| lists.seed != Seed::Done)
    }

    /// Hands over what has gathered, and some more members; lets lists go that nobody watches.
    pub(super) async fn serve_lists(&mut self) {
        self.seed_lists();
        let (large, members) = (self.is_large(), self.guild.member_count());
        let Some(lists) = &mut self.lists else { return };
        if large && !lists.large {
            lists.large = true;
            lists.notes.push(Note::Enlarged);
        }
        if !lists.notes.is_empty() {
            let notes = std::mem::take(&mut lists.notes);
            // They end only with the guild's end of them.
            let _gone = lists.sender.send(Batch { notes, members }).await;
        }
        if lists.viewers.is_empty() {
            self.lists = None;
        }
    }

    fn seed_lists(&mut self) {
        let Some(lists) = &mut self.lists else { return };
        let Seed::After(after) = lists.seed else { return };
        let (guild, attendance) = (&self.guild, &self.attendance);
        if lists.large {
            let some = attendance.online_after(after).take(SEED_MAX);
            let some: Vec<_> = some.map(|(user, shown)| (user, shown.clone())).collect();
            lists.seed = some.last().map_or(Seed::Done, |(user, _)| Seed::After(Some(*user)));
            for (user, shown) in some {
                let member = guild.member(user);
                let put = member.map(|member| Note::Put(member, shown, None));
                lists.notes.extend(put);
            }
        } else {
            // Few enough for one turn.
            let everybody = guild.roster().iter().map(|entry| {
                Note::Put(Arc::new(entry.member()), attendance.shown(entry.user()), None)
            });
            lists.notes.extend(everybody);
            lists.seed = Seed::Done;
        }
        if lists.seed == Seed::Done {
            lists.notes.push(Note::Seeded);
        }
    }
}
