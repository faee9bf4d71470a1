//! Plays people through journeys on virtual time: the tests of a project, and simulations.
//!
//! What comes in: a compiled [`graph::Project`], its tests, and what stands in for the partners. What goes out: what
//! failed and why, and which steps and ways were taken. The engine is the one that runs in production; only the clock,
//! the partners and the store around it are played. Deliberately absent: IO, a clock, chance.

mod coverage;
mod mocks;
mod person;
mod play;
pub mod simulate;

pub use coverage::{Coverage, Covered};
pub use mocks::Sent;
pub use person::{Attempt, Person, Stage, World};
pub use play::{Failure, Played, play};
