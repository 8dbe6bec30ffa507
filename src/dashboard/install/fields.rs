//! Which fields the code sends: a checklist of this workspace's own attributes.

use actix_web::HttpRequest;
use actix_web::web::Query;
use maud::{Markup, html};

use super::frameworks::is_plain;
use crate::dashboard::parts::icon::icon;
use crate::domain::attributes::{Owner, standard};
use crate::store::Catalog;

/// Fields of a kind that the checklist offers.
const OFFERED_MAX: usize = 30;

/// The kinds, with their names in the address and the field that each has in any case.
const KINDS: [(Owner, &str, &str, Option<&str>); 3] = [
    (Owner::User, "f", "About the user", Some("user_id")),
    (Owner::Company, "c", "About the company", Some("company_id")),
    (Owner::Membership, "m", "About the user in the company", None),
];
/// Says that the fields were chosen: none is a choice too.
const CHOSEN: &str = "chosen";

/// The chosen fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    chosen: Option<[Vec<String>; 3]>,
}

impl Fields {
    /// Those that nobody has chosen.
    pub fn usual() -> Fields {
        Fields { chosen: None }
    }

    /// Those of an address. Names that could be taken for code are left out.
    pub fn of(request: &HttpRequest) -> Fields {
        let pairs = Query::<Vec<(String, String)>>::from_query(request.query_string()).map(Query::into_inner);
        let pairs = pairs.unwrap_or_default();
        if !pairs.iter().any(|(name, _)| name == CHOSEN) {
            return Fields::usual();
        }
        let of = |wanted: &str| {
            let mut names: Vec<String> = Vec::new();
            for (_, value) in pairs.iter().filter(|(name, value)| name == wanted && is_plain(value)) {
                if !names.contains(value) && names.len() < OFFERED_MAX {
                    names.push(value.clone());
                }
            }
            names
        };
        Fields { chosen: Some(KINDS.map(|(_, name, ..)| of(name))) }
    }

    /// Those of a kind.
    pub fn names(&self, owner: Owner) -> Vec<String> {
        let place = KINDS.iter().position(|(of, ..)| *of == owner).unwrap_or_default();
        match &self.chosen {
            Some(chosen) => chosen[place].clone(),
            None => {
                let usual: &[&str] = match owner {
                    Owner::User => &["email", "name"],
                    Owner::Company => &["name", "plan"],
                    Owner::Membership => &[],
                };
                usual.iter().map(|name| (*name).to_owned()).collect()
            }
        }
    }

    /// As an address carries them.
    pub fn pairs(&self) -> Vec<(&'static str, &str)> {
        let Some(chosen) = &self.chosen else { return Vec::new() };
        let names = KINDS
            .iter()
            .zip(chosen)
            .flat_map(|((_, name, ..), values)| values.iter().map(move |value| (*name, value.as_str())));
        std::iter::once((CHOSEN, "1")).chain(names).collect()
    }
}

/// The names that a workspace has for each kind, which the checklist offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offered([Vec<String>; 3]);

impl Offered {
    /// Those of the workspace, then standard ones that nobody has sent yet.
    pub fn of(catalog: &Catalog) -> Offered {
        Offered::beside_standard(|owner| {
            let definitions = catalog.definitions.get(&owner).into_iter().flatten();
            let names = definitions.filter(|(name, definition)| !definition.deleting && is_plain(name));
            names.map(|(name, _)| name.clone()).collect()
        })
    }

    /// Standard ones alone.
    pub fn standard() -> Offered {
        Offered::beside_standard(|_| Vec::new())
    }

    fn beside_standard(own: impl Fn(Owner) -> Vec<String>) -> Offered {
        Offered(KINDS.map(|(owner, ..)| {
            let mut names = own(owner);
            names.sort_unstable();
            names.extend(standard(owner).iter().map(|(name, _)| (*name).to_owned()));
            let mut seen = std::collections::HashSet::new();
            names.retain(|name| seen.insert(name.clone()));
            names.truncate(OFFERED_MAX);
            names
        }))
    }
}

/// The checklist. `kept` is what else the address says.
pub fn checklist(offered: &Offered, fields: &Fields, kept: &[(&str, &str)]) -> Markup {
    html! {
        form.stack.snug method="get" action="/install#people" {
            @for (name, value) in kept { input type="hidden" name=(name) value=(value); }
            input type="hidden" name=(CHOSEN) value="1";
            @for ((owner, parameter, legend, always), names) in KINDS.iter().zip(&offered.0) {
                @let chosen = fields.names(*owner);
                fieldset.row.tight {
                    legend { (legend) }
                    @if let Some(always) = always { label.chip { input type="checkbox" checked disabled; " " (always) } }
                    @for name in chosen.iter().filter(|name| !names.contains(name)).chain(names) {
                        label.chip {
                            input type="checkbox" name=(parameter) value=(name) checked[chosen.contains(name)];
                            " "
                            (name)
                        }
                    }
                }
            }
            p { button.btn { (icon("refresh")) " Update the code" } }
        }
    }
}
