//! The function `clamp` of a number.

use super::decimal;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "clamp",
    method: true,
    params: &[
        Param::needed("number", Shape::Number),
        Param::needed("least", Shape::Number),
        Param::needed("most", Shape::Number),
    ],
    result: Shape::Number,
    doc: "The number, but not below `least` and not above `most`.",
    examples: &[("(12).clamp(1, 10)", "10"), ("(0.5).clamp(1, 10)", "1")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (number, least, most) = (decimal(call, 0)?, decimal(call, 1)?, decimal(call, 2)?);
    if least > most {
        return Err(Fault(format!("{least} is above {most}: the lower bound comes first")));
    }
    Ok(call.value(if number < least {
        1
    } else if number > most {
        2
    } else {
        0
    }))
}
