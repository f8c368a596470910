//! The server on its own, and between nginx, Caddy, Envoy or Traefik and an application.
//!
//! If a proxy or Flask is missing, the tests fail: `run-tests` installs all of them.

mod limits;
mod possession;
mod preflight;
mod proxies;
mod server;
mod settings;
mod stack;
mod upgrade;
