//! The program under a shim that breaks its disk and moves its clock: see `shim/shim.c`.
//!
//! What comes in: a setup over SQLite. What goes out: the variables that put the shim under the program, and switches that
//! take effect while it runs. [`Shim::cut_power`] is for after `kill -9`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test without its shim must fail")]

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::{SystemTime, UNIX_EPOCH},
};

use testkit::server::{Setup, workspace};

use crate::power;

/// Where the numbers of the control file stand: see `shim.c`.
const CLOCK: u64 = 0;
const SYNC: u64 = 8;
const ROOM: u64 = 16;
const SYNCS: u64 = 24;
const STANDS_AT: u64 = 32;
/// How many there are.
const NUMBERS: usize = 5;

/// What the disk does when it is asked to keep what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// It keeps it.
    Honest = 0,
    /// It says that it does.
    Lies = 1,
    /// It fails.
    Fails = 2,
}

/// The shim under one database file.
pub struct Shim {
    database: PathBuf,
    control: File,
}

impl Shim {
    /// Puts the shim under the program of a setup, which is started afterwards.
    pub fn under(setup: &mut Setup) -> Shim {
        static BUILT: OnceLock<PathBuf> = OnceLock::new();
        let library = BUILT.get_or_init(|| compiled("shim.c"));
        let control = preload(setup, library, "SHIM", NUMBERS);
        let shim = Shim { database: file_of(setup).into(), control };
        shim.room(None);
        shim
    }

    /// From now on the disk is like this.
    pub fn disk(&self, disk: Disk) {
        self.set(SYNC, disk as i64);
    }

    /// From now on the database's files may grow by so many bytes; none: by as many as they like.
    pub fn room(&self, bytes: Option<u32>) {
        self.set(ROOM, bytes.map_or(-1, i64::from));
    }

    /// How many bytes there are left.
    pub fn room_left(&self) -> i64 {
        self.get(ROOM)
    }

    /// From now on the clock is ahead by so many seconds, or behind.
    pub fn clock_ahead(&self, seconds: i64) {
        self.set(CLOCK, seconds * 1_000_000_000);
    }

    /// From now on the clock stands still; or it goes on, as if it always had.
    pub fn stop_clock(&self, stands: bool) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        self.set(STANDS_AT, if stands { i64::try_from(now.as_nanos()).unwrap() } else { 0 });
    }

    /// How often the disk was asked to keep what was written.
    pub fn syncs(&self) -> i64 {
        self.get(SYNCS)
    }

    /// Undoes what was written since the last sync; some of it stays as chance has it, if there is a seed. Gives how many
    /// writes there were.
    pub fn cut_power(&self, seed: Option<u64>) -> usize {
        power::cut(&self.database, seed)
    }

    /// Whether pages of the log are being copied into the database, and the disk has not yet been waited for.
    pub fn is_copying(&self) -> bool {
        power::beside(&self.database, ".undo").metadata().is_ok_and(|log| log.len() > 0)
    }

    /// Where the database is.
    pub fn database(&self) -> &Path {
        &self.database
    }

    fn set(&self, place: u64, number: i64) {
        self.control.write_all_at(&number.to_ne_bytes(), place).unwrap();
    }

    fn get(&self, place: u64) -> i64 {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, place).unwrap();
        i64::from_ne_bytes(bytes)
    }
}

/// Puts a library under the program of a setup, which is started afterwards. It finds the database's file and a control file
/// of so many numbers, all zero, in the variables `NAME_FILE` and `NAME_CONTROL`; gives the latter.
pub(crate) fn preload(setup: &mut Setup, library: &Path, name: &str, numbers: usize) -> File {
    let path = setup.folder.join(format!("{name}-control"));
    fs::write(&path, vec![0_u8; numbers * size_of::<i64>()]).unwrap();
    let variables = [
        ("LD_PRELOAD".to_owned(), library.display().to_string()),
        (format!("{name}_FILE"), file_of(setup).to_owned()),
        (format!("{name}_CONTROL"), path.display().to_string()),
    ];
    setup.environment.extend(variables);
    File::options().read(true).write(true).open(&path).unwrap()
}

/// The file of a setup's database; none that there is, if that is a server.
fn file_of(setup: &Setup) -> &str {
    setup.database.strip_prefix("sqlite:").unwrap_or("/no/database")
}

/// A shared library of this source in `shim/`, built by the compiler that Rust links with.
pub(crate) fn compiled(source: &str) -> PathBuf {
    let library = tempfile::Builder::new().prefix("wayfare-shim-").tempdir().unwrap().keep().join("shim.so");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O2", "-o"])
        .arg(&library)
        .arg(workspace().join("tests/shim").join(source))
        .args(["-ldl", "-lpthread"])
        .status();
    assert!(built.is_ok_and(|status| status.success()), "{source} cannot be built with cc");
    library
}
