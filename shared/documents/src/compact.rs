//! Policies as few bytes, which are read in no time: what a function starts from.
//!
//! The build writes them and the binary that it makes reads them, so the form has no versions, and what is read
//! was checked when it was written. Each part is what its parts are, one after the other; a text and a list begin
//! with their length. Not serde: the domain knows no wire format, and its types cannot be given one from here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::Arc;

use domain::act::Grade;
use domain::codes::{
    Brand, Category, Channel, Control, Field, Language, NoticeId, Purpose, RecipientId, RelationKind,
    Separate, Source,
};
use domain::dates::Supersedes;
use domain::facet::{Facet, Facets};
use domain::policy::{
    Audience, BrandTerms, CategoryTerms, ChannelClass, ChannelTerms, Condition, ControlTerms, DataList,
    EvidenceTerms, Origin, Party, Policies, Policy, PurposeTerms, RelationTerms, Standing, TellerKind, Terms,
    Text,
};
use domain::recipient::{RecipientKind, Role};
use domain::small_map::SmallMap;
use jiff::Span;
use jiff::civil::Date;
use jiff::tz::TimeZone;

pub fn write(policies: &Policies) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_all(
        policies.iter(),
        policies.iter().count(),
        &mut bytes,
        Policy::write,
    );
    bytes
}

/// None where the bytes are not what [`write()`] wrote.
pub fn read(bytes: &[u8]) -> Option<Policies> {
    let mut rest = bytes;
    let policies = read_all(&mut rest, Policy::read)?;
    rest.is_empty().then(|| Policies::new(policies))
}

trait Compact: Sized {
    fn write(&self, bytes: &mut Vec<u8>);
    fn read(rest: &mut &[u8]) -> Option<Self>;
}

/// What is nothing but its fields.
macro_rules! fields {
    ($($name:ident { $($field:ident)* })*) => {$(
        impl Compact for $name {
            fn write(&self, bytes: &mut Vec<u8>) {
                $(self.$field.write(bytes);)*
            }

            fn read(rest: &mut &[u8]) -> Option<Self> {
                Some(Self { $($field: Compact::read(rest)?),* })
            }
        }
    )*};
}

/// What is one of few values: its place among them.
macro_rules! choices {
    ($($name:ident: $($value:expr),*;)*) => {$(
        impl Compact for $name {
            fn write(&self, bytes: &mut Vec<u8>) {
                let place = [$($value),*].iter().position(|value| value == self);
                bytes.push(place.and_then(|place| u8::try_from(place).ok()).expect("a value that is listed"));
            }

            fn read(rest: &mut &[u8]) -> Option<Self> {
                [$($value),*].get(usize::from(byte(rest)?)).copied()
            }
        }
    )*};
}

/// What is read from a text.
macro_rules! texts {
    ($($name:ident)*) => {$(
        impl Compact for $name {
            fn write(&self, bytes: &mut Vec<u8>) {
                write_text(self, bytes);
            }

            fn read(rest: &mut &[u8]) -> Option<Self> {
                text(rest)?.parse().ok()
            }
        }
    )*};
}

fields! {
    Policy {
        notice version language zone controller purposes channels separate categories standing relations
        audiences controls evidence terms supersedes brands sources named_by data_list texts
    }
    Party { name address }
    PurposeTerms { title message_types }
    ChannelTerms { title class register_check_days }
    CategoryTerms { number title origin fields retention }
    Standing { kind role party }
    RelationTerms { title exclusive only_without delivery cap }
    Condition { separate channel since_delivery }
    ControlTerms { title purposes facets }
    EvidenceTerms { needed by_facet }
    Terms {
        validity reminder confirmation withdrawal_deadline smallest_cell withdrawal_method rights
    }
    Supersedes { versions from }
    BrandTerms { name cookie_policy sites }
    DataList { url version hash }
    Text { title body hash }
}

choices! {
    bool: false, true;
    ChannelClass: Self::Automated, Self::Traditional;
    Grade: Self::A, Self::B, Self::C, Self::D;
    Origin: Self::Profile, Self::Record, Self::Tracking;
    RecipientKind: Self::GroupCompany, Self::Dealer, Self::Processor;
    Role: Self::SeparateController, Self::JointController, Self::Processor;
    TellerKind: Self::Subject, Self::Staff, Self::Service, Self::Recipient(RecipientKind::GroupCompany),
        Self::Recipient(RecipientKind::Dealer), Self::Recipient(RecipientKind::Processor);
}

texts! {
    Brand Category Channel Control Field Language NoticeId Purpose RecipientId RelationKind Separate Source
    Date Facet String
}

impl Compact for u32 {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }

    fn read(rest: &mut &[u8]) -> Option<Self> {
        let (number, after) = rest.split_first_chunk()?;
        *rest = after;
        Some(Self::from_le_bytes(*number))
    }
}

impl Compact for Arc<str> {
    fn write(&self, bytes: &mut Vec<u8>) {
        write_text(self, bytes);
    }

