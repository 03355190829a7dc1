//! What every host of policies must do, as a suite that each adapter runs.
//!
//! It also runs [`twins`], which breaks its host on purpose, in one way for each check, and sees
//! the check fail.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use super::{PolicyFault, PolicyHost, PolicyStatus};

/// A host, and the place where it finds its policy.
pub trait Bench {
    /// Puts a policy where the host finds it.
    fn put(&self, policy: Sample);

    /// The host; [`Sample::First`] was in its place when it was made.
    fn host(&self) -> &dyn PolicyHost;
}

/// What there is to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// A good policy.
    First,
    /// Another good one.
    Second,
    /// One that cannot run.
    Broken,
}

/// One rule that every host keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Check {
    /// What runs has a name and a version, and nothing is wrong with it.
    SaysWhatRuns,
    /// Loading the same again changes nothing.
    SameChangesNothing,
    /// Another policy takes the place of the one before, and that one comes back as itself.
    OtherReplaces,
    /// A broken one is refused with its reason, and the one before goes on until a good one comes.
    BrokenGoesOn,
}

/// Each check with ways to break a host that it notices.
const CAUGHT: [(Fault, Check); 7] = [
    (Fault::HasNoVersion, Check::SaysWhatRuns),
    (Fault::AnswersOtherwise, Check::SaysWhatRuns),
    (Fault::RenamesEachLoad, Check::SameChangesNothing),
    (Fault::NeverReplaces, Check::OtherReplaces),
    (Fault::ForgetsWhy, Check::BrokenGoesOn),
    (Fault::RemembersWhy, Check::BrokenGoesOn),
    (Fault::SaysNoReason, Check::BrokenGoesOn),
];

/// Runs every check, each on a bench of its own.
///
/// # Panics
///
/// The host breaks its contract; the message says where.
pub async fn suite<B: Bench>(mut open: impl FnMut() -> B) {
    for check in
        [Check::SaysWhatRuns, Check::SameChangesNothing, Check::OtherReplaces, Check::BrokenGoesOn]
    {
        check.run(&Seen::new(open(), None)).await;
    }
}

/// Breaks a host in ways for each check, and expects the check to notice.
///
/// # Panics
///
/// A check does not notice.
pub async fn twins<B: Bench>(mut open: impl FnMut() -> B) {
    for (fault, check) in CAUGHT {
        let seen = Seen::new(open(), Some(fault));
        let caught = AssertUnwindSafe(check.run(&seen)).catch_unwind().await.is_err();
        assert!(caught, "{check:?} does not notice a host that {fault:?}");
    }
}

impl Check {
    async fn run<B: Bench>(self, seen: &Seen<B>) {
        match self {
            Self::SaysWhatRuns => says_what_runs(seen).await,
            Self::SameChangesNothing => same_changes_nothing(seen).await,
            Self::OtherReplaces => other_replaces(seen).await,
            Self::BrokenGoesOn => broken_goes_on(seen).await,
        }
    }
}

async fn says_what_runs<B: Bench>(seen: &Seen<B>) {
    let status = seen.load(Sample::First).await;
    assert!(!status.name.is_empty() && !status.version.is_empty(), "{status:?}");
    assert!(status.fault.is_none() && status.troubles.is_empty(), "{status:?}");
    assert_eq!(seen.status(), status, "a load answers with what runs then");
}

async fn same_changes_nothing<B: Bench>(seen: &Seen<B>) {
    let before = seen.load(Sample::First).await;
    let after = seen.load(Sample::First).await;
    assert_eq!((&after.version, after.since), (&before.version, before.since), "it is the same");
}

async fn other_replaces<B: Bench>(seen: &Seen<B>) {
    let first = seen.load(Sample::First).await;
    let second = seen.load(Sample::Second).await;
    assert_ne!(second.version, first.version, "another policy has another version");
    assert!(second.since >= first.since, "it runs from then on");
    assert_eq!(seen.load(Sample::First).await.version, first.version, "the same is the same again");
}

async fn broken_goes_on<B: Bench>(seen: &Seen<B>) {
    let before = seen.load(Sample::First).await;
    let fault = match seen.reload(Sample::Broken).await {
        Err(fault) => fault,
        Ok(status) => panic!("a broken policy is refused, and runs: {status:?}"),
    };
    assert!(!fault.message.is_empty() && !fault.report.is_empty(), "it says why: {fault:?}");
    let status = seen.status();
    assert_eq!((&status.version, status.since), (&before.version, before.since), "it goes on");
    assert_eq!(status.fault.as_ref(), Some(&fault), "the last load failed");
    assert_eq!(seen.load(Sample::Second).await.fault, None, "the last load did not fail");
}

/// One thing that is wrong with a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// What runs has no version.
    HasNoVersion,
    /// A load answers otherwise than the status says.
    AnswersOtherwise,
    /// Every load makes another version, of the same too.
    RenamesEachLoad,
    /// The first version stays.
    NeverReplaces,
    /// Nobody is told that the last load failed.
    ForgetsWhy,
    /// Everybody is told for ever that a load failed.
    RemembersWhy,
    /// A broken policy is refused without a word.
    SaysNoReason,
}

/// A bench as the checks see it: as it is, or with a fault.
struct Seen<B> {
    bench: B,
    fault: Option<Fault>,
    /// How often a status was looked at.
    looks: Cell<u64>,
}

impl<B: Bench> Seen<B> {
    const fn new(bench: B, fault: Option<Fault>) -> Self {
        Self { bench, fault, looks: Cell::new(0) }
    }

    /// Loads a policy that is good.
    async fn load(&self, policy: Sample) -> PolicyStatus {
        match self.reload(policy).await {
            Ok(status) => status,
            Err(fault) => panic!("a good policy is refused: {fault}"),
        }
    }

    async fn reload(&self, policy: Sample) -> Result<PolicyStatus, PolicyFault> {
        let is_kept = self.fault == Some(Fault::NeverReplaces) && policy == Sample::Second;
        self.bench.put(if is_kept { Sample::First } else { policy });
        match (self.fault, self.bench.host().reload().await) {
            (Some(Fault::SaysNoReason), Err(fault)) => {
                Err(PolicyFault { message: String::new(), report: String::new(), ..fault })
            }
            (Some(Fault::AnswersOtherwise), Ok(status)) => {
                Ok(PolicyStatus { name: format!("{}?", status.name), ..status })
            }
            (_, loaded) => loaded.map(|status| self.seen(status)),
        }
    }

    fn status(&self) -> PolicyStatus {
        self.seen(self.bench.host().status())
    }

    /// Changes a status as the fault does.
    fn seen(&self, status: PolicyStatus) -> PolicyStatus {
        let looks = self.looks.get() + 1;
        self.looks.set(looks);
        match self.fault {
            Some(Fault::HasNoVersion) => PolicyStatus { version: String::new(), ..status },
            Some(Fault::RenamesEachLoad) => {
                let version = format!("{}-{looks}", status.version);
                PolicyStatus { version, ..status }
            }
            Some(Fault::ForgetsWhy) => PolicyStatus { fault: None, ..status },
            Some(Fault::RemembersWhy) => {
                let fault = status.fault.or_else(|| Some(old()));
                PolicyStatus { fault, ..status }
            }
            _ => status,
        }
    }
}

/// A fault from long ago.
fn old() -> PolicyFault {
    let message = "long ago".to_owned();
    PolicyFault { file: String::new(), line: 0, column: 0, report: message.clone(), message }
}
