#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
//! The program from outside: the real binary as its users start it, and the plan of the house.
mod admin;
mod architecture;
mod audit;
mod backup;
mod demo;
mod drill;
mod export;
mod knowledge;
mod pages;
mod program;
mod proxied;
mod secure;
mod slow;
mod start;
mod stop;
mod wire;
