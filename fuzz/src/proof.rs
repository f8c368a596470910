//! DPoP proofs, signed as a script says, compared with a second implementation of their rules.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    sync::{Arc, LazyLock},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tokenring::{
    Algorithm, UnixTime,
    possession::{
        BoundToken, ClientCertificate, Confirmation, ConfirmationError, Nonces, ProofError,
        ProofOutcome, ProofPolicy, ProofVerifier, ReplayMemory, Request,
    },
    testkit::TestKey,
};
use tokenring_oracle::{
    keys::Numbers,
    proofs::{self, Accepted, Fault, Service, Signed},
    tokens,
    uris::{self, Uri},
};

use crate::{NOW, assert_plain};

/// A proof is accepted if and only if every rule is satisfied, and is otherwise refused for the expected
/// reason. Its findings say the same. It is accepted once, and looking at it does not use it up.
///
/// The first byte chooses the key of a good request. Then the script changes it: an operation and its three
/// arguments, 0 to send the request. The last state is sent too.
pub fn dpop_proof(script: &[u8]) -> bool {
    let mut script = script.iter().copied();
    let mut draft = Draft::new(usize::from(script.next().unwrap_or_default()));
    let mut memory = Memory::new();
    let mut sent = 0;
    while let Some(operation) = script.next() {
        let mut byte = || script.next().unwrap_or_default();
        let arguments = [byte(), byte(), byte()];
        match operation % OPERATIONS {
            // A few are enough to repeat one, and signing takes the most time.
            0 if sent == 4 => {}
            0 => {
                sent += 1;
                draft.send(&mut memory);
            }
            // A member gets the JSON text that follows.
            1 => {
                let text = script.by_ref().take(usize::from(arguments[2])).collect();
                if let Ok(text) = String::from_utf8(text) {
                    draft.set(arguments[0], arguments[1], text);
                }
            }
            other => draft.change(other, arguments),
        }
    }
    draft.send(&mut memory);
    memory.has_admitted
}

/// The number of operations.
const OPERATIONS: u8 = 20;

/// A request in the making. Members are names and JSON texts.
#[derive(Clone)]
struct Draft {
    signer: usize,
    /// Header, `jwk`, claims, `cnf`. The value [`JWK`] in the header is the second of them.
    members: [Vec<(String, String)>; 4],
    /// Changes of the texts of header and payload, and of the proof: a place, a byte, and whether the byte
    /// replaces, is inserted, or one is removed.
    edits: Vec<(usize, usize, u8, u8)>,
    method: &'static str,
    target: &'static str,
    /// How the field is sent.
    field: u8,
    certificate: Option<[u8; 32]>,
    token: &'static str,
    leeway: u64,
    now: u64,
    service: usize,
    has_nonces: bool,
    /// The nonces that the service has issued, each with its minute.
    issued: Vec<(u64, String)>,
}

const HEADER: usize = 0;
const KEY: usize = 1;
const CLAIMS: usize = 2;
const CNF: usize = 3;

/// Stands in the header for the members of the key.
const JWK: &str = "(jwk)";

impl Draft {
    /// A good request with this key.
    fn new(signer: usize) -> Self {
        let signer = signer % SIGNERS.len();
        let text = |text: &str| format!("{text:?}");
        let members = |members: &[(&str, String)]| {
            members.iter().map(|(name, value)| ((*name).into(), value.clone())).collect()
        };
        let claims = members(&[
            ("jti", text("1")),
            ("htm", text("GET")),
            ("htu", text("https://example.com/a")),
            ("iat", NOW.as_secs().to_string()),
            ("ath", text(&URL_SAFE_NO_PAD.encode(proofs::sha256(TOKENS[0].as_bytes())))),
        ]);
        let mut draft = Self {
            signer,
            members: [vec![], vec![], claims, vec![]],
            edits: vec![],
            method: "GET",
            target: "/a",
            field: 0,
            certificate: None,
            token: TOKENS[0],
            leeway: 0,
            now: NOW.as_secs(),
            service: 0,
            has_nonces: false,
            issued: vec![],
        };
        draft.take_key(signer);
        draft.members[CNF] = members(&[("jkt", text(&SIGNERS[signer].thumbprint))]);
        draft
    }

