//! The way of a command: check, commit, take effect, answer, publish.

use std::collections::BTreeSet;
use std::sync::Arc;

use throng_proto::command::{Actor, Answer, Command, Outcome, Reply};
use throng_proto::id::ChannelId;
use throng_proto::record::MessageRow;
use throng_proto::refusal::Refusal;
use throng_proto::time::Timestamp;

use super::desk::Pending;
use super::invites::InviteChange;
use super::job::{Job, Order};
use super::ledger::{Key, Need};
use super::parking::{Parked, keys};
use super::plan::{Decided, Decision, Effect, Post};
use super::{Guild, MemberChange, Output, Ticket};
use crate::event::Change;
use crate::outbox::Outbox;
use crate::planted::{self, Planted};
use crate::shape::Shape;

impl Guild {
    /// Checks a job now, or lets it wait.
    pub(super) fn ask(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        job: Job,
        out: &mut Outbox<Output>,
    ) {
        let order = job.order();
        if self.deleted {
            out.push(Output::Answer(ticket, Err(Refusal::UnknownGuild)));
        } else if self.desk.admits_new(order, self.config.batch_max)
            && (order == Order::Free || self.desk.len() < self.config.pending_max)
        {
            self.take(now, ticket, job, out);
            self.launch(now, out);
            self.look(out);
        } else if self.desk.len() < self.config.pending_max {
            self.desk.wait(ticket, job);
        } else {
            let reason = format!(
                "The guild has {} commands pending, which is all it takes; try again.",
                self.config.pending_max
            );
            let refusal = Refusal::unavailable(reason);
            out.push(Output::Answer(ticket, Err(refusal)));
        }
    }

    /// Runs a job, or parks it until everything is known that it needs and nothing before it is
    /// parked that it has to follow.
    fn take(&mut self, now: Timestamp, ticket: Ticket, job: Job, out: &mut Outbox<Output>) {
        let needs = self.needs(now, &job);
        self.ledger.pin(&keys(&needs));
        self.run_or_park(now, Parked { ticket, job, needs }, out);
    }

    fn run_or_park(&mut self, now: Timestamp, parked: Parked, out: &mut Outbox<Output>) {
        let free = parked.job.order() == Order::Free;
        let behind = self.desk.parking.blocked.holds(&parked.job, &parked.needs);
        let known = parked.needs.iter().all(|need| self.ledger.knows(*need));
        if free || known && !behind && !self.desk.is_full(self.config.batch_max) {
            return self.run(now, parked, out);
        }
        for need in &parked.needs {
            if !self.ledger.knows(*need) {
                self.ledger.want(*need);
            }
        }
        self.desk.parking.park(parked);
    }

    /// Looks at all parked jobs again, in their order.
    fn resume(&mut self, now: Timestamp, out: &mut Outbox<Output>) {
        if self.desk.is_full(self.config.batch_max) {
            return;
        }
        for mut parked in std::mem::take(&mut self.desk.parking).jobs {
            let needs = self.needs(now, &parked.job);
            self.ledger.pin(&keys(&needs));
            self.ledger.let_go(&keys(&parked.needs));
            parked.needs = needs;
            self.run_or_park(now, parked, out);
        }
    }

    /// Asks the store for what parked jobs need.
    fn look(&mut self, out: &mut Outbox<Output>) {
        if let Some((read, queries)) = self.ledger.ask() {
            out.push(Output::Read(read, queries));
        }
    }

    /// Goes on with what waited for a read.
    pub(super) fn read(
        &mut self,
        now: Timestamp,
        read: u64,
        rows: Vec<Option<MessageRow>>,
        out: &mut Outbox<Output>,
    ) {
        self.ledger.learn(read, rows);
        self.advance(now, out);
    }

    /// Refuses what waited for a read that failed.
    pub(super) fn read_failed(
        &mut self,
        now: Timestamp,
        read: u64,
        reason: &str,
        out: &mut Outbox<Output>,
    ) {
        let unread: BTreeSet<Key> = self.ledger.unread(read).into_iter().collect();
        for parked in std::mem::take(&mut self.desk.parking).jobs {
            let lost = |need: &Need| unread.contains(&need.key) && !self.ledger.knows(*need);
            if parked.needs.iter().any(lost) {
                self.ledger.let_go(&keys(&parked.needs));
                let reason = format!("Nothing was changed: {reason}");
                let refusal = Refusal::unavailable(reason);
                out.push(Output::Answer(parked.ticket, Err(refusal)));
            } else {
                self.desk.parking.park(parked);
            }
        }
        self.advance(now, out);
    }

