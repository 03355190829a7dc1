//! Discord's HTTP API and the admin API.
