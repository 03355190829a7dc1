//! One decision, with how it came about.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use rhai::{Engine, OptimizationLevel};
use throng_plugin_policy_rhai::trial::given::Scene;
use throng_plugin_policy_rhai::trial::stage::{Stage, Witness};
use throng_plugin_policy_rhai::trial::words;
use throng_plugin_policy_rhai::{
    Config, Hook, HookConfig, Outcome, Program, Sandbox, Script, Source,
};
use throng_ports::policy::PolicyFault;

use super::cost::WALL_MILLIS;
use super::coverage;

/// Lines that a report shows: whoever wants more of a loop can read it.
const LINES_MAX: usize = 200;

/// One decision, with how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Hook that was asked.
    pub hook: Hook,
    /// Script, and its version.
    pub policy: String,
    /// Facts that were read, with their values.
    pub facts: Vec<(String, String)>,
    /// Lines that ran, in order.
    pub lines: Vec<Line>,
    /// Operations that it took, and that it may take; `None` when the native default answered.
    pub operations: Option<(u64, u64)>,
    /// Verdict, as a script writes it.
    pub verdict: Result<String, PolicyFault>,
}

/// A line that ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Module that it is in; empty for the script itself.
    pub module: String,
    /// Number.
    pub number: usize,
    /// What it says.
    pub text: String,
}

/// Asks a hook about a scene.
///
/// # Errors
///
/// The script is past the limits of the hook.
pub(super) fn explain(
    script: &Arc<Script>,
    sandbox: &Sandbox,
    config: &Config,
    (hook, scene): (Hook, &Scene),
) -> Result<Explanation, PolicyFault> {
    let policy = format!("{} ({})", script.source.path.display(), script.version);
    let explanation = Explanation {
        hook,
        policy,
        facts: Vec::new(),
        lines: Vec::new(),
        operations: None,
        verdict: Ok(String::new()),
    };
    if !script.hooks.contains(&hook) {
        let verdict = scene.put(hook, |question| question.put(&sandbox.native, scene.now));
        return Ok(Explanation { verdict: Ok(words::of_verdict(&verdict)), ..explanation });
    }
    // What a gateway answers, and once more to see how.
    let limits = HookConfig { wall_millis_max: WALL_MILLIS, ..*config.hooks.of(hook) };
    let program = Program::new(script, hook, sandbox, &limits)?;
    let witness = Witness::default();
    let stage = Stage::new(script, sandbox, &limits, Some(&witness))?;
    Ok(scene.put(hook, |question| {
        let Outcome { verdict, trace } = program.ask(scene.now, question);
        _ = stage.ask(scene.now, question);
        Explanation {
            facts: words::of_reads(question, scene.now, &trace),
            lines: lines(script, &stage, &witness),
            operations: Some((trace.operations, limits.operations_max)),
            verdict: verdict
                .map(|verdict| words::of_verdict(&verdict))
                .map_err(|failure| failure.fault),
            ..explanation
        }
    }))
}

/// Lists the lines of the statements that ran, each run of a line once.
fn lines(script: &Script, stage: &Stage<'_>, witness: &Witness) -> Vec<Line> {
    let own = script.source.path.display().to_string();
    let mut engine = Engine::new_raw();
    engine.set_optimization_level(OptimizationLevel::None);
    let mut texts = vec![(own.clone(), &script.source, coverage::statements(stage.ast()))];
    let modules = script.modules();
    for (name, source) in &modules {
        let statements = engine.compile(&source.text).map(|ast| coverage::statements(&ast));
        texts.push((name.clone(), source, statements.unwrap_or_default()));
    }
    let mut lines: Vec<Line> = Vec::new();
    for step in witness.steps() {
        let Some((_, source, statements)) = texts.iter().find(|(name, ..)| *name == step.source)
        else {
            continue;
        };
        let place = (step.line, step.column);
        let Some((number, _)) = statements.iter().find(|(_, known)| *known == place) else {
            continue;
        };
        let module = if step.source == own { String::new() } else { step.source };
        let line = Line { module, number: *number, text: text(source, *number) };
        if lines.last() != Some(&line) {
            lines.push(line);
        }
    }
    lines
}

fn text(source: &Source, line: usize) -> String {
    source.text.lines().nth(line.saturating_sub(1)).unwrap_or_default().to_owned()
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} of {}", self.hook, self.policy)?;
        if self.operations.is_none() {
            writeln!(f, "\nThe script has no such hook; the native default answers.")?;
        }
        if !self.facts.is_empty() {
            writeln!(f, "\nfacts that it read")?;
            let width = self.facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
            for (name, value) in &self.facts {
                writeln!(f, "  {name:width$}  {value}")?;
            }
        }
        if !self.lines.is_empty() {
            writeln!(f, "\nlines that ran")?;
            self.write_lines(f)?;
        }
        if let Some((operations, limit)) = self.operations {
            writeln!(f, "\noperations  {operations} of {limit}")?;
        }
        match &self.verdict {
            Ok(verdict) => writeln!(f, "verdict     {verdict}"),
            Err(fault) => writeln!(f, "failure     {}", fault.report),
        }
    }
}

impl Explanation {
    fn write_lines(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modules: BTreeSet<_> = self.lines.iter().map(|line| line.module.len()).collect();
        let width = modules.last().copied().unwrap_or(0);
        for line in self.lines.iter().take(LINES_MAX) {
            writeln!(f, "  {:width$} {:4} | {}", line.module, line.number, line.text)?;
        }
        match self.lines.len().checked_sub(LINES_MAX) {
            Some(more) if more > 0 => writeln!(f, "  and {more} more"),
            _ => Ok(()),
        }
    }
}
