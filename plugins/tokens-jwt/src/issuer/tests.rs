//! JWTs that are right, and a table of those that are spoilt in one place.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use throng_ports::settings::Secret;
use throng_ports::token::conformance;
use throng_proto::id::UserId;
use throng_proto::time::Timestamp;

use super::Issuer;
use crate::config::Config;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// The moment at which tokens are read, in seconds.
const NOW: u64 = 1_800_000_000;
const LEEWAY: u64 = 2;

fn issuer() -> Issuer {
    let config = Config {
        jwt_hs256_secret: Secret::from(SECRET),
        jwt_issuer: "me".to_owned(),
        jwt_audience: "throng".to_owned(),
        jwt_leeway_secs: LEEWAY,
        ..Config::default()
    };
    Issuer::new(&config).expect("the settings are right")
}

fn good() -> Value {
    json!({"sub": "42", "exp": NOW + 60, "iss": "me", "aud": "throng"})
}

fn header() -> Value {
    json!({"alg": "HS256", "typ": "JWT"})
}

/// Signs any two texts as a token.
fn sign(header: &str, claims: &str) -> String {
    let message = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let signature =
        jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).expect("signed");
    format!("{message}.{signature}")
}

fn user(token: &str) -> Option<UserId> {
    let read = issuer().read(token, Timestamp::from_millis(NOW * 1_000));
    read.map(|signed| signed.user)
}

fn with(key: &str, value: Value) -> String {
    let mut claims = good();
    claims[key] = value;
    sign(&header().to_string(), &claims.to_string())
}

fn without(key: &str) -> String {
    let mut claims = good();
    claims.as_object_mut().expect("an object").remove(key);
    sign(&header().to_string(), &claims.to_string())
}

fn headed(header: &Value) -> String {
    sign(&header.to_string(), &good().to_string())
}

#[test]
fn a_token_that_says_what_is_demanded_is_taken() {
    let right = [
        with("extra", json!({"anything": [1]})),
        with("aud", json!(["other", "throng"])),
        with("exp", json!(NOW as f64 + 0.5)),
        with("exp", json!(NOW - LEEWAY + 1)),
        with("nbf", json!(NOW + LEEWAY)),
        with("iat", json!(NOW - 3_600)),
        with("sub", json!("18446744073709551615")),
        headed(&json!({"alg": "HS256"})),
        // Where keys lie is never followed; the signature is right by the key of the settings.
        headed(&json!({"alg": "HS256", "kid": "7", "jku": "https://evil.example/keys"})),
        headed(&json!({"alg": "HS256", "x5u": "https://evil.example/x", "cty": "JWT"})),
    ];
    for token in right {
        assert!(user(&token).is_some(), "{token}");
    }
    assert_eq!(user(&with("x", json!(0))), Some(UserId::new(42)));
}

#[test]
fn a_token_is_good_until_its_end_and_the_leeway() {
    let read = |at| issuer().read(&with("exp", json!(NOW)), Timestamp::from_millis(at));
    let end = (NOW + LEEWAY) * 1_000;
    let signed = read(end - 1).expect("it is good");
    assert_eq!(signed.expires_at, Timestamp::from_millis(end));
    assert_eq!(read(end), None);
}

/// Claims that are missing, of another type, or not as demanded.
fn spoilt_claims() -> Vec<String> {
    let mut spoilt: Vec<_> = ["sub", "exp", "iss", "aud"].into_iter().map(without).collect();
    let late = NOW + LEEWAY + 1;
    let wrong = [
        ("sub", json!("")),
        ("sub", json!("0")),
        ("sub", json!("042")),
        ("sub", json!("+42")),
        ("sub", json!("-42")),
        ("sub", json!("ada")),
        ("sub", json!("18446744073709551616")),
        ("sub", json!(42)),
        ("sub", json!(["42"])),
        ("sub", Value::Null),
        ("exp", json!(NOW - LEEWAY)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!(NOW.to_string())),
        ("exp", json!(true)),
        ("exp", json!([NOW + 60])),
        ("exp", Value::Null),
        ("exp", json!((NOW + 60) * 1_000)),
        ("exp", json!(1e300)),
        ("nbf", json!(late)),
        ("nbf", json!((NOW - 60).to_string())),
        ("nbf", json!({})),
        ("iat", json!(late)),
        ("iat", json!("yesterday")),
        ("iss", json!("you")),
        ("iss", json!("")),
        ("iss", json!("Me")),
        ("iss", json!(["me"])),
        ("iss", json!({"me": 1})),
        ("iss", Value::Null),
        ("aud", json!("other")),
        ("aud", json!([])),
        ("aud", json!(["thron", "throng2"])),
        ("aud", json!([["throng"]])),
        ("aud", json!({"throng": true})),
        ("aud", json!(1)),
        ("aud", Value::Null),
    ];
    spoilt.extend(wrong.into_iter().map(|(key, value)| with(key, value)));
    spoilt
}

