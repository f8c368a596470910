//! Issuers whose `iss` contains a tenant: from a template, a list of tenants and a token's `tid` to a
//! verdict. RFC 8725 section 3.8.

use alloc::{collections::BTreeSet, string::String};
use core::fmt;

use crate::{PolicyError, VerifyError, claims::ClaimsSet};

/// The tenants that a policy admits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tenants {
    /// Whether the policy's issuer is a template.
    has_template: bool,
    listed: BTreeSet<Tenant>,
    admits_any: bool,
    /// Whether text that is not a GUID was listed.
    has_fault: bool,
}

impl Tenants {
    /// For a policy whose issuer is a template. Admits no tenant yet.
    pub(crate) fn of_template() -> Self {
        Self { has_template: true, ..Self::default() }
    }

    pub(crate) fn list(&mut self, tenant: &str) {
        match Tenant::parse(&tenant.to_ascii_lowercase()) {
            Some(tenant) => {
                self.listed.insert(tenant);
            }
            None => self.has_fault = true,
        }
    }

    pub(crate) fn admit_any(&mut self) {
        self.admits_any = true;
    }

    /// Checks that the settings can be used with the policy's `issuer`.
    pub(crate) fn check_self(&self, issuer: &str) -> Result<(), PolicyError> {
        if !self.has_template {
            return Err(PolicyError::TenantsWithoutTemplate);
        }
        if issuer.matches(PLACEHOLDER).count() != 1 {
            return Err(PolicyError::TenantTemplate);
        }
        if self.has_fault {
            return Err(PolicyError::TenantNotGuid);
        }
        match (self.listed.is_empty(), self.admits_any) {
            (true, false) => Err(PolicyError::NoTenant),
            (false, true) => Err(PolicyError::TenantsAndAnyTenant),
            (true, true) | (false, false) => Ok(()),
        }
    }

    /// Checks that `iss` is `template` with the token's own `tid` put in, and that the policy admits
    /// that tenant.
    pub(crate) fn check(&self, template: &str, claims: &ClaimsSet) -> Result<(), VerifyError> {
        let named = part_for_tenant(template, claims.issuer()).ok_or(VerifyError::WrongIssuer)?;
        let tenant = Tenant::parse(named).ok_or(VerifyError::WrongIssuer)?;
        if claims.required_string("tid")? != named {
            return Err(VerifyError::WrongIssuer);
        }
        match self.admits_any || self.listed.contains(&tenant) {
            true => Ok(()),
            false => Err(VerifyError::WrongTenant),
        }
    }

    /// The tenants that are admitted by name. If there are none, all are admitted.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Tenant> {
        self.listed.iter()
    }
}

/// Whether `issuer` is `template` with some tenant put in.
pub(crate) fn is_of_template(template: &str, issuer: &str) -> bool {
    part_for_tenant(template, issuer).and_then(Tenant::parse).is_some()
}

/// The part of `issuer` that is in the place of the template's placeholder. None if the rest differs,
/// or if the template has no placeholder.
pub(crate) fn part_for_tenant<'i>(template: &str, issuer: &'i str) -> Option<&'i str> {
    let (before, after) = template.split_once(PLACEHOLDER)?;
    issuer.strip_prefix(before)?.strip_suffix(after)
}

/// `template` with `tenant` put in, if that is a tenant as tokens spell it.
pub(crate) fn issuer_of_tenant(template: &str, tenant: &str) -> Option<String> {
    Tenant::parse(tenant).map(|_| template.replacen(PLACEHOLDER, tenant, 1))
}

/// A tenant's name: a GUID. RFC 9562 section 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tenant(u128);

impl Tenant {
    /// A GUID as Microsoft writes it in tokens: in lower case, with four hyphens, and nothing around
    /// it. One tenant has one text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes: &[u8; 36] = text.as_bytes().try_into().ok()?;
        let digits =
            bytes.iter().enumerate().try_fold(0_u128, |value, (place, byte)| match (place, byte) {
                (8 | 13 | 18 | 23, b'-') => Some(value),
                (8 | 13 | 18 | 23, _) => None,
                (_, b'0'..=b'9' | b'a'..=b'f') => {
                    let digit = char::from(*byte).to_digit(16)?;
                    Some(value.checked_shl(4)? | u128::from(digit))
                }
                _ => None,
            });
        digits.map(Self)
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.0.to_be_bytes().into_iter().enumerate() {
            let hyphen = if matches!(place, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{hyphen}{byte:02x}")?;
        }
        Ok(())
    }
}

/// Microsoft writes this in the issuer of metadata and of keys.
pub(crate) const PLACEHOLDER: &str = "{tenantid}";

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn tenant_has_one_text() {
        let text = "0123abcd-4567-89ef-0000-fedcba987654";
        assert_eq!(Tenant::parse(text).map(|tenant| tenant.to_string()).as_deref(), Some(text));
        for other in [
            "",
            "0123ABCD-4567-89ef-0000-fedcba987654",
            "0123abcd-4567-89ef-0000-fedcba98765",
            "0123abcd-4567-89ef-0000-fedcba9876543",
            "0123abcd4-567-89ef-0000-fedcba987654",
            "0123abcd-4567-89ef-0000-fedcba98765g",
            "0123abcd-4567-89ef-0000-fedcba98765\u{e9}",
            " 123abcd-4567-89ef-0000-fedcba987654",
            "+123abcd-4567-89ef-0000-fedcba987654",
            "{123abcd-4567-89ef-0000-fedcba98765}",
            "0123abcd/4567/89ef/0000/fedcba987654",
            "------------------------------------",
        ] {
            assert_eq!(Tenant::parse(other), None, "{other:?}");
        }
    }
}