    fn run(&mut self, now: Timestamp, parked: Parked, out: &mut Outbox<Output>) {
        let Parked { ticket, job, needs } = parked;
        let keys = keys(&needs);
        let order = job.order();
        let decided = match job {
            Job::Command(actor, command) => self.decide(now, &actor, *command),
            Job::Import(members) => self.import(members),
            Job::Held(holders) => self.role_held(&holders),
        };
        let fitting = decided.and_then(|decision| {
            if let Decision::Commit(plan) = &decision {
                plan.fits(self.config.event_bytes_max)?;
            }
            Ok(decision)
        });
        match fitting {
            Err(refusal) => self.answer(ticket, Err(refusal), &keys, out),
            Ok(Decision::Answer(reply)) => self.answer(ticket, Ok(reply), &keys, out),
            Ok(Decision::Show(draft)) => {
                let (_, event) = draft.number(self.shape.id(), 0, now);
                out.push(Output::Answer(ticket, Ok(Reply::nothing())));
                out.push(Output::Publish(Arc::new(event)));
            }
            Ok(Decision::Commit(plan)) => {
                let touched = self.ledger.apply(&keys, &plan.writes);
                return self.desk.accept((ticket, order), *plan, keys, touched);
            }
            Ok(Decision::Join(message)) if self.desk.join(ticket, message) => {}
            // A nonce is marked as pending exactly while its post is.
            Ok(Decision::Join(_)) => {
                out.push(Output::Answer(ticket, Err(Refusal::UnknownMessage)));
            }
        }
        self.ledger.let_go(&keys);
    }

    fn decide(&mut self, now: Timestamp, actor: &Actor, command: Command) -> Decided {
        if let Some(decided) = self.decide_open(now, actor, &command) {
            return decided;
        }
        let who = self.authority(now, actor)?;
        match command {
            Command::GuildGet { counts } => Ok(self.guild_get(counts)),
            Command::GuildPatch(patch) => self.guild_patch(&who, patch),
            Command::GuildDelete => self.guild_delete(&who),
            Command::ChannelList => Ok(self.channel_list()),
            Command::ChannelGet(channel) => self.channel_get(&who, channel),
            Command::ChannelCreate(patch) => self.channel_create(&who, patch),
            Command::ChannelPatch(channel, patch) => self.channel_patch(&who, channel, patch),
            Command::ChannelDelete(channel) => self.channel_delete(&who, channel),
            Command::OverwritePut(channel, overwrite) => {
                self.overwrite_put(&who, channel, overwrite)
            }
            Command::OverwriteDelete(channel, target) => {
                self.overwrite_delete(&who, channel, target)
            }
            Command::RoleList => Ok(self.role_list()),
            Command::RoleCreate(patch) => self.role_create(&who, patch),
            Command::RolePatch(role, patch) => self.role_patch(&who, role, patch),
            Command::RoleDelete(role) => self.role_delete(&who, role),
            Command::MemberGet(user) => self.member_get(user),
            Command::MemberList { after, limit } => Ok(self.member_list(after, limit)),
            Command::MemberSearch { query, limit } => Ok(self.member_search(&query, limit)),
            Command::MemberPut(user, patch) => self.member_put(&who, user, patch),
            Command::MemberPatch(user, patch) => self.member_patch(&who, user, patch),
            Command::MemberDelete(user) => self.member_delete(&who, user),
            Command::MemberRoleAdd(user, role) => self.member_role(&who, user, role, true),
            Command::MemberRoleRemove(user, role) => self.member_role(&who, user, role, false),
            Command::InviteCreate(channel, draft) => self.invite_create(&who, channel, draft),
            Command::InviteList(channel) => self.invite_list(&who, channel),
            Command::InviteDelete(code) => self.invite_delete(&who, &code),
            // Decided before, whoever asks.
            Command::InviteGet { .. } | Command::InviteAccept(_) => Err(Refusal::UnknownInvite),
            Command::MessageCreate(channel, draft) => self.message_create(&who, channel, *draft),
            Command::MessageEdit(channel, message, patch) => {
                self.message_edit(&who, (channel, message), *patch)
            }
            Command::MessageDelete(channel, message) => {
                self.message_delete(&who, (channel, message))
            }
            Command::MessageBulkDelete(channel, ids) => self.bulk_delete(&who, channel, ids),
            Command::ReactionAdd(channel, message, emoji) => {
                self.reaction_add(&who, (channel, message), emoji)
            }
            Command::ReactionRemove(channel, message, emoji, user) => {
                self.reaction_remove(&who, (channel, message), emoji, user)
            }
            Command::ReactionClear(channel, message, emoji) => {
                self.reaction_clear(&who, (channel, message), emoji)
            }
            Command::Typing(channel) => self.typing(&who, channel),
            Command::Access(channel, permissions) => {
                let channel = who.need_in(channel, permissions)?;
                Ok(Decision::say(Answer::Granted(who.in_channel(&channel))))
            }
        }
    }

    /// Answers what needs no commit, but not before what the answer rests on is committed.
    fn answer(&mut self, ticket: Ticket, outcome: Outcome, keys: &[Key], out: &mut Outbox<Output>) {
        if let Some(outcome) = self.desk.tell(ticket, outcome, keys) {
            out.push(Output::Answer(ticket, outcome));
        }
    }

    /// Lets everything take effect that the store has committed.
    pub(super) fn committed(&mut self, now: Timestamp, out: &mut Outbox<Output>) {
        for pending in self.desk.land() {
            self.ledger.let_go(&pending.keys);
            self.finish(pending, out);
        }
        self.advance(now, out);
    }

