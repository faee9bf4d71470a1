//! Makes sure that the folder of the built dashboard exists, so that the crate compiles before the dashboard is built.
//! A server without a dashboard says so on its page; `cargo xtask build` builds both in the right order.

fn main() {
    let dist = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist");
    if let Err(error) = std::fs::create_dir_all(&dist) {
        println!("cargo:warning=web/dist cannot be created: {error}");
    }
    println!("cargo:rerun-if-changed=../../web/dist");
}
