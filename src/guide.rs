#![doc = include_str!("guide.md")]

// The programs are shown and not run as documentation tests: packages of their own compile and test them.

#[doc = include_str!("guide/first_service.md")]
#[cfg_attr(not(doctest), doc = "```rust")]
#[cfg_attr(not(doctest), doc = include_str!("guide/first_service/main.rs"))]
#[cfg_attr(not(doctest), doc = "```")]
#[doc = include_str!("guide/first_service/after.md")]
#[doc(alias("hello world", "getting started", "tutorial"))]
pub mod first_service {}

#[doc = include_str!("guide/from_jsonwebtoken.md")]
#[doc(alias("HS256", "migration", "insecure_decode", "PEM"))]
pub mod from_jsonwebtoken {}

#[doc = include_str!("guide/axum.md")]
#[cfg_attr(not(doctest), doc = "```rust")]
#[cfg_attr(not(doctest), doc = include_str!("guide/axum/caller.rs"))]
#[cfg_attr(not(doctest), doc = "```")]
#[doc = include_str!("guide/axum/after.md")]
#[doc(alias("tower", "layer", "middleware", "extractor"))]
pub mod axum {}

#[doc = include_str!("guide/actix.md")]
#[cfg_attr(not(doctest), doc = "```rust")]
#[cfg_attr(not(doctest), doc = include_str!("guide/actix/caller.rs"))]
#[cfg_attr(not(doctest), doc = "```")]
#[doc = include_str!("guide/actix/after.md")]
#[doc(alias = "actix-web")]
pub mod actix {}

#[doc = include_str!("guide/grpc.md")]
#[cfg_attr(not(doctest), doc = "```rust")]
#[cfg_attr(not(doctest), doc = include_str!("guide/grpc/layer.rs"))]
#[cfg_attr(not(doctest), doc = "```")]
#[doc = include_str!("guide/grpc/after.md")]
#[doc(alias("tonic", "interceptor"))]
pub mod grpc {}

#[doc = include_str!("guide/websockets.md")]
#[cfg_attr(not(doctest), doc = "```rust")]
#[cfg_attr(not(doctest), doc = include_str!("guide/websockets/main.rs"))]
#[cfg_attr(not(doctest), doc = "```")]
#[doc = include_str!("guide/websockets/after.md")]
#[doc(alias("SSE", "EventSource", "server-sent events", "cookie"))]
pub mod websockets {}

#[doc = include_str!("guide/roles_and_groups.md")]
#[doc(alias("RBAC", "Okta", "Entra ID", "Keycloak", "realm_access"))]
pub mod roles_and_groups {}

#[doc = include_str!("guide/step_up.md")]
#[doc(alias("MFA", "acr_values"))]
pub mod step_up {}

#[doc = include_str!("guide/tenants.md")]
#[doc(alias("multi-tenant", "organizations"))]
pub mod tenants {}

#[doc = include_str!("guide/mcp.md")]
#[cfg_attr(not(doctest), doc = "```rust")]
#[cfg_attr(not(doctest), doc = include_str!("guide/mcp/metadata.rs"))]
#[cfg_attr(not(doctest), doc = "```")]
#[doc = include_str!("guide/mcp/after.md")]
#[doc(alias("rmcp", "Model Context Protocol"))]
pub mod mcp {}

#[doc = include_str!("guide/dpop.md")]
#[doc(alias("mTLS", "cnf", "proof of possession"))]
pub mod dpop {}

#[doc = include_str!("guide/behind_a_proxy.md")]
#[doc(alias("nginx", "Caddy", "Envoy", "Traefik", "forward-auth", "auth_request"))]
pub mod behind_a_proxy {}

#[doc = include_str!("guide/kubernetes.md")]
#[doc(alias("service account", "readiness", "liveness"))]
pub mod kubernetes {}

#[doc = include_str!("guide/docker_compose.md")]
#[doc(alias("localhost", "KC_HOSTNAME"))]
pub mod docker_compose {}

#[doc = include_str!("guide/serverless.md")]
#[doc(alias("AWS Lambda", "cold start"))]
pub mod serverless {}

#[doc = include_str!("guide/metrics_and_logs.md")]
#[doc(alias("Prometheus", "alert", "monitoring"))]
pub mod metrics_and_logs {}

#[doc = include_str!("guide/testing.md")]
#[doc(alias("mock", "test issuer"))]
pub mod testing {}

#[doc = include_str!("guide/air_gapped.md")]
#[doc(alias("offline", "include_str"))]
pub mod air_gapped {}

#[doc = include_str!("guide/comparison.md")]
#[doc(alias("jwt-simple", "jwt-authorizer", "PyJWT", "jose", "aws-jwt-verify", "huskarl"))]
pub mod comparison {}

#[doc = include_str!("guide/standards.md")]
#[doc(alias("compliance", "OWASP", "ASVS", "RFC 8725", "algorithms"))]
pub mod standards {}

#[doc = include_str!("guide/versioning.md")]
#[doc(alias("MSRV", "semver"))]
pub mod versioning {}
