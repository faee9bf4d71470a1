//! A power cut: takes the files of a database back to what its disk had, by the undo logs that `shim/shim.c` wrote.
//!
//! A disk may have kept any of the writes that nobody waited for, in any order, and of each only the first sectors. So all of
//! them are undone, and then some done again as chance has it, if a seed is given.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot cut the power must fail"
)]

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

/// What a disk writes whole or not at all, in bytes.
const SECTOR: usize = 512;
/// Five numbers of eight bytes.
const HEAD: usize = 40;

/// A change of a file.
struct Change {
    /// A cut of the file's end instead of a write.
    truncates: bool,
    offset: u64,
    old_size: u64,
    /// How many bytes were written.
    length: usize,
    /// What stood there.
    old: Vec<u8>,
    /// What was written; known once it is undone.
    new: Vec<u8>,
}

/// Takes the files back; gives how many changes had not been waited for.
pub(crate) fn cut(database: &Path, seed: Option<u64>) -> usize {
    let mut chance = Chance(seed.unwrap_or_default());
    let mut count = 0;
    for suffix in ["", "-wal", "-journal"] {
        let file = beside(database, suffix);
        let log = beside(database, &format!("{suffix}.undo"));
        let mut changes = fs::read(&log).map(|bytes| read(&bytes)).unwrap_or_default();
        let _there_may_be_none = fs::remove_file(&log);
        count += changes.len();
        let Ok(file) = File::options().read(true).write(true).open(file) else { continue };
        changes.iter_mut().rev().for_each(|change| change.undo(&file));
        if seed.is_some() {
            changes.iter().for_each(|change| change.perhaps_redo(&file, &mut chance));
        }
    }
    // It is shared memory, rebuilt from the log when nobody has the database open.
    let _there_may_be_none = fs::remove_file(beside(database, "-shm"));
    count
}

/// A file beside the database.
pub(crate) fn beside(database: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", database.display()))
}

/// The entries of an undo log; the last one may be cut off, and then its change was never made.
fn read(mut bytes: &[u8]) -> Vec<Change> {
    let mut changes = Vec::new();
    while let Some((head, rest)) = bytes.split_at_checked(HEAD) {
        let numbers: Vec<u64> =
            head.chunks(8).map(|number| u64::from_ne_bytes(number.try_into().unwrap())).collect();
        let [kind, offset, old_size, length, kept] = numbers[..] else { break };
        let Some((old, rest)) = rest.split_at_checked(usize::try_from(kept).unwrap()) else { break };
        changes.push(Change {
            truncates: kind == 1,
            offset,
            old_size,
            length: usize::try_from(length).unwrap(),
            old: old.to_vec(),
            new: Vec::new(),
        });
        bytes = rest;
    }
    changes
}

impl Change {
    fn undo(&mut self, file: &File) {
        if self.truncates {
            file.set_len(self.old_size).unwrap();
        } else {
            self.new = vec![0; self.length];
            // A kill between the entry and its change leaves less than was to be written.
            let mut read = 0;
            while let Ok(more) = file.read_at(&mut self.new[read..], self.offset + read as u64) {
                read += more;
                if more == 0 {
                    break;
                }
            }
            self.new.truncate(read);
        }
        file.write_all_at(&self.old, self.offset).unwrap();
        file.set_len(self.old_size).unwrap();
    }

    fn perhaps_redo(&self, file: &File, chance: &mut Chance) {
        let sectors = self.new.len().div_ceil(SECTOR);
        let kept = match chance.below(4) {
            0 | 1 => return,
            2 => (chance.below(sectors as u64 + 1) as usize * SECTOR).min(self.new.len()),
            _ => self.new.len(),
        };
        if self.truncates {
            file.set_len(self.offset).unwrap();
        } else {
            file.write_all_at(&self.new[..kept], self.offset).unwrap();
        }
    }
}

/// Chance with a seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Chance(pub u64);

impl Chance {
    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }
}
