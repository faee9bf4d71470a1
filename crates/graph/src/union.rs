//! Unions: one of several records, told apart by the text (or the whole number) of one field.

use std::{fmt, sync::Arc};

use crate::{Name, RecordType, Type};

/// `{ kind: "card", … } | { kind: "transfer", … }`
#[derive(Clone, Debug, PartialEq)]
pub struct UnionType {
    /// The name it was declared under, if it has one.
    pub name: Option<Name>,
    /// The field that tells the records apart. Each of them has it, and no two share a text of it.
    pub tag: Name,
    /// The records, in the order of the declaration.
    pub variants: Vec<Arc<RecordType>>,
}

impl UnionType {
    /// The union of these records; none, when no field tells them apart.
    pub fn of(name: Option<Name>, variants: Vec<Arc<RecordType>>) -> Option<UnionType> {
        let first = variants.first()?;
        let tag = first.fields.iter().find(|field| tells_apart(&field.name, &variants))?.name.clone();
        Some(UnionType { name, tag, variants })
    }

    /// The record that has this text in the tag.
    pub fn variant(&self, tag: &str) -> Option<&Arc<RecordType>> {
        self.variants.iter().find(|variant| self.tags_of(variant).iter().any(|member| **member == *tag))
    }

    /// Every text of the tag.
    pub fn tags(&self) -> Arc<[Name]> {
        self.variants.iter().flat_map(|variant| self.tags_of(variant)).cloned().collect()
    }

    /// Whether the tag holds whole numbers, as the status of an answer does.
    pub fn has_codes(&self) -> bool {
        let tag = self.variants.first().and_then(|variant| variant.field(&self.tag));
        matches!(tag.map(|field| &field.ty), Some(Type::Codes(_)))
    }

    /// The type of the tag.
    pub fn tag_type(&self) -> Type {
        self.tag_of(self.tags())
    }

    /// The type of the tag, where it is one of these.
    pub fn tag_of(&self, tags: Arc<[Name]>) -> Type {
        if self.has_codes() { Type::Codes(tags) } else { Type::Enum(tags) }
    }

    /// The texts of the tag that stand for a record.
    pub fn tags_of<'r>(&self, variant: &'r RecordType) -> &'r [Name] {
        members(variant, &self.tag).unwrap_or_default()
    }

    /// What is left when only these texts of the tag are possible: a record, where it is a single one.
    pub fn only(&self, possible: &dyn Fn(&Name) -> bool) -> Type {
        let left = self.variants.iter().filter(|variant| self.tags_of(variant).iter().any(possible));
        let left: Vec<Arc<RecordType>> = left.cloned().collect();
        match left.as_slice() {
            [only] => Type::Record(only.clone()),
            [] => Type::Union(Arc::new(self.clone())),
            _ => Type::Union(Arc::new(UnionType { name: None, tag: self.tag.clone(), variants: left })),
        }
    }
}

/// Whether every record has the field with texts that no other has.
fn tells_apart(field: &str, variants: &[Arc<RecordType>]) -> bool {
    let mut seen: Vec<&Name> = Vec::new();
    variants.iter().all(|variant| {
        let Some(members) = members(variant, field) else { return false };
        let new = members.iter().all(|member| !seen.contains(&member));
        seen.extend(members);
        new
    })
}

fn members<'r>(record: &'r RecordType, field: &str) -> Option<&'r [Name]> {
    match &record.field(field)?.ty {
        Type::Enum(members) | Type::Codes(members) => Some(members),
        _ => None,
    }
}

/// The type as it is written in a journey file.
impl fmt::Display for UnionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            return f.write_str(name);
        }
        for (index, variant) in self.variants.iter().enumerate() {
            let between = if index == 0 { "" } else { " | " };
            write!(f, "{between}{}", Type::Record(variant.clone()))?;
        }
        Ok(())
    }
}
