//! What every Rust program has.

fn main() {
    println!("Hello, world");
}
