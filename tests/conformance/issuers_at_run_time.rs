//! RFC 8725 sections 3.8 and 3.10, with issuers that come and go while a verifier serves.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests may")]

use std::{
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{
        Arc, Barrier, LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use tokenring::{
    Algorithm, Guard, Issuers, JwkSet, KeyError, KeyLookup, KeyQuery, KeySource, Login, Policy,
    PolicyError, SelectedKey, Verifier, VerifyError,
    explain::Check,
    testkit::{AUDIENCE, Issuer},
};

use crate::common::{FAR_FUTURE, NOW, issuer};

const ONE: &str = "https://one.example/";
const TWO: &str = "https://two.example/";

fn key(index: usize) -> Vec<tokenring::testkit::TestKey> {
    vec![issuer().keys()[index].with_kid("k")]
}

/// A token of `iss`, signed with the fixed key of this number.
fn token(iss: &str, index: usize) -> String {
    Issuer::with_keys(iss, key(index)).token_at(NOW).expires_at(FAR_FUTURE).mint()
}

/// The fixed key of this number in a set. Cheap: each set is read once.
fn keys(index: usize) -> JwkSet {
    static SETS: LazyLock<[JwkSet; 3]> = LazyLock::new(|| {
        let jwks = |index| Issuer::with_keys("", key(index)).jwks();
        [0, 1, 2].map(|index| JwkSet::from_json(jwks(index).as_bytes()).unwrap())
    });
    SETS[index].clone()
}

fn policy(iss: &str) -> Policy {
    Policy::new(iss, AUDIENCE)
}

fn outcome<K: KeySource>(verifier: &Verifier<K>, token: &str) -> Result<(), VerifyError> {
    let outcome = verifier.verify_at(token, NOW).map(drop);
    assert_eq!(verifier.explain_at(token, NOW).verdict(), outcome);
    outcome
}

fn size(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap()
}

#[test]
fn key_that_is_known_answers_at_once_in_every_way() {
    let issuers = Issuers::new();
    issuers.add(policy(ONE), keys(0)).unwrap();
    let verifier = Verifier::with_issuers(issuers);
    let (good, bad) = (token(ONE, 0), token(ONE, 1));
    let mut context = Context::from_waker(Waker::noop());
    for (token, expected) in [(good, Ok(())), (bad, Err(VerifyError::BadSignature))] {
        assert_eq!(verifier.try_verify(&token).map(drop), expected);
        let mut verifying = pin!(verifier.verify_async(&token));
        let Poll::Ready(outcome) = verifying.as_mut().poll(&mut context) else {
            panic!("the key is known");
        };
        assert_eq!(outcome.map(drop), expected);
    }
}

#[test]
fn issuers_are_added_replaced_removed_and_listed_while_a_verifier_serves() {
    let issuers = Issuers::new();
    let verifier = Verifier::with_issuers(issuers.clone());
    let clone = verifier.clone();
    let verdict = |token: &str| {
        assert_eq!(outcome(&verifier, token), outcome(&clone, token));
        outcome(&verifier, token)
    };
    let (one, two) = (token(ONE, 0), token(TWO, 1));
    assert_eq!(verdict(&one), Err(VerifyError::WrongIssuer));
    issuers.add(policy(ONE), keys(0)).unwrap();
    assert_eq!(verdict(&one), Ok(()));
    assert_eq!(verdict(&two), Err(VerifyError::WrongIssuer));
    issuers.add(policy(TWO), keys(1)).unwrap();
    assert_eq!((verdict(&one), verdict(&two)), (Ok(()), Ok(())));
    assert_eq!(verifier.keys().names(), [ONE, TWO]);
    assert_eq!(issuers.add(policy(ONE), keys(1)), Err(PolicyError::DuplicateIssuer));
    assert_eq!(issuers.replace(policy(ONE), keys(1)), Ok(true));
    assert_eq!(verdict(&one), Err(VerifyError::BadSignature));
    assert_eq!(issuers.replace(Policy::new(ONE, ""), keys(0)), Err(PolicyError::EmptyAudience));
    assert_eq!(verdict(&one), Err(VerifyError::BadSignature));
    let found = issuers.keys_of(ONE).unwrap().select(Some("k"), Algorithm::RS256);
    assert_eq!(found, keys(1).select(Some("k"), Algorithm::RS256));
    assert!(issuers.remove(ONE));
    assert!(!issuers.remove(ONE));
    assert!(issuers.keys_of(ONE).is_none());
    assert_eq!((verdict(&one), verdict(&two)), (Err(VerifyError::WrongIssuer), Ok(())));
    assert_eq!(issuers.names(), [TWO]);
    assert_eq!(format!("{issuers:?}"), "Issuers { count: 1, .. }");
}

#[test]
fn key_of_one_issuer_verifies_no_token_of_another() {
    let issuers = Issuers::new();
    issuers.add(policy(ONE), keys(0)).unwrap();
    issuers.add(policy(TWO), keys(1)).unwrap();
    let verifier = Verifier::with_issuers(issuers);
    assert_eq!(outcome(&verifier, &token(ONE, 1)), Err(VerifyError::BadSignature));
    assert_eq!(outcome(&verifier, &token(TWO, 0)), Err(VerifyError::BadSignature));
}

#[test]
fn issuer_of_a_shared_verifier_is_added_to_its_issuers_only() {
    let verifier = Verifier::with_issuers(Issuers::<JwkSet>::new());
    let added = verifier.with_issuer(policy(ONE), Issuers::new()).map(drop);
    assert_eq!(added, Err(PolicyError::SharedIssuers));
}

/// The issuers have the keys, and a method that returns them.
#[test]
fn shared_verifier_itself_has_keys_of_no_issuer() {
    let issuers = Issuers::default();
    issuers.add(policy(ONE), keys(0)).unwrap();
    let verifier = Verifier::with_issuers(issuers.clone());
    assert!(verifier.keys_of(ONE).is_none());
    assert!(issuers.keys_of(ONE).is_some());
}

#[test]
fn issuers_alone_are_no_source_of_keys() {
    let issuers = Issuers::new();
    issuers.add(policy(ONE), keys(0)).unwrap();
    let verifier = Verifier::new(policy(ONE), issuers).unwrap();
    assert_eq!(outcome(&verifier, &token(ONE, 0)), Err(VerifyError::UnknownKey));
    assert_eq!(verifier.verify(&token(ONE, 0)).map(drop), Err(VerifyError::UnknownKey));
}

#[test]
fn template_serves_its_tenants_beside_exact_issuers() {
    const TENANT: &str = "1a2b3c4d-0000-4111-8222-abcdefabcdef";
    let url = format!("https://login.example/{TENANT}/");
    let template = "https://login.example/{tenantid}/";
    let of_tenant = |index| {
        let issuer = Issuer::with_keys(url.as_str(), key(index));
        issuer.token_at(NOW).claim("tid", TENANT).mint()
    };
    let issuers = Issuers::new();
    issuers.add(Policy::for_tenants(template, AUDIENCE).tenant(TENANT), keys(0)).unwrap();
    let verifier = Verifier::with_issuers(issuers.clone());
    assert_eq!(verifier.verify_at(&of_tenant(0), NOW).unwrap().issuer(), url);
    assert_eq!(outcome(&verifier, &token(template, 0)), Err(VerifyError::WrongIssuer));
    // An issuer with the tenant's exact name comes first.
    issuers.add(policy(&url), keys(1)).unwrap();
    assert_eq!(outcome(&verifier, &of_tenant(0)), Err(VerifyError::BadSignature));
    assert_eq!(outcome(&verifier, &of_tenant(1)), Ok(()));
    assert!(issuers.remove(&url));
    assert_eq!(outcome(&verifier, &of_tenant(0)), Ok(()));
    assert!(issuers.remove(template));
    assert_eq!(outcome(&verifier, &of_tenant(0)), Err(VerifyError::WrongIssuer));
}

// The token cache.

/// Counts the look-ups, and confirms no key: a cached token costs a look-up too, but no signature.
#[derive(Clone)]
struct Counted(Arc<AtomicUsize>, JwkSet);

impl KeySource for Counted {
    fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        self.1.key(query)
    }

    fn try_key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        self.1.try_key(query)
    }

    fn confirms(&self, key: &SelectedKey, query: KeyQuery<'_>) -> bool {
        self.1.confirms(key, query)
    }
}

