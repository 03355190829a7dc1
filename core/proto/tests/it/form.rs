//! Forms: what is read, what is wrong and where.

use serde_json::{Value, json};
use throng_proto::form::{self, Field, Form, FromForm, Urls};
use throng_proto::id::UserId;
use throng_proto::refusal::{FieldError, Refusal};

#[derive(Debug, PartialEq)]
struct Person {
    name: String,
    age: Option<u8>,
    friends: Vec<Self>,
    nick: Option<Option<String>>,
}

impl FromForm for Person {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        form.unserved(&["icon"]);
        let name = form.field("name").required().name(2..=8);
        Some(Self {
            age: form.field("age").number(0..=200),
            friends: form.field("friends").forms(0..=2).unwrap_or_default(),
            nick: form.field("nick").or_clear(|nick| nick.words(4)),
            name: name?,
        })
    }
}

fn person(name: &str) -> Person {
    Person { name: name.to_owned(), age: None, friends: Vec::new(), nick: None }
}

/// Returns path and code of everything that is wrong.
fn wrong<T: std::fmt::Debug>(read: Result<T, Refusal>) -> Vec<(String, &'static str)> {
    match read {
        Err(Refusal::InvalidForm(fields)) => {
            fields.into_iter().map(|FieldError { field, code, .. }| (field, code)).collect()
        }
        other => panic!("{other:?} is no form error"),
    }
}

