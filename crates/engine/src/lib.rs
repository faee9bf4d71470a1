//! Advances one instance of a journey by one input, purely.
//!
//! [`person`] does so for all instances of one person, with what follows from one for the others.
//!
//! What comes in: the compiled [`graph::Journey`], an [`Instance`], one [`Input`], and a [`Context`] with the person's
//! attributes and the present moment. What goes out: an [`Output`] with the instance as it is afterwards, the calls to
//! make, and what happened. Deliberately absent: a clock, chance, IO, async, logging. It does not mean to panic; if it does
//! all the same, the instance is set aside.
//!
//! The laws, each a test in `tests/laws.rs`:
//! 1. Total and deterministic: the same arguments give the same output, for every input in every state.
//! 2. An input is accepted if and only if the instance waits for it; any other leaves it as it was and says why.
//! 3. Waiting is state: an instance is over, failed, or waits for a moment, an event or an answer. It is never stuck.
//! 4. Only step names are kept, never graph indices.

mod advance;
mod arithmetic;
pub mod audience;
mod body;
mod bounce;
mod call;
mod deciding;
mod ending;
mod enter;
mod eval;
pub mod hook;
mod input;
mod instance;
pub mod limit;
pub mod link;
mod moment;
mod others;
mod output;
mod panics;
pub mod person;
pub mod policy;
pub mod preview;
mod render;
mod scope;
mod walk;

pub use advance::advance;
pub use call::{Arguments, arguments_of, read_answer};
pub use enter::{admit, start};
pub use eval::{Scope, evaluate};
pub use input::{CallOutcome, Context, Event, Input, Operation};
pub use instance::{AttemptId, Failure, Instance, KeptEvent, Leaving, PendingCall, State, Status};
pub use output::{Effect, Happening, Ignored, Output, Stop};
pub use panics::panicked;
pub use person::{Around, Outcome};
pub use render::{request_of, template_text};
