//! A load generator for gateways.
