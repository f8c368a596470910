//! Scopes that include others. RFC 6749 section 3.3 leaves the meaning of a scope to the service.

use alloc::{string::String, vec::Vec};

/// Which scopes include which.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScopeHierarchy {
    /// A broader scope and a narrower one that it includes.
    steps: Vec<(String, String)>,
}

impl ScopeHierarchy {
    pub(crate) fn add(&mut self, broader: String, narrower: String) {
        self.steps.push((broader, narrower));
    }

    /// Whether a token with these scopes may do what `name` is for: it has `name`, or a scope that
    /// includes it, directly or through others.
    pub(crate) fn grants(&self, name: &str, has_scope: impl Fn(&str) -> bool) -> bool {
        has_scope(name) || self.broader(name).into_iter().any(has_scope)
    }

    /// The scopes that include `name`. Each is listed once, so a cycle ends. Nothing includes the empty
    /// name: it is a setting that was left empty.
    pub(crate) fn broader<'s>(&'s self, name: &'s str) -> Vec<&'s str> {
        let mut found: Vec<&str> = Vec::new();
        let mut next = Some(name);
        let mut seen: usize = 0;
        while let Some(narrower) = next {
            for (broader, included) in &self.steps {
                let is_empty = broader.is_empty() || included.is_empty();
                let is_known = broader == name || found.contains(&broader.as_str());
                if included == narrower && !is_empty && !is_known {
                    found.push(broader);
                }
            }
            next = found.get(seen).copied();
            seen = seen.saturating_add(1);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hierarchy(steps: &[(&str, &str)]) -> ScopeHierarchy {
        let mut hierarchy = ScopeHierarchy::default();
        steps.iter().for_each(|(broader, narrower)| {
            hierarchy.add((*broader).into(), (*narrower).into());
        });
        hierarchy
    }

    #[test]
    fn broader_scopes_are_found_through_others_and_a_cycle_ends() {
        let chain = hierarchy(&[("c", "b"), ("d", "c"), ("b", "a"), ("x", "y")]);
        assert_eq!(chain.broader("a"), ["b", "c", "d"]);
        assert_eq!(chain.broader("c"), ["d"]);
        assert_eq!(chain.broader("d"), [""; 0]);
        let cycle = hierarchy(&[("a", "b"), ("b", "c"), ("c", "a"), ("a", "a"), ("a", "b")]);
        assert_eq!(cycle.broader("a"), ["c", "b"]);
        assert_eq!(cycle.broader("b"), ["a", "c"]);
        assert!(cycle.grants("a", |scope| scope == "b"));
        assert!(!cycle.grants("a", |scope| scope == "d"));
    }

    #[test]
    fn empty_name_is_included_in_none_and_includes_none() {
        let empty = hierarchy(&[("admin", ""), ("", "read"), ("write", "read")]);
        assert!(!empty.grants("", |scope| scope == "admin"));
        assert!(!empty.grants("read", |scope| scope == "admin"));
        assert_eq!(empty.broader("read"), ["write"]);
    }
}
