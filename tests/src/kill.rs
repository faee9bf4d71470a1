//! The program over a library that kills it at a chosen place of what it does: see `shim/kill.c`.

#![allow(clippy::unwrap_used, reason = "a test without its library must fail")]

use std::{fs::File, os::unix::fs::FileExt, path::PathBuf, sync::OnceLock};

use testkit::server::Setup;

use crate::shim::{compiled, preload};

/// Where the program dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Half of a piece of SQLite's log is written.
    LogHalfWritten = 1,
    /// A transaction is in the log, and the disk is not yet waited for.
    LogWritten,
    /// The disk has been waited for, and nobody knows.
    LogKept,
    /// The log is being copied into the database: half of a page is written.
    CopyHalfWritten,
    /// All is copied, and the disk is not yet waited for.
    CopyWritten,
    /// The disk has been waited for, and the log is still there.
    CopyKept,
    /// The statement that writes a turn is about to be sent to PostgreSQL.
    TurnNotSent,
    /// It is sent, and nobody knows whether it will be done.
    TurnSent,
    /// The answer is there, and nobody has looked at it.
    TurnAnswered,
    /// A call is about to go out.
    CallNotSent,
    /// It has gone out.
    CallSent,
    /// Its answer is there, and nobody has looked at it.
    CallAnswered,
    /// An event is written, and its sender is about to be told.
    AnswerNotSent,
    /// Its sender is told.
    AnswerSent,
}

impl Place {
    /// Where a program dies that has its database to itself.
    pub const ON_SQLITE: [Place; 11] = [
        Place::LogHalfWritten,
        Place::LogWritten,
        Place::LogKept,
        Place::CopyHalfWritten,
        Place::CopyWritten,
        Place::CopyKept,
        Place::CallNotSent,
        Place::CallSent,
        Place::CallAnswered,
        Place::AnswerNotSent,
        Place::AnswerSent,
    ];
    /// Where one dies whose database is a server.
    pub const ON_POSTGRES: [Place; 8] = [
        Place::TurnNotSent,
        Place::TurnSent,
        Place::TurnAnswered,
        Place::CallNotSent,
        Place::CallSent,
        Place::CallAnswered,
        Place::AnswerNotSent,
        Place::AnswerSent,
    ];

    /// How many times a program comes by there within a second or two.
    pub fn times(self) -> u64 {
        if matches!(self, Place::CopyWritten | Place::CopyKept) { 2 } else { 23 }
    }
}

/// The library under the program of a setup.
pub struct Kill(File);

impl Kill {
    /// Puts it under the program of a setup, which is started afterwards.
    pub fn under(setup: &mut Setup) -> Kill {
        static BUILT: OnceLock<PathBuf> = OnceLock::new();
        Kill(preload(setup, BUILT.get_or_init(|| compiled("kill.c")), "KILL", 2))
    }

    /// From now on the program dies when it comes by a place for the so manieth time.
    pub fn at(&self, place: Place, time: u64) {
        self.0.write_all_at(&time.to_ne_bytes(), 8).unwrap();
        self.0.write_all_at(&(place as u64).to_ne_bytes(), 0).unwrap();
    }

    /// From now on it lives.
    pub fn nowhere(&self) {
        self.0.write_all_at(&0_u64.to_ne_bytes(), 0).unwrap();
    }
}
