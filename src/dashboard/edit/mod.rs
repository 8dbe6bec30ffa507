//! By hand: small pages with one form each, that change a value, a membership, an owner, tags; and make a
//! user or a company. They work without a script: a page of somebody links here, and the form leads back
//! there, where what was done stands with Undo.

pub mod company;
pub mod made;
pub mod member;
pub mod note;
pub mod profile;
pub mod value;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use maud::{Markup, html};
use serde::Deserialize;

use super::desk::{self, Answer};
use super::done::Asked;
use super::links;
use super::parts::form::Mistake;
use super::parts::frame::{Frame, Place};
use super::parts::who;
use super::user;
use crate::actions::edit::{EditError, Edited};
use crate::domain::attributes::Owner;
use crate::domain::change::Subject;
use crate::domain::ids::CompanyKey;
use crate::domain::profile::Profile;
use crate::http::page::PageError;
use crate::store::companies::{self, CompanyRow};
use crate::store::users::{UserName, UserRow};
use crate::store::{Reader, StoreError};

/// Whom an address or a form is about: a user, a company, or with both a user's place in a company.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Whom {
    /// The site's id of a user, or ours.
    #[serde(default)]
    pub user: String,
    /// The site's id of a company.
    #[serde(default)]
    pub company: String,
    /// Our row number of the company instead, in links: an id may be long, and a page has many.
    #[serde(default)]
    pub key: String,
}

/// Somebody whom an address is about, as found.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// A user.
    User(UserRow),
    /// A company.
    Company(CompanyRow),
    /// A user's place in a company.
    Member(UserRow, Box<CompanyRow>),
}

impl Whom {
    /// Whom the address of a request is about.
    pub fn of(request: &HttpRequest) -> Whom {
        let text = |name: &str| desk::value(request, name).unwrap_or_default();
        Whom { user: text("user"), company: text("company"), key: text("key") }
    }

    /// A user, by our id.
    pub fn user(id: &str) -> Whom {
        Whom { user: id.to_owned(), ..Whom::default() }
    }

    /// A company.
    pub fn company(key: CompanyKey) -> Whom {
        Whom { key: key.0.to_string(), ..Whom::default() }
    }

    /// A user's place in a company.
    pub fn member(user: &str, company: CompanyKey) -> Whom {
        Whom { user: user.to_owned(), ..Whom::company(company) }
    }

    /// The user alone.
    pub fn only_user(&self) -> Whom {
        Whom { user: self.user.clone(), ..Whom::default() }
    }

    /// The company alone.
    pub fn only_company(&self) -> Whom {
        Whom { user: String::new(), ..self.clone() }
    }

    fn names_company(&self) -> bool {
        !self.company.is_empty() || !self.key.is_empty()
    }

    /// Those of the file; none where one of them is not there.
    ///
    /// # Errors
    /// The store's.
    pub fn find(&self, db: &Reader<'_>) -> Result<Option<Found>, StoreError> {
        let user = if self.user.is_empty() { None } else { user::row(db, self.user.trim())? };
        let company = match self.key.parse() {
            Ok(key) => companies::row(db, CompanyKey(key))?,
            Err(_) if self.company.is_empty() => None,
            Err(_) => match companies::key(db, self.company.trim())? {
                Some(key) => companies::row(db, key)?,
                None => None,
            },
        };
        Ok(match (user, company, self.user.is_empty(), !self.names_company()) {
            (Some(user), Some(company), ..) => Some(Found::Member(user, Box::new(company))),
            (Some(user), None, _, true) => Some(Found::User(user)),
            (None, Some(company), true, _) => Some(Found::Company(company)),
            _ => None,
        })
    }
}

impl Found {
    /// The attributes that it has.
    pub fn owner(&self) -> Owner {
        match self {
            Found::User(_) => Owner::User,
            Found::Company(_) => Owner::Company,
            Found::Member(..) => Owner::Membership,
        }
    }

    /// Whom a change of it is about.
    pub fn subject(&self) -> Subject {
        match self {
            Found::User(user) => Subject::User(user.key),
            Found::Company(company) => Subject::Company(company.key),
            Found::Member(user, company) => Subject::Membership(user.key, company.key),
        }
    }

    /// The user or company, with owner, tags and notes; of a membership the user.
    pub fn profile(&self) -> Profile {
        match self {
            Found::User(user) | Found::Member(user, _) => Profile::User(user.key),
            Found::Company(company) => Profile::Company(company.key),
        }
    }

    /// The page that it stands on; of a membership the user's.
    pub fn page(&self) -> String {
        match self {
            Found::User(user) | Found::Member(user, _) => links::user(user.user_id.as_deref(), &user.id),
            Found::Company(company) => links::company(&company.company_id),
        }
    }

