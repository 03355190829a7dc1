//! Plugins that start slowly, or not at all, that fail where they are asked, and that end late.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::StatusCode;
use throng::Gateway;
use throng::ports::hub::Health;
use throng::ports::kind::{Kind, Opened, kind};
use throng::ports::link::BoxFuture;
use throng::ports::plugin::{Answer, Call, Door, Host, Plugin, answer};
use tokio::sync::Notify;

use crate::house::{Tested, ask, becomes, ready, start};

/// How the plugin starts.
#[derive(Clone, Copy)]
enum Way {
    /// When it is told to.
    Late,
    Wrong,
    Panics,
}

/// A plugin that tells what it is asked, and does as it is told.
struct Told {
    way: Way,
    goes: Notify,
    ends: Notify,
    has_ended: AtomicBool,
}

impl Told {
    fn new(way: Way) -> Arc<Self> {
        let (goes, ends) = (Notify::new(), Notify::new());
        Arc::new(Self { way, goes, ends, has_ended: AtomicBool::new(false) })
    }

    fn kind(self: &Arc<Self>) -> impl Kind<Arc<dyn Plugin>> {
        let plugin = Arc::clone(self);
        kind("told", move |_| {
            let plugin: Arc<dyn Plugin> = plugin.clone();
            async move { Ok(plugin) }
        })
    }
}

/// The plugin as the gateway has it.
impl Plugin for Told {
    fn start(self: Arc<Self>, host: Arc<dyn Host>) -> BoxFuture<'static, Opened<()>> {
        Box::pin(async move {
            match self.way {
                Way::Late => self.goes.notified().await,
                Way::Wrong => return Err("the moon is full".into()),
                Way::Panics => panic!("as the test asks"),
            }
            host.set_trouble(Some("it is told to complain".to_owned()));
            Ok(())
        })
    }

    fn answer(&self, call: Call) -> BoxFuture<'static, Answer> {
        let target = call.request.uri().to_string();
        assert!(target != "/panic", "as the test asks");
        let door = if call.door == Door::Admin { "admin" } else { "public" };
        let length = call.request.body().len();
        let text = format!("{door} {} {target} {length}", call.request.method());
        Box::pin(async move { answer(StatusCode::OK, "text/plain", Bytes::from(text)) })
    }

    fn drain(&self) -> BoxFuture<'static, ()> {
        self.ends.notify_one();
        self.has_ended.store(true, Ordering::Release);
        Box::pin(std::future::ready(()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readiness_waits_for_a_plugin_and_then_tells_what_it_complains_of() -> Tested {
    let told = Told::new(Way::Late);
    let builder = Gateway::builder().plugin(told.kind()).set("store.kind", "memory");
    let (gateway, _folder) = start(builder).await?;
    let starting = "the plugin told is starting".to_owned();
    becomes("the start", || gateway.health() == Health::Failing(starting.clone())).await?;
    let asked = ask(gateway.admin_url(), "GET /readyz", "").await?;
    assert!(asked.0 == 503 && asked.1.contains(&starting), "{asked:?}");
    told.goes.notify_one();
    let complaint = Health::Degraded("told: it is told to complain".to_owned());
    becomes("its complaint", || gateway.health() == complaint).await?;
    assert!(gateway.hub().metrics().contains("throng_troubles{kind=\"plugin\"} 1"));
    gateway.stop().await;
    assert!(told.has_ended.load(Ordering::Acquire), "it was told to end");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_that_does_not_start_is_told_with_the_reason_and_the_rest_goes_on() -> Tested {
    for (way, why) in [(Way::Wrong, "the moon is full"), (Way::Panics, "it was ended by a panic")] {
        let told = Told::new(way);
        let builder = Gateway::builder().plugin(told.kind()).set("store.kind", "memory");
        let (gateway, _folder) = start(builder).await?;
        let reason = Health::Failing(format!("the plugin told has not started: {why}"));
        becomes("the reason", || gateway.health() == reason).await?;
        assert_eq!(ask(gateway.http_url(), "GET /api/v10/gateway", "").await?.0, 200);
        gateway.stop().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn routes_of_a_plugin_are_below_its_name_within_the_bounds_of_the_api() -> Tested {
    let told = Told::new(Way::Late);
    told.goes.notify_one();
    let builder = Gateway::builder().plugin(told.kind()).set("store.kind", "memory");
    let (gateway, _folder) = start(builder.set("http.body_bytes_max", 1_000)).await?;
    let url = gateway.http_url();
    for (line, body, right) in [
        ("GET /plugins/told", "", "public GET / 0"),
        ("GET /plugins/told?a=1", "", "public GET /?a=1 0"),
        ("GET /plugins/told/", "", "public GET / 0"),
        ("PATCH /plugins/told/a/b?c=%20d", "hello", "public PATCH /a/b?c=%20d 5"),
    ] {
        assert_eq!(ask(url, line, body).await?, (200, right.to_owned()), "{line}");
    }
    let long = "x".repeat(1_001);
    assert_eq!(ask(url, "POST /plugins/told/", &long).await?.0, 413);
    assert_eq!(ask(url, "GET /plugins/told/panic", "").await?.0, 500);
    assert_eq!(ask(url, "GET /plugins/tolder/", "").await?.0, 404);
    assert_eq!(ask(gateway.admin_url(), "GET /plugins/told/", "").await?.0, 401);
    let token = gateway.admin_token().expose();
    let line = format!("GET /plugins/told/x HTTP/1.1\r\nAuthorization: Bearer {token}\r\nX-Rest:");
    let asked = ask(gateway.admin_url(), &line, "").await?;
    assert_eq!(asked, (200, "admin GET /x 0".to_owned()));
    let counted = "{method=\"GET\",route=\"/plugins/told/{*rest}\",status=\"500\"} 1";
    let page = gateway.hub().metrics();
    let requests: Vec<_> = page.lines().filter(|line| line.contains("/plugins/")).collect();
    assert!(page.contains(counted), "its requests are counted: {requests:?}");
    gateway.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_that_is_turned_off_is_not_there() -> Tested {
    let told = Told::new(Way::Wrong);
    let builder = Gateway::builder().plugin(told.kind()).set("store.kind", "memory");
    let (gateway, _folder) = start(builder.set("plugins.told.enabled", false)).await?;
    ready(&gateway).await?;
    assert_eq!(ask(gateway.http_url(), "GET /plugins/told/", "").await?.0, 404);
    gateway.stop().await;
    assert!(!told.has_ended.load(Ordering::Acquire));
    Ok(())
}
