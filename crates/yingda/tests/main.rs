//! The program from outside: the real binary as its users start it, and the plan of the house.
mod admin;
mod architecture;
mod demo;
mod export;
mod pages;
mod program;
mod start;
mod stop;