    /// Signs with this key, and shows it in the header.
    fn take_key(&mut self, signer: usize) {
        self.signer = signer;
        let Signer { key, .. } = &SIGNERS[signer];
        self.members[HEADER] = vec![
            ("typ".into(), "\"dpop+jwt\"".into()),
            ("alg".into(), format!("\"{}\"", key.algorithm())),
            ("jwk".into(), JWK.into()),
        ];
        let jwk = public(key);
        let jwk = jwk.as_object().expect("an object");
        self.members[KEY] =
            jwk.iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
    }

    /// Sets the member with this number.
    fn set(&mut self, part: u8, name: u8, text: String) {
        let (members, name) = self.member(part, name);
        match members.iter_mut().find(|(known, _)| known == name) {
            Some((_, value)) => *value = text,
            None => members.push((name.into(), text)),
        }
    }

    fn member(&mut self, part: u8, name: u8) -> (&mut Vec<(String, String)>, &'static str) {
        let part = usize::from(part) % NAMES.len();
        (&mut self.members[part], *pick(NAMES[part], name))
    }

    fn change(&mut self, operation: u8, [a, b, c]: [u8; 3]) {
        let part = operation % 4;
        match operation {
            2 => match b % 2 {
                0 => self.take_key(usize::from(a) % SIGNERS.len()),
                _ => self.signer = usize::from(a) % SIGNERS.len(),
            },
            // A time in a claim: seconds from now, and perhaps a part of one.
            3 => {
                let time = (i128::from(self.now) + i128::from(*pick(&SPANS, b))).to_string();
                let time = match c % 8 {
                    1 => format!("{time}.5"),
                    2 => format!("{time}.00000000000000000000001"),
                    3 => format!("{time}.99999999999999999999999"),
                    4 => format!("{time}.0"),
                    5 => format!("{time}0E-1"),
                    6 => format!("0.{time}e+{}", time.len()),
                    _ => time,
                };
                let name = ["iat", "exp", "nbf"][usize::from(a) % 3];
                self.members[CLAIMS].retain(|(known, _)| known != name);
                self.members[CLAIMS].push((name.into(), time));
            }
            // Of header, `jwk`, claims, `cnf`: another value; one more member of a name; one fewer.
            4..8 => {
                let text = pick(&VALUES[usize::from(part)], b).clone();
                self.set(part, a, text);
            }
            8..12 if c % 2 == 0 => {
                let (members, name) = self.member(part, a);
                members.retain(|(known, _)| known != name);
            }
            8..12 => {
                let text = pick(&VALUES[usize::from(part)], b).clone();
                let (members, name) = self.member(part, a);
                members.push((name.into(), text));
            }
            12 => {
                let later = i128::from(self.now) + i128::from(*pick(&SPANS, a));
                self.now = match b % 4 {
                    0 | 1 => later.clamp(0, 1 << 62) as u64,
                    2 => NOW.as_secs(),
                    _ => *pick(&[0, 299, 300, 301, 1 << 40], c),
                };
            }
            13 => {
                self.has_nonces = a % 4 > 0;
                // A nonce of some minute, by the right secret or another.
                let (now, minutes) = (self.now / 60, u64::from(b % 8));
                let minute = now.saturating_add(minutes).saturating_sub(5);
                let issue = |nonces: &Nonces| {
                    nonces.issue(UnixTime::from_secs(minute.saturating_mul(60))).to_string()
                };
                let nonce = match c % 8 {
                    7 => issue(&OTHER_NONCES),
                    _ => {
                        let nonce = issue(&NONCES);
                        self.issued.push((minute, nonce.clone()));
                        nonce
                    }
                };
                if a % 4 > 1 {
                    self.members[CLAIMS].retain(|(known, _)| known != "nonce");
                    self.members[CLAIMS].push(("nonce".into(), format!("{nonce:?}")));
                }
            }
            14 => (self.method, self.target) = (*pick(&METHODS, a), *pick(&TARGETS, b)),
            15 => (self.field, self.token) = (a, *pick(&TOKENS, b)),
            // The `cnf` names the key in the header, whatever it is.
            16 => {
                let header = self.json(HEADER);
                if let Some(thumbprint) = proofs::thumbprint_in(header.as_bytes()) {
                    let text = format!("{:?}", URL_SAFE_NO_PAD.encode(thumbprint));
                    self.members[CNF].retain(|(known, _)| known != "jkt");
                    self.members[CNF].push(("jkt".into(), text));
                }
            }
            17 => {
                self.certificate = pick(&[None, Some(CERTIFICATE), Some([2; 32])], a).to_owned();
                self.leeway = *pick(&[0, 5, 60, 3600], b);
                self.service = usize::from(c) % SERVICES.len();
            }
            _ => {
                let place = usize::from(b) * 4 + usize::from(a / 64);
                let kind = a / 3 % 8;
                self.edits.push((usize::from(a % 3), place, c, kind));
            }
        }
    }

