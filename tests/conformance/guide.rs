//! The pages of the guide: what they say about the crate's texts, tests and files is so.
#![cfg(feature = "fetch")]

use std::{
    error::Error as _,
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use serde_json::json;
use tokenring::{
    Algorithm, Authentication, CompactJws, DiscoverError, FetchConfigError, Guard, JwkSet, Policy,
    PolicyError, PublicKey, Rejection, RemoteJwks, SettingFault, UnixTime, Verifier, VerifyError,
    possession::{
        ProofPolicy, ProofVerifier, ReplayError, ReplayKey, ReplayMemory, ReplayStore, Request,
    },
    remote::{FetchError, FetchRequest, KeysState},
    testkit::{AUDIENCE, ISSUER, Issuer, TestKey, TokenBuilder},
};

use crate::{
    common::{NOW, keys, token, verifier},
    proofs::{ORIGIN, Proof, jwk, sha256},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A memory of used proofs that is full.
struct Full;

impl ReplayStore for Full {
    fn insert(&self, _: &ReplayKey, _: UnixTime, _: UnixTime) -> Result<(), ReplayError> {
        Err(ReplayError::Full)
    }
}

/// The log line for a token that a guard refuses.
fn line(guard: &Guard<JwkSet>, token: &TokenBuilder) -> String {
    guard.check_at([format!("Bearer {}", token.mint())], NOW).unwrap_err().to_string()
}

#[test]
fn log_lines_that_the_pages_show_are_those_of_the_crate() {
    let guard = Guard::new(verifier());
    let opaque = guard.check_at(["Bearer opaque"], NOW).unwrap_err().to_string();
    let missing = guard.check_at(None::<&str>, NOW).unwrap_err().to_string();
    let es256 = token().header("alg", "ES256");

    let issuer = "https://login.example.com/";
    let down = |_: &FetchRequest| Err(FetchError::HostNotFound);
    let keys = RemoteJwks::discovery_builder(issuer).fetch(down).build().unwrap();
    let failure = keys.prime().unwrap_err().to_string();
    let without_keys = Guard::new(Verifier::new(Policy::new(issuer, "api"), keys).unwrap());
    let token_of_issuer = Issuer::new(issuer).token().audience("api").mint();
    let unavailable = without_keys.check([format!("Bearer {token_of_issuer}")]).unwrap_err();

    let messages = guard.clone().require_scope("manager");
    let reader = guard.clone().require_scope("read:messages");
    let without_scopes = token().without_claim("scope");
    let strong = Authentication::new().acr_values(["mfa"]);
    let strong = guard.clone().require_authentication(strong);

    // Bound tokens.
    let key = TestKey::for_algorithm(Algorithm::ES256);
    let jkt = PublicKey::from_jwk(jwk(&key).to_string().as_bytes()).unwrap().thumbprint();
    let bound = token().claim("cnf", json!({ "jkt": jkt.to_string() })).mint();
    let good = Proof::with_key(&key).claim("ath", sha256(bound.as_bytes()));
    let of_other_key = Proof::with_key(&TestKey::attacker_for(Algorithm::ES256));
    let of_other_key = of_other_key.claim("ath", sha256(bound.as_bytes()));
    let line_for = |scheme: &str, token: &str, proof: &[String]| {
        let policy = ProofPolicy::new(ORIGIN);
        let proofs = ProofVerifier::new(policy, ReplayMemory::new(NonZeroUsize::MIN)).unwrap();
        let guard = guard.clone().accept_dpop(proofs);
        let authorization = [format!("{scheme} {token}")];
        let check = |target| {
            let request = Request::new("GET", target).authorization(&authorization).dpop(proof);
            guard.check_request_at(&request, NOW).map(drop).map_err(|error| error.to_string())
        };
        check("/v1/users").and_then(|()| check("/v1/users")).unwrap_err()
    };
    let proofs = [good.clone()].map(|proof| proof.sign());
    let elsewhere = [good.clone().claim("htu", format!("{ORIGIN}/users")).sign()];
    let plain = token().mint();
    let proofs_of_full = ProofVerifier::new(ProofPolicy::new(ORIGIN), Full).unwrap();
    let authorization = [format!("DPoP {bound}")];
    let request = Request::new("GET", "/v1/users").authorization(&authorization).dpop(&proofs);
    let full = guard.clone().accept_dpop(proofs_of_full).check_request_at(&request, NOW);

    let repeated = guard.invalid_request("cookie_repeated", "Invalid token format");
    let forbidden = guard.forbidden("other_origin", "Forbidden");
    let unavailable_line = unavailable.to_string();
    let of_serverless = format!("{}, ..", unavailable_line.split(", try").next().unwrap());

    let mut missing_lines = Vec::new();
    for (page, expected) in [
        ("dpop", line_for("Bearer", &bound, &[])),
        ("dpop", line_for("DPoP", &bound, &[])),
        ("dpop", line_for("DPoP", &bound, &elsewhere)),
        ("dpop", line_for("DPoP", &bound, &proofs)),
        ("dpop", line_for("DPoP", &bound, &[of_other_key.sign()])),
        ("dpop", line_for("DPoP", &plain, &proofs)),
        ("dpop", full.unwrap_err().to_string()),
        ("first_service/after", failure),
        ("first_service/after", unavailable.to_string()),
        ("first_service/after", missing.clone()),
        ("first_service/after", opaque),
        ("first_service/after", line(&guard, &token().issuer("https://other.example/"))),
        ("first_service/after", line(&guard, &token().audience("other"))),
        ("first_service/after", line(&guard, &es256)),
        ("first_service/after", line(&reader, &without_scopes)),
        ("roles_and_groups", line(&messages, &token())),
        ("step_up", line(&strong, &token())),
        ("step_up", line(&strong, &token().claim("acr", "pwd"))),
        ("behind_a_proxy", missing),
        ("websockets/after", repeated.to_string()),
        ("websockets/after", forbidden.to_string()),
        ("serverless", of_serverless),
    ] {
        let text = read(&format!("src/guide/{page}.md"));
        if !text.contains(&expected) {
            missing_lines.push((page, expected));
        }
    }
    assert_eq!(missing_lines, []);
}

#[test]
fn each_page_of_the_guide_is_in_its_table_and_on_the_landing_page() {
    let (table, modules, landing) =
        (read("src/guide.md"), read("src/guide.rs"), read("src/lib.rs"));
    let pages: Vec<&str> = modules
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(" {}"))
        .collect();
    assert!(pages.len() > 15, "{pages:?}");
    for page in pages {
        assert!(table.contains(&format!("[`{page}`]")), "{page}");
        assert!(landing.contains(&format!("(guide::{page})")), "{page}");
        assert!(root().join(format!("src/guide/{page}.md")).exists(), "{page}");
    }
}

#[test]
fn each_code_is_in_one_group_of_the_page_of_metrics() {
    let page = read("src/guide/metrics_and_logs.md");
    let table = page.split("| codes | status |").nth(1).unwrap().split("\n\n").next().unwrap();
    let groups = table.lines().skip(2).map(|row| row.split(" | ").next().unwrap());
    let mut named: Vec<&str> = groups
        .flat_map(|group| group.split('`').skip(1).step_by(2))
        .filter(|name| *name != "proof_")
        .collect();
    let not_named = |code: &&&str| !named.contains(*code);
    let others: Vec<_> = Rejection::CODES.iter().filter(not_named).collect();
    assert!(others.iter().all(|code| code.starts_with("proof_")), "{others:?}");
    let mut codes: Vec<_> = Rejection::CODES.to_vec();
    codes.retain(|code| !others.contains(&code));
    codes.sort_unstable();
    named.sort_unstable();
    assert_eq!(named, codes);
}

#[test]
fn tests_that_the_page_of_standards_names_exist() {
    let page = read("src/guide/standards.md");
    let tables = page.split("# Standards").nth(1).unwrap();
    let is_head = |row: &&str| row.ends_with("| tests |") || row.starts_with("|---|");
    let rows = tables.lines().filter(|row| row.starts_with('|') && !is_head(row));
    let (mut found, mut by_name) = (0, 0);
    for row in rows {
        let tests = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        for name in tests.split(", ").map(|name| name.trim_matches('`')) {
            let (module, test) = name.split_once("::").unwrap_or((name, ""));
            let path = match module.contains('/') {
                true => root().join(module),
                false => root().join(format!("tests/conformance/{module}.rs")),
            };
            assert!(path.exists(), "{}", path.display());
            if !test.is_empty() {
                let file = fs::read_to_string(&path).unwrap();
                assert!(file.contains(&format!("#[test]\nfn {test}() {{\n")), "{name}");
                by_name += 1;
            }
            found += 1;
        }
    }
    assert!(found > 80 && by_name > 60, "{found} {by_name}");
}

/// The package has these files: an example's own directory is a package, which cargo leaves out.
#[test]
fn sources_that_the_pages_link_to_are_in_the_package() {
    let mut pages: Vec<PathBuf> =
        ["README.md", "src/possession/replay.rs"].map(|page| root().join(page)).into();
    let mut directories = vec![root().join("src/guide")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            match entry.file_type().unwrap() {
                kind if kind.is_dir() => directories.push(entry.path()),
                kind if kind.is_file() => pages.push(entry.path()),
                // The sources themselves.
                _ => {}
            }
        }
    }
    let mut found = 0;
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("https://docs.rs/crate/tokenring/latest/source/").skip(1) {
            let path = link.split([')', '\n']).next().unwrap();
            assert!(root().join(path).exists(), "{path} in {}", page.display());
            let left_out =
                ["benches/", "fuzz/", "tests/"].iter().any(|left| path.starts_with(left));
            let package = path.starts_with("examples/") && path != "examples/serverless.rs";
            assert!(!left_out && !package, "{path} in {}", page.display());
            found += 1;
        }
    }
    assert!(found > 15, "{found}");
}

