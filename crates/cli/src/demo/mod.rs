//! The demo: the example journeys with short waits, a partner that answers them, and people who cause events.

pub(crate) mod partner;
pub(crate) mod people;

use lang::Source;

#[derive(rust_embed::RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../journeys"]
#[include = "*.journey"]
#[exclude = "std/*"]
struct Journeys;

/// The example journeys, their waits shortened so that a visitor sees them end.
pub(crate) fn sources() -> Vec<Source> {
    Journeys::iter()
        .filter_map(|name| {
            let file = Journeys::get(&name)?;
            let text = String::from_utf8_lossy(&file.data).into_owned();
            Some(Source { name: format!("journeys/{name}"), text: shorten(&text) })
        })
        .collect()
}

fn shorten(text: &str) -> String {
    text.lines().map(shorten_line).collect::<Vec<_>>().join("\n") + "\n"
}

/// `wait 1 hour` becomes `wait 20 seconds`, days become minutes, and people may come back soon; everything else stays.
fn shorten_line(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let indent: String = line.chars().take_while(|letter| letter.is_whitespace()).collect();
    match words.as_slice() {
        ["wait", count, "hour" | "hours"] if count.parse::<u32>().is_ok() => {
            format!("{indent}wait {} seconds", count.parse::<u32>().unwrap_or(1).saturating_mul(20).min(90))
        }
        ["wait", count, "minute" | "minutes"] if count.parse::<u32>().is_ok() => {
            format!("{indent}wait 10 seconds")
        }
        ["wait", count, "day" | "days"] if count.parse::<u32>().is_ok() => format!("{indent}wait 1 minute"),
        ["re-enter", "after", ..] => format!("{indent}re-enter after 1 minute"),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_shortened_and_nothing_else() {
        assert_eq!(shorten_line("  wait 1 hour"), "  wait 20 seconds");
        assert_eq!(shorten_line("  re-enter after 7 days"), "  re-enter after 1 minute");
        assert_eq!(shorten_line("  re-enter never"), "  re-enter never");
        assert_eq!(shorten_line("  wait for orderPlaced"), "  wait for orderPlaced");
        assert_eq!(shorten_line("  // wait 1 hour"), "  // wait 1 hour");
    }

    #[test]
    fn the_shortened_journeys_compile() {
        assert!(sources().iter().all(|source| !source.name.contains("std/")), "kits are no examples");
        let compiled = lang::compile(&sources());
        assert_eq!(compiled.diagnostics.len(), 0, "{}", lang::draw(&compiled.diagnostics, &sources(), false));
    }
}
