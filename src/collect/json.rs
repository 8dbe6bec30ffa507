//! JSON as it stands in a body: its texts are read in place, and an object is a list of pairs.
//!
//! Every message is looked at field by field and most of it becomes one text in the journal, so a
//! tree of owned texts and hash tables would be built to be thrown away. What is passed on as it
//! was sent (an attribute, a refused value) becomes a [`Value`].

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::{Map, Number, Value};

/// Pairs of an object among which a name that is there twice is looked for one by one.
const PAIRS_COMPARED_MAX: usize = 32;

/// Levels of a body that are read: a value may have [five](crate::domain::limits::NESTING_LEVELS_MAX), and a few stand
/// around it.
const LEVELS_READ_MAX: usize = 32;

/// A JSON value that borrows what it can from the text it was read from.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Json<'a> {
    /// `null`
    #[default]
    Null,
    /// `true` and `false`
    Bool(bool),
    /// A number, as `serde_json` reads it.
    Number(Number),
    /// A text; its own only where it had escapes.
    String(Cow<'a, str>),
    /// A list.
    Array(Vec<Json<'a>>),
    /// An object.
    Object(Object<'a>),
}

/// The fields of a JSON object, each name once: of a name that was sent twice the last value counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Json<'a> {
    /// As a value of its own.
    pub fn into_value(self) -> Value {
        match self {
            Json::Null => Value::Null,
            Json::Bool(word) => Value::Bool(word),
            Json::Number(number) => Value::Number(number),
            Json::String(text) => Value::String(text.into_owned()),
            Json::Array(items) => Value::Array(items.into_iter().map(Json::into_value).collect()),
            Json::Object(fields) => Value::Object(fields.into_map()),
        }
    }

    /// The text of a text.
    pub fn as_str(&self) -> Option<&str> {
        if let Json::String(text) = self { Some(text) } else { None }
    }

    /// The fields of an object.
    pub fn as_object_mut(&mut self) -> Option<&mut Object<'a>> {
        if let Json::Object(fields) = self { Some(fields) } else { None }
    }

    /// A field of an object.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        if let Json::Object(fields) = self { fields.get(name) } else { None }
    }
}

/// The JSON text, without spaces.
impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).unwrap_or_default())
    }
}

impl<'a> Object<'a> {
    /// A field.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// A field to change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Json<'a>> {
        self.0.iter_mut().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Takes a field out.
    pub fn remove(&mut self, name: &str) -> Option<Json<'a>> {
        let place = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(place).1)
    }

    /// Adds a field that is not there yet.
    pub fn add(&mut self, name: &'a str, value: Json<'a>) {
        self.0.push((Cow::Borrowed(name), value));
    }

    /// Takes out the fields of which `refused` says something, and what it says.
    pub fn take_refused<R>(
        &mut self,
        refused: impl Fn(&str, &Json<'a>) -> Option<R>,
    ) -> Vec<(Cow<'a, str>, Json<'a>, R)> {
        let mut taken = Vec::new();
        self.0.retain_mut(|(name, value)| match refused(name, value) {
            None => true,
            Some(why) => {
                taken.push((std::mem::take(name), std::mem::take(value), why));
                false
            }
        });
        taken
    }

    /// Its fields.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// Whether it has no field.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its fields' values.
    pub fn values(&self) -> impl Iterator<Item = &Json<'a>> {
        self.0.iter().map(|(_, value)| value)
    }

    /// As a map of its own.
    pub fn into_map(self) -> Map<String, Value> {
        self.0.into_iter().map(|(name, value)| (name.into_owned(), value.into_value())).collect()
    }

    /// The JSON text; none where it has no field.
    pub fn text(&self) -> Option<String> {
        (!self.is_empty()).then(|| serde_json::to_string(self).unwrap_or_default())
    }

    /// Of a name that is there twice the first place and the last value are kept.
    fn keep_last(&mut self) {
        let pairs = &mut self.0;
        if pairs.len() <= PAIRS_COMPARED_MAX {
            let twice = |(place, (name, _)): (usize, &(Cow<'a, str>, Json<'a>))| {
                pairs[..place].iter().any(|(before, _)| before == name)
            };
            if !pairs.iter().enumerate().any(twice) {
                return;
            }
        }
        let mut places: HashMap<Cow<'a, str>, usize> = HashMap::with_capacity(pairs.len());
        for (name, value) in std::mem::take(pairs) {
            match places.get(&name) {
                Some(place) => pairs[*place].1 = value,
                None => {
                    places.insert(name.clone(), pairs.len());
                    pairs.push((name, value));
                }
            }
        }
    }
}

impl<'a> FromIterator<(Cow<'a, str>, Json<'a>)> for Object<'a> {
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Json<'a>)>>(pairs: I) -> Object<'a> {
        Object(pairs.into_iter().collect())
    }
}