/// So that whoever pastes it into the service has a program that was compiled.
#[test]
fn handler_in_the_readme_is_that_of_the_first_service() {
    let program = read("src/guide/first_service/main.rs");
    let handler = program.split("async fn hello(").nth(1).unwrap().split("\n}\n").next().unwrap();
    assert!(read("README.md").contains(&format!("async fn hello({handler}\n}}\n")));
}

#[test]
fn discover_takes_the_keys_from_the_metadata_of_the_issuer_and_fetches_nothing_yet() {
    let verifier = Verifier::discover("https://login.example.com/a", "api").unwrap();
    let keys = RemoteJwks::discover("https://login.example.com/a").unwrap();
    assert_eq!(format!("{:?}", verifier.keys()), format!("{keys:?}"));
    assert_eq!(verifier.keys().health().state(), KeysState::Empty);
    assert!(verifier.keys_of("https://login.example.com/a").is_some());
    assert!(verifier.keys_of("https://login.example.com/").is_none());
    // Before the keys are needed.
    let ed25519 = token().header("alg", "EdDSA").mint();
    assert_eq!(verifier.try_verify(&ed25519).unwrap_err(), VerifyError::AlgorithmNotAccepted);
}

/// With the key in hand: an issuer on loopback has no https.
#[test]
fn discover_compares_issuer_audience_and_time_like_policy_new() {
    let discovered = Verifier::discover(ISSUER, AUDIENCE).unwrap();
    let same = verifier();
    for (token, expected) in [
        (token(), Ok(())),
        (token().audience("other"), Err(VerifyError::WrongAudience)),
        (token().issuer(format!("{ISSUER}x")), Err(VerifyError::WrongIssuer)),
        (token().claim("cnf", json!({ "jkt": "a" })), Err(VerifyError::SenderConstrained)),
        (token().header("typ", "dpop+jwt"), Err(VerifyError::TokenTypeNotAccepted)),
    ] {
        let text = token.mint();
        let payload = || {
            let jws = CompactJws::parse(&text).unwrap();
            let key = keys().select(jws.header().key_id(), Algorithm::RS256).unwrap();
            jws.verify(&key).unwrap()
        };
        assert_eq!(discovered.check_at(payload(), NOW).map(drop), expected);
        assert_eq!(same.check_at(payload(), NOW).map(drop), expected);
    }
}

