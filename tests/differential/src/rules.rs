//! The rules that explain the known differences. They hold for the versions that `Cargo.lock`,
//! `requirements.txt` and `package-lock.json` pin.

use serde_json::{Value, json};

use crate::cases::Case;

pub const LIBRARIES: [&str; 3] = [JSONWEBTOKEN, PYJWT, JOSE];

const JSONWEBTOKEN: &str = "jsonwebtoken";
const PYJWT: &str = "PyJWT";
const JOSE: &str = "jose";

/// The pinned versions, in the same order.
pub fn versions() -> [&'static str; 3] {
    let after = |text: &'static str, start: &str, end: char| {
        text.split_once(start).unwrap().1.split(end).next().unwrap()
    };
    [
        after(include_str!("../Cargo.toml"), "jsonwebtoken = { version = \"=", '"'),
        after(include_str!("../others/requirements.txt"), "PyJWT==", '\n'),
        after(include_str!("../others/package.json"), "\"jose\": \"", '"'),
    ]
}

/// A known difference.
pub struct Rule {
    pub name: &'static str,
    pub libraries: &'static [&'static str],
    /// Whether tokenring accepts and the library refuses; otherwise the other way round.
    pub tokenring_accepts: bool,
    pub applies: fn(&Case) -> bool,
}

/// The first rule that explains why `library` has another verdict on `case`. No rule explains the
/// acceptance of a token that no key of the set has signed.
pub fn explanation(library: &str, case: &Case) -> Option<usize> {
    RULES.iter().position(|rule| {
        rule.libraries.contains(&library)
            && rule.tokenring_accepts == case.is("accept")
            && case.is_genuine()
            && (rule.applies)(case)
    })
}

/// jsonwebtoken takes the time from the system only. So its time checks are switched off, and a
/// token that is refused for its time is not compared.
pub fn left_out(library: &str, case: &Case) -> bool {
    library == JSONWEBTOKEN
        && (["expired", "not_yet_valid", "claim_range"].contains(&case.ours)
            || case.mistyped("exp")
            || case.mistyped("nbf"))
}

