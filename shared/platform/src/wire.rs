//! Words of the domain as they are written on the wire.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A value that is written as text and read by its own [`FromStr`]. What was sent is never quoted back.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word<T>(pub T);

impl<T: fmt::Debug> fmt::Debug for Word<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: fmt::Display> Serialize for Word<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T> Deserialize<'de> for Word<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map(Self)
            .map_err(de::Error::custom)
    }
}

/// Reads an object, and not what serde would take for one: a list of its values in our order.
pub fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Object::deserialize(deserializer).map(|Object(value)| value)
}

/// Reads a list of objects.
pub fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let objects = Vec::<Object<T>>::deserialize(deserializer)?;
    Ok(objects.into_iter().map(|Object(value)| value).collect())
}

struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Only<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Only<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: de::MapAccess<'de>>(self, map: M) -> Result<T, M::Error> {
                T::deserialize(de::value::MapAccessDeserializer::new(map))
            }
        }

        deserializer.deserialize_map(Only(PhantomData)).map(Self)
    }
}

/// The values of a list of words.
pub fn values<T>(words: Vec<Word<T>>) -> Vec<T> {
    words.into_iter().map(|word| word.0).collect()
}

/// An instant on the wire: RFC 3339, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant(pub Timestamp);

impl FromStr for Instant {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let malformed = "not an instant: write it as 2026-01-31T12:00:00Z";
        if !is_rfc_3339(text) {
            return Err(malformed);
        }
        let at: Timestamp = text.parse().map_err(|_| malformed)?;
        // The year is bounded so that no period of a policy can carry it out of range.
        let earliest = Timestamp::from_second(-2_208_988_800).map_err(|_| "out of range")?;
        if at < earliest {
            return Err("not an instant after 1900");
        }
        Timestamp::from_millisecond(at.as_millisecond())
            .map(Self)
            .map_err(|_| "out of range")
    }
}

/// Whether a text has the shape of an instant of RFC 3339. What parses it takes other shapes as well.
fn is_rfc_3339(text: &str) -> bool {
    let shape: Vec<u8> = text
        .bytes()
        .map(|byte| if byte.is_ascii_digit() { b'0' } else { byte })
        .collect();
    let Some(rest) = shape.strip_prefix(b"0000-00-00T00:00:00") else {
        return false;
    };
    let fraction = rest
        .strip_prefix(b".")
        .map(|rest| rest.iter().take_while(|byte| **byte == b'0').count());
    let zone = match fraction {
        Some(0) => return false,
        Some(digits) => &rest[1 + digits..],
        None => rest,
    };
    [&b"Z"[..], b"+00:00", b"-00:00"].contains(&zone)
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

/// A calendar day on the wire, without a time and without a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(pub Date);

impl FromStr for Day {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let day: Date = text.parse().map_err(|_| "not a day: write it as 2026-01-31")?;
        if text.len() == 10 && day.year() >= 1900 {
            Ok(Self(day))
        } else {
            Err("not a day after 1900")
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_one_of_rfc_3339() {
        for good in [
            "2026-01-31T12:00:00Z",
            "2026-01-31T12:00:00.123456Z",
            "2026-01-31T13:00:00+01:00",
        ] {
            assert!(good.parse::<Instant>().is_ok(), "{good}");
        }
        for bad in [
            "2026-01-31",
            "2026-01-31 12:00:00Z",
            "2026-01-31t12:00:00z",
            "2026-01-31T12:00Z",
            "20260131T120000Z",
            "2026-01-31T12:00:00",
            "2026-01-31T12:00:00.Z",
            "2026-01-31T12:00:00+01",
            "2026-01-31T13:00:00+01:00[Europe/Rome]",
            "2026-02-30T12:00:00Z",
            "+002026-01-31T12:00:00Z",
            "",
        ] {
            assert!(bad.parse::<Instant>().is_err(), "{bad}");
        }
    }
}
