//! The cost of verifying a token relative to ring's verification of the same bytes with the same
//! key. The two take turns in one run.
//!
//! `cargo bench --bench ratio`. A ratio of 1.03 means 3 % on top of ring. The first row is ring
//! relative to itself, and shows the noise of the machine.
//!
//! The memory layout that allocator and linker choose changes ring's time by up to 1 %.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a bench"
)]

mod samples;
mod table;

use std::{cell::Cell, hint::black_box};

#[cfg(feature = "std")]
use tokenring::Issuers;
use tokenring::{
    Algorithm, CompactJws, JwkSet, KeyError, KeySource, Policy, UnixTime, Verified, Verifier,
    VerifyError,
    testkit::{AUDIENCE, ISSUER, Issuer, TestKey},
};

use samples::{EXPIRES_AT, NOW, Sample};
use table::{FEW, MANY, Table};

fn main() {
    let table = Table::begin();

    let sample = samples::auth0();
    table.title("control");
    table.row("ring against itself", &sample, FEW, |token| sample.ring(token));
    table.title("verify_at, by algorithm");
    for sample in &samples::by_algorithm() {
        table.row(sample.name, sample, FEW, |token| sample.verify_at(token));
    }
    table.title("verify_at, by key");
    for sample in &samples::by_key_size() {
        table.row(sample.name, sample, FEW, |token| sample.verify_at(token));
    }
    table.title("verify_at, by token, RSA-2048");
    for sample in &samples::by_token_size() {
        let name = format!("{} ({} bytes)", sample.name, sample.token.len());
        table.row(&name, sample, FEW, |token| sample.verify_at(token));
    }
    table.title("verify_at, 0.85 KB, RSA-2048, stage by stage");
    stages(&table, &sample);
    table.title("verify_at, refused, RSA-2048");
    refusals(&table, &sample);
    table.title("verify_at, by number of issuers, RSA-2048");
    issuers(&table, &sample);
    table.title("many issuers, with two in the place of ring, RSA-2048");
    many_issuers(&table, &sample);
    table.title("key selection");
    selections(&table, &sample);
    table.title("a set of 1000 keys, with one of 3 in the place of ring");
    many_keys(&table);
    table.title("loading keys");
    let jwks = Issuer::default().jwks();
    table.row("JwkSet::from_json, 3 keys", &sample, FEW, |_| {
        let keys = JwkSet::from_json(black_box(jwks.as_bytes())).unwrap();
        assert_eq!((keys.len(), keys.skipped().len()), (3, 0));
    });
}

/// Each stage includes those before it: the public functions, and at last all of them in one call.
fn stages(table: &Table, sample: &Sample) {
    let kid = Some("tokenring-test-key-01");
    table.row("CompactJws::parse", sample, MANY, |token| {
        let jws = CompactJws::parse(token).unwrap();
        assert_eq!(jws.header().key_id(), kid);
    });
    table.row("and JwkSet::select", sample, MANY, |token| {
        let jws = CompactJws::parse(token).unwrap();
        let key = sample.keys.select(jws.header().key_id(), jws.header().algorithm());
        assert_eq!(key.as_ref().map(|key| key.key_id()), Ok(kid));
    });
    table.row("and CompactJws::verify", sample, FEW, |token| {
        let jws = CompactJws::parse(token).unwrap();
        let key = sample.keys.select(jws.header().key_id(), jws.header().algorithm()).unwrap();
        let payload = jws.verify(&key).unwrap();
        assert_eq!(payload.as_bytes().first(), Some(&b'{'));
    });
    table.row("and Verifier::check_at", sample, FEW, |token| {
        let jws = CompactJws::parse(token).unwrap();
        let key = sample.keys.select(jws.header().key_id(), jws.header().algorithm()).unwrap();
        let payload = jws.verify(&key).unwrap();
        let verified = sample.verifier.check_at(payload, NOW);
        assert_eq!(verified.as_ref().map(Verified::expires_at), Ok(EXPIRES_AT));
    });
    table.row("verify_at", sample, FEW, |token| sample.verify_at(token));
}