#[test]
fn change_of_one_issuer_ends_its_cached_tokens_and_no_others() {
    let issuers = Issuers::new();
    let counted = |index| Counted(Arc::default(), keys(index));
    let (of_one, of_two) = (counted(0), counted(1));
    issuers.add(policy(ONE), of_one.clone()).unwrap();
    issuers.add(policy(TWO), of_two.clone()).unwrap();
    let verifier = Verifier::with_issuers(issuers.clone()).with_token_cache(size(64));
    let (one, two) = (token(ONE, 0), token(TWO, 1));
    let verify = |token: &str| verifier.verify_at(token, NOW).map(drop);
    let looked_up = || (of_one.0.load(Ordering::SeqCst), of_two.0.load(Ordering::SeqCst));
    for _ in 0..3 {
        assert_eq!((verify(&one), verify(&two)), (Ok(()), Ok(())));
        assert_eq!(looked_up(), (1, 1));
    }
    // Adding, replacing and removing a third one leaves both in the cache.
    issuers.add(policy("https://three.example/"), counted(2)).unwrap();
    issuers.replace(policy("https://three.example/"), counted(2)).unwrap();
    issuers.remove("https://three.example/");
    assert_eq!((verify(&one), verify(&two), looked_up()), (Ok(()), Ok(()), (1, 1)));
    // Under a stricter policy with the same keys, the cached token is refused at once.
    issuers.replace(policy(ONE).require_claim("tid", "a"), of_one.clone()).unwrap();
    assert_eq!(verify(&one), Err(VerifyError::RequiredClaim { index: 0 }));
    assert_eq!((verify(&two), looked_up()), (Ok(()), (2, 1)));
    issuers.remove(ONE);
    assert_eq!(verify(&one), Err(VerifyError::WrongIssuer));
    // The same policy and keys again are another issuer: verified again, then a hit.
    issuers.add(policy(ONE), of_one.clone()).unwrap();
    for _ in 0..2 {
        assert_eq!((verify(&one), verify(&two), looked_up()), (Ok(()), Ok(()), (3, 1)));
    }
}

