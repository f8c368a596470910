//! The messages of `api.proto`, and the code that `build.rs` generates for its service.

/// Nothing.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Empty {}

/// A greeting.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct HelloReply {
    /// Names the caller.
    #[prost(string, tag = "1")]
    pub message: String,
}

/// The caller's messages.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ListReply {
    /// Their texts.
    #[prost(string, repeated, tag = "1")]
    pub messages: Vec<String>,
}

include!(concat!(env!("OUT_DIR"), "/api.v1.Messages.rs"));
