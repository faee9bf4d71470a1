//! The log of a server: lines for people, or JSON. A panic is told in it like everything else.

use std::{
    backtrace::Backtrace,
    panic::{self, PanicHookInfo},
};

use tracing_subscriber::EnvFilter;

/// Begins to write the log, to standard error. `WAYFARE_LOG` says what is in it, or else `default`.
pub(crate) fn start(json: bool, default: &str) {
    let filter = EnvFilter::try_from_env("WAYFARE_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json {
        log.json().init()
    } else {
        log.init()
    }
    panic::set_hook(Box::new(tell));
}

/// Tells where a panic was. Its message may hold what is somebody's, so that is told only to whoever asks for it.
fn tell(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(%place, "a fault in Wayfare itself; please report where it is");
    let says = panic.payload_as_str().unwrap_or_default();
    tracing::debug!(says, backtrace = %Backtrace::capture(), "what the fault says of itself");
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test may fail loudly, and this one is about a panic"
    )]

    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use super::*;

    /// What was written, as text.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(piece);
            Ok(piece.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What the log holds after a panic, at a level.
    fn told(level: &str) -> String {
        let written = Written::default();
        let into = written.clone();
        let log = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(level))
            .with_ansi(false)
            .with_writer(move || into.clone())
            .finish();
        let before = panic::take_hook();
        panic::set_hook(Box::new(tell));
        let fell = tracing::subscriber::with_default(log, || panic::catch_unwind(|| panic!("what is Ada's")));
        panic::set_hook(before);
        assert!(fell.is_err());
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_panic_is_told_by_its_place_and_says_what_it_holds_only_when_asked() {
        let usual = told("info");
        assert!(usual.contains("a fault in Wayfare itself") && usual.contains("log.rs:"), "{usual}");
        assert!(!usual.contains("Ada"), "{usual}");
        assert!(told("debug").contains("what is Ada's"));
    }
}
