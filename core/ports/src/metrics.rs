//! What is counted, written once for everybody in Prometheus' text format.
//!
//! See [Exposition formats] and [Metric and label naming]: seconds and bytes are base units, and
//! counters end in `_total`. Nothing here reads a clock.
//!
//! [Exposition formats]: https://prometheus.io/docs/instrumenting/exposition_formats/
//! [Metric and label naming]: https://prometheus.io/docs/practices/naming/

mod histogram;

use std::fmt::{Display, Write as _};
use std::time::Duration;

pub use histogram::Histogram;

/// Something that has numbers to show.
pub trait Source: Send + Sync + 'static {
    /// Writes its families; called at each scrape, so it must not wait for anything.
    fn measure(&self, page: &mut Page);
}

/// How a family's samples are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, until the process ends.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by upper bounds.
    Histogram,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
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
        let kind = kind.name();
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

    /// Writes a bucket of a histogram: how many were at most `bound` seconds; `None` is no bound.
    pub fn bucket(&mut self, labels: Labels<'_>, bound: Option<f64>, count: u64) {
        let bound = bound.map_or_else(|| "+Inf".to_owned(), |bound| bound.to_string());
        let mut all = labels.to_vec();
        all.push(("le", &bound));
        self.suffixed("_bucket", &all, count);
    }

    /// Writes the end of a histogram: the sum of everything, and how many there were.
    pub fn summed(&mut self, labels: Labels<'_>, sum: Duration, count: u64) {
        self.suffixed("_sum", labels, sum.as_secs_f64());
        self.suffixed("_count", labels, count);
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
