//! The shapes on the wire, each converted by hand from what the inner crates hold.
//!
//! They are a promise to strangers: names are camelCase, times RFC 3339, and a field is only ever added.

mod audience;
mod connection;
mod instance;
mod journey;
mod node;
mod person;
mod preview;

pub use audience::{AudienceList, AudienceView};
pub use connection::{ActionCallsView, ConnectionList, ConnectionView};
pub use instance::{CallView, FailureView, InstancePage, InstanceSummary, InstanceView, TurnView, WaitsView};
pub use journey::{
    CountsView, EdgeView, GraphView, JourneyList, JourneySummary, JourneyView, SpanView, StepView,
    VersionView,
};
pub use node::{NodeList, NodeView};
pub use person::{
    EventView, IngestReceipt, OutcomeView, ProfileView, RefusalView, RefusedEventView, RefusedPage,
    StartReceipt, SubscriptionView, Timeline, TimelineEntry, TimelineTurn,
};
pub use preview::{ActionList, ActionView, FieldView, ParamView, PreviewView, RequestView};