    /// Drops what the store refused, and what was decided on it.
    pub(super) fn commit_failed(&mut self, now: Timestamp, reason: &str, out: &mut Outbox<Output>) {
        let (failed, touched) = self.desk.crash();
        self.ledger.forget(&touched);
        for pending in failed {
            self.ledger.let_go(&pending.keys);
            if let Some(post) = &pending.effect.posted {
                self.unpost(post);
            }
            let told = pending.told.into_iter().map(|(ticket, _)| ticket);
            for ticket in pending.tickets.into_iter().chain(told) {
                let reason = format!("Nothing was changed: {reason}");
                let refusal = Refusal::unavailable(reason);
                out.push(Output::Answer(ticket, Err(refusal)));
            }
        }
        self.advance(now, out);
    }

    /// Checks what waited, and hands over the next commit.
    fn advance(&mut self, now: Timestamp, out: &mut Outbox<Output>) {
        if self.deleted {
            for ticket in self.desk.abandon() {
                out.push(Output::Answer(ticket, Err(Refusal::UnknownGuild)));
            }
        }
        self.resume(now, out);
        while let Some((ticket, job)) = self.desk.next(self.config.batch_max) {
            self.take(now, ticket, job, out);
        }
        self.launch(now, out);
        self.look(out);
    }

    fn launch(&mut self, now: Timestamp, out: &mut Outbox<Output>) {
        if let Some(writes) = self.desk.launch(self.shape.id(), self.sequence, now) {
            out.push(Output::Commit(writes));
            if planted::has(Planted::PublishEarly) {
                self.committed(now, out);
            }
        }
    }

    fn finish(&mut self, pending: Pending, out: &mut Outbox<Output>) {
        let Pending { tickets, reply, effect, events, told, .. } = pending;
        let (joined, gone) = (effect.joined.clone(), effect.gone);
        self.apply(effect, out);
        for ticket in tickets {
            out.push(Output::Answer(ticket, Ok(reply.clone())));
        }
        for (ticket, outcome) in told {
            out.push(Output::Answer(ticket, outcome));
        }
        for event in events {
            // Invariant: G2.
            debug_assert_eq!(event.sequence, self.sequence + 1, "G2: the sequence has no gaps");
            self.sequence = event.sequence;
            out.push(Output::Publish(event));
        }
        for user in joined {
            out.push(Output::Joined(user));
        }
        if gone {
            self.deleted = true;
            out.push(Output::Deleted);
        }
    }

    /// Changes memory. Channels are routed before anybody can hear of them.
    fn apply(&mut self, effect: Effect, out: &mut Outbox<Output>) {
        let Effect { shape, members, left, dropped, added, removed, invites, posted, .. } = effect;
        if let Some(shape) = shape {
            self.shape = shape;
        }
        for member in members {
            self.roster.put(&member);
            if self.telling {
                out.push(Output::Changed(MemberChange::Is(member)));
            }
        }
        if let Some(user) = left {
            self.roster.remove(user);
            if self.telling {
                out.push(Output::Changed(MemberChange::Gone(user)));
            }
        }
        if let Some(role) = dropped {
            out.push(Output::Holders { role, members: self.roster.snapshot() });
            self.roster.drop_role(role);
            if self.telling {
                out.push(Output::Changed(MemberChange::Without(role)));
            }
        }
        if let Some(channel) = removed {
            self.last_messages.shift_remove(&channel);
        }
        self.apply_invites(invites, removed, out);
        if added.is_some() || removed.is_some() {
            out.push(Output::Channels {
                added: added.into_iter().collect(),
                removed: removed.into_iter().collect(),
            });
        }
        if let Some(post) = posted {
            self.posted(post);
        }
    }

    fn apply_invites(
        &mut self,
        changes: Vec<InviteChange>,
        channel: Option<ChannelId>,
        out: &mut Outbox<Output>,
    ) {
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        for change in changes {
            let (new, gone) = self.invites.apply(change);
            added.extend(new);
            removed.extend(gone);
        }
        removed.extend(channel.into_iter().flat_map(|channel| self.invites.drop_channel(channel)));
        if !added.is_empty() || !removed.is_empty() {
            out.push(Output::Invites { added, removed });
        }
    }

    fn posted(&mut self, post: Post) {
        let newest = self.last_messages.entry(post.channel).or_insert(post.message);
        *newest = post.message.max(*newest);
        if let Some(known) = post.nonce.and_then(|nonce| self.nonces.value_mut(&nonce))
            && known.message == post.message
        {
            known.committed = true;
        }
    }

    /// Forgets a message that was never posted, so that it can be posted again.
    fn unpost(&mut self, post: &Post) {
        self.paced.forget(&(post.channel, post.author), |message| *message == post.message);
        if let Some(nonce) = &post.nonce {
            self.nonces.forget(nonce, |known| known.message == post.message);
        }
    }

    /// Returns the change that tells relays of a new shape.
    pub(super) fn reshaped(shape: &Arc<Shape>) -> Change {
        Change::Shape(Arc::clone(shape))
    }
}
