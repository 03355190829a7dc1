//! Payloads of the gateway.

use serde_json::Value;
use throng_proto::close::CloseCode;
use throng_proto::form;
use throng_proto::gateway::Inbound;
use throng_proto::model::Activities;

/// A payload is read, or refused with a code that clients know; what a presence shows reads back
/// as it was written.
pub(crate) fn payload(input: &[u8]) -> bool {
    let shows = match Inbound::decode(input) {
        Ok(Inbound::Presence(presence)) => Some(presence),
        Ok(Inbound::Identify(identify)) => identify.presence,
        Ok(_) => None,
        Err(error) => {
            let code = error.close_code();
            assert!(matches!(code, CloseCode::DecodeError | CloseCode::UnknownOpcode), "{error}");
            return false;
        }
    };
    if let Some(presence) = shows {
        let written = written(&presence.activities);
        let read = form::salvage_with(&written, |list| Some(Activities::read(list)));
        let again = read.map_or(Value::Null, |read| self::written(&read));
        assert_eq!(written, again, "activities change when they are read again");
    }
    true
}

fn written(activities: &Activities) -> Value {
    serde_json::to_value(activities).unwrap_or_default()
}
