#![doc = include_str!("guide.md")]

#[doc = include_str!("guide/from_jsonwebtoken.md")]
pub mod from_jsonwebtoken {}

#[doc = include_str!("guide/roles_and_groups.md")]
pub mod roles_and_groups {}

#[doc = include_str!("guide/tenants.md")]
pub mod tenants {}

#[doc = include_str!("guide/kubernetes.md")]
pub mod kubernetes {}

#[doc = include_str!("guide/docker_compose.md")]
pub mod docker_compose {}

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