#[test]
fn issuer_added_to_a_verifier_leaves_the_cached_tokens_of_the_others() {
    let of_one = Counted(Arc::default(), keys(0));
    let verifier = Verifier::new(policy(ONE), of_one.clone()).unwrap().with_token_cache(size(64));
    let one = token(ONE, 0);
    assert_eq!(verifier.verify_at(&one, NOW).map(drop), Ok(()));
    let verifier = verifier.with_issuer(policy(TWO), Counted(Arc::default(), keys(1))).unwrap();
    assert_eq!(verifier.verify_at(&one, NOW).map(drop), Ok(()));
    assert_eq!(of_one.0.load(Ordering::SeqCst), 1);
}

// Futures.

/// A source whose futures wait for the gate.
struct Gated {
    keys: JwkSet,
    gate: Arc<Mutex<bool>>,
}

impl KeySource for Gated {
    fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        self.keys.key(query)
    }

    fn try_key(&self, _: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        Err(KeyError::Unavailable { retry_after: Duration::ZERO })
    }

    fn key_async(&self, query: KeyQuery<'_>) -> KeyLookup<'_> {
        let name = query.key_id().map(str::to_owned);
        let algorithm = query.algorithm();
        KeyLookup::pending(async move {
            std::future::poll_fn(|_| match *self.gate.lock().unwrap() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            })
            .await;
            self.keys.key(KeyQuery::new(name.as_deref(), algorithm))
        })
    }
}

