//! Asks a hook about more and more scenes: a spread of usual ones, then those that differ in one
//! fact from one that reached a new place of the script, and so on. What a script decides by is
//! written in it, so facts are set to its constants and their neighbours.

use std::collections::VecDeque;
use std::time::Duration;

use throng_plugin_policy_rhai::fact::Reads;
use throng_plugin_policy_rhai::trial::given::Scene;
use throng_plugin_policy_rhai::trial::stage::{Stage, Witness};
use throng_plugin_policy_rhai::{Hook, Program};

use super::constants::Constants;
use super::cost::Tally;
use super::probe::{self, Reach};
use super::sample;

/// Scenes that are asked about besides the usual ones, with the constants that facts are compared
/// with, and again with all.
const VARIANTS_MAX: usize = 1_024;
/// Of those, scenes that differ from the same one.
const OF_ONE_MAX: usize = 384;

/// One hook, made ready twice: as a gateway asks it, and watched.
pub(super) struct Search<'a> {
    pub(super) hook: Hook,
    pub(super) program: &'a Program,
    pub(super) stage: &'a Stage<'a>,
    pub(super) witness: &'a Witness,
    pub(super) constants: &'a Constants,
    pub(super) deadline: Duration,
}

/// A scene that reached a new place, with the facts that were read.
type Lead = (Scene, Reads);

impl Search<'_> {
    /// Asks until nothing new is reached, or the tally is full.
    pub(super) fn run(&self, tally: &mut Tally) {
        let usual = sample::scenes(self.hook);
        let mut leads = Vec::new();
        for scene in usual {
            if tally.is_full(self.deadline) {
                return;
            }
            leads.extend(self.ask(scene, tally));
        }
        for reach in [Reach::Compared, Reach::All] {
            self.follow(&mut leads, reach, tally);
        }
    }

    /// Varies what reached something new, and what comes of it.
    fn follow(&self, leads: &mut Vec<Lead>, reach: Reach, tally: &mut Tally) {
        let mut open: VecDeque<Lead> = leads.iter().cloned().collect();
        let mut left = VARIANTS_MAX;
        while let Some((scene, reads)) = open.pop_front() {
            let reads = reads.as_slice().iter();
            let variants =
                reads.flat_map(|read| probe::variants(&scene, *read, self.constants, reach));
            for variant in variants.take(OF_ONE_MAX.min(left)) {
                if tally.is_full(self.deadline) {
                    return;
                }
                left -= 1;
                if let Some(lead) = self.ask(variant, tally) {
                    open.push_back(lead.clone());
                    leads.push(lead);
                }
            }
        }
    }

    /// Asks about a scene, and returns it when that reached a new place.
    fn ask(&self, scene: Scene, tally: &mut Tally) -> Option<Lead> {
        let before = self.witness.count();
        let reads = scene.put(self.hook, |question| {
            let outcome = self.program.ask(scene.now, question);
            let reads = outcome.trace.reads.clone();
            // To watch a run takes long, so one that seems to go the same way is not watched.
            if tally.note(outcome, question, scene.now) {
                _ = self.stage.ask(scene.now, question);
            }
            reads
        });
        (self.witness.count() > before).then_some((scene, reads))
    }
}