    /// The JSON text of a part.
    fn json(&self, part: usize) -> String {
        let members = self.members[part].iter().map(|(name, value)| match value.as_str() {
            JWK if part == HEADER => format!("\"{name}\":{}", self.json(KEY)),
            value => format!("\"{name}\":{value}"),
        });
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }

    fn edited(&self, part: usize, text: String) -> Vec<u8> {
        let mut bytes = text.into_bytes();
        for (_, place, byte, kind) in self.edits.iter().filter(|edit| edit.0 == part) {
            let place = place % (bytes.len() + 1);
            let end = bytes.len().min(place + 1);
            match kind {
                0 => bytes.truncate(place),
                1 => bytes.extend(vec![b'A'; usize::from(*byte) * 64]),
                2 => drop(bytes.drain(place..end)),
                3 | 4 => bytes.insert(place, *byte),
                5 => drop(bytes.splice(place..end, [tokens::ALPHABET[usize::from(byte % 64)]])),
                _ => drop(bytes.splice(place..end, [*byte])),
            }
        }
        bytes
    }

    /// Sends the request, and compares the verdicts.
    fn send(&self, memory: &mut Memory) {
        let [header, claims] = [(0, HEADER), (1, CLAIMS)]
            .map(|(number, part)| URL_SAFE_NO_PAD.encode(self.edited(number, self.json(part))));
        let input = format!("{header}.{claims}");
        let Signer { key, numbers, .. } = &SIGNERS[self.signer];
        let signature = key.sign(input.as_bytes());
        let signed =
            Signed { input: &input, signature: &signature, algorithm: key.algorithm(), numbers };
        let text = self.edited(2, format!("{input}.{}", URL_SAFE_NO_PAD.encode(&signature)));
        let joined = [&text, b",".as_slice(), &text].concat();
        let values: &[&[u8]] = match self.field % 16 {
            1 => &[],
            2 => &[&text, &text],
            3 => &[&joined],
            4 => &[b"", &text],
            _ => &[&text],
        };

        let cnf = self.json(CNF);
        let (confirmation, [jkt, x5t_s256]) =
            match (Confirmation::from_json(cnf.as_bytes()), proofs::confirmation(cnf.as_bytes())) {
                (Ok(found), Ok(expected)) => (found, expected),
                (Err(ConfirmationError::Json(found)), Err(ConfirmationError::Json(expected))) => {
                    assert!(tokens::same_fault(found, expected), "{found:?} not {expected:?}");
                    return;
                }
                (Err(found), Err(expected)) => return assert_eq!(found, expected),
                (found, expected) => panic!("{found:?} instead of {expected:?}"),
            };
        assert_eq!(confirmation.jkt().map(|jkt| *jkt.as_bytes()), jkt);
        let certificate = self.certificate.map(ClientCertificate::from_sha256);
        let request = Request::new(self.method, self.target)
            .dpop(values.iter().copied())
            .client_certificate(certificate.as_ref());
        let token =
            BoundToken::new(self.token, confirmation).leeway(Duration::from_secs(self.leeway));

        let (service, verifier) = self.service(memory);
        let expected = proofs::verdict(
            &service,
            &proofs::Request {
                method: self.method,
                target: self.target,
                proofs: values,
                certificate: self.certificate,
                token: self.token,
                jkt,
                x5t_s256,
                leeway: self.leeway,
                now: self.now,
            },
            &signed,
        );
        let now = UnixTime::from_secs(self.now);
        assert_findings(&verifier, &request, &token, now, &expected);
        let looked = verifier.inspect_at(&request, &token, now);
        match (looked, &expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found.end().as_secs(), expected.end),
            (Err(found), Err(expected)) => {
                assert!(expected.is(found), "{found:?} instead of {expected:?}");
                assert_plain(&found);
            }
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
        match verifier.check_at(&request, &token, now) {
            Ok(accepted) => {
                let expected = expected.expect("no less than for one who looks");
                assert_eq!(*accepted.thumbprint().as_bytes(), expected.thumbprint);
                assert_eq!(accepted.algorithm(), expected.algorithm);
                let nonce = expected.is_nonce_old.then(|| NONCES.issue(now));
                assert_eq!(accepted.next_nonce(), nonce);
                memory.admit(expected, self.now);
                let again = verifier.check_at(&request, &token, now);
                assert_eq!(again, Err(ProofError::Replayed));
            }
            Err(error) => match expected {
                Ok(expected) => memory.refuse(&expected, self.now, error),
                Err(expected) => assert!(expected.is(error), "{error:?} instead of {expected:?}"),
            },
        }
    }