#[test]
fn verification_that_waits_ends_under_the_policy_of_the_issuer_whose_key_it_waits_for() {
    let (issuers, gate) = (Issuers::new(), Arc::new(Mutex::new(false)));
    let source = |index| Gated { keys: keys(index), gate: Arc::clone(&gate) };
    issuers.add(policy(ONE), source(0)).unwrap();
    let verifier = Verifier::with_issuers(issuers.clone());
    let guard = Guard::new(verifier.clone());
    let token = token(ONE, 0);
    let mut waiting = pin!(verifier.verify_async(&token));
    let mut checking = pin!(guard.check_async([format!("Bearer {token}")]));
    let mut context = Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    assert!(checking.as_mut().poll(&mut context).is_pending());
    // The new issuer of this name has another key and another policy.
    issuers.replace(Policy::new(ONE, "other"), source(1)).unwrap();
    *gate.lock().unwrap() = true;
    let accepted = |poll: Poll<Result<_, _>>| matches!(poll, Poll::Ready(Ok(_)));
    assert!(accepted(waiting.as_mut().poll(&mut context).map_err(drop)));
    assert!(accepted(checking.as_mut().poll(&mut context).map_err(drop)));
    let mut later = pin!(verifier.verify_async(&token));
    let Poll::Ready(outcome) = later.as_mut().poll(&mut context) else {
        panic!("the gate is open")
    };
    assert_eq!(outcome.map(drop), Err(VerifyError::BadSignature));
}

#[test]
fn types_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + std::panic::UnwindSafe + std::panic::RefUnwindSafe>(_: &T) {}
    fn send<T: Send>(_: &T) {}
    let issuers = Issuers::<JwkSet>::new();
    shared(&issuers);
    let verifier = Verifier::with_issuers(issuers);
    shared(&verifier);
    send(&verifier.verify_async(""));
    send(&Guard::new(verifier).check_async([""]));
}

#[test]
fn cache_changes_no_verdict_whatever_happens_to_the_issuers() {
    const TENANT: &str = "1a2b3c4d-0000-4111-8222-abcdefabcdef";
    let template = "https://login.example/{tenantid}/";
    let of_tenant = template.replace("{tenantid}", TENANT);
    let policies = [
        policy(ONE),
        Policy::new(ONE, "other"),
        Policy::for_id_tokens(ONE, AUDIENCE),
        policy(&of_tenant),
        Policy::for_tenants(template, AUDIENCE).tenant(TENANT),
        Policy::for_tenants(template, AUDIENCE).any_tenant(),
        Policy::for_tenants(template, AUDIENCE).tenant("99999999-aaaa-bbbb-cccc-dddddddddddd"),
    ];
    let tokens = [(ONE, 0), (ONE, 1), (&of_tenant, 0), (&of_tenant, 1)].map(|(iss, index)| {
        let builder = Issuer::with_keys(iss, key(index)).token_at(NOW);
        builder.without_claim("azp").claim("tid", TENANT).mint()
    });
    let issuers = Issuers::new();
    let plain = Verifier::with_issuers(issuers.clone());
    let cached = plain.clone().with_token_cache(size(9));
    let login = Login::new();
    let (mut accepted, mut random) = (0, 1_u32);
    let mut below = |end: u32| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from((random >> 16) % end).unwrap()
    };
    for _ in 0..400 {
        match below(8) {
            0..=4 => drop(issuers.replace(policies[below(7)].clone(), keys(below(2))).unwrap()),
            _ => drop(issuers.remove([ONE, &of_tenant, template][below(3)])),
        }
        for token in &tokens {
            // As a login first or last: one way must not open the other.
            for is_login in [[true, false, true], [false, true, false]][below(2)] {
                let verify = |verifier: &Verifier<_>| match is_login {
                    true => verifier.verify_id_token_at(token, &login, NOW).map(drop),
                    false => verifier.verify_at(token, NOW).map(drop),
                };
                assert_eq!(verify(&cached), verify(&plain));
                accepted += usize::from(verify(&plain).is_ok());
            }
        }
    }
    assert!(accepted > 400, "{accepted}");
}

