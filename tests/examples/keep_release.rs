//! Keeps the databases of a release, for `tests/upgrades.rs`: its name is the one argument.

use std::process::ExitCode;

use tests::{DATABASES, release};

fn main() -> ExitCode {
    let Some(name) = std::env::args().nth(1) else {
        eprintln!("which release? such as 0.1.0");
        return ExitCode::FAILURE;
    };
    for database in DATABASES {
        println!("{}", release::keep(&name, database).display());
    }
    ExitCode::SUCCESS
}