fn one<T: std::fmt::Debug>(
    value: &Value,
    read: impl FnOnce(&Field<'_>) -> Option<T>,
) -> (String, &'static str) {
    let mut wrong = wrong(form::read_with(value, read));
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    wrong.remove(0)
}

#[test]
fn a_form_is_read_field_by_field() {
    let body = json!({
        "name": " Anna ", "age": 5.0, "nick": null, "friends": [{ "name": "Bea", "age": null }],
        "icon": null, "else": [[[[]]]],
    });
    let read: Person = form::read(&body).unwrap();
    let friends = vec![person("Bea")];
    assert_eq!(read, Person { age: Some(5), friends, nick: Some(None), ..person("Anna") });
}

#[test]
fn everything_that_is_wrong_is_told_with_its_path() {
    let body = json!({
        "age": "old", "icon": "data:",
        "friends": [{ "name": "Bea", "friends": [5] }, { "name": "x", "nick": "toolong" }],
    });
    let wrong = wrong(form::read::<Person>(&body));
    let expected = [
        ("icon", "NOT_SUPPORTED"),
        ("name", "BASE_TYPE_REQUIRED"),
        ("age", "NUMBER_TYPE_COERCE"),
        ("friends.0.friends.0", "MODEL_TYPE_CONVERT"),
        ("friends.1.name", "BASE_TYPE_BAD_LENGTH"),
        ("friends.1.nick", "BASE_TYPE_MAX_LENGTH"),
    ];
    assert_eq!(wrong, expected.map(|(field, code)| (field.to_owned(), code)));
}

#[test]
fn only_an_object_is_an_object() {
    for body in [json!(["Anna", 5]), json!("Anna"), json!(5), json!(null), json!(true)] {
        assert_eq!(wrong(form::read::<Person>(&body)), [(String::new(), "MODEL_TYPE_CONVERT")]);
        assert_eq!(form::salvage::<Person>(&body), None);
    }
}

#[test]
fn leniently_what_does_not_fit_is_cut_or_left_out() {
    let body = json!({
        "name": "Anna Maria Bea", "age": "old", "nick": "toolong", "icon": "x",
        "friends": [{ "name": 5 }, { "name": "Bea" }, { "name": "Eva" }],
    });
    let friends = vec![person("Bea")];
    let nick = Some(Some("tool".to_owned()));
    let read = form::salvage::<Person>(&body);
    assert_eq!(read, Some(Person { friends, nick, ..person("Anna Mar") }));
    assert_eq!(form::salvage::<Person>(&json!({ "name": 5 })), None);
}

#[test]
fn errors_are_bounded() {
    let names = vec![json!(5); 10_000];
    let read =
        form::read_with(&json!(names), |list| list.list(0..=20_000, |item| item.text(0..=9)));
    assert!(wrong(read).len() <= 50);
}

#[test]
fn lists_have_a_length() {
    let list = |value: Value| one(&value, |list| list.list(1..=2, |item| item.text(0..=9))).1;
    assert_eq!(list(json!([])), "BASE_TYPE_BAD_LENGTH");
    assert_eq!(list(json!(["a", "b", "c"])), "BASE_TYPE_BAD_LENGTH");
    assert_eq!(list(json!({ "0": "a" })), "LIST_TYPE_CONVERT");
    assert_eq!(list(json!("ab")), "LIST_TYPE_CONVERT");
    assert_eq!(list(json!([null])), "BASE_TYPE_REQUIRED");
}

#[test]
fn scalars_are_what_they_should_be() {
    assert_eq!(one(&json!(5), |f| f.text(0..=9)).1, "STRING_TYPE_CONVERT");
    assert_eq!(one(&json!("  "), |f| f.text(1..=9)).1, "BASE_TYPE_REQUIRED");
    assert_eq!(one(&json!("\u{200b}"), |f| f.name(1..=9)).1, "BASE_TYPE_REQUIRED");
    assert_eq!(one(&json!(1), |f| f.flag()).1, "BOOLEAN_TYPE_CONVERT");
    assert_eq!(one(&json!(-1), |f| f.color()).1, "NUMBER_TYPE_MIN");
    assert_eq!(one(&json!(0x100_0000), |f| f.color()).1, "NUMBER_TYPE_MAX");
    assert_eq!(one(&json!(1e300), |f| f.color()).1, "NUMBER_TYPE_COERCE");
    assert_eq!(one(&json!("red"), |f| f.color()).1, "NUMBER_TYPE_COERCE");
    assert_eq!(one(&json!(3), |f| f.number_of::<u8>(&[0, 1])).1, "BASE_TYPE_CHOICES");
    assert_eq!(one(&json!("x"), |f| f.word(&[("a", 1), ("b", 2)])).1, "BASE_TYPE_CHOICES");
    assert_eq!(one(&json!("yesterday"), |f| f.moment()).1, "DATE_TIME_TYPE_PARSE");
    assert_eq!(one(&json!("1912-06-23"), |f| f.time()).1, "DATE_TIME_TYPE_MIN");
    assert_eq!(one(&json!("notaurl"), |f| f.url(Urls::Web)).1, "URL_TYPE_INVALID_URL");
    assert_eq!(one(&json!("ftp://a.b"), |f| f.url(Urls::Web)).1, "URL_TYPE_INVALID_SCHEME");
    let long = format!("https://a.b/{}", "x".repeat(2048));
    assert_eq!(one(&json!(long), |f| f.url(Urls::Web)).1, "BASE_TYPE_MAX_LENGTH");
}

#[test]
fn ids_are_strings_or_numbers_but_never_zero() {
    let id = |value: Value| form::read_with(&value, |f| f.id());
    for twelve in [json!("12"), json!(12), json!(12.0)] {
        assert_eq!(id(twelve), Ok(UserId::new(12)));
    }
    for bad in
        [json!(0), json!("0"), json!(-1), json!("x"), json!(u64::MAX), json!([1]), json!(1.5)]
    {
        assert_eq!(wrong(id(bad)), [(String::new(), "NUMBER_TYPE_COERCE")]);
    }
}

#[test]
fn nul_is_taken_out_of_texts() {
    assert_eq!(form::read_with(&json!("a\0b"), |f| f.text(0..=2)).as_deref(), Ok("ab"));
}

#[test]
fn what_asks_for_nothing_is_not_refused() {
    let read = |value: Value| {
        form::read_with(&value, |f| {
            f.unserved();
            Some(())
        })
    };
    for nothing in [json!(null), json!(false), json!(0), json!(""), json!([]), json!({})] {
        assert_eq!(read(nothing), Ok(()));
    }
    for wish in [json!(true), json!(1), json!("x"), json!([null]), json!({ "a": null })] {
        assert_eq!(wrong(read(wish)), [(String::new(), "NOT_SUPPORTED")]);
    }
}