#[test]
fn change_takes_effect_at_once_while_other_threads_fill_the_cache() {
    let issuers = Issuers::new();
    let verifier = Verifier::with_issuers(issuers.clone()).with_token_cache(size(9));
    let token = token(ONE, 0);
    let (started, is_over) = (Barrier::new(3), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                started.wait();
                while is_over.load(Ordering::Relaxed) == 0 {
                    let _any = verifier.verify_at(&token, NOW);
                }
            });
        }
        started.wait();
        // Joins the threads before it fails.
        let outcomes: Vec<_> = (0..500)
            .flat_map(|_| {
                let verdict = || verifier.verify_at(&token, NOW).map(drop);
                issuers.replace(policy(ONE), keys(0)).unwrap();
                let good = verdict();
                issuers.replace(Policy::new(ONE, "other"), keys(0)).unwrap();
                let other_audience = verdict();
                issuers.replace(policy(ONE), keys(1)).unwrap();
                let other_key = verdict();
                issuers.remove(ONE);
                [good, other_audience, other_key, verdict()]
            })
            .collect();
        is_over.store(1, Ordering::Relaxed);
        let expected = [
            Ok(()),
            Err(VerifyError::WrongAudience),
            Err(VerifyError::BadSignature),
            Err(VerifyError::WrongIssuer),
        ];
        assert!(outcomes.chunks(4).all(|four| four == expected));
    });
}

// The resolver.

/// Tenants under `https://tenant.example/`, all with the first key, and the calls of their resolver.
fn resolved(at_most: usize) -> (Issuers<JwkSet>, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let issuers = Issuers::with_resolver(size(at_most), move |iss| {
        counter.fetch_add(1, Ordering::SeqCst);
        iss.starts_with("https://tenant.example/").then(|| (policy(iss), keys(0)))
    });
    (issuers, calls)
}

fn tenant(number: usize) -> String {
    format!("https://tenant.example/{number}")
}

#[test]
fn issuer_is_resolved_once_and_its_absence_each_time() {
    let (issuers, calls) = resolved(2);
    let verifier = Verifier::with_issuers(issuers.clone());
    let verify = |token: &str| verifier.verify_at(token, NOW).map(drop);
    for _ in 0..3 {
        assert_eq!(verify(&token(&tenant(1), 0)), Ok(()));
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }
    for round in 1..=3 {
        assert_eq!(verify(&token(ONE, 0)), Err(VerifyError::WrongIssuer));
        assert_eq!(calls.load(Ordering::SeqCst), 1 + round);
    }
    assert_eq!(issuers.names(), [tenant(1)]);
    // A forged token of a tenant is refused, and the tenant is kept.
    assert_eq!(verify(&token(&tenant(2), 1)), Err(VerifyError::BadSignature));
    assert_eq!(verify(&token(&tenant(2), 1)), Err(VerifyError::BadSignature));
    assert_eq!(calls.load(Ordering::SeqCst), 5);
    // Removed, it is resolved again.
    assert!(issuers.remove(&tenant(1)));
    assert_eq!(verify(&token(&tenant(1), 0)), Ok(()));
    assert_eq!(calls.load(Ordering::SeqCst), 6);
}

