//! What is counted, written once for everybody in Prometheus' text format.
//!
//! Whoever has numbers keeps them in [`Cell`]s and [`Histogram`]s of its own and writes them on the
//! one [`Page`] when it is asked: there is no registry, and no other code that knows the format.
//! The crate `prometheus-client` is not used: its families look their labels up in a map behind a
//! lock for each count, where a worker here adds to a number of its own; and it writes OpenMetrics,
//! whose help ends otherwise and whose counters are named otherwise than what boards already show.
//!
//! See [Exposition formats] and [Metric and label naming]: seconds and bytes are base units, and
//! counters end in `_total`. Nothing here reads a clock.
//!
//! [Exposition formats]: https://prometheus.io/docs/instrumenting/exposition_formats/
//! [Metric and label naming]: https://prometheus.io/docs/practices/naming/

mod cell;
mod histogram;

use std::fmt::{Display, Write as _};
use std::time::Duration;

use strum::IntoStaticStr;

pub use cell::{Cell, Cells};
pub use histogram::Histogram;

/// Something that has numbers to show.
pub trait Source: Send + Sync + 'static {
    /// Writes its families; called at each scrape, so it must not wait for anything.
    fn measure(&self, page: &mut Page);
}

/// How a family's samples are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Only grows, until the process ends.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by upper bounds.
    Histogram,
}

/// Label names with their values.
pub type Labels<'a> = &'a [(&'a str, &'a str)];

/// All metrics of one scrape.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
    family: String,
}

impl Page {
    /// Returns what was written.
    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }

    /// Begins a family; samples belong to the last one that was begun.
    pub fn family(&mut self, name: &str, kind: Kind, help: &str) {
        name.clone_into(&mut self.family);
        let kind = <&str>::from(kind);
        self.line(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}"));
    }

    /// Writes a sample.
    pub fn sample(&mut self, labels: Labels<'_>, value: impl Display) {
        self.suffixed("", labels, value);
    }

    /// Writes a time, in seconds.
    pub fn seconds(&mut self, labels: Labels<'_>, time: Duration) {
        self.sample(labels, time.as_secs_f64());
    }

    /// Writes a family of one sample without labels.
    pub fn single(&mut self, name: &str, kind: Kind, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample(&[], value);
    }

    /// Writes a histogram of the family that was begun last: how many took at most each of
    /// `bounds`, in microseconds and in their order, then how many took longer; and the sum of all.
    pub fn histogram(
        &mut self,
        labels: Labels<'_>,
        bounds: &[u64],
        counts: impl IntoIterator<Item = u64>,
        sum: Duration,
    ) {
        let seconds = |micros: &u64| Duration::from_micros(*micros).as_secs_f64().to_string();
        let bounds = bounds.iter().map(seconds).chain(["+Inf".to_owned()]);
        let mut below = 0;
        for (bound, count) in bounds.zip(counts) {
            below += count;
            let mut all = labels.to_vec();
            all.push(("le", &bound));
            self.suffixed("_bucket", &all, below);
        }
        self.suffixed("_sum", labels, sum.as_secs_f64());
        self.suffixed("_count", labels, below);
    }

    fn suffixed(&mut self, suffix: &str, labels: Labels<'_>, value: impl Display) {
        let family = std::mem::take(&mut self.family);
        self.text.push_str(&family);
        self.text.push_str(suffix);
        self.family = family;
        for (index, (name, value)) in labels.iter().enumerate() {
            self.text.push_str(if index == 0 { "{" } else { "," });
            self.text.push_str(name);
            self.text.push_str("=\"");
            self.text.extend(value.chars().flat_map(escaped));
            self.text.push('"');
        }
        let closing = if labels.is_empty() { "" } else { "}" };
        self.line(format_args!("{closing} {value}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let written = writeln!(self.text, "{line}");
        debug_assert!(written.is_ok(), "memory takes any write");
    }
}

/// Writes a character of a label's value as the format wants it.
fn escaped(char: char) -> impl Iterator<Item = char> {
    let (first, second) = match char {
        '\\' => ('\\', Some('\\')),
        '"' => ('\\', Some('"')),
        '\n' => ('\\', Some('n')),
        other => (other, None),
    };
    std::iter::once(first).chain(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_head_for_each_family_and_escapes_what_labels_say() {
        let mut page = Page::default();
        page.single("throng_guilds", Kind::Gauge, "Guilds.", 3);
        page.family("throng_links_total", Kind::Counter, "Links.");
        page.sample(&[("a", "x"), ("b", "say \"hi\" \\ \n")], 1);
        let text = "# HELP throng_guilds Guilds.\n# TYPE throng_guilds gauge\nthrong_guilds 3\n\
            # HELP throng_links_total Links.\n# TYPE throng_links_total counter\n\
            throng_links_total{a=\"x\",b=\"say \\\"hi\\\" \\\\ \\n\"} 1\n";
        assert_eq!(page.into_text(), text);
    }
}
