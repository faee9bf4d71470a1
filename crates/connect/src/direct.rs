//! The client for servers of our own side: a node, a server that an operator asks, a collector.
//!
//! Not behind the guard: an operator says where they are, which is most often this machine or a private network, and no
//! journey and no data has a say in it. No redirect is followed and no proxy is used, so that what is shown to one of them
//! goes to that server only; and nothing is sent twice unless the caller does.

#![expect(clippy::disallowed_types, reason = "see above")]

use std::time::Duration;

/// A client that gives a server so long to accept a connection, and so long to answer; it can be set up further.
pub(crate) fn client(connect: Duration, answer: Duration) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .connect_timeout(connect)
        .timeout(answer)
}
