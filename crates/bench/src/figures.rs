//! Figures: medians of several runs, percentiles, and how they are rounded.

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// The median, the least and the most of several runs, and all of them in their order.
pub(crate) fn of_runs(runs: &[f64]) -> Value {
    let sorted = sorted(runs);
    let rounded = |number: Option<&f64>| number.map(|number| round(*number));
    json!({
        "median": median(runs).map(round),
        "min": rounded(sorted.first()),
        "max": rounded(sorted.last()),
        "runs": runs.iter().map(|run| round(*run)).collect::<Vec<f64>>(),
    })
}

/// The median, the 99th percentile and the worst of some times.
pub(crate) fn of_times(times: &[f64]) -> Result<Value> {
    let sorted = sorted(times);
    let at = |share: f64| {
        let index = (sorted.len() as f64 * share) as usize;
        sorted
            .get(index.min(sorted.len().saturating_sub(1)))
            .map(|time| round(*time))
            .context("nothing was timed")
    };
    Ok(json!({"p50": at(0.5)?, "p99": at(0.99)?, "max": at(1.0)?, "count": sorted.len()}))
}

/// The median, of anything.
pub(crate) fn median(numbers: &[f64]) -> Option<f64> {
    sorted(numbers).get(numbers.len() / 2).copied()
}

/// Rounded to three digits behind the point: enough of milliseconds and of ratios.
pub(crate) fn round(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

/// What was measured, or why it could not be, so that one failure does not hide the other figures.
pub(crate) fn or_error(name: &str, measured: Result<Value>) -> Value {
    match measured {
        Ok(figures) => {
            eprintln!("{name}: {figures}");
            figures
        }
        Err(error) => {
            eprintln!("{name} failed: {error:#}");
            json!({"error": format!("{error:#}")})
        }
    }
}

fn sorted(numbers: &[f64]) -> Vec<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}
