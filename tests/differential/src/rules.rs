//! The differences that are known, each with the rule that it follows. Facts, with the versions
//! that `Cargo.lock`, `requirements.txt` and `package-lock.json` pin.

use crate::cases::Case;

pub const LIBRARIES: [&str; 3] = [JSONWEBTOKEN, PYJWT, JOSE];

const JSONWEBTOKEN: &str = "jsonwebtoken";
const PYJWT: &str = "PyJWT";
const JOSE: &str = "jose";

/// A known difference.
pub struct Rule {
    pub name: &'static str,
    pub libraries: &'static [&'static str],
    /// Whether tokenring is the one that accepts.
    pub tokenring_accepts: bool,
    pub applies: fn(&Case) -> bool,
}

/// The first rule that says why `library` comes to another verdict about `case`.
pub fn explanation(library: &str, case: &Case) -> Option<usize> {
    RULES.iter().position(|rule| {
        rule.libraries.contains(&library)
            && rule.tokenring_accepts == (case.ours == "accept")
            && (rule.applies)(case)
    })
}

/// jsonwebtoken takes the time from the system alone, so its comparison of times is switched off,
/// and a token that is refused for its time is not compared.
pub fn left_out(library: &str, case: &Case) -> bool {
    library == JSONWEBTOKEN && ["expired", "not_yet_valid", "claim_range"].contains(&case.ours)
}

pub const RULES: &[Rule] = &[
];