pub const RULES: &[Rule] = &[
    Rule {
        name: "has no limit of 16 KiB for a token, 4 KiB and 64 members for its header",
        libraries: &LIBRARIES,
        tokenring_accepts: false,
        applies: |case| {
            case.is("token_too_long")
                || case.is("header_too_long")
                || case.is_of("header_json", "json", "too_many_members")
        },
    },
    Rule {
        name: "reads JSON of more than 32 levels",
        libraries: &LIBRARIES,
        tokenring_accepts: false,
        applies: |case| case.json_fault("too_deep"),
    },
    Rule {
        name: "takes the last of two members of one name",
        libraries: &[PYJWT, JOSE],
        tokenring_accepts: false,
        applies: |case| case.json_fault("duplicate_member"),
    },
    Rule {
        name: "takes two members of one name where it does not know the name",
        libraries: &[JSONWEBTOKEN],
        tokenring_accepts: false,
        applies: |case| case.json_fault("duplicate_member"),
    },
    Rule {
        name: "skips a byte order mark in front of JSON",
        libraries: &[PYJWT, JOSE],
        tokenring_accepts: false,
        applies: |case| case.json_fault("syntax") && case.holds("\u{feff}"),
    },
    Rule {
        name: "reads UTF-16 and surrogates in UTF-8, as Python's `json` does",
        libraries: &[PYJWT],
        tokenring_accepts: false,
        applies: |case| {
            case.json_fault("not_utf8") || case.json_fault("syntax") && case.holds("\0")
        },
    },
    Rule {
        name: "reads NaN and Infinity, as Python's `json` does",
        libraries: &[PYJWT],
        tokenring_accepts: false,
        applies: |case| case.json_fault("syntax") && (case.holds("NaN") || case.holds("Infinity")),
    },
    Rule {
        name: "reads numbers that no double can hold",
        libraries: &[PYJWT, JOSE],
        tokenring_accepts: false,
        applies: |case| {
            case.json_fault("syntax") && (case.holds("1e400") || case.holds(&"9".repeat(400)))
        },
    },
    Rule {
        name: "reads lone surrogates",
        libraries: &[PYJWT, JOSE],
        tokenring_accepts: false,
        applies: |case| case.json_fault("syntax") && (case.holds(r"\ud") || case.holds(r"\udc")),
    },
    Rule {
        name: "does not look at `crit`",
        libraries: &[JSONWEBTOKEN],
        tokenring_accepts: false,
        applies: |case| case.is_of("header_forbidden", "parameter", "crit"),
    },
    Rule {
        name: "does not look at `b64`, `zip`, `enc` and `cty` without `crit`",
        libraries: &LIBRARIES,
        tokenring_accepts: false,
        applies: |case| {
            case.is("header_forbidden") && !case.is_of("header_forbidden", "parameter", "crit")
        },
    },
    Rule {
        name: "takes a `typ` that is not a string",
        libraries: &[PYJWT, JOSE],
        tokenring_accepts: false,
        applies: |case| case.is_of("header_type", "parameter", "typ"),
    },
    Rule {
        name: "takes null for an absent header parameter",
        libraries: &[JSONWEBTOKEN],
        tokenring_accepts: false,
        applies: |case| {
            case.is("header_type") && (case.header["typ"].is_null() || case.header["kid"].is_null())
        },
    },
    Rule {
        name: "leaves `typ`, `events`, clients, `cnf` and required values to the caller",
        libraries: &LIBRARIES,
        tokenring_accepts: false,
        applies: |case| {
            [
                "token_type_not_accepted",
                "security_event",
                "wrong_authorized_party",
                "sender_constrained",
                "required_claim",
            ]
            .contains(&case.ours)
                || ["azp", "client_id", "cnf"].iter().any(|one| case.mistyped(one))
        },
    },
    Rule {
        name: "does not look at the types of `sub` and `jti`",
        libraries: &[JSONWEBTOKEN, JOSE],
        tokenring_accepts: false,
        applies: |case| case.mistyped("sub") || case.mistyped("jti"),
    },
    Rule {
        name: "does not look at `iat`",
        libraries: &[JSONWEBTOKEN],
        tokenring_accepts: false,
        applies: |case| case.mistyped("iat"),
    },
    Rule {
        name: "takes an `iss` array that holds the issuer",
        libraries: &[JSONWEBTOKEN],
        tokenring_accepts: false,
        applies: |case| case.mistyped("iss") && case.claims["iss"].is_array(),
    },
    Rule {
        name: "takes true, false and digits in a string for a time",
        libraries: &[PYJWT],
        tokenring_accepts: false,
        applies: |case| {
            ["exp", "nbf", "iat"].iter().any(|name| {
                let value = &case.claims[name];
                case.mistyped(name) && (value.is_boolean() || value.is_string())
            })
        },
    },
    Rule {
        name: "takes an `aud` array that holds more than strings",
        libraries: &[JOSE],
        tokenring_accepts: false,
        applies: |case| case.mistyped("aud") && case.claims["aud"].is_array(),
    },
    Rule {
        name: "does not look at `aud` where no audience is required",
        libraries: &LIBRARIES,
        tokenring_accepts: false,
        applies: |case| {
            (case.mistyped("aud") || case.is("wrong_audience"))
                && case.json["policy"]["audiences"] == json!([])
        },
    },
    Rule {
        name: "takes times after the year 9999",
        libraries: &[PYJWT, JOSE],
        tokenring_accepts: false,
        applies: |case| {
            case.is("claim_range") && case.claims["exp"].as_f64() > Some(253_402_300_799.0)
        },
    },
    Rule {
        name: "cuts the fraction off a time",
        libraries: &[PYJWT],
        tokenring_accepts: false,
        applies: |case| {
            case.is("not_yet_valid")
                && case.claims["nbf"].as_f64().is_some_and(|time| time.fract() > 0.0)
        },
    },
    Rule {
        name: "cuts the fraction off a time",
        libraries: &[PYJWT],
        tokenring_accepts: true,
        applies: |case| case.claims["exp"].as_f64().is_some_and(|time| time.fract() > 0.0),
    },
    Rule {
        name: "skips white space, padding and spare bits in base64url",
        libraries: &[JOSE],
        tokenring_accepts: false,
        applies: |case| case.is("not_base64url"),
    },
    Rule {
        name: "takes a signature with padding",
        libraries: &[PYJWT],
        tokenring_accepts: false,
        applies: |case| {
            case.is_of("not_base64url", "segment", "signature")
                && case.json["token"].as_str().unwrap().ends_with("==")
        },
    },
    Rule {
        name: "compares `iss` with the text of a template",
        libraries: &LIBRARIES,
        tokenring_accepts: true,
        applies: |case| case.has_template(),
    },
    Rule {
        name: "takes the text of a template for an `iss`",
        libraries: &LIBRARIES,
        tokenring_accepts: false,
        applies: |case| case.has_template() && case.claims["iss"] == case.json["policy"]["issuer"],
    },
    Rule {
        name: "does not look at the JWK's `issuer`",
        libraries: &LIBRARIES,
        tokenring_accepts: false,
        applies: |case| case.is("key_of_other_issuer"),
    },
    Rule {
        name: "does not look at the JWK's `use` and `key_ops`",
        libraries: &[JSONWEBTOKEN, PYJWT],
        tokenring_accepts: false,
        applies: |case| {
            case.is("unknown_key")
                && (case.keys()[0]["use"] == "enc" || case.keys()[0]["key_ops"] == json!(["sign"]))
        },
    },
    Rule {
        name: "takes a public key whose private key is in the key set",
        libraries: &LIBRARIES,
        tokenring_accepts: false,
        applies: |case| {
            case.is("unknown_key") && case.keys().iter().any(|key| key.get("d").is_some())
        },
    },
    Rule {
        name: "takes an RSA key without `alg` for every RSA algorithm accepted",
        libraries: &LIBRARIES,
        tokenring_accepts: false,
        applies: |case| case.is("unknown_key") && case.keys()[0].get("alg").is_none(),
    },
    Rule {
        name: "takes an RSA key without `alg` for RS256 alone",
        libraries: &[PYJWT],
        tokenring_accepts: true,
        applies: |case| case.keys()[0].get("alg").is_none() && case.header["alg"] != "RS256",
    },
    Rule {
        name: "leaves it to the caller which of two keys of one `kid` is used",
        libraries: &[JSONWEBTOKEN, PYJWT],
        tokenring_accepts: false,
        applies: |case| case.is("ambiguous_key"),
    },
    Rule {
        name: "finds a key that is in the set twice ambiguous",
        libraries: &[JOSE],
        tokenring_accepts: true,
        applies: |case| case.has_one_key_twice(),
    },
    Rule {
        name: "leaves it to the caller that a key under two `kid`s is one, for a token without `kid`",
        libraries: &[JSONWEBTOKEN, PYJWT],
        tokenring_accepts: true,
        applies: |case| case.has_one_key_twice() && case.header.get("kid").is_none(),
    },
    Rule {
        name: "does not choose a key by its thumbprint",
        libraries: &LIBRARIES,
        tokenring_accepts: true,
        applies: |case| case.is_named_by_thumbprint() && case.keys().len() > 1,
    },
    Rule {
        name: "does not look at the types of `x5t` and `x5t#S256`",
        libraries: &[PYJWT, JOSE],
        tokenring_accepts: false,
        applies: |case| {
            case.is_of("header_type", "parameter", "x5t")
                || case.is_of("header_type", "parameter", "x5t#S256")
        },
    },
    Rule {
        name: "does not know the name `Ed25519`, or tells it from `EdDSA`",
        libraries: &LIBRARIES,
        tokenring_accepts: true,
        applies: |case| case.header["alg"] == "Ed25519",
    },
    Rule {
        name: "compares `iat` with the time",
        libraries: &[PYJWT],
        tokenring_accepts: true,
        applies: |case| case.claims["iat"].as_f64() > case.json["now"].as_f64(),
    },
    Rule {
        name: "reads header parameters that it does not use, and refuses wrong types",
        libraries: &[JSONWEBTOKEN],
        tokenring_accepts: true,
        applies: |case| {
            ["jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "nonce", "url"]
                .iter()
                .any(|name| case.header.get(name).is_some())
        },
    },
];

impl Case {
    fn is(&self, code: &str) -> bool {
        self.ours == code
    }

    fn is_of(&self, code: &str, part: &str, value: &str) -> bool {
        self.is(code) && self.detail[part] == value
    }

    fn json_fault(&self, fault: &str) -> bool {
        self.is_of("header_json", "json", fault) || self.is_of("payload_json", "json", fault)
    }

    fn mistyped(&self, claim: &str) -> bool {
        self.is_of("claim_type", "claim", claim)
    }

    /// Whether header or payload contains `part`.
    fn holds(&self, part: &str) -> bool {
        self.texts.iter().any(|text| text.contains(part))
    }

    fn is_named_by_thumbprint(&self) -> bool {
        let has = |name| self.header.get(name).is_some();
        !has("kid") && (has("x5t") || has("x5t#S256"))
    }

    fn has_one_key_twice(&self) -> bool {
        match &*self.keys() {
            [one, other] => one["x"].is_string() && one["x"] == other["x"],
            _ => false,
        }
    }

    fn keys(&self) -> Vec<Value> {
        let jwks: Value = serde_json::from_str(self.json["jwks"].as_str().unwrap()).unwrap();
        jwks["keys"].as_array().unwrap().clone()
    }
}
