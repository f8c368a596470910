#![doc = include_str!("guide.md")]

// The programs are shown and not run as documentation tests: packages of their own compile and test them.

#[doc = include_str!("guide/first_service.md")]
#[cfg_attr(not(doctest), doc = "```rust")]
#[cfg_attr(not(doctest), doc = include_str!("guide/first_service/main.rs"))]
#[cfg_attr(not(doctest), doc = "```")]
#[doc = include_str!("guide/first_service/after.md")]
pub mod first_service {}

#[doc = include_str!("guide/from_jsonwebtoken.md")]
pub mod from_jsonwebtoken {}

#[doc = include_str!("guide/axum.md")]
#[cfg_attr(not(doctest), doc = "```rust")]
#[cfg_attr(not(doctest), doc = include_str!("guide/axum/caller.rs"))]
#[cfg_attr(not(doctest), doc = "```")]
#[doc = include_str!("guide/axum/after.md")]
pub mod axum {}

#[doc = include_str!("guide/actix.md")]
#[cfg_attr(not(doctest), doc = "```rust")]
#[cfg_attr(not(doctest), doc = include_str!("guide/actix/caller.rs"))]
#[cfg_attr(not(doctest), doc = "```")]
#[doc = include_str!("guide/actix/after.md")]
pub mod actix {}

#[doc = include_str!("guide/grpc.md")]
#[cfg_attr(not(doctest), doc = "```rust")]
#[cfg_attr(not(doctest), doc = include_str!("guide/grpc/layer.rs"))]
#[cfg_attr(not(doctest), doc = "```")]
#[doc = include_str!("guide/grpc/after.md")]
pub mod grpc {}

#[doc = include_str!("guide/websockets.md")]
#[cfg_attr(not(doctest), doc = "```rust")]
#[cfg_attr(not(doctest), doc = include_str!("guide/websockets/main.rs"))]
#[cfg_attr(not(doctest), doc = "```")]
#[doc = include_str!("guide/websockets/after.md")]
pub mod websockets {}

#[doc = include_str!("guide/roles_and_groups.md")]
pub mod roles_and_groups {}

#[doc = include_str!("guide/step_up.md")]
pub mod step_up {}

#[doc = include_str!("guide/tenants.md")]
pub mod tenants {}

#[doc = include_str!("guide/mcp.md")]
#[cfg_attr(not(doctest), doc = "```rust")]
#[cfg_attr(not(doctest), doc = include_str!("guide/mcp/metadata.rs"))]
#[cfg_attr(not(doctest), doc = "```")]
#[doc = include_str!("guide/mcp/after.md")]
pub mod mcp {}

#[doc = include_str!("guide/dpop.md")]
pub mod dpop {}

#[doc = include_str!("guide/behind_a_proxy.md")]
pub mod behind_a_proxy {}

#[doc = include_str!("guide/kubernetes.md")]
pub mod kubernetes {}

#[doc = include_str!("guide/docker_compose.md")]
pub mod docker_compose {}

#[doc = include_str!("guide/serverless.md")]
pub mod serverless {}

#[doc = include_str!("guide/metrics_and_logs.md")]
pub mod metrics_and_logs {}

#[doc = include_str!("guide/testing.md")]
pub mod testing {}

#[doc = include_str!("guide/air_gapped.md")]
pub mod air_gapped {}

#[doc = include_str!("guide/comparison.md")]
pub mod comparison {}

#[doc = include_str!("guide/standards.md")]
pub mod standards {}

#[doc = include_str!("guide/versioning.md")]
pub mod versioning {}