/// The token is from the last issuer, and then from none of them.
fn issuers(table: &Table, sample: &Sample) {
    let unknown = Issuer::new("https://unknown.example/").token_at(NOW).mint();
    for count in [1, 2, 10, 100, 1000] {
        let verifier = fixed(count, sample);
        table.row(&format!("{count}"), sample, FEW, |token| {
            let verified = verifier.verify_at(token, NOW);
            assert_eq!(verified.as_ref().map(Verified::issuer), Ok(ISSUER));
        });
        if count > 1 {
            table.row(&format!("{count}, unknown iss"), sample, MANY, |_| {
                let outcome = verifier.verify_at(black_box(&unknown), NOW);
                assert_eq!(outcome.err(), Some(VerifyError::WrongIssuer));
            });
        }
    }
    #[cfg(feature = "std")]
    for count in [2, 1000] {
        let verifier = at_run_time(count, sample);
        table.row(&format!("{count} at run time"), sample, FEW, |token| {
            let verified = verifier.verify_at(token, NOW);
            assert_eq!(verified.as_ref().map(Verified::issuer), Ok(ISSUER));
        });
        table.row(&format!("{count} at run time, unknown iss"), sample, MANY, |_| {
            let outcome = verifier.verify_at(black_box(&unknown), NOW);
            assert_eq!(outcome.err(), Some(VerifyError::WrongIssuer));
        });
    }
}

fn many_issuers(table: &Table, sample: &Sample) {
    let unknown = Issuer::new("https://unknown.example/").token_at(NOW).mint();
    let [many, two] = [1000, 2].map(|count| fixed(count, sample));
    beside(table, "1000", [&many, &two], &sample.token, &unknown);
    #[cfg(feature = "std")]
    {
        let [many, two] = [1000, 2].map(|count| at_run_time(count, sample));
        beside(table, "1000 at run time", [&many, &two], &sample.token, &unknown);
    }
    // A token of each issuer in turn, so that the processor's caches do not hold all that is looked up.
    let count = if table.counts() { 1000 } else { 4 };
    let tokens = |issuers| {
        let issuers: Vec<String> = urls(issuers).collect();
        let issuers = issuers.iter().cycle().take(count);
        issuers.map(|url| Issuer::new(url).token_at(NOW).mint()).collect::<Vec<_>>()
    };
    let (of_many, of_two) = (tokens(count), tokens(2));
    let (many, two) = (fixed(count, sample), fixed(2, sample));
    table.pair(
        &format!("{count}, one after the other"),
        FEW,
        in_turn(&many, &of_many),
        in_turn(&two, &of_two),
    );
}

/// Compares the first of two verifiers with the second.
fn beside<K: KeySource>(
    table: &Table,
    name: &str,
    [many, few]: [&Verifier<K>; 2],
    accepted: &str,
    unknown: &str,
) {
    let accepts = |verifier: &Verifier<K>| {
        let verified = verifier.verify_at(black_box(accepted), NOW);
        assert_eq!(verified.as_ref().map(Verified::issuer), Ok(ISSUER));
    };
    let refuses = |verifier: &Verifier<K>| {
        let outcome = verifier.verify_at(black_box(unknown), NOW);
        assert_eq!(outcome.err(), Some(VerifyError::WrongIssuer));
    };
    table.pair(name, FEW, || accepts(many), || accepts(few));
    table.pair(&format!("{name}, unknown iss"), MANY, || refuses(many), || refuses(few));
}

/// Each call verifies the next token.
fn in_turn(verifier: &Verifier<JwkSet>, tokens: &[String]) -> impl Fn() {
    let next = Cell::new(0);
    move || {
        let token = &tokens[next.get()];
        next.set((next.get() + 1) % tokens.len());
        assert!(verifier.verify_at(black_box(token), NOW).is_ok());
    }
}

fn fixed(count: usize, sample: &Sample) -> Verifier<JwkSet> {
    let mut urls = urls(count);
    let first = Policy::new(urls.next().unwrap(), AUDIENCE);
    urls.try_fold(Verifier::new(first, sample.keys.clone()).unwrap(), |verifier, url| {
        verifier.with_issuer(Policy::new(url, AUDIENCE), sample.keys.clone())
    })
    .unwrap()
}

#[cfg(feature = "std")]
fn at_run_time(count: usize, sample: &Sample) -> Verifier<Issuers<JwkSet>> {
    let issuers = Issuers::new();
    for url in urls(count) {
        issuers.add(Policy::new(url, AUDIENCE), sample.keys.clone()).unwrap();
    }
    Verifier::with_issuers(issuers)
}

/// The last one is that of the sample.
fn urls(count: usize) -> impl Iterator<Item = String> {
    let others = (1..count).map(|number| format!("https://{number}.example/"));
    others.chain([ISSUER.to_string()])
}

