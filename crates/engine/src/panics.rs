//! Faults of our own. The engine does not mean to panic; if it does all the same, that ends the turn of one instance, and
//! nobody else's. The arguments are only borrowed, so what was there before is there still.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use graph::{CallError, ErrorKind};

/// What is decided, or the error that stands for a panic meanwhile.
pub(crate) fn caught<T>(decide: impl FnOnce() -> T) -> Result<T, CallError> {
    // What a panic leaves half done is dropped with it: everything else that is decided on is shared and does not change.
    catch_unwind(AssertUnwindSafe(decide)).map_err(|payload| panicked(&*payload))
}

/// The error that stands for a panic, with its message.
pub fn panicked(payload: &(dyn Any + Send)) -> CallError {
    let text = payload.downcast_ref::<&str>().copied();
    let message = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = message.unwrap_or("it panicked without a message");
    CallError::new(ErrorKind::Internal, format!("a fault in Wayfare itself: {message}"))
}
