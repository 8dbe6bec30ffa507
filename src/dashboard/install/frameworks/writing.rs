//! How languages write an object and its texts, and what is written so far.

use std::ops::Range;

use super::{Code, Wanted};
use crate::domain::attributes::Owner;

/// How a language writes an object, and what is where in a site's own code.
pub struct Notation {
    /// Before and after the pairs.
    pub brackets: (&'static str, &'static str),
    /// A name and its value.
    pub pair: fn(&str, &str) -> String,
    /// What a line within it is indented by.
    pub step: &'static str,
    /// A comma stands behind the last pair too.
    pub ends_with_comma: bool,
    /// A text of ours.
    pub text: fn(&str) -> String,
    /// Nothing.
    pub null: &'static str,
    /// What the site calls the user, the company and the place in it.
    pub objects: Objects,
    /// The value of an attribute of an object; `user_id` and `company_id` are among them.
    pub value: fn(&str, Owner, &str) -> String,
    /// Around the settings of a user, and behind those of nobody; a site that has no tags writes a user's alone.
    pub if_user: Option<(&'static str, &'static str, &'static str)>,
    /// Around the company's object, so that it is null where there is no company.
    pub if_company: (&'static str, &'static str),
    /// Around the object of one of a user's companies, so that it is the list of all, and what one is called there.
    pub each_company: (&'static str, &'static str, &'static str),
}

/// What a site calls the user, the company and the place in it.
#[derive(Clone, Copy)]
pub struct Objects {
    pub user: &'static str,
    pub company: &'static str,
    pub membership: &'static str,
}

impl Objects {
    /// What most languages' sites call them.
    pub const USUAL: Objects = Objects { user: "user", company: "account", membership: "membership" };
}

/// What is written, and which part of it speaks of the company.
#[derive(Default)]
pub struct Pen {
    text: String,
    company: Range<usize>,
}

impl Pen {
    pub fn put(&mut self, text: &str) -> &mut Pen {
        self.text.push_str(text);
        self
    }

    pub fn company(&mut self, write: impl FnOnce(&mut Pen)) -> &mut Pen {
        let start = self.text.len();
        write(self);
        self.company = start..self.text.len();
        self
    }

    pub fn text(self) -> String {
        self.text
    }

    pub fn file(self, file: &'static str) -> Code {
        Code { file, text: self.text, company: self.company }
    }

    /// The settings as an object, of whoever is signed in; lines but the first are indented by so much.
    pub fn settings(&mut self, wanted: &Wanted, notation: &Notation, indent: &str) -> &mut Pen {
        let Some((before, otherwise, after)) = notation.if_user else {
            return self.settings_of_user(wanted, notation, indent);
        };
        self.put(before).settings_of_user(wanted, notation, indent);
        self.put(otherwise).put(&nobody(wanted, notation)).put(after)
    }

    fn settings_of_user(&mut self, wanted: &Wanted, notation: &Notation, indent: &str) -> &mut Pen {
        let Notation { brackets: (open, close), pair, text, if_company, .. } = notation;
        let inner = format!("{indent}{}", notation.step);
        let end = if notation.ends_with_comma { "," } else { "" };
        self.put(open).put(&format!("\n{inner}{},", pair("write_key", &text(&wanted.key))));
        for pair in user(wanted, notation) {
            self.put(&format!("\n{inner}{pair},"));
        }
        self.put("\n").company(|pen| {
            let object = company(wanted, notation, &inner);
            pen.put(&format!("{inner}{}{end}", pair("company", &format!("{}{object}{}", if_company.0, if_company.1))));
        });
        self.put(&format!("\n{indent}{close}"))
    }
}

/// The id and the attributes of the user.
pub fn user(wanted: &Wanted, notation: &Notation) -> Vec<String> {
    pairs(notation, notation.objects.user, Owner::User, Some("user_id"), &wanted.user)
}

/// The settings of a page on which nobody is signed in.
pub fn nobody(wanted: &Wanted, notation: &Notation) -> String {
    let Notation { brackets: (open, close), pair, text, null, .. } = notation;
    format!("{open} {}, {} {close}", pair("write_key", &text(&wanted.key)), pair("user", null))
}

/// The company as an object; lines but the first are indented by so much.
pub fn company(wanted: &Wanted, notation: &Notation, indent: &str) -> String {
    let Notation { brackets: (open, close), pair, step, .. } = notation;
    let mut all = pairs(notation, notation.objects.company, Owner::Company, Some("company_id"), &wanted.company);
    if !wanted.membership.is_empty() {
        all.push(pair("membership", &membership(wanted, notation)));
    }
    let end = if notation.ends_with_comma { "," } else { "" };
    format!("{open}\n{indent}{step}{}{end}\n{indent}{close}", all.join(&format!(",\n{indent}{step}")))
}

/// The user's place in the company as an object.
pub fn membership(wanted: &Wanted, notation: &Notation) -> String {
    let Notation { brackets: (open, close), objects, .. } = notation;
    let place = pairs(notation, objects.membership, Owner::Membership, None, &wanted.membership);
    format!("{open} {} {close}", place.join(", "))
}

/// One of a user's companies as an object.
pub fn each_company(wanted: &Wanted, notation: &Notation, called: &str) -> String {
    let Notation { brackets: (open, close), .. } = notation;
    let pairs = pairs(notation, called, Owner::Company, Some("company_id"), &wanted.company);
    format!("{open} {} {close}", pairs.join(", "))
}

/// All of a user's companies, as a line of the settings.
pub fn companies(wanted: &Wanted, notation: &Notation) -> String {
    let (before, called, after) = notation.each_company;
    let list = format!("{before}{}{after}", each_company(wanted, notation, called));
    format!("{},", (notation.pair)("companies", &list))
}

fn pairs(notation: &Notation, object: &str, owner: Owner, id: Option<&str>, names: &[String]) -> Vec<String> {
    let all = id.into_iter().chain(names.iter().map(String::as_str));
    all.map(|name| (notation.pair)(name, &(notation.value)(object, owner, name))).collect()
}

/// A text as JSON, Ruby, Python, Go, C#, Elixir and JavaScript write it.
pub fn double_quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text as PHP, Twig and Smarty write it.
pub fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// `name: value`, the name in quotes only where it must be.
pub fn colon_pair(name: &str, value: &str) -> String {
    if is_identifier(name) { format!("{name}: {value}") } else { format!("{}: {value}", double_quoted(name)) }
}

/// `"name": value`
pub fn quoted_pair(name: &str, value: &str) -> String {
    format!("{}: {value}", double_quoted(name))
}

/// `'name': value`
pub fn single_quoted_pair(name: &str, value: &str) -> String {
    format!("{}: {value}", single_quoted(name))
}

/// `'name' => value`
pub fn arrow_pair(name: &str, value: &str) -> String {
    format!("{} => {value}", single_quoted(name))
}

/// `["name"] = value`
pub fn indexed_pair(name: &str, value: &str) -> String {
    format!("[{}] = {value}", double_quoted(name))
}

pub fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// `plan_name`, from any plain name.
pub fn snake(name: &str) -> String {
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' }).collect()
}

/// `PlanName`, from any plain name.
pub fn pascal(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    words
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
        })
        .collect()
}

/// `planName`, from any plain name.
pub fn camel(name: &str) -> String {
    let name = pascal(name);
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_each_language_has_them() {
        let all = |name: &str| [snake(name), camel(name), pascal(name)];
        assert_eq!(all("Last plan"), ["last_plan", "lastPlan", "LastPlan"]);
        assert_eq!(all("created_at"), ["created_at", "createdAt", "CreatedAt"]);
        assert_eq!(
            (colon_pair("plan", "x"), colon_pair("Last plan", "x")),
            ("plan: x".to_owned(), "\"Last plan\": x".to_owned())
        );
        assert_eq!(arrow_pair("plan", &single_quoted("it's \\")), r"'plan' => 'it\'s \\'");
    }
}
