//! The service of `api.proto`, described here in Rust so that `protoc` is not needed.

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
    // The client is generated without code to connect, which needs tonic's feature `channel`.
    Builder::new().build_transport(false).compile(&[service]);
    println!("cargo::rerun-if-changed=build.rs");
}
