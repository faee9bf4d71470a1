//! What `wayfare preview` needs besides the request: data from tests, the answer, and its record.

pub(crate) mod answer;
pub(crate) mod record;
pub(crate) mod rehearsed;
