//! The function `toDate` of a text.

use jiff::civil::Date;

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "toDate",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Date,
    doc: "The date that the text gives as year-month-day; anything else is an error.",
    examples: &[
        (r#""2026-11-24".toDate()"#, r#""2026-11-24""#),
        (r#""2028-02-29".toDate()"#, r#""2028-02-29""#),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let text = call.text(0)?;
    text.parse::<Date>()
        .map(Value::Date)
        .map_err(|_| Fault(format!("`{text}` is not a date, such as 2026-11-24")))
}
