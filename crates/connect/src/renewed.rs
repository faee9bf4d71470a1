//! A value that must be made anew now and then, shared by all who want it: a token, a secret from a file.
//!
//! However many wait, it is made once, by a task of its own, so that nobody who stops waiting stops it. A value that is
//! due is still given out while another one is made. A failure is remembered for a while, longer each time, so that a
//! source that is down is left in peace.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::watch;

/// The shortest and the longest time that a failure, or a refusal, is remembered.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// A value, fresh from its source.
pub(crate) struct Made<T> {
    pub(crate) value: T,
    /// From when another one should be made.
    pub(crate) due: Instant,
    /// From when another one is waited for.
    pub(crate) overdue: Instant,
}

/// The making of a value.
pub(crate) type Making<T, E> = Pin<Box<dyn Future<Output = Result<Made<T>, E>> + Send>>;

/// What becomes of a value that is overdue when no other can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Old {
    /// It is as good as it was.
    Serves,
    /// It is worth nothing.
    Dies,
}

/// A value that is made anew when it is due; cheap to clone.
pub(crate) struct Renewed<T, E>(Arc<Inner<T, E>>);

struct Inner<T, E> {
    make: Box<dyn Fn() -> Making<T, E> + Send + Sync>,
    old: Old,
    state: Mutex<State<T, E>>,
}

struct State<T, E> {
    held: Option<Made<T>>,
    /// Counts the values that were made: the held one has this number.
    number: u64,
    failed: Option<(E, Pause)>,
    /// The last value that was made for one that was refused, and was refused too; and how long that is remembered.
    in_vain: Option<(u64, Pause)>,
    /// Closed when the task that makes a value is over, however it ends.
    running: Option<watch::Receiver<()>>,
}

/// A time in which something is not tried again.
#[derive(Clone, Copy)]
struct Pause {
    until: Instant,
    length: Duration,
}

impl Pause {
    /// The first pause, or one that is longer than the one before, if that was not long ago.
    fn after(before: Option<Pause>) -> Pause {
        let now = Instant::now();
        let before = before.filter(|before| now < before.until + LONGEST);
        let length = before.map_or(FIRST, |before| (before.length * 2).min(LONGEST));
        Pause { until: now + length, length }
    }
}

/// What is to be done for who wants the value.
enum Look<T, E> {
    Take(T, u64),
    Fail(E),
    Wait(watch::Receiver<()>),
}

impl<T, E> Clone for Renewed<T, E> {
    fn clone(&self) -> Self {
        Renewed(self.0.clone())
    }
}

impl<T: Clone + Send + 'static, E: Clone + Send + 'static> Renewed<T, E> {
    pub(crate) fn new(old: Old, make: impl Fn() -> Making<T, E> + Send + Sync + 'static) -> Renewed<T, E> {
        let state = State { held: None, number: 0, failed: None, in_vain: None, running: None };
        Renewed(Arc::new(Inner { make: Box::new(make), old, state: Mutex::new(state) }))
    }

    /// The value and its number.
    pub(crate) async fn get(&self) -> Result<(T, u64), E> {
        let mut known = None;
        loop {
            let mut over = match self.look(&mut known) {
                Look::Take(value, number) => return Ok((value, number)),
                Look::Fail(error) => return Err(error),
                Look::Wait(over) => over,
            };
            // Nothing is ever sent: it ends when the sender is gone.
            let _ = over.changed().await;
        }
    }

    /// Whether there is a value, fresh or not.
    pub(crate) fn holds(&self) -> bool {
        self.0.lock().held.is_some()
    }

    /// `known` is the number of the value that was not good enough when the waiting began.
    fn look(&self, known: &mut Option<u64>) -> Look<T, E> {
        let (now, mut state) = (Instant::now(), self.0.lock());
        if let Some(held) = &state.held {
            let (value, number) = (held.value.clone(), state.number);
            // Whoever waited takes what was made, however short its life is: else they might wait for ever.
            if now < held.due || known.is_some_and(|known| number > known) {
                return Look::Take(value, number);
            }
            let resting = state.failed.as_ref().is_some_and(|(_, pause)| now < pause.until);
            if now < held.overdue || (resting && self.0.old == Old::Serves) {
                if !resting {
                    self.begin(&mut state);
                }
                return Look::Take(value, number);
            }
        }
        if let Some((error, pause)) = &state.failed
            && now < pause.until
        {
            return Look::Fail(error.clone());
        }
        known.get_or_insert(state.number);
        Look::Wait(self.begin(&mut state))
    }

    /// Lets a value be made, unless one is being made.
    fn begin(&self, state: &mut State<T, E>) -> watch::Receiver<()> {
        if let Some(running) = &state.running
            && running.has_changed().is_ok()
        {
            return running.clone();
        }
        let (over, running) = watch::channel(());
        state.running = Some(running.clone());
        let inner = self.0.clone();
        tokio::spawn(async move {
            let made = (inner.make)().await;
            inner.finish(made);
            drop(over);
        });
        running
    }

    /// The value of this number was refused by who it is for. Says whether another one may help; it is made when it is
    /// next wanted. Where the last one that was made for that reason did not help, it is not worth trying for a while:
    /// the partner refuses something else than the value.
    pub(crate) fn refuse(&self, number: u64) -> bool {
        let (now, mut state) = (Instant::now(), self.0.lock());
        if state.number != number || state.held.is_none() {
            return true;
        }
        if state.in_vain.is_some_and(|(_, pause)| now < pause.until) {
            return false;
        }
        state.held = None;
        true
    }

    /// Whether the value of this number helped, which was made because another one was refused.
    pub(crate) fn judge(&self, number: u64, helped: bool) {
        let mut state = self.0.lock();
        match state.in_vain {
            _ if helped => state.in_vain = None,
            Some((known, _)) if known == number => {}
            before => state.in_vain = Some((number, Pause::after(before.map(|(_, pause)| pause)))),
        }
    }
}

impl<T, E> Inner<T, E> {
    fn lock(&self) -> MutexGuard<'_, State<T, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self, made: Result<Made<T>, E>) {
        let mut state = self.lock();
        match made {
            Ok(made) => {
                state.held = Some(made);
                state.number += 1;
                state.failed = None;
            }
            Err(error) => {
                let pause = Pause::after(state.failed.as_ref().map(|(_, pause)| *pause));
                state.failed = Some((error, pause));
            }
        }
    }
}