fn refusals(table: &Table, sample: &Sample) {
    let issuer = Issuer::default();
    let token = issuer.token_at(NOW);
    let unknown = TestKey::attacker().with_kid("unknown");
    let expired = VerifyError::Expired { exp: EXPIRES_AT.as_secs(), now: EXPIRES_AT.as_secs() };
    let junk = "x".repeat(sample.token.len());
    let refused: [(&str, String, usize, UnixTime, VerifyError); 6] = [
        ("junk", junk, MANY, NOW, VerifyError::SegmentCount { found: 1 }),
        (
            "alg HS256",
            token.clone().header("alg", "HS256").mint(),
            MANY,
            NOW,
            VerifyError::AlgorithmNotAccepted,
        ),
        ("unknown kid", token.clone().key(&unknown).mint(), MANY, NOW, VerifyError::UnknownKey),
        (
            "signature too short",
            token.clone().signature([1; 255]).mint(),
            MANY,
            NOW,
            VerifyError::BadSignature,
        ),
        ("bad signature", token.forged_by(&unknown).mint(), FEW, NOW, VerifyError::BadSignature),
        ("expired", sample.token.clone(), FEW, EXPIRES_AT, expired),
    ];
    for (name, token, calls, now, error) in refused {
        table.row(name, sample, calls, |_| sample.refuse(black_box(&token), now, error));
    }
}

fn selections(table: &Table, sample: &Sample) {
    let three = &sample.keys;
    let last = Some("tokenring-test-key-03");
    table.row("the last of 3 keys", sample, MANY, |_| {
        let key = black_box(three).select(black_box(last), Algorithm::RS256);
        assert_eq!(key.as_ref().map(|key| key.key_id()), Ok(last));
    });
    table.row("none of 3 keys", sample, MANY, |_| {
        let key = black_box(three).select(black_box(Some("unknown")), Algorithm::RS256);
        assert_eq!(key.err(), Some(KeyError::UnknownKey));
    });
    let (hundred, last) = (set_of(100), Some("tokenring-key-099"));
    table.row("the last of 100 keys", sample, MANY, |_| {
        let key = black_box(&hundred).select(black_box(last), Algorithm::RS256);
        assert_eq!(key.as_ref().map(|key| key.key_id()), Ok(last));
    });
}

fn many_keys(table: &Table) {
    let (many, few) = (set_of(1000), set_of(3));
    let selects = |keys: &JwkSet, kid: &str| {
        let key = black_box(keys).select(black_box(Some(kid)), Algorithm::RS256);
        assert_eq!(key.as_ref().map(|key| key.key_id()), Ok(Some(kid)));
    };
    let lacks = |keys: &JwkSet| {
        let key = black_box(keys).select(black_box(Some("tokenring-key-xxx")), Algorithm::RS256);
        assert_eq!(key.err(), Some(KeyError::UnknownKey));
    };
    let (last, last_of_few) = ("tokenring-key-999", "tokenring-key-002");
    table.pair("select, the last", MANY, || selects(&many, last), || selects(&few, last_of_few));
    table.pair("select, unknown kid", MANY, || lacks(&many), || lacks(&few));
    let token = |kid| {
        let key = key_named(kid);
        Issuer::with_keys(ISSUER, vec![key]).token_at(NOW).mint()
    };
    let verifier =
        |keys: &JwkSet| Verifier::new(Policy::new(ISSUER, AUDIENCE), keys.clone()).unwrap();
    let verifies = |verifier: &Verifier<JwkSet>, token: &str, outcome| {
        let verified = verifier.verify_at(black_box(token), NOW);
        assert_eq!(verified.as_ref().map(Verified::issuer).map_err(|error| *error), outcome);
    };
    let verifiers = [verifier(&many), verifier(&few)];
    let tokens = [token(last), token(last_of_few)];
    table.pair(
        "verify_at, the last",
        FEW,
        || verifies(&verifiers[0], &tokens[0], Ok(ISSUER)),
        || verifies(&verifiers[1], &tokens[1], Ok(ISSUER)),
    );
    let unknown = token("tokenring-key-xxx");
    table.pair(
        "verify_at, unknown kid",
        MANY,
        || verifies(&verifiers[0], &unknown, Err(VerifyError::UnknownKey)),
        || verifies(&verifiers[1], &unknown, Err(VerifyError::UnknownKey)),
    );
}

/// The same key under this many names, from `tokenring-key-000` on.
fn set_of(count: usize) -> JwkSet {
    let keys = (0..count).map(|index| key_named(&format!("tokenring-key-{index:03}"))).collect();
    let keys = JwkSet::from_json(Issuer::with_keys(ISSUER, keys).jwks().as_bytes()).unwrap();
    assert_eq!(keys.len(), count);
    keys
}

fn key_named(kid: &str) -> TestKey {
    TestKey::attacker().with_kid(kid)
}
