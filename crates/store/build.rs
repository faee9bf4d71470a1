//! Builds the crate anew when a migration changes: `sqlx::migrate!` embeds the files without telling cargo.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
    println!("cargo:rerun-if-changed=../../migrations/sqlite");
    println!("cargo:rerun-if-changed=../../migrations/postgres");
}
