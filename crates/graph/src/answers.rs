//! What a partner may answer, as an action declares it: the shape of a good body, or one shape for each status.

use std::sync::Arc;

use crate::{Answer, Field, Name, Record, RecordType, Type, UnionType, Value};

/// The good answers of an action; what the value of a call is.
#[derive(Clone, Debug, PartialEq)]
pub enum Answers {
    /// `-> T`: the body of an answer of 200–299.
    Body(Type),
    /// `-> 200 T | 404 U | 204 nothing`: the whole answer, of one of these statuses. Each record has `status`, `headers`,
    /// and `body` where there is one.
    ByStatus(Vec<Arc<RecordType>>),
}

impl Answers {
    /// Answers that differ by status; a body of no type is nothing.
    pub fn by_status(cases: Vec<(Vec<u16>, Option<Type>)>) -> Answers {
        let records = cases.into_iter().map(|(statuses, body)| {
            let codes = statuses.iter().map(|status| Name::from(status.to_string())).collect();
            let field = |name: &str, ty, default| Field { name: name.into(), ty, default, doc: None };
            let none = Value::Record(Record::of_distinct(Vec::new()));
            let mut fields =
                vec![field("status", Type::Codes(codes), None), field("headers", Type::Json, Some(none))];
            fields.extend(body.map(|body| field("body", body, None)));
            Arc::new(RecordType { name: None, fields })
        });
        Answers::ByStatus(records.collect())
    }

    /// The type of the value that a call gives.
    pub fn ty(&self) -> Type {
        match self {
            Answers::Body(ty) => ty.clone(),
            Answers::ByStatus(records) => match records.as_slice() {
                [only] => Type::Record(only.clone()),
                // Statuses are declared once, so they tell the records apart.
                all => {
                    UnionType::of(None, all.to_vec()).map_or(Type::Json, |union| Type::Union(Arc::new(union)))
                }
            },
        }
    }

    /// Whether an answer of this status is a good one.
    pub fn has(&self, status: u16) -> bool {
        match self {
            Answers::Body(_) => (200..300).contains(&status),
            Answers::ByStatus(_) => self.record(status).is_some(),
        }
    }

    fn record(&self, status: u16) -> Option<&Arc<RecordType>> {
        let Answers::ByStatus(records) = self else { return None };
        let text = status.to_string();
        let has = |record: &&Arc<RecordType>| match record.field("status").map(|field| &field.ty) {
            Some(Type::Codes(codes)) => codes.iter().any(|code| **code == *text),
            _ => false,
        };
        records.iter().find(has)
    }

    /// The value of a good answer.
    ///
    /// # Errors
    /// Why its body, or its status, does not fit.
    pub fn read(&self, answer: &Answer) -> Result<Value, String> {
        match self {
            Answers::Body(ty) => read_body(ty, &answer.body),
            Answers::ByStatus(_) => {
                let Some(record) = self.record(answer.status) else {
                    return Err(format!("a status of {} is not declared", answer.status));
                };
                let headers = answer.headers.iter().map(|(name, text)| (name.clone(), Value::text(&**text)));
                let mut fields = vec![
                    ("status".into(), Value::Int(i64::from(answer.status))),
                    ("headers".into(), Value::Record(Record::of_distinct(headers.collect()))),
                ];
                if let Some(body) = record.field("body") {
                    fields.push(("body".into(), read_body(&body.ty, &answer.body)?));
                }
                Ok(Value::Record(Record::of_distinct(fields)))
            }
        }
    }

    /// The answer of which a value was read: what stands in for a partner says it so.
    pub fn answer_of(&self, value: &Value) -> Answer {
        match self {
            Answers::Body(ty) => Answer::of(200, write_body(ty, value)),
            Answers::ByStatus(_) => {
                let status = value.field("status").map(ToString::to_string);
                let status = status.and_then(|status| status.parse().ok()).unwrap_or(200);
                let body = self.record(status).and_then(|record| record.field("body"));
                let body = body.map(|body| write_body(&body.ty, value.field("body").unwrap_or(&Value::Null)));
                let mut answer = Answer::of(status, body.unwrap_or_default());
                if let Some(Value::Record(headers)) = value.field("headers") {
                    answer.headers =
                        headers.iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
                }
                answer
            }
        }
    }
}

/// Reads a body as a type: text as it is, anything else from JSON.
///
/// # Errors
/// Why it does not fit.
pub fn read_body(ty: &Type, body: &str) -> Result<Value, String> {
    let tree = match ty {
        Type::Text => serde_json::Value::from(body),
        _ => serde_json::from_str(body).map_err(|error| format!("not JSON: {error}"))?,
    };
    ty.read(&tree).map_err(|misfit| misfit.to_string())
}

/// The body that [`read_body`] reads as this value.
pub fn write_body(ty: &Type, value: &Value) -> String {
    match (ty, value) {
        (Type::Text, Value::Text(text)) => text.to_string(),
        _ => crate::json::write(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_its_status_says() {
        let answers = Answers::by_status(vec![
            (vec![200, 201], Some(Type::List(Type::Int.into()))),
            (vec![404], Some(Type::Text)),
            (vec![204], None),
        ]);
        for (status, body, read) in [
            (201, "[1,2]", Ok(r#"{"status":201,"headers":{"x-a":"b"},"body":[1,2]}"#)),
            (404, "gone", Ok(r#"{"status":404,"headers":{"x-a":"b"},"body":"gone"}"#)),
            (204, "whatever", Ok(r#"{"status":204,"headers":{"x-a":"b"}}"#)),
            (200, "[\"a\"]", Err("`[0]`: expected int, found the text \"a\"")),
            (200, "", Err("not JSON: EOF while parsing a value at line 1 column 0")),
            (404, "a\0", Err("text must not contain the NUL character (\\u0000)")),
            (202, "[]", Err("a status of 202 is not declared")),
        ] {
            let answer = Answer { headers: vec![("x-a".into(), "b".into())], ..Answer::of(status, body) };
            let value = answers.read(&answer);
            if let Ok(value) = &value
                && status != 204
            {
                assert_eq!(answers.answer_of(value), answer);
            }
            let value = value.map(|value| value.to_string());
            assert_eq!(value, read.map(str::to_owned).map_err(str::to_owned), "{status} {body}");
        }
    }
}
