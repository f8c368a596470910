//! Where a claim is: a member of the Claims Set, or of an object inside it. RFC 6901.

use alloc::{string::String, vec::Vec};
use core::fmt;

/// Where a claim is, for [`Policy::scopes_from`](crate::Policy::scopes_from) and
/// [`Guard::require_claim_value`](crate::Guard::require_claim_value).
///
/// A text that begins with `/` is a JSON Pointer: the names of the members that lead to the claim, with
/// `~1` for `/` and `~0` for `~` in a name. Any other text is the name of one claim, as it is, even if it
/// contains `/` or `~`. RFC 6901.
///
/// A pointer leads through objects only. It finds nothing in an array, not even with a number, and
/// nothing in a string.
///
/// ```
/// use tokenring::{ClaimPath, JwkSet, Policy, PolicyError, Verifier};
///
/// let named = ClaimPath::from("https://example.com/roles"); // one claim
/// let nested = ClaimPath::from("/realm_access/roles"); // `roles` in the claim `realm_access`
/// assert_eq!(ClaimPath::from("/https:~1~1example.com~1roles").names(), named.names());
/// assert_eq!(nested.names(), ["realm_access", "roles"]);
///
/// // A malformed path is refused with its policy.
/// let policy = Policy::new("https://issuer.example/", "https://api.example.com/").scopes_from("/a~2");
/// let keys = JwkSet::from_json(br#"{"keys": []}"#)?;
/// assert_eq!(Verifier::new(policy, keys).unwrap_err(), PolicyError::MalformedClaimPath);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimPath {
    names: Vec<String>,
    spelling: Spelling,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    WellFormed,
    Malformed,
}

impl ClaimPath {
    /// The name of the claim, after those of the objects that it is in.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether the text was empty, or a pointer with a `~` before anything but `0` and `1`. RFC 6901
    /// section 3.
    pub(crate) fn is_malformed(&self) -> bool {
        self.spelling == Spelling::Malformed
    }

    /// Whether the claim, if it is a string, is a list with spaces between the items: `scope` (RFC 8693
    /// section 4.2), and `scp`, which Microsoft Entra ID writes the same way. Another string, such as
    /// the name of a role, may contain spaces.
    pub(crate) fn is_of_separated_names(&self) -> bool {
        self.names.last().is_some_and(|name| name == "scope" || name == "scp")
    }
}

/// The name of the claim, or a JSON Pointer: [`From`] makes the same path of it again.
impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.names.as_slice() {
            [only] if !only.starts_with('/') => f.write_str(only),
            names => names
                .iter()
                .try_for_each(|name| write!(f, "/{}", name.replace('~', "~0").replace('/', "~1"))),
        }
    }
}

impl From<&str> for ClaimPath {
    fn from(text: &str) -> Self {
        let Some(pointer) = text.strip_prefix('/') else {
            let spelling = if text.is_empty() { Spelling::Malformed } else { Spelling::WellFormed };
            return Self { names: Vec::from([text.into()]), spelling };
        };
        let is_escape = |rest: &str| rest.starts_with(['0', '1']);
        let is_well_formed = pointer.split('~').skip(1).all(is_escape);
        Self {
            names: pointer.split('/').map(unescaped).collect(),
            spelling: if is_well_formed { Spelling::WellFormed } else { Spelling::Malformed },
        }
    }
}

impl From<String> for ClaimPath {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

/// The name that a reference token means. `~1` comes first: `~01` means `~1`. RFC 6901 section 4.
fn unescaped(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    fn names(text: &str) -> Vec<String> {
        let path = ClaimPath::from(text);
        assert!(!path.is_malformed(), "{text}");
        path.names
    }

    #[test]
    fn pointer_is_cut_at_slashes_and_unescaped() {
        assert_eq!(names("/a"), ["a"]);
        assert_eq!(names("/a/b/c"), ["a", "b", "c"]);
        assert_eq!(names("/a~1b/m~0n"), ["a/b", "m~n"]);
        assert_eq!(names("/~01"), ["~1"]);
        assert_eq!(names("/~00"), ["~0"]);
        assert_eq!(names("/~10"), ["/0"]);
        assert_eq!(names("/~0~1"), ["~/"]);
        assert_eq!(names("/a b/0/-"), ["a b", "0", "-"]);
        // An empty name is a name.
        assert_eq!(names("/"), [""]);
        assert_eq!(names("//a/"), ["", "a", ""]);
    }

    #[test]
    fn other_text_is_one_name() {
        for text in
            ["scp", "https://example.com/roles", "a~2", "~", "~0", "~1", "a/b", " /a", "#/a"]
        {
            assert_eq!(names(text), [text]);
        }
    }

    #[test]
    fn path_that_is_printed_and_read_again_is_the_same() {
        for (text, printed) in [
            ("scp", "scp"),
            ("/scp", "scp"),
            ("https://example.com/roles", "https://example.com/roles"),
            ("/https:~1~1example.com~1roles", "https://example.com/roles"),
            ("/realm_access/roles", "/realm_access/roles"),
            ("/~1a", "/~1a"),
            ("/a~1b/m~0n/~01", "/a~1b/m~0n/~01"),
            ("//a/", "//a/"),
        ] {
            let path = ClaimPath::from(text);
            assert_eq!(path.to_string(), printed);
            assert_eq!(ClaimPath::from(printed), path);
        }
    }

    #[test]
    fn empty_text_and_unknown_escapes_are_malformed() {
        for text in ["", "/~", "/a~", "/~2", "/a/b~/c", "/~0~", "/~~0", "/~ 1", "/~\u{661}"] {
            assert!(ClaimPath::from(text).is_malformed(), "{text}");
            assert!(ClaimPath::from(String::from(text)).is_malformed(), "{text}");
        }
    }

    #[test]
    fn only_scope_and_scp_are_separated_wherever_they_are() {
        for (text, expected) in [
            ("scope", true),
            ("scp", true),
            ("/scp", true),
            ("/ext/scope", true),
            ("roles", false),
            ("scopes", false),
            ("Scope", false),
            ("/scope/roles", false),
            ("/x~1scp", false),
            ("/scp/", false),
        ] {
            assert_eq!(ClaimPath::from(text).is_of_separated_names(), expected, "{text}");
        }
    }
}