    fn read(rest: &mut &[u8]) -> Option<Self> {
        Some(text(rest)?.into())
    }
}

impl Compact for TimeZone {
    fn write(&self, bytes: &mut Vec<u8>) {
        write_text(self.iana_name().expect("a zone by name"), bytes);
    }

    fn read(rest: &mut &[u8]) -> Option<Self> {
        Self::get(text(rest)?).ok()
    }
}

/// A period of the calendar.
impl Compact for Span {
    fn write(&self, bytes: &mut Vec<u8>) {
        let (years, months) = (self.get_years().into(), self.get_months());
        for part in [years, months, self.get_weeks(), self.get_days()] {
            u32::try_from(part).expect("a positive period").write(bytes);
        }
    }

    fn read(rest: &mut &[u8]) -> Option<Self> {
        let mut part = || u32::read(rest).map(i64::from);
        let span = Self::new().try_years(part()?).ok()?.try_months(part()?).ok()?;
        span.try_weeks(part()?).ok()?.try_days(part()?).ok()
    }
}

impl Compact for Audience {
    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Profile => bytes.push(0),
            Self::GroupCompany => bytes.push(1),
            Self::Processor => bytes.push(2),
            Self::Relation(kind) => {
                bytes.push(3);
                kind.write(bytes);
            }
        }
    }

    fn read(rest: &mut &[u8]) -> Option<Self> {
        match byte(rest)? {
            0 => Some(Self::Profile),
            1 => Some(Self::GroupCompany),
            2 => Some(Self::Processor),
            3 => RelationKind::read(rest).map(Self::Relation),
            _ => None,
        }
    }
}

impl<T: Compact> Compact for Option<T> {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.is_some().write(bytes);
        if let Some(value) = self {
            value.write(bytes);
        }
    }

    fn read(rest: &mut &[u8]) -> Option<Self> {
        let there = bool::read(rest)?;
        Some(if there { Some(T::read(rest)?) } else { None })
    }
}

impl<T: Compact + Ord> Compact for BTreeSet<T> {
    fn write(&self, bytes: &mut Vec<u8>) {
        write_all(self, self.len(), bytes, T::write);
    }

    fn read(rest: &mut &[u8]) -> Option<Self> {
        read_all(rest, T::read)
    }
}

impl Compact for Facets {
    fn write(&self, bytes: &mut Vec<u8>) {
        write_all(self, self.len(), bytes, Facet::write);
    }

    fn read(rest: &mut &[u8]) -> Option<Self> {
        read_all(rest, Facet::read)
    }
}

impl<K: Compact + Ord, V: Compact> Compact for BTreeMap<K, V> {
    fn write(&self, bytes: &mut Vec<u8>) {
        write_all(self, self.len(), bytes, write_entry);
    }

    fn read(rest: &mut &[u8]) -> Option<Self> {
        read_all(rest, read_entry)
    }
}

impl<K: Compact + Ord, V: Compact> Compact for SmallMap<K, V> {
    fn write(&self, bytes: &mut Vec<u8>) {
        write_all(self, self.len(), bytes, write_entry);
    }

    fn read(rest: &mut &[u8]) -> Option<Self> {
        read_all(rest, read_entry)
    }
}

fn write_entry<K: Compact, V: Compact>((key, value): (&K, &V), bytes: &mut Vec<u8>) {
    key.write(bytes);
    value.write(bytes);
}

fn read_entry<K: Compact, V: Compact>(rest: &mut &[u8]) -> Option<(K, V)> {
    Some((K::read(rest)?, V::read(rest)?))
}

fn write_all<T>(
    values: impl IntoIterator<Item = T>,
    count: usize,
    bytes: &mut Vec<u8>,
    write: impl Fn(T, &mut Vec<u8>),
) {
    write_len(count, bytes);
    for value in values {
        write(value, bytes);
    }
}

/// One after the other, for they come in order.
fn read_all<T, C: Default + Extend<T>>(
    rest: &mut &[u8],
    read: impl Fn(&mut &[u8]) -> Option<T>,
) -> Option<C> {
    let mut values = C::default();
    for _ in 0..u32::read(rest)? {
        values.extend([read(rest)?]);
    }
    Some(values)
}

fn write_text(text: impl Display, bytes: &mut Vec<u8>) {
    let text = text.to_string();
    write_len(text.len(), bytes);
    bytes.extend(text.as_bytes());
}

fn text<'b>(rest: &mut &'b [u8]) -> Option<&'b str> {
    let len = usize::try_from(u32::read(rest)?).ok()?;
    let (text, after) = rest.split_at_checked(len)?;
    *rest = after;
    std::str::from_utf8(text).ok()
}

fn write_len(len: usize, bytes: &mut Vec<u8>) {
    u32::try_from(len).expect("a length of few digits").write(bytes);
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    let (byte, after) = rest.split_first()?;
    *rest = after;
    Some(*byte)
}
