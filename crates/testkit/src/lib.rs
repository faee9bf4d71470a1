//! What tests and measurements need of the outside: a throw-away PostgreSQL, the real binary, an HTTP client, a partner
//! that records. Nothing of it is part of the product.

mod cluster;
pub mod http;
mod nats;
mod partner;
mod postgres;
pub mod server;

pub use cluster::Cluster;
pub use nats::{Nats, Publisher};
pub use partner::{Partner, Recorded, Reply};
pub use postgres::postgres;