/// Headers that ask for what is not done here, and texts that are no token at all.
fn spoilt_shapes() -> Vec<String> {
    let headers = [
        json!({"alg": "HS256", "crit": ["x"]}),
        json!({"alg": "HS256", "crit": []}),
        json!({"alg": "HS256", "crit": null}),
        json!({"alg": "HS256", "crit": ["b64"], "b64": false}),
        json!({"alg": "HS256", "b64": false}),
        json!({"alg": "none"}),
        json!({"alg": "None"}),
        json!({"alg": "hs256"}),
        json!({"alg": "HS512"}),
        json!({"alg": "EdDSA"}),
        json!({"alg": ["HS256"]}),
        json!({"typ": "JWT"}),
        json!(["HS256"]),
        json!("HS256"),
    ];
    let mut spoilt: Vec<_> = headers.iter().map(headed).collect();
    let (header, claims) = (header().to_string(), good().to_string());
    let right = sign(&header, &claims);
    let parts: Vec<_> = right.split('.').collect();
    let (head, body, signature) = (parts[0], parts[1], parts[2]);
    let other = URL_SAFE_NO_PAD.encode(claims.replace("42", "43"));
    let standard = STANDARD.encode([0xfb, 0xff, 0xfe]);
    spoilt.extend([
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        format!("{head}.{body}"),
        format!("{head}.{body}."),
        format!("{head}.{body}.{signature}."),
        format!("{head}.{body}.{signature}.{signature}"),
        format!("{head}.{body}.{signature}="),
        format!("{head}.{body}.{signature}A"),
        format!("{head}.{body}.{}", &signature[1..]),
        format!("{head}.{body}.{standard}"),
        format!("{head}.{other}.{signature}"),
        format!(" {right}"),
        right.to_uppercase(),
        sign(&header, ""),
        sign(&header, "[]"),
        sign(&header, "null"),
        sign(&header, &claims.replace('}', ",\"exp\":9999999999}")),
        sign(&header, &claims.replace('}', ",\"sub\":\"43\"}")),
        sign("{\"alg\":\"HS256\",\"crit\":[\"x\"],\"crit\":[]}", &claims),
    ]);
    spoilt
}

#[test]
fn a_token_that_is_spoilt_in_one_place_is_nobodys() {
    let spoilt = [spoilt_claims(), spoilt_shapes()].concat();
    assert!(spoilt.len() > 60);
    for token in spoilt {
        assert_eq!(user(&token), None, "{token}");
    }
}

#[test]
fn what_no_setting_demands_may_be_left_out() {
    let config = Config { jwt_hs256_secret: Secret::from(SECRET), ..Config::default() };
    let issuer = Issuer::new(&config).expect("the settings are right");
    let now = Timestamp::from_millis(NOW * 1_000);
    for token in [without("iss"), without("aud"), with("iss", json!("you"))] {
        assert!(issuer.read(&token, now).is_some(), "{token}");
    }
    // But what is there must be of its type all the same.
    assert_eq!(issuer.read(&with("iss", json!(["me"])), now), None);
}

#[test]
fn issuers_pass_the_suite_of_tokens_with_keys_and_without() {
    for tokens in [issuer(), Issuer::new(&Config::default()).expect("no keys")] {
        conformance::suite(&tokens);
        conformance::twins(&tokens);
    }
}