    fn service(&self, memory: &Memory) -> (Service<'_>, ProofVerifier) {
        let (origin, algorithms, max_age, ahead) = SERVICES[self.service];
        let policy = ProofPolicy::new(origin)
            .algorithms(algorithms.iter().copied())
            .max_age(Duration::from_secs(max_age))
            .ahead(Duration::from_secs(ahead));
        let policy = if self.has_nonces { policy.nonces(NONCES.clone()) } else { policy };
        let verifier = ProofVerifier::new(policy, Arc::clone(&memory.of_crate)).expect("a policy");
        let origin = &ORIGINS[self.service];
        let nonces = self.has_nonces.then_some(self.issued.as_slice());
        (Service { origin, algorithms, max_age, ahead, nonces }, verifier)
    }
}

/// The findings up to the first that is not good are those of the verdict.
fn assert_findings(
    verifier: &ProofVerifier,
    request: &Request<'_>,
    token: &BoundToken<'_>,
    now: UnixTime,
    expected: &Result<Accepted, Fault>,
) {
    let findings = verifier.findings_at(request, token, now);
    let first = findings.iter().find(|finding| finding.outcome() != ProofOutcome::Passed);
    match (first.map(|finding| finding.outcome()), expected) {
        (None, Ok(_)) => {}
        (Some(ProofOutcome::Failed(error)), Err(expected)) if expected.is(error) => {}
        (found, expected) => panic!("{found:?} instead of {expected:?}"),
    }
}

/// The crate's memory of used proofs, and what is known about it.
struct Memory {
    of_crate: Arc<ReplayMemory>,
    admitted: BTreeMap<Name, BTreeSet<u64>>,
    latest: u64,
    /// The memory was called with an earlier time than before.
    went_back: bool,
    has_admitted: bool,
}

type Name = ([u8; 32], Uri, String);

impl Memory {
    fn new() -> Self {
        let of_crate = ReplayMemory::new(NonZeroUsize::new(64).expect("not zero"));
        Self {
            of_crate: Arc::new(of_crate),
            admitted: BTreeMap::new(),
            latest: 0,
            went_back: false,
            has_admitted: false,
        }
    }

    fn called_at(&mut self, now: u64) {
        self.went_back |= now < self.latest;
        self.latest = self.latest.max(now);
    }

    fn admit(&mut self, proof: Accepted, now: u64) {
        self.called_at(now);
        self.has_admitted = true;
        let ends = self.admitted.entry(proof.name).or_default();
        assert!(proof.end > now);
        assert!(self.went_back || ends.iter().all(|end| *end <= now), "admitted while it is live");
        assert!(ends.insert(proof.end), "admitted twice");
    }