    /// What it is called.
    pub fn name(&self) -> String {
        let company_name =
            |company: &CompanyRow| who::company_name(company.name.as_deref(), &company.company_id).to_owned();
        match self {
            Found::User(user) => who::user_name(user).to_owned(),
            Found::Company(company) => company_name(company),
            Found::Member(user, company) => format!("{} at {}", who::user_name(user), company_name(company)),
        }
    }

    /// The navigation's place of its page.
    pub fn place(&self) -> Place {
        match self {
            Found::Company(_) => Place::Companies,
            Found::User(_) | Found::Member(..) => Place::Users,
        }
    }

    /// How forms and addresses name it: a user by our id, which each has.
    pub fn whom(&self) -> Whom {
        match self {
            Found::User(user) => Whom::user(&user.id),
            Found::Company(company) => Whom::company(company.key),
            Found::Member(user, company) => Whom::member(&user.id, company.key),
        }
    }

    /// The user as actions name one.
    pub fn user_name(&self) -> UserName {
        match self {
            Found::User(user) | Found::Member(user, _) => UserName::Id(user.id.clone()),
            Found::Company(_) => UserName::Id(String::new()),
        }
    }

    /// The company's id, where it has one.
    pub fn company_id(&self) -> &str {
        match self {
            Found::User(_) => "",
            Found::Company(company) => &company.company_id,
            Found::Member(_, company) => &company.company_id,
        }
    }
}

/// The address of a small page about somebody.
pub fn address(page: &str, whom: &Whom, more: &[(&str, Option<&str>)]) -> String {
    let mut pairs = vec![
        ("user", Some(whom.user.as_str())),
        ("company", Some(whom.company.as_str())),
        ("key", Some(whom.key.as_str())),
    ];
    pairs.extend_from_slice(more);
    links::with_query(&format!("/edit/{page}"), &pairs)
}

/// The address of a user's value, or of a company's.
pub fn value_address(whom: &Whom, name: &str) -> String {
    address("value", whom, &[("name", Some(name))])
}

/// The hidden fields that name somebody.
fn named(whom: &Whom) -> Markup {
    html! {
        input type="hidden" name="user" value=(whom.user);
        @if whom.key.is_empty() { input type="hidden" name="company" value=(whom.company); }
        @else { input type="hidden" name="key" value=(whom.key); }
    }
}

/// Back to somebody's page, which says what was done.
fn back(page: &str, edited: &Edited) -> Answer {
    let asked = match edited.change {
        Some(change) => Asked::Change(change),
        None if edited.unrecorded => Asked::Unrecorded,
        None => Asked::Same,
    };
    Ok(desk::see_other(&asked.address(page)))
}

/// The frame of a page about somebody: the navigation shows where their page is.
fn placed<V>((mut frame, view): (Frame, Option<V>), found: impl Fn(&V) -> &Found) -> (Frame, Option<V>) {
    if let Some(view) = &view {
        frame.place = found(view).place();
    }
    (frame, view)
}

/// What a person can put right in the form; the rest is a page of its own.
fn mistake(error: EditError, field: &'static str) -> Result<Mistake, PageError> {
    let sentence = error.to_string();
    match error {
        EditError::Store(error) => Err(error.into()),
        EditError::Value { field, sentence } => Ok(Mistake { field, sentence }),
        EditError::NoOperator(_) => Ok(Mistake::new("owner", sentence)),
        EditError::NoCompany(_) => Ok(Mistake::new("company", sentence)),
        EditError::Note(_) | EditError::NoChange => {
            Err(PageError::new(StatusCode::CONFLICT, "That didn't work", sentence).action("/users", "To the users"))
        }
        EditError::Refused(_)
        | EditError::Rename(_)
        | EditError::NoUser(_)
        | EditError::SeveralUsers(_)
        | EditError::NoMember
        | EditError::OnlyCompany => Ok(Mistake::new(field, sentence)),
    }
}

/// A form is taken whole or not at all: what of an edit was refused is a mistake in a field.
fn whole(edited: Edited, field: impl Fn(&str) -> &'static str) -> Result<Edited, EditError> {
    match edited.refused_values.first() {
        None => Ok(edited),
        Some(refused) => Err(EditError::Value { field: field(&refused.attribute), sentence: refused.detail.clone() }),
    }
}

/// Nobody of this address.
fn missing(frame: &Frame, whom: &Whom) -> Answer {
    let markup = if whom.user.is_empty() {
        super::errors::no_company(frame, if whom.company.is_empty() { &whom.key } else { &whom.company })
    } else {
        super::errors::no_user(frame, &whom.user)
    };
    Ok(desk::page_with(StatusCode::NOT_FOUND, markup))
}
