//! A token as Keycloak writes it for a user with the roles of several clients, about 3 KB.

use serde_json::{Map, Value, json};
use tokenring::{
    UnixTime,
    testkit::{AUDIENCE, CLIENT_ID, Issuer, TokenBuilder},
};

/// The subject: Keycloak's are UUIDs.
pub const SUBJECT: &str = "f3a1c9d2-6b7e-4c58-9a0d-2e4f6b8c1d73";

/// A good token issued now, with Keycloak's claims and `nbf`, which the policy requires.
pub fn token(issuer: &Issuer) -> TokenBuilder {
    let now = UnixTime::now().as_secs();
    let resources = RESOURCES.iter().map(|(client, roles)| (client.to_string(), roles_of(roles)));
    let claims = json!({
        "exp": now + 300,
        "iat": now,
        "auth_time": now - 40,
        "jti": "onrtac:5d0f7a64-8e1b-4b9a-b3c1-7f2e9d6c4a08",
        "iss": issuer.url(),
        "aud": [AUDIENCE, "realm-management", "broker", "account"],
        "sub": SUBJECT,
        "typ": "Bearer",
        "azp": CLIENT_ID,
        "sid": "0b1e7c52-93f4-4d6a-8c27-5e9a1f3b7d64",
        "acr": "1",
        "allowed-origins": ["https://app.example.com", "https://admin.example.com"],
        "realm_access": roles_of(&REALM),
        "resource_access": resources.collect::<Map<String, Value>>(),
        "scope": "openid profile email offline_access organization",
        "email_verified": true,
        "name": "Dorothea Brooke",
        "groups": ["/middlemarch/lowick", "/middlemarch/tipton", "/fever-hospital/board"],
        "preferred_username": "dorothea.brooke@middlemarch.example",
        "given_name": "Dorothea",
        "family_name": "Brooke",
        "email": "dorothea.brooke@middlemarch.example",
        "nbf": now,
    });
    issuer.token().raw_payload(claims.to_string())
}

fn roles_of(roles: &[&str]) -> Value {
    json!({ "roles": roles })
}

const REALM: [&str; 6] = [
    "default-roles-middlemarch",
    "offline_access",
    "uma_authorization",
    "employee",
    "billing-approver",
    "support-level-2",
];

/// The roles of each client; those of the first three are Keycloak's own.
const RESOURCES: [(&str, &[&str]); 8] = [
    (
        "realm-management",
        &[
            "view-realm",
            "view-identity-providers",
            "manage-identity-providers",
            "impersonation",
            "realm-admin",
            "create-client",
            "manage-users",
            "query-realms",
            "view-authorization",
            "query-clients",
            "query-users",
            "manage-events",
            "manage-realm",
            "view-events",
            "view-users",
            "view-clients",
            "manage-authorization",
            "manage-clients",
            "query-groups",
        ],
    ),
    ("broker", &["read-token"]),
    ("account", &["manage-account", "manage-account-links", "view-profile", "delete-account"]),
    ("orders-api", &["orders:read", "orders:write", "orders:refund", "orders:export"]),
    ("reporting-api", &["reports:read", "reports:schedule", "dashboards:edit", "datasets:read"]),
    (
        "inventory-api",
        &["stock:read", "stock:adjust", "warehouse:transfer", "supplier:read", "supplier:write"],
    ),
    (
        "payments-api",
        &[
            "payments:read",
            "payments:capture",
            "payments:refund",
            "payouts:read",
            "payouts:approve",
        ],
    ),
    ("support-portal", &["tickets:read", "tickets:assign", "tickets:close", "knowledge:edit"]),
];
