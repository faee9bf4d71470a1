//! The function `distance`, which has no receiver.

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

use super::{decimal, integer, overflow};
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "distance",
    method: false,
    params: &[
        Param::needed("fromLatitude", Shape::Decimal),
        Param::needed("fromLongitude", Shape::Decimal),
        Param::needed("toLatitude", Shape::Decimal),
        Param::needed("toLongitude", Shape::Decimal),
    ],
    result: Shape::Int,
    doc: "The metres between two places on the globe, given in degrees; right to half a percent.",
    examples: &[("distance(52.52, 13.405, 48.137, 11.575)", "504339"), ("distance(90, 0, 90, 120)", "0")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (from, to) =
        ((degrees(call, 0, 90)?, degrees(call, 1, 180)?), (degrees(call, 2, 90)?, degrees(call, 3, 180)?));
    // Angles have no exact form: this is the one place where numbers go through floats, and metres hide it.
    let half = |a: f64, b: f64| ((b - a) / 2.0).sin().powi(2);
    let chord = half(from.0, to.0) + from.0.cos() * to.0.cos() * half(from.1, to.1);
    let metres = 2.0 * EARTH_RADIUS * chord.clamp(0.0, 1.0).sqrt().asin();
    Decimal::from_f64(metres.round()).ok_or_else(overflow).and_then(integer)
}

/// In metres, on average.
const EARTH_RADIUS: f64 = 6_371_008.8;

fn degrees(call: &Call<'_>, index: usize, most: i64) -> Result<f64, Fault> {
    let degrees = decimal(call, index)?;
    if degrees.abs() > Decimal::from(most) {
        return Err(Fault(format!("{degrees} degrees are no place: they go from -{most} to {most}")));
    }
    degrees.to_f64().map(f64::to_radians).ok_or_else(overflow)
}