#[test]
fn explanation_asks_the_resolver_too() {
    let (issuers, _) = resolved(2);
    let guard = Guard::new(Verifier::with_issuers(issuers));
    let token = token(&tenant(1), 0);
    let explanation = guard.explain_at([format!("Bearer {token}")], NOW);
    assert_eq!(explanation.verdict(), Ok(()));
    let route = explanation.findings().iter().find(|finding| finding.check() == Check::Route);
    assert_eq!(route.unwrap().expected(), Some(r#"one of ["https://tenant.example/1"]"#));
}

#[test]
fn number_of_resolved_issuers_is_bounded_whatever_tokens_say() {
    let (issuers, calls) = resolved(3);
    issuers.add(policy(ONE), keys(0)).unwrap();
    let verifier = Verifier::with_issuers(issuers.clone());
    for number in 0..50 {
        assert_eq!(outcome(&verifier, &token(&tenant(number), 1)), Err(VerifyError::BadSignature));
        assert!(issuers.names().len() <= 4);
    }
    assert_eq!(issuers.names().len(), 4);
    assert!(issuers.keys_of(ONE).is_some());
    assert!(calls.load(Ordering::SeqCst) >= 50);
}

#[test]
fn flood_of_names_does_not_evict_issuers_whose_tokens_are_accepted() {
    let (issuers, calls) = resolved(3);
    let verifier = Verifier::with_issuers(issuers.clone());
    let verify = |token: &str| verifier.verify_at(token, NOW).map(drop);
    let good = [token(&tenant(1), 0), token(&tenant(2), 0)];
    for token in &good {
        assert_eq!(verify(token), Ok(()));
    }
    for number in 10..60 {
        assert_eq!(verify(&token(&tenant(number), 1)), Err(VerifyError::BadSignature));
    }
    let names = issuers.names();
    assert_eq!(names, [tenant(1), tenant(2), tenant(59)]);
    let before = calls.load(Ordering::SeqCst);
    assert_eq!((verify(&good[0]), verify(&good[1])), (Ok(()), Ok(())));
    assert_eq!(calls.load(Ordering::SeqCst), before);
}

#[test]
fn issuers_that_are_no_longer_used_make_room_for_others() {
    let (issuers, _) = resolved(2);
    let verifier = Verifier::with_issuers(issuers.clone());
    for number in 1..=9 {
        assert_eq!(outcome(&verifier, &token(&tenant(number), 0)), Ok(()));
    }
    assert_eq!(issuers.names().len(), 2);
    assert!(issuers.names().contains(&tenant(9)));
}

#[test]
fn resolver_answers_for_exactly_the_issuer_in_question() {
    const TENANT: &str = "1a2b3c4d-0000-4111-8222-abcdefabcdef";
    let of_another = |iss: &str| match iss {
        ONE => Some((policy(TWO), keys(0))),
        TWO => Some((Policy::new(TWO, ""), keys(0))),
        _ => {
            let template = "https://login.example/{tenantid}/";
            Some((Policy::for_tenants(template, AUDIENCE).any_tenant(), keys(0)))
        }
    };
    let issuers = Issuers::with_resolver(size(9), of_another);
    let verifier = Verifier::with_issuers(issuers.clone());
    for iss in [ONE, TWO, &format!("https://login.example/{TENANT}/")] {
        assert_eq!(outcome(&verifier, &token(iss, 0)), Err(VerifyError::WrongIssuer), "{iss}");
    }
    assert!(issuers.names().is_empty());
}

#[test]
fn text_of_a_template_as_iss_does_not_take_the_place_of_the_template() {
    let template = "https://tenant.example/{tenantid}/";
    let (issuers, _) = resolved(2);
    let verifier = Verifier::with_issuers(issuers.clone());
    issuers.add(Policy::for_tenants(template, AUDIENCE).any_tenant(), keys(1)).unwrap();
    // The careless resolver finds an issuer of this name, which no policy can have.
    assert_eq!(outcome(&verifier, &token(template, 0)), Err(VerifyError::WrongIssuer));
    let of_template = issuers.keys_of(template).unwrap().select(Some("k"), Algorithm::RS256);
    assert_eq!(of_template, keys(1).select(Some("k"), Algorithm::RS256));
    assert!(issuers.remove(template));
    assert!(issuers.names().is_empty());
}

#[test]
fn added_issuer_comes_before_the_resolver_and_takes_the_place_of_its_answer() {
    let (issuers, calls) = resolved(1);
    let verifier = Verifier::with_issuers(issuers.clone());
    assert_eq!(outcome(&verifier, &token(&tenant(1), 0)), Ok(()));
    issuers.add(policy(&tenant(1)), keys(1)).unwrap();
    assert_eq!(outcome(&verifier, &token(&tenant(1), 1)), Ok(()));
    assert_eq!(outcome(&verifier, &token(&tenant(1), 0)), Err(VerifyError::BadSignature));
    assert_eq!(issuers.add(policy(&tenant(1)), keys(0)), Err(PolicyError::DuplicateIssuer));
    // It takes no room of those that are resolved.
    assert_eq!(outcome(&verifier, &token(&tenant(2), 0)), Ok(()));
    assert_eq!(issuers.names(), [tenant(1), tenant(2)]);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[test]
fn threads_that_ask_for_one_issuer_get_one() {
    const THREADS: usize = 4;
    let all_ask = Arc::new(Barrier::new(THREADS));
    let sources = Arc::new(Mutex::new(Vec::new()));
    let made = Arc::clone(&sources);
    let issuers = Issuers::with_resolver(size(9), move |iss| {
        all_ask.wait();
        let source = Counted(Arc::default(), keys(0));
        made.lock().unwrap().push(source.clone());
        Some((policy(iss), source))
    });
    let verifier = Verifier::with_issuers(issuers);
    let token = token(ONE, 0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| assert_eq!(verifier.verify_at(&token, NOW).map(drop), Ok(())));
        }
    });
    let mut asked: Vec<usize> =
        sources.lock().unwrap().iter().map(|source| source.0.load(Ordering::SeqCst)).collect();
    asked.sort_unstable();
    assert_eq!(asked, [0, 0, 0, THREADS]);
}