#[test]
fn discover_says_which_of_its_arguments_cannot_be_used() {
    let issuer = "https://login.example.com/";
    let white_space = SettingFault::WhiteSpace;
    for (issuer, audience, expected, text) in [
        (
            "login.example.com",
            "api",
            DiscoverError::Keys(FetchConfigError::UrlWithoutScheme),
            "the issuer's keys cannot be discovered: the URL has no scheme, write https:// before its host",
        ),
        (
            "http://127.0.0.1/",
            "api",
            DiscoverError::Keys(FetchConfigError::NotHttps),
            "the issuer's keys cannot be discovered: the URL must begin with https:, unless danger_allow_http or danger_allow_http_loopback allows http: for its host",
        ),
        (
            "https://login.example.com/.well-known/openid-configuration",
            "api",
            DiscoverError::Keys(FetchConfigError::IssuerWellKnown),
            "the issuer's keys cannot be discovered: the issuer's URL is that of its metadata, end it before /.well-known/",
        ),
        (
            "https://login.example.com/\n",
            "api",
            DiscoverError::Keys(FetchConfigError::SpoiledUrl { fault: white_space }),
            "the issuer's keys cannot be discovered: the URL has white space at an end, or a control character: remove it",
        ),
        // The keys come first: both are wrong.
        (
            "",
            "",
            DiscoverError::Keys(FetchConfigError::Url),
            "the issuer's keys cannot be discovered: the URL must be absolute, with a host, without user information and fragment",
        ),
        (
            issuer,
            "",
            DiscoverError::Policy(PolicyError::EmptyAudience),
            "an audience of the policy is empty",
        ),
        (
            issuer,
            "api\n",
            DiscoverError::Policy(PolicyError::SpoiledAudience { fault: white_space }),
            "an audience of the policy has white space at an end, or a control character: remove it",
        ),
    ] {
        let error = Verifier::discover(issuer, audience).map(drop).unwrap_err();
        assert_eq!(
            (error, error.to_string().as_str()),
            (expected, text),
            "{issuer:?} {audience:?}"
        );
        assert!(text.ends_with(&error.source().unwrap().to_string()), "{text}");
    }
}
