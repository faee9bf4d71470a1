//! The databases of earlier releases under today's program, with another project deployed: whoever was inside goes on where
//! they were, in the version that they entered, and nothing is done twice.

use tests::{on_both, release};

#[test]
fn everybody_of_every_release_goes_on() {
    let releases = release::kept();
    assert!(!releases.is_empty(), "no release is kept");
    on_both(|database| releases.iter().for_each(|name| release::goes_on(name, database)));
}