#[test]
fn resolver_is_called_without_a_lock_and_its_answer_is_not_kept_after_a_removal() {
    let (asked, is_asked) = mpsc::channel();
    let (answer, answers) = mpsc::channel::<()>();
    let answers = Mutex::new(answers);
    let issuers = Issuers::with_resolver(size(9), move |iss| {
        asked.send(()).unwrap();
        answers.lock().unwrap().recv().unwrap();
        Some((policy(iss), keys(0)))
    });
    let verifier = Verifier::with_issuers(issuers.clone());
    let token = token(ONE, 0);
    thread::scope(|scope| {
        let verdict = scope.spawn(|| verifier.verify_at(&token, NOW).map(drop));
        is_asked.recv().unwrap();
        // Neither waits for the resolver.
        issuers.add(policy(TWO), keys(1)).unwrap();
        assert!(!issuers.remove(ONE));
        answer.send(()).unwrap();
        assert_eq!(verdict.join().unwrap(), Ok(()));
    });
    assert_eq!(issuers.names(), [TWO]);
}

#[test]
fn panic_of_the_resolver_does_no_harm() {
    let issuers = Issuers::with_resolver(size(9), |iss| match iss {
        ONE => panic!("as requested"),
        _ => Some((policy(iss), keys(1))),
    });
    let verifier = Verifier::with_issuers(issuers.clone());
    for _ in 0..2 {
        let call = || verifier.verify_at(&token(ONE, 0), NOW).map(drop);
        assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
        assert_eq!(outcome(&verifier, &token(TWO, 1)), Ok(()));
    }
    issuers.add(policy(ONE), keys(0)).unwrap();
    assert_eq!(outcome(&verifier, &token(ONE, 0)), Ok(()));
}
