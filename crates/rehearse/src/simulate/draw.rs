//! Values of declared types by chance: the same for the same seed and name.

use graph::{Name, RecordType, Type, Value};
use jiff::{SignedDuration, Timestamp, civil};
use uuid::Uuid;

/// Chance with a seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Draw {
    state: u64,
}

impl Draw {
    /// Chance for somebody or something of this name.
    pub fn new(seed: u64, name: &str) -> Draw {
        let (high, low) = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).as_u64_pair();
        Draw { state: seed ^ high ^ low.rotate_left(32) }
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }

    fn small(&mut self, bound: u64) -> i64 {
        i64::try_from(self.below(bound)).unwrap_or_default()
    }

    /// A record of a declared type.
    pub fn record(&mut self, ty: &RecordType) -> Value {
        Value::record(
            ty.fields.iter().map(|field| (field.name.clone(), self.value(&field.ty))).collect::<Vec<_>>(),
        )
    }

    /// A value of a type. One optional in five is missing; lists have up to three items.
    pub fn value(&mut self, ty: &Type) -> Value {
        match ty {
            Type::Null | Type::Json => Value::Null,
            Type::Bool => Value::Bool(self.below(2) == 1),
            Type::Int => Value::Int(self.small(100)),
            Type::Decimal => Value::Decimal(rust_decimal::Decimal::new(self.small(20_000), 2)),
            Type::Text => Value::from(format!("text-{}", self.below(1_000))),
            Type::TimeZone => Value::text("Europe/Berlin"),
            Type::Date => {
                let first = civil::date(2026, 1, 1);
                let days = SignedDuration::from_hours(24 * self.small(365));
                Value::Date(first.checked_add(days).unwrap_or(first))
            }
            Type::DateTime => {
                let first = Timestamp::from_second(1_767_225_600).unwrap_or_default();
                let later = SignedDuration::from_secs(self.small(365 * 86_400));
                Value::DateTime(first.checked_add(later).unwrap_or(first))
            }
            Type::Duration => Value::Duration(self.small(86_400) * 1_000_000),
            Type::Enum(members) => {
                let count = u64::try_from(members.len()).unwrap_or(1);
                let index = usize::try_from(self.below(count)).unwrap_or_default();
                members.get(index).map_or(Value::Null, |member: &Name| Value::Text(member.clone()))
            }
            Type::Codes(codes) => {
                let count = u64::try_from(codes.len()).unwrap_or(1);
                let index = usize::try_from(self.below(count)).unwrap_or_default();
                codes.get(index).and_then(|code| code.parse().ok()).map_or(Value::Null, Value::Int)
            }
            Type::List(item) => {
                let count = self.below(4);
                Value::list((0..count).map(|_| self.value(item)).collect::<Vec<_>>())
            }
            Type::Record(record) => self.record(record),
            Type::Union(union) => {
                let count = u64::try_from(union.variants.len()).unwrap_or(1);
                let index = usize::try_from(self.below(count)).unwrap_or_default();
                union.variants.get(index).map_or(Value::Null, |record| self.record(record))
            }
            Type::Optional(inner) => {
                if self.below(5) == 0 {
                    Value::Null
                } else {
                    self.value(inner)
                }
            }
        }
    }
}