    fn refuse(&mut self, proof: &Accepted, now: u64, error: ProofError) {
        self.called_at(now);
        let ends = self.admitted.get(&proof.name);
        let is_live = ends.is_some_and(|ends| ends.iter().any(|end| *end > now));
        match error {
            ProofError::Replayed => assert!(is_live, "refused as used"),
            // An entry that ends then may have been dropped.
            ProofError::TooLate => assert!(self.went_back),
            error => panic!("{error:?}"),
        }
    }
}

struct Signer {
    key: TestKey,
    numbers: Numbers,
    /// Of `jkt`.
    thumbprint: String,
}

static SIGNERS: LazyLock<[Signer; 7]> = LazyLock::new(|| {
    [
        TestKey::for_algorithm(Algorithm::ES256),
        TestKey::for_algorithm(Algorithm::EdDSA),
        TestKey::for_algorithm(Algorithm::ES384),
        TestKey::for_algorithm(Algorithm::PS256),
        TestKey::for_algorithm(Algorithm::RS256),
        TestKey::attacker_for(Algorithm::ES256),
        TestKey::attacker_for(Algorithm::EdDSA),
    ]
    .map(|key| {
        let jwk = public(&key).to_string();
        let numbers = proofs::numbers(jwk.as_bytes(), key.algorithm()).expect("a key");
        let header = format!("{{\"alg\":\"{}\",\"jwk\":{jwk}}}", key.algorithm());
        let thumbprint = proofs::thumbprint_in(header.as_bytes()).expect("a key");
        Signer { key, numbers, thumbprint: URL_SAFE_NO_PAD.encode(thumbprint) }
    })
});

/// The members of the key's JWK that its thumbprint has.
fn public(key: &TestKey) -> serde_json::Value {
    key.without_alg().without_member("kid").without_member("use").jwk()
}

/// Origin, algorithms, greatest age, seconds ahead.
const SERVICES: [(&str, &[Algorithm], u64, u64); 2] = [
    (
        "https://example.com",
        &[Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA, Algorithm::PS256],
        300,
        30,
    ),
    ("http://[2001:db8::1]:8080/v1", &[Algorithm::EdDSA, Algorithm::RS256], 10, 0),
];

static ORIGINS: LazyLock<[Uri; 2]> =
    LazyLock::new(|| SERVICES.map(|(origin, ..)| uris::parse(origin).expect("an origin")));

static NONCES: LazyLock<Nonces> = LazyLock::new(|| Nonces::with_secret([7; 32]).expect("a secret"));

static OTHER_NONCES: LazyLock<Nonces> =
    LazyLock::new(|| Nonces::with_secret([8; 32]).expect("a secret"));

const CERTIFICATE: [u8; 32] = [1; 32];

const TOKENS: [&str; 3] = ["header.payload.signature", "header.payload.another", ""];

const METHODS: [&str; 5] = ["GET", "get", "POST", "", "\u{e9}"];

const TARGETS: [&str; 9] = [
    "/a",
    "/a?b",
    "/A",
    "/a/../a",
    "https://example.com/a",
    "https://example.org/a",
    "*",
    "",
    "/%",
];

/// Seconds around the edges of the settings.
const SPANS: [i64; 24] = [
    0,
    1,
    -1,
    5,
    -5,
    10,
    -10,
    11,
    -11,
    29,
    30,
    31,
    59,
    60,
    61,
    -60,
    180,
    -299,
    -300,
    -301,
    300,
    3600,
    -3600,
    i64::MIN,
];

/// The names of the members of header, `jwk`, claims and `cnf`.
const NAMES: [&[&str]; 4] = [
    &[
        "typ",
        "alg",
        "jwk",
        "kid",
        "jku",
        "x5c",
        "crit",
        "b64",
        "zip",
        "enc",
        "cty",
        "nonce",
        "a\\u006cg",
        "x",
    ],
    &[
        "kty", "crv", "x", "y", "n", "e", "use", "alg", "kid", "key_ops", "x5c", "d", "p", "q",
        "dp", "dq", "qi", "oth", "k", "\\u0064", "\\u006b",
    ],
    &["htm", "htu", "ath", "iat", "jti", "exp", "nbf", "nonce", "aud", "\\u0068tm", "x"],
    &["jkt", "x5t#S256", "jwk", "kid", "\\u006akt"],
];

