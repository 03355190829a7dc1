//! What ran on an engine, step by step.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;
use rhai::debugger::DebuggerCommand;
use rhai::{ASTNode, Engine, OptimizationLevel, Position};

/// Steps that are kept in order: 4,096 steps are a long way through any policy.
const STEPS_MAX: usize = 4_096;

/// Sees what engines run. Clones see it together.
#[derive(Clone, Debug, Default)]
pub struct Witness(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    /// Sources by name, each with the places that ran.
    sources: Vec<(String, BTreeSet<(usize, usize)>)>,
    /// How many places ran.
    count: usize,
    /// Index of a source, line, column.
    order: Vec<(usize, usize, usize)>,
}

/// A statement or an expression that ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Path of the script, or name of the module.
    pub source: String,
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

impl Witness {
    /// Watches an engine, which then runs what is written and not what is equal to it.
    pub(super) fn attach(&self, engine: &mut Engine) {
        let seen = Arc::clone(&self.0);
        engine.set_optimization_level(OptimizationLevel::None);
        #[allow(deprecated, reason = "that is how Rhai marks what may change with its version")]
        engine.register_debugger(
            |_, debugger| debugger,
            move |_, _, node, source, place| {
                // A call reports the place of its body too, which is not a step of its own.
                if !matches!(node, ASTNode::Stmt(statement) if statement.is_noop()) {
                    seen.lock().note(source.unwrap_or_default(), place);
                }
                Ok(DebuggerCommand::StepInto)
            },
        );
    }

    /// Returns the places that ran of a source, as lines and columns.
    pub fn places(&self, source: &str) -> BTreeSet<(usize, usize)> {
        let seen = self.0.lock();
        let found = seen.sources.iter().find(|(name, _)| name == source);
        found.map(|(_, places)| places.clone()).unwrap_or_default()
    }

    /// Counts the places that ran.
    pub fn count(&self) -> usize {
        self.0.lock().count
    }

    /// Returns the first steps, in order.
    pub fn steps(&self) -> Vec<Step> {
        let seen = self.0.lock();
        let step = |(source, line, column): &(usize, usize, usize)| Step {
            source: seen.sources[*source].0.clone(),
            line: *line,
            column: *column,
        };
        seen.order.iter().map(step).collect()
    }
}

impl Seen {
    fn note(&mut self, source: &str, place: Position) {
        let (Some(line), Some(column)) = (place.line(), place.position()) else { return };
        let index = match self.sources.iter().position(|(name, _)| name == source) {
            Some(index) => index,
            None => {
                self.sources.push((source.to_owned(), BTreeSet::new()));
                self.sources.len() - 1
            }
        };
        self.count += usize::from(self.sources[index].1.insert((line, column)));
        if self.order.len() < STEPS_MAX {
            self.order.push((index, line, column));
        }
    }
}
