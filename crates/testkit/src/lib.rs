//! What tests and measurements need of the outside: a throw-away PostgreSQL, the real binary, an HTTP client, a partner,
//! a mail server and a collector of traces that record, a network that fails. Nothing of it is part of the product.

mod cluster;
mod collector;
pub mod http;
mod mail;
mod nats;
mod partner;
mod postgres;
mod relay;
pub mod server;
mod tls;

pub use cluster::Cluster;
pub use collector::{Collector, Manner};
pub use mail::{Delivery, MailServer, Said, Security};
pub use nats::{Nats, Publisher};
pub use partner::{Partner, Recorded, Reply};
pub use postgres::{copy_of, dump, postgres, restore};
pub use relay::{Relay, Way};
