//! A policy as one text, which is read in no time: what a function starts from.
//!
//! The build writes it and the binary that comes of the build reads it, so the form has no versions, and what is
//! read was checked when it was written. Each part is what its parts are, one after the other; a text and a list
//! begin with their length, which is the character of that number. Not serde: the domain knows no wire format, and
//! its types cannot be given one from here.

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
    EvidenceTerms, Origin, Party, Policy, PurposeTerms, RelationTerms, Standing, TellerKind, Terms, Text,
};
use domain::recipient::{RecipientKind, Role};
use domain::small_map::SmallMap;
use jiff::Span;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A policy, and the name of its zone: to find a zone is left to whoever reads it.
pub fn write(policy: &Policy) -> String {
    let mut text = String::new();
    policy.write(&mut text);
    text
}

/// None where the text is not what [`write()`] wrote, or there is no such zone.
pub fn read(text: &str, zone: fn(&str) -> Option<TimeZone>) -> Option<Policy> {
    let mut rest = Rest { text, zone };
    let policy = Policy::read(&mut rest)?;
    rest.text.is_empty().then_some(policy)
}

/// What is known of a policy before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub notice: NoticeId,
    pub version: u32,
    pub supersedes: bool,
}

/// None where the text does not begin as what [`write()`] wrote.
pub fn head(text: &str) -> Option<Head> {
    let rest = &mut Rest { text, zone: |_| None };
    Some(Head {
        notice: Compact::read(rest)?,
        version: Compact::read(rest)?,
        supersedes: Option::<Supersedes>::read(rest)?.is_some(),
    })
}

/// What is left to be read.
struct Rest<'t> {
    text: &'t str,
    zone: fn(&str) -> Option<TimeZone>,
}

trait Compact: Sized {
    fn write(&self, text: &mut String);
    fn read(rest: &mut Rest) -> Option<Self>;
}

/// What is nothing but its fields.
macro_rules! fields {
    ($($name:ident { $($field:ident)* })*) => {$(
        impl Compact for $name {
            fn write(&self, text: &mut String) {
                $(self.$field.write(text);)*
            }

            fn read(rest: &mut Rest) -> Option<Self> {
                Some(Self { $($field: Compact::read(rest)?),* })
            }
        }
    )*};
}

/// What is one of few values: its place among them.
macro_rules! choices {
    ($($name:ident: $($value:expr),*;)*) => {$(
        impl Compact for $name {
            fn write(&self, text: &mut String) {
                let place = [$($value),*].iter().position(|value| value == self);
                write_number(place.expect("a value that is listed"), text);
            }

            fn read(rest: &mut Rest) -> Option<Self> {
                [$($value),*].get(rest.number()?).copied()
            }
        }
    )*};
}

/// What is read from a text.
macro_rules! texts {
    ($($name:ident)*) => {$(
        impl Compact for $name {
            fn write(&self, text: &mut String) {
                write_text(self, text);
            }

            fn read(rest: &mut Rest) -> Option<Self> {
                rest.text()?.parse().ok()
            }
        }
    )*};
}

