//! The table of all servers.

use anyhow::Result;
use serde::Serialize;

use crate::rounds::{Round, Rounds};

const HEAD: [&str; 7] = [
    "server",
    "one at a time, /s",
    "/ floor",
    "ten in flight, /s",
    "/ floor",
    "us per delivery",
    "RSS per connection",
];

/// One server's figures.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    server: &'static str,
    one_at_a_time: f64,
    one_at_a_time_to_floor: f64,
    ten_in_flight: f64,
    ten_in_flight_to_floor: f64,
    /// One at a time.
    micros_per_delivery: f64,
    bytes_per_connection: f64,
}

impl Row {
    pub(super) fn new(
        server: &'static str,
        bytes_per_connection: f64,
        (floors, ones, many): (&Rounds, &Rounds, &Rounds),
    ) -> Result<Self> {
        let per_second = |round: &Round| Some(round.deliveries_per_second());
        let single = ones.together()?;
        Ok(Self {
            server,
            one_at_a_time: single.deliveries_per_second(),
            one_at_a_time_to_floor: ones.ratios(floors, per_second).median(),
            ten_in_flight: many.together()?.deliveries_per_second(),
            ten_in_flight_to_floor: many.ratios(floors, per_second).median(),
            micros_per_delivery: single.micros_per_delivery().unwrap_or(f64::NAN),
            bytes_per_connection,
        })
    }

    fn cells(&self) -> [String; 7] {
        [
            self.server.to_owned(),
            format!("{:.0}", self.one_at_a_time),
            format!("{:.2}", self.one_at_a_time_to_floor),
            format!("{:.0}", self.ten_in_flight),
            format!("{:.2}", self.ten_in_flight_to_floor),
            format!("{:.2}", self.micros_per_delivery),
            format!("{:.0}", self.bytes_per_connection),
        ]
    }
}

/// Writes a table that is Markdown as well.
pub(super) fn write(rows: &[Row]) -> String {
    let lines: Vec<[String; 7]> =
        std::iter::once(HEAD.map(str::to_owned)).chain(rows.iter().map(Row::cells)).collect();
    let widths: [usize; 7] = std::array::from_fn(|column| {
        lines.iter().map(|line| line[column].len()).max().unwrap_or_default()
    });
    let mut table = String::new();
    for (number, line) in lines.iter().enumerate() {
        let cells = line.iter().zip(widths).map(|(cell, width)| format!(" {cell:>width$} "));
        table.push_str(&format!("|{}|\n", cells.collect::<Vec<_>>().join("|")));
        if number == 0 {
            let rules = widths.map(|width| "-".repeat(width + 2));
            table.push_str(&format!("|{}|\n", rules.join("|")));
        }
    }
    table
}
