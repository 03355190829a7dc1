//! The machines: guild, relay and session as functions of their history.
