//! What a user and a company have beside attributes (A9): an owner, tags, notes.

use serde_json::{Value, json};

use crate::domain::change::Subject;
use crate::domain::ids::{CompanyKey, NoteKey, UserKey};
use crate::domain::time;

// The fields of change sets that are not attributes. An attribute's name is trimmed, so none of them
// begins with a space, and a field that does can't be one: `owner` is an attribute that a site sends.

/// The field of the owner.
pub const OWNER: &str = " owner";
/// The field of the tags.
pub const TAGS: &str = " tags";
/// The field of a note.
pub const NOTE: &str = " note";
/// The field of pins (A7): the names of attributes that were pinned or are no more.
pub const PINNED: &str = " pinned";
/// The field of a user's current company (C1), where a person chose it.
pub const CURRENT: &str = " current";

/// Characters of a tag.
pub const TAG_CHARS_MAX: usize = 50;
/// Tags of one user or company.
pub const TAGS_MAX: usize = 50;
/// Characters of a note.
pub const NOTE_CHARS_MAX: usize = 10_000;

/// A user or a company: who has an owner, tags and notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Profile {
    /// A user or lead.
    User(UserKey),
    /// A company.
    Company(CompanyKey),
}

impl Profile {
    /// Whom a change of it is about.
    pub fn subject(self) -> Subject {
        match self {
            Profile::User(user) => Subject::User(user),
            Profile::Company(company) => Subject::Company(company),
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Profile::User(_) => "user",
            Profile::Company(_) => "company",
        }
    }

    /// The user or company that a change is about.
    pub fn of(subject: Subject) -> Option<Profile> {
        match subject {
            Subject::User(user) => Some(Profile::User(user)),
            Subject::Company(company) => Some(Profile::Company(company)),
            _ => None,
        }
    }
}

/// A note about a user or company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Our row number.
    pub key: NoteKey,
    /// Whom it is about.
    pub profile: Profile,
    /// Who wrote it: an operator's e-mail.
    pub author: String,
    /// Markdown.
    pub text: String,
    /// The day on which something is to be done, `2026-03-01`.
    pub next_date: Option<String>,
    /// Unix milliseconds.
    pub made_ms: i64,
    /// Changed since, Unix milliseconds.
    pub edited_ms: Option<i64>,
}

impl Note {
    /// The note as a change set tells it.
    pub fn to_value(&self) -> Value {
        json!({
            "note": self.key.0,
            "author": self.author,
            "text": self.text,
            "next_date": self.next_date,
            "made_at": time::rfc3339(self.made_ms),
        })
    }

    /// A note that a change set told of somebody.
    pub fn of_value(profile: Profile, value: &Value) -> Option<Note> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        Some(Note {
            key: NoteKey(value.get("note")?.as_i64()?),
            profile,
            author: text("author")?.to_owned(),
            text: text("text")?.to_owned(),
            next_date: text("next_date").map(str::to_owned),
            made_ms: time::instant_from_text(text("made_at")?)?,
            edited_ms: None,
        })
    }
}

/// The text of a note as it is kept, and the day of its next date.
///
/// # Errors
/// The field, and a sentence: nothing or too much written, a day that is none.
pub fn note_of(text: &str, next_date: &str) -> Result<(String, Option<String>), (&'static str, String)> {
    let text = text.replace("\r\n", "\n").trim().to_owned();
    let chars = text.chars().count();
    if chars == 0 {
        return Err(("text", "Write something first.".to_owned()));
    }
    if chars > NOTE_CHARS_MAX {
        return Err((
            "text",
            format!("The note has {chars} characters; the limit is {NOTE_CHARS_MAX}. Split it in two."),
        ));
    }
    match next_date.trim() {
        "" => Ok((text, None)),
        day if time::date_from_text(day).is_some() => Ok((text, Some(day.to_owned()))),
        day => Err(("next_date", format!("{day:?} is not a day. Write it as 2026-03-01."))),
    }
}

/// Tags as they are kept: trimmed, each once, in the order of the alphabet.
///
/// # Errors
/// A sentence: one that is empty or too long, or too many.
pub fn tags(sent: &[String]) -> Result<Vec<String>, String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in sent {
        let tag = tag.trim();
        let chars = tag.chars().count();
        if chars == 0 || chars > TAG_CHARS_MAX || tag.chars().any(|c| c.is_control() || c == ',') {
            return Err(format!(
                "A tag has 1 to {TAG_CHARS_MAX} characters, no comma and no line break; {tag:?} doesn't fit."
            ));
        }
        tags.push(tag.to_owned());
    }
    tags.sort_unstable_by_key(|tag| (tag.to_lowercase(), tag.clone()));
    tags.dedup();
    if tags.len() > TAGS_MAX {
        return Err(format!("{} tags are too many; the limit is {TAGS_MAX}.", tags.len()));
    }
    Ok(tags)
}

/// Tags as a change set tells them: nothing where there are none.
pub fn tags_value(tags: &[String]) -> Option<Value> {
    (!tags.is_empty()).then(|| Value::Array(tags.iter().cloned().map(Value::String).collect()))
}

/// Tags that a change set told.
pub fn tags_of_value(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(sent: &[&str]) -> Result<Vec<String>, String> {
        tags(&sent.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn tags_are_trimmed_each_once_and_in_order() {
        assert_eq!(tagged(&[" vip ", "Beta", "vip"]).unwrap(), ["Beta", "vip"]);
        assert_eq!(tagged(&[]).unwrap(), [""; 0]);
        for wrong in ["", "  ", "a,b", "a\nb", &"x".repeat(51)] {
            assert!(tagged(&[wrong]).is_err(), "{wrong:?}");
        }
        let many: Vec<String> = (0..51).map(|n| format!("t{n}")).collect();
        assert!(tags(&many).unwrap_err().contains("limit is 50"));
        assert_eq!(tags_of_value(tags_value(&many[..2]).as_ref()), many[..2]);
        assert_eq!(tags_value(&[]), None);
    }
}
