//! `wayfare functions`: the reference of the expression library, made from the functions themselves.

use std::process::ExitCode;

use graph::library::{self, Function, Shape};

use crate::commands::print;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only the functions of this name.
    name: Option<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.name {
        None => print(&reference()),
        Some(name) => {
            let found: Vec<String> = library::named(name).map(entry).collect();
            anyhow::ensure!(
                !found.is_empty(),
                "there is no function `{name}`; `wayfare functions` lists them all"
            );
            print(&found.join("\n"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The whole reference, as Markdown.
fn reference() -> String {
    let mut out = String::from(
        "# The expression library\n\n\
         Made by `wayfare functions`; every example is run by a test. A function is a method of its first argument\n\
         (`text.trim()`), unless it stands alone (`min(2, 3)`). Where the data does not allow an answer it faults, and the\n\
         step fails as a call does.\n",
    );
    for (title, fits) in FAMILIES {
        let family: Vec<&Function> = library::all().filter(|function| fits(function)).collect();
        out.push_str(&format!("\n## {title}\n"));
        for function in family {
            out.push_str(&format!("\n{}", entry(function)));
        }
    }
    debug_assert_eq!(
        out.matches("\n### ").count(),
        library::all().count(),
        "a function belongs to one family"
    );
    out
}

/// A title, and what belongs under it.
type Family = (&'static str, fn(&Function) -> bool);

const FAMILIES: [Family; 6] = [
    ("Texts", |function| receiver(function) == Some(Shape::Text)),
    ("Numbers", |function| matches!(receiver(function), Some(Shape::Int | Shape::Decimal | Shape::Number))),
    ("Lists", |function| matches!(receiver(function), Some(Shape::List(_)))),
    ("Dates and times", |function| {
        matches!(receiver(function), Some(Shape::DateTime | Shape::Date | Shape::Duration | Shape::TimeZone))
    }),
    ("Any value", |function| {
        matches!(
            receiver(function),
            Some(
                Shape::Any
                    | Shape::A
                    | Shape::B
                    | Shape::Bool
                    | Shape::Json
                    | Shape::Optional(_)
                    | Shape::Function(..)
            )
        )
    }),
    ("Without a receiver", |function| receiver(function).is_none()),
];

fn receiver(function: &Function) -> Option<Shape> {
    function.params.first().filter(|_| function.method).map(|param| param.shape)
}

fn entry(function: &Function) -> String {
    let examples: String =
        function.examples.iter().map(|(example, gives)| format!("{example}  // {gives}\n")).collect();
    format!("### `{function}`\n\n{}\n\n```text\n{examples}```\n", function.doc)
}