impl<'a> IntoIterator for Object<'a> {
    type Item = (Cow<'a, str>, Json<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json<'a>, D::Error> {
        AnyJson { level: 0 }.deserialize(deserializer)
    }
}

/// Reads whatever comes. Of what is nested far deeper than any value may be, that much is read and the rest skipped: it
/// is refused for its nesting, and all beside it is stored (A4).
#[derive(Clone, Copy)]
struct AnyJson {
    level: usize,
}

impl AnyJson {
    /// What is in a value of this level.
    fn inner(self) -> AnyJson {
        AnyJson { level: self.level + 1 }
    }
}

impl<'de> DeserializeSeed<'de> for AnyJson {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        if self.level < LEVELS_READ_MAX {
            return deserializer.deserialize_any(self);
        }
        IgnoredAny::deserialize(deserializer).map(|_| Json::Null)
    }
}

impl<'de> Visitor<'de> for AnyJson {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any valid JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, word: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(word))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json<'de>, E> {
        Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self.inner())? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
        let mut object = Object::default();
        while let Some(Name(name)) = map.next_key()? {
            object.0.push((name, map.next_value_seed(self.inner())?));
        }
        object.keep_last();
        Ok(Json::Object(object))
    }
}

/// The name of a field, read in place.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name<'a>, D::Error> {
        struct AnyName;
        impl<'de> Visitor<'de> for AnyName {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(AnyName)
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(word) => serializer.serialize_bool(*word),
            Json::Number(number) => number.serialize(serializer),
            Json::String(text) => serializer.serialize_str(text),
            Json::Array(items) => items.serialize(serializer),
            Json::Object(fields) => fields.serialize(serializer),
        }
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

#[cfg(test)]
impl From<Value> for Json<'static> {
    fn from(value: Value) -> Json<'static> {
        match value {
            Value::Null => Json::Null,
            Value::Bool(word) => Json::Bool(word),
            Value::Number(number) => Json::Number(number),
            Value::String(text) => Json::String(Cow::Owned(text)),
            Value::Array(items) => Json::Array(items.into_iter().map(Json::from).collect()),
            Value::Object(fields) => {
                Json::Object(fields.into_iter().map(|(name, value)| (Cow::Owned(name), Json::from(value))).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::segment::tests::any_json;
    use proptest::prelude::*;

    #[test]
    fn texts_without_escapes_are_read_in_place() {
        let json: Json<'_> = serde_json::from_str(r#"{"a":"plain","b":"an \u00e9"}"#).unwrap();
        assert!(matches!(json.get("a"), Some(Json::String(Cow::Borrowed("plain")))));
        assert!(matches!(json.get("b"), Some(Json::String(Cow::Owned(text))) if text == "an é"));
    }

    #[test]
    fn of_a_name_that_is_there_twice_the_last_value_counts_at_the_first_place() {
        let pairs: Vec<String> = (0..200).map(|n| format!("\"k{}\":{n}", n % 100)).collect();
        for json in [r#"{"a":1,"b":2,"a":{"c":3},"a":4}"#.to_owned(), format!("{{{}}}", pairs.join(","))] {
            let value: Value = serde_json::from_str(&json).unwrap();
            let read: Json<'_> = serde_json::from_str(&json).unwrap();
            assert_eq!(read.to_string(), value.to_string());
            assert_eq!(read.into_value(), value);
        }
    }

    #[test]
    fn numbers_are_those_of_any_other_reader() {
        for number in
            ["0", "-0", "1.50", "1e3", "9007199254740993", "18446744073709551615", "-9223372036854775808", "1e-9"]
        {
            let value: Value = serde_json::from_str(number).unwrap();
            let read: Json<'_> = serde_json::from_str(number).unwrap();
            assert_eq!((read.to_string(), read.into_value()), (value.to_string(), value), "{number}");
        }
        assert!(serde_json::from_str::<Json<'_>>("1e999").is_err());
    }

    proptest! {
        #[test]
        fn any_json_is_read_and_written_as_any_other_reader_does(value in any_json(), text in "[\\[\\]{}\":,0-9a-e\\\\u \\.+-]{0,60}") {
            let json = value.to_string();
            let read: Json<'_> = serde_json::from_str(&json).unwrap();
            let value: Value = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read.to_string(), value.to_string());
            prop_assert_eq!(read.into_value(), value);
            let (ours, theirs) = (serde_json::from_str::<Json<'_>>(&text), serde_json::from_str::<Value>(&text));
            prop_assert_eq!(ours.map(Json::into_value).map_err(|error| error.to_string()), theirs.map_err(|error| error.to_string()));
        }
    }
}
