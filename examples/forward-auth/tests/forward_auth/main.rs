//! The server on its own, and between nginx or Caddy and an application.
//!
//! The proxies and Flask are those of the system. If one is missing, the tests fail and say how to
//! install it.

mod limits;
mod possession;
mod preflight;
mod proxies;
mod server;
mod settings;
mod stack;
mod upgrade;
