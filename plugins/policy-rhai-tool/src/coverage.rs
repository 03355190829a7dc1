//! Which lines of a script its tests reach.
//!
//! A line is reached when every statement that begins on it has run, so that the block of an `if`
//! counts although it stands on the line of its condition. Tests themselves do not count, nor do
//! constants and imports, which always run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rhai::{AST, ASTNode, Expr, Position, Stmt};

/// Lines of a script, and those that no test reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Lines on which a statement begins.
    pub lines: usize,
    /// Of those, the lines that were not reached.
    pub missed: Vec<usize>,
}

impl Coverage {
    /// Compares what a script consists of with the places that ran.
    pub(super) fn of(ast: &AST, ran: &BTreeSet<(usize, usize)>) -> Self {
        let mut lines: BTreeMap<usize, bool> = BTreeMap::new();
        for (line, place) in statements(ast) {
            let reached = lines.entry(line).or_insert(true);
            *reached &= ran.contains(&place);
        }
        let missed = lines.iter().filter(|(_, reached)| !**reached).map(|(line, _)| *line);
        Self { lines: lines.len(), missed: missed.collect() }
    }

    /// Returns how much was reached, 0 to 100; nothing of a script without statements.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "scripts have fewer than 2^52 lines")]
    pub fn percent(&self) -> f64 {
        match self.lines {
            0 => 0.0,
            lines => 100.0 * (lines - self.missed.len()) as f64 / lines as f64,
        }
    }

    /// Writes the lines that were not reached, those that follow each other as one.
    #[must_use]
    pub fn missed(&self) -> String {
        let chunks = self.missed.chunk_by(|left, right| left + 1 == *right);
        let spans = chunks.map(|chunk| match chunk {
            [first, .., last] => format!("{first}-{last}"),
            line => line.iter().map(ToString::to_string).collect(),
        });
        spans.collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reached = self.lines - self.missed.len();
        write!(f, "{:5.1} %, {reached} of {} lines", self.percent(), self.lines)
    }
}

/// Lists statements: the line on which each begins, and the place that it reports when it runs.
pub(super) fn statements(ast: &AST) -> Vec<(usize, (usize, usize))> {
    let tests = tests(ast);
    let in_test = |place: Position| tests.iter().any(|(from, to)| *from <= place && place <= *to);
    let mut found = Vec::new();
    ast.clone_functions_only().walk(&mut |path: &[ASTNode<'_>]| {
        if let Some(ASTNode::Stmt(statement)) = path.last()
            && let Some((start, place)) = places(statement)
            && !in_test(start)
            && let (Some(first), Some(line), Some(column)) =
                (start.line(), place.line(), place.position())
        {
            found.push((first, (line, column)));
        }
        true
    });
    found
}

/// Returns where a statement begins, and the place that it reports when it runs.
fn places(statement: &Stmt) -> Option<(Position, Position)> {
    match statement {
        Stmt::Noop(_) | Stmt::Block(_) => None,
        // What is in such a block are statements of their own.
        Stmt::Expr(value) if matches!(**value, Expr::Stmt(_)) => None,
        Stmt::Expr(value) => Some((value.start_position(), value.position())),
        other => Some((other.position(), other.position())),
    }
}

/// Returns where functions that test the policy begin and end.
fn tests(ast: &AST) -> Vec<(Position, Position)> {
    let functions = ast.shared_lib().iter_script_fn_info();
    let tests = functions.filter(|(_, _, name, _, _)| name.starts_with("test_"));
    tests.map(|(.., one)| (one.body.start_position(), one.body.end_position())).collect()
}