fields! {
    // First what `head` reads.
    Policy {
        notice version supersedes language zone controller purposes channels separate categories standing
        relations audiences controls evidence terms brands sources named_by data_list texts
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
    Date Facet String u32
}

impl Compact for Arc<str> {
    fn write(&self, text: &mut String) {
        write_text(self, text);
    }

    fn read(rest: &mut Rest) -> Option<Self> {
        Some(rest.text()?.into())
    }
}

impl Compact for TimeZone {
    fn write(&self, text: &mut String) {
        write_text(self.iana_name().expect("a zone by name"), text);
    }

    fn read(rest: &mut Rest) -> Option<Self> {
        let name = rest.text()?;
        (rest.zone)(name)
    }
}

/// A period of the calendar.
impl Compact for Span {
    fn write(&self, text: &mut String) {
        let (years, months) = (self.get_years().into(), self.get_months());
        for part in [years, months, self.get_weeks(), self.get_days()] {
            write_number(usize::try_from(part).expect("a positive period"), text);
        }
    }

    fn read(rest: &mut Rest) -> Option<Self> {
        let mut part = || i64::try_from(rest.number()?).ok();
        let span = Self::new().try_years(part()?).ok()?.try_months(part()?).ok()?;
        span.try_weeks(part()?).ok()?.try_days(part()?).ok()
    }
}

impl Compact for Audience {
    fn write(&self, text: &mut String) {
        match self {
            Self::Profile => write_number(0, text),
            Self::GroupCompany => write_number(1, text),
            Self::Processor => write_number(2, text),
            Self::Relation(kind) => {
                write_number(3, text);
                kind.write(text);
            }
        }
    }

    fn read(rest: &mut Rest) -> Option<Self> {
        match rest.number()? {
            0 => Some(Self::Profile),
            1 => Some(Self::GroupCompany),
            2 => Some(Self::Processor),
            3 => RelationKind::read(rest).map(Self::Relation),
            _ => None,
        }
    }
}

impl<T: Compact> Compact for Option<T> {
    fn write(&self, text: &mut String) {
        self.is_some().write(text);
        if let Some(value) = self {
            value.write(text);
        }
    }

    fn read(rest: &mut Rest) -> Option<Self> {
        let there = bool::read(rest)?;
        Some(if there { Some(T::read(rest)?) } else { None })
    }
}

impl<T: Compact + Ord> Compact for BTreeSet<T> {
    fn write(&self, text: &mut String) {
        write_all(self, self.len(), text, T::write);
    }

    fn read(rest: &mut Rest) -> Option<Self> {
        rest.all(T::read)
    }
}

impl Compact for Facets {
    fn write(&self, text: &mut String) {
        write_all(self, self.len(), text, Facet::write);
    }

    fn read(rest: &mut Rest) -> Option<Self> {
        rest.all(Facet::read)
    }
}

impl<K: Compact + Ord, V: Compact> Compact for BTreeMap<K, V> {
    fn write(&self, text: &mut String) {
        write_all(self, self.len(), text, write_entry);
    }

    fn read(rest: &mut Rest) -> Option<Self> {
        rest.all(read_entry)
    }
}

impl<K: Compact + Ord, V: Compact> Compact for SmallMap<K, V> {
    fn write(&self, text: &mut String) {
        write_all(self, self.len(), text, write_entry);
    }

    fn read(rest: &mut Rest) -> Option<Self> {
        rest.all(read_entry)
    }
}

fn write_entry<K: Compact, V: Compact>((key, value): (&K, &V), text: &mut String) {
    key.write(text);
    value.write(text);
}

fn read_entry<K: Compact, V: Compact>(rest: &mut Rest) -> Option<(K, V)> {
    Some((K::read(rest)?, V::read(rest)?))
}

fn write_all<T>(
    values: impl IntoIterator<Item = T>,
    count: usize,
    text: &mut String,
    write: impl Fn(T, &mut String),
) {
    write_number(count, text);
    for value in values {
        write(value, text);
    }
}

fn write_text(value: impl Display, text: &mut String) {
    let value = value.to_string();
    write_number(value.len(), text);
    text.push_str(&value);
}

/// The character of a number. There is one for each below 55,296, which no notice comes near.
fn write_number(number: usize, text: &mut String) {
    let letter = u32::try_from(number).ok().and_then(char::from_u32);
    text.push(letter.expect("a number that has a character"));
}

impl<'t> Rest<'t> {
    /// One after the other, for they come in order.
    fn all<T, C: Default + Extend<T>>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<C> {
        let mut values = C::default();
        for _ in 0..self.number()? {
            values.extend([read(self)?]);
        }
        Some(values)
    }

    fn text(&mut self) -> Option<&'t str> {
        let len = self.number()?;
        let (text, after) = self.text.split_at_checked(len)?;
        self.text = after;
        Some(text)
    }

    fn number(&mut self) -> Option<usize> {
        let mut letters = self.text.chars();
        let number = u32::from(letters.next()?);
        self.text = letters.as_str();
        usize::try_from(number).ok()
    }
}
