//! `/attributes`: definitions, their values, and what can be done with all of them.

mod fast;
mod forms;
pub mod list;
pub mod one;
mod work;

use maud::{Markup, html};

use super::parts::numbers::{counted, number};
use crate::domain::attributes::{Owner, Type};
use crate::domain::filter::{Fields, Filter, Listed, Operator, compose};
use crate::store::attribute_rows::Looked;

/// The name of a type as people read it.
pub fn type_word(kind: Type) -> &'static str {
    match kind {
        Type::Text => "text",
        Type::Boolean => "yes or no",
        Type::Number => "number",
        Type::Date => "date",
        Type::Datetime => "date and time",
        Type::List => "list of texts",
        Type::Object => "object (JSON)",
    }
}

/// Those who have attributes of a kind.
pub fn owners(owner: Owner) -> &'static str {
    match owner {
        Owner::User => "users",
        Owner::Company => "companies",
        Owner::Membership => "memberships",
    }
}

/// The list in which those stand who have an attribute of a kind.
pub fn listed(owner: Owner) -> Listed {
    match owner {
        Owner::Company => Listed::Companies,
        Owner::User | Owner::Membership => Listed::Users,
    }
}

/// The list of those of whom a test of an attribute holds; none where a list can't be asked for it.
pub fn list_of(fields: &Fields, owner: Owner, name: &str, operator: Operator, value: &str) -> Option<String> {
    let field = fields.of_attribute(owner, name)?;
    let condition = compose(&field.to_string(), operator.as_str(), value, fields).ok()?;
    Some(format!("/{}?{}", fields.listed.as_str(), Filter::of(condition).query()))
}

/// How much the numbers of a page stand on.
pub fn looked_at(owner: Owner, looked: Looked) -> Markup {
    html! {
        @if looked.all {
            "Counted over all " (number(looked.rows)) " " (owners(owner)) "."
        } @else {
            "Counted over " (counted(looked.rows, "row", "rows")) " spread evenly over all " (owners(owner))
            ": shares are accurate to about 3 points."
        }
    }
}

/// A share in percent.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let tenths = (u128::from(part) * 1_000 + u128::from(whole) / 2) / u128::from(whole);
    match (part, tenths) {
        (0, _) => "0 %".to_owned(),
        (_, 0) => "< 0.1 %".to_owned(),
        (_, tenths) if part < whole && tenths == 1_000 => "> 99.9 %".to_owned(),
        (_, tenths) if tenths % 10 == 0 => format!("{} %", tenths / 10),
        (_, tenths) => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn a_share_never_says_none_or_all_of_what_is_not() {
        assert_eq!(percent(1, 3), "33.3 %");
        assert_eq!(percent(2, 2), "100 %");
        assert_eq!(percent(0, 7), "0 %");
        assert_eq!(percent(1, 100_000), "< 0.1 %");
        assert_eq!(percent(99_999, 100_000), "> 99.9 %");
        assert_eq!(percent(0, 0), "–");
    }
}
