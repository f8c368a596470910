//! The service of `api.proto`, described here so that nobody needs `protoc`.

use tonic_build::manual::{Builder, Method, Service};

fn main() {
    let method = |name: &str, route: &str, reply: &str| {
        Method::builder()
            .name(name)
            .route_name(route)
            .input_type("crate::api::Empty")
            .output_type(reply)
            .codec_path("tonic_prost::ProstCodec")
            .build()
    };
    let service = Service::builder()
        .package("api.v1")
        .name("Messages")
        .method(method("hello", "Hello", "crate::api::HelloReply"))
        .method(method("list", "List", "crate::api::ListReply"))
        .build();
    // Connecting is left to the caller, so that the service itself needs no client.
    Builder::new().build_transport(false).compile(&[service]);
    println!("cargo::rerun-if-changed=build.rs");
}
