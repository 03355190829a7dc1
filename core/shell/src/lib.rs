//! Tokio around the machines: workers, drivers, admission, drain and metrics.