/// Their values, JSON texts.
static VALUES: LazyLock<[Vec<String>; 4]> = LazyLock::new(|| {
    let of_any =
        ["null", "true", "1", "\"\"", "[]", "{}", "\"x\"", "1e400", "[[", "{\"a\":1,\"a\":2}"];
    let octets = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
    let strings = |strings: &[&str]| strings.iter().map(|text| format!("{text:?}")).collect();
    let header = strings(&[
        "dpop+jwt",
        "DPoP+JWT",
        "application/dpop+jwt",
        "Application/DPOP+jwt",
        "JWT",
        "at+jwt",
        "none",
        "HS256",
        "ES256",
        "ES384",
        "EdDSA",
        "Ed25519",
        "PS256",
        "RS256",
        "RS512",
        "es256",
        "ES256K",
    ]);
    let header = [header, vec![JWK.into()]].concat();
    let jwk = [
        strings(&[
            "EC", "RSA", "OKP", "oct", "P-256", "P-384", "Ed25519", "X25519", "sig", "enc",
            "ES256", "ES384", "EdDSA", "PS256", "RS256", "nonsense", "AQAB", "AQAB=", "AAEAAQ",
            "Aw", "AQAC", "AQ",
        ]),
        // Zero, too short, too long, low order, not canonical, no point, even, too large.
        [
            vec![0; 32],
            vec![1; 31],
            vec![0; 33],
            [&[1], [0; 31].as_slice()].concat(),
            vec![0xFF; 32],
            vec![2; 32],
            vec![0xFE; 256],
            vec![0xFF; 255],
            vec![0xFF; 512],
            vec![0xFF; 513],
            vec![0; 257],
            vec![1; 48],
        ]
        .map(|bytes| format!("{:?}", octets(&bytes)))
        .to_vec(),
        SIGNERS
            .iter()
            .flat_map(|signer| ["x", "y", "n"].map(|name| public(&signer.key)[name].to_string()))
            .filter(|text| text != "null")
            .collect(),
    ]
    .concat();
    let ath = |token: &str| octets(&proofs::sha256(token.as_bytes()));
    let claims = [
        strings(&[
            "GET",
            "get",
            "POST",
            "https://example.com/a",
            "https://example.com/a?b#c",
            "HTTPS://EXAMPLE.com:443/%61",
            "https://example.com/b",
            "http://[2001:db8::1]:8080/v1/a",
            "https://example.com:8443/a",
            "http://example.com/a",
            "https://a@example.com/a",
            "/a",
            "2",
        ]),
        TOKENS.iter().map(|token| format!("{:?}", ath(token))).collect(),
        vec![
            format!("\"{}=\"", ath(TOKENS[0])),
            format!("\"{}\"", &ath(TOKENS[0])[..42]),
            format!("\"{}\"", "x".repeat(256)),
            format!("\"{}\"", "x".repeat(257)),
            format!("\"{}\"", "\u{e9}".repeat(128)),
            format!("\"{}\"", "\u{e9}".repeat(129)),
            "\"\\u0000\"".into(),
            "\"\\ud800\"".into(),
            "-9223372036854775808".into(),
            "18446744073709551616".into(),
            "1e300".into(),
            "-1e300".into(),
            "1e-300".into(),
            "-0.5".into(),
            "-0".into(),
            "0e99".into(),
            "\"1750000000\"".into(),
        ],
    ]
    .concat();
    let cnf = [
        SIGNERS.iter().map(|signer| format!("{:?}", signer.thumbprint)).collect(),
        vec![
            format!("{:?}", octets(&CERTIFICATE)),
            format!("{:?}", octets(&[2; 32])),
            format!("\"{}\"", &SIGNERS[0].thumbprint[..42]),
            format!("\"{}=\"", SIGNERS[0].thumbprint),
            format!("\"{}_\"", &SIGNERS[0].thumbprint[..42]),
        ],
    ]
    .concat();
    [header, jwk, claims, cnf].map(|own| [own, of_any.map(String::from).to_vec()].concat())
});

/// The element that a byte chooses.
fn pick<T>(list: &[T], number: u8) -> &T {
    &list[usize::from(number) % list.len()]
}
