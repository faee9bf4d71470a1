//! What a collector was sent, decoded.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};
use prost::Message as _;
use testkit::Collector;

/// A span, with the attributes of its resource.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) span: Span,
    pub(crate) resource: BTreeMap<String, String>,
}

impl Seen {
    /// What its attributes say.
    pub(crate) fn says(&self) -> BTreeMap<String, String> {
        said(&self.span.attributes)
    }

    /// As a `traceparent` has it.
    pub(crate) fn place(&self) -> String {
        format!("00-{}-{}-{:02x}", hex(&self.span.trace_id), hex(&self.span.span_id), self.span.flags & 1)
    }

    pub(crate) fn is_error(&self) -> bool {
        self.span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error)
    }
}

fn said(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &Value| match value {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        other => panic!("{other:?}"),
    };
    let value = |one: &KeyValue| text(one.value.as_ref().unwrap().value.as_ref().unwrap());
    attributes.iter().map(|one| (one.key.clone(), value(one))).collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// All spans that a collector was sent.
pub(crate) fn spans(collector: &Collector) -> Vec<Seen> {
    let mut found = Vec::new();
    for (_, body) in collector.seen() {
        for of in ExportTraceServiceRequest::decode(&*body).unwrap().resource_spans {
            let resource = said(&of.resource.unwrap().attributes);
            let all = of.scope_spans.into_iter().flat_map(|scope| scope.spans);
            found.extend(all.map(|span| Seen { span, resource: resource.clone() }));
        }
    }
    found
}

pub(crate) fn of_kind(spans: &[Seen], kind: SpanKind) -> Vec<Seen> {
    spans.iter().filter(|one| one.span.kind() == kind).cloned().collect()
}
