//! The function `title` of a text.

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape, bounded},
};

pub(super) const FUNCTION: Function = Function {
    name: "title",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Text,
    doc: "The text with the first letter of each word in capitals and the rest as it is.",
    examples: &[
        (r#""ada king-noel".title()"#, r#""Ada King-Noel""#),
        (r#""o'neil 2nd".title()"#, r#""O'neil 2nd""#),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut made = String::new();
    let mut inside = false;
    for letter in call.text(0)?.chars() {
        if inside {
            made.push(letter);
        } else {
            made.extend(letter.to_uppercase());
        }
        inside = letter.is_alphanumeric() || (inside && matches!(letter, '\'' | '’'));
    }
    bounded(made)
}
