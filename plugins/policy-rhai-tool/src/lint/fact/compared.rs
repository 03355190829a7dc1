//! The constants that facts are compared with.

use rhai::{Expr, Position};
use throng_plugin_policy_rhai::fact::Fact;

use super::{Kind, Reader};

const OPERATORS: [&str; 7] = ["==", "!=", "<", "<=", ">", ">=", "contains"];

impl Reader<'_> {
    /// Notes the constants on one side of a comparison whose other side is a fact.
    pub(super) fn note(&mut self, operator: &str, left: (&Expr, Kind), right: (&Expr, Kind)) {
        if !OPERATORS.contains(&operator) || self.hook.is_none() {
            return;
        }
        for ((_, kind), (other, _)) in [(left, right), (right, left)] {
            match kind {
                Kind::Fact(fact) => self.constants(fact, other),
                Kind::Role => self.constants(Fact::Roles, other),
                _ => {}
            }
        }
    }

    fn constants(&mut self, fact: Fact, value: &Expr) {
        let values = self.compared.values.entry(fact).or_default();
        let place = match value {
            Expr::IntegerConstant(number, place) => {
                values.number(*number);
                *place
            }
            Expr::StringConstant(text, place) => {
                values.text(text);
                *place
            }
            Expr::Array(items, _) => {
                return items.iter().for_each(|item| self.constants(fact, item));
            }
            _ => Position::NONE,
        };
        self.compared.places.extend(place.line().zip(place.position()));
    }
}
