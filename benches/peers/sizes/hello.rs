//! The smallest program: its bytes are part of every other one.

fn main() {
    println!("Hello, world");
}
