//! The program under a shim that leads its way to some names to a server of the test, which a certificate vouches for: see
//! `shim/detour.c`.

#![allow(clippy::unwrap_used, reason = "a test without its shim must fail")]

use std::{fs, net::SocketAddr};

use testkit::server::Setup;

use crate::shim;

/// Leads the program of a setup, which is started afterwards, to this server wherever a name ends like this. It believes
/// the authority of the server's certificate (PEM) and no other.
pub fn lead(setup: &mut Setup, name: &str, server: SocketAddr, authority: &str) {
    let file = setup.folder.join("authorities.pem");
    fs::write(&file, authority).unwrap();
    let variables = [
        ("LD_PRELOAD", shim::compiled("detour.c").display().to_string()),
        ("DETOUR_NAME", name.to_owned()),
        ("DETOUR_PORT", server.port().to_string()),
        ("SSL_CERT_FILE", file.display().to_string()),
    ];
    setup.environment.extend(variables.map(|(name, value)| (name.to_owned(), value)));
}
