//! Query strings: read once, checked whole. What is not known is refused by name, never ignored,
//! since a filter that is ignored answers another question.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Query;

use crate::domain::codes::calls::CallCode;
use crate::domain::filter::{self, Fields, Filter};
use crate::domain::time;
use crate::http::problem::Problem;
use crate::store::list::{Cursor, ListQuery, PAGE_ROWS, PAGE_ROWS_MAX};
use crate::store::{Store, history};

/// The word that says, among the known ones, that a list takes filters: `f`, `match`, `g1.f` …
pub(super) const FILTER: &str = "f";

/// The parameters of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameters {
    pairs: Vec<(String, String)>,
}

/// The sort fields of a list: the word in the query string, and the column.
pub(super) type Sorts<S> = [(&'static str, S)];

impl Parameters {
    /// The query string of a request, of which these parameters are known.
    pub fn of(request: &HttpRequest, known: &[&str]) -> Result<Parameters, Problem> {
        Parameters::read(request.query_string(), known)
    }

    fn read(text: &str, known: &[&str]) -> Result<Parameters, Problem> {
        let pairs = Query::<Vec<(String, String)>>::from_query(text)
            .map_err(|error| invalid(format!("The query string can't be read: {error}."), "query"))?
            .into_inner();
        Parameters::checked(pairs, known)
    }

    /// With what a form says beside its file.
    pub fn and_of_form(self, fields: BTreeMap<String, String>, known: &[&str]) -> Result<Parameters, Problem> {
        Parameters::checked(self.pairs.into_iter().chain(fields).collect(), known)
    }

    fn checked(pairs: Vec<(String, String)>, known: &[&str]) -> Result<Parameters, Problem> {
        for (place, (name, _)) in pairs.iter().enumerate() {
            if filter::is_parameter(name) {
                if known.contains(&FILTER) {
                    continue;
                }
                let detail = format!("This list has no filters, so {name}= would be ignored. Leave it out.");
                return Err(Problem::new(StatusCode::BAD_REQUEST, CallCode::FilterUnsupported, detail)
                    .with("parameter", name.as_str()));
            }
            if !known.contains(&name.as_str()) {
                let allowed = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Err(invalid(format!("There is no parameter {name:?} here. Allowed: {allowed}."), name));
            }
            if pairs[..place].iter().any(|(other, _)| other == name) {
                return Err(invalid(format!("The parameter {name} appears twice. Send it once."), name));
            }
        }
        Ok(Parameters { pairs })
    }

    /// The value of a parameter; one that is empty is absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).filter(|v| !v.is_empty())
    }

    /// The id of what a request is about: in its path, or by `?id=` where the path is empty. Two that differ are refused,
    /// since nobody knows which is meant.
    pub fn named<'a>(&'a self, path: &'a str, what: &str) -> Result<&'a str, Problem> {
        match (path, self.get("id")) {
            ("", None) => Err(invalid(format!("Which {what}? Put the id into the path, or send ?id=."), "id")),
            ("", Some(id)) => Ok(id),
            (path, Some(id)) if id != path => {
                let detail = format!(
                    "The path names {path:?} and id= {id:?}. Send one of them: with ?id= the path's id is left empty."
                );
                Err(invalid(detail, "id"))
            }
            (path, _) => Ok(path),
        }
    }

    /// How many rows are wanted: 1 to 500, 50 where nothing is said.
    pub fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = self.get("limit") else { return Ok(PAGE_ROWS) };
        text.parse().ok().filter(|limit| (1..=PAGE_ROWS_MAX).contains(limit)).ok_or_else(|| {
            invalid(format!("limit can't be {text:?}. Use a number from 1 to {PAGE_ROWS_MAX}."), "limit")
        })
    }

    /// Where the page before ended, in a list whose order has a name.
    pub fn cursor(&self, order: &str) -> Result<Option<Cursor>, Problem> {
        let Some(text) = self.get("cursor") else { return Ok(None) };
        let read = text.rsplit_once('.').filter(|(of, _)| *of == order).and_then(|(_, cursor)| Cursor::decode(cursor));
        let refused = || {
            let detail = "This cursor is not for this list and order. Send next_cursor of the page before, unchanged, \
                          with the same sort.";
            invalid(detail.to_owned(), "cursor")
        };
        read.ok_or_else(refused).map(Some)
    }

    /// Whether the number of all rows is wanted.
    pub fn wants_count(&self) -> Result<bool, Problem> {
        match self.get("count") {
            None | Some("0") => Ok(false),
            Some("1") => Ok(true),
            Some(text) => Err(invalid(format!("count can't be {text:?}. Use 1 or leave it out."), "count")),
        }
    }

    /// Whether the plan is wanted and not the deed.
    pub fn is_dry_run(&self) -> Result<bool, Problem> {
        match self.get("dry_run") {
            None | Some("0") => Ok(false),
            Some("1") => Ok(true),
            Some(text) => Err(invalid(format!("dry_run can't be {text:?}. Use 1 or leave it out."), "dry_run")),
        }
    }

    /// Refuses a parameter that only one row takes, on a list.
    pub fn only_of_one(&self, name: &str) -> Result<(), Problem> {
        match self.get(name) {
            None => Ok(()),
            Some(_) => Err(invalid(format!("{name} works for one row. Name it by its id."), name)),
        }
    }

    /// As of which day an answer is wanted: the day, and its last millisecond in the workspace's zone.
    pub fn at(&self, store: &Store) -> Result<Option<(String, i64)>, Problem> {
        let Some(text) = self.get("at") else { return Ok(None) };
        if time::date_from_text(text).is_none() {
            return Err(invalid(format!("at can't be {text:?}. Use a day such as 2026-03-01."), "at"));
        }
        let end = history::end_of_day(text, store.catalog().settings.time_zone, store.now_ms());
        let refused = || {
            let detail = format!("The day {text} is in the future. Use today or an earlier day, or leave at out.");
            Problem::new(StatusCode::NOT_FOUND, CallCode::NotKnownYet, detail)
        };
        end.ok_or_else(refused).map(|end_ms| Some((text.to_owned(), end_ms)))
    }

    /// The filter of a list; none where nothing is said.
    pub fn filter(&self, fields: &Fields) -> Result<Option<Filter>, Problem> {
        let pairs = self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let filter = filter::parse(pairs, fields).map_err(|error| {
            Problem::new(StatusCode::BAD_REQUEST, CallCode::FilterInvalid, error.sentence)
                .with("parameter", error.parameter)
                .with("number", error.number)
                .with("character", error.character)
        })?;
        Ok(Some(filter).filter(|filter| !filter.is_empty()))
    }

    /// As [`Parameters::list`], of a list that can also be filtered, and sorted by any field that has an order.
    pub fn filtered_list<S: Clone>(
        &self,
        usual: &'static str,
        fields: &Fields,
        named: impl Fn(&str, &Fields) -> Result<S, String>,
    ) -> Result<(ListQuery<S>, String), Problem> {
        let filter = self.filter(fields)?;
        let (query, order) = self.sorted_list(usual, |word| named(word, fields))?;
        Ok((ListQuery { filter, ..query }, order))
    }

    /// The first and the last millisecond of a day that is wanted, in the workspace's zone.
    pub fn day(&self, store: &Store) -> Result<Option<(i64, i64)>, Problem> {
        let Some(text) = self.get("day") else { return Ok(None) };
        let date = time::date_from_text(text);
        let date =
            date.ok_or_else(|| invalid(format!("day can't be {text:?}. Use a day such as 2026-03-01."), "day"))?;
        Ok(Some(time::span_of_day(date, store.catalog().settings.time_zone)))
    }

    /// What of a sorted list is wanted, and the name of its order; `usual` where nothing is said.
    pub fn list<S: Clone>(&self, sorts: &Sorts<S>, usual: &'static str) -> Result<(ListQuery<S>, String), Problem> {
        self.sorted_list(usual, |word| {
            let known = sorts.iter().find(|(known, _)| *known == word).map(|(_, sort)| sort.clone());
            known.ok_or_else(|| {
                let allowed: Vec<&str> = sorts.iter().map(|(known, _)| *known).collect();
                format!("This list can't be sorted by {word:?}. Sort by {}.", allowed.join(", "))
            })
        })
    }

    fn sorted_list<S>(
        &self,
        usual: &'static str,
        named: impl Fn(&str) -> Result<S, String>,
    ) -> Result<(ListQuery<S>, String), Problem> {
        let order = self.get("sort").unwrap_or(usual);
        let (word, descending) = order.strip_prefix('-').map_or((order, false), |word| (word, true));
        let sort = named(word)
            .map_err(|sentence| invalid(format!("{sentence} A minus before it puts the greatest first."), "sort"))?;
        let query = ListQuery {
            search: self.get("q").map(str::to_owned),
            filter: None,
            sort,
            descending,
            after: self.cursor(order)?,
            size: self.limit()?,
        };
        Ok((query, order.to_owned()))
    }
}

/// The text of a cursor of an order.
pub(super) fn cursor_text(order: &str, cursor: &Cursor) -> String {
    format!("{order}.{}", cursor.encode())
}

/// A parameter that can't be what it is (400 `parameter_invalid`).
pub(super) fn invalid(detail: String, parameter: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, CallCode::ParameterInvalid, detail).with("parameter", parameter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum By {
        Name,
        Seen,
    }

    const SORTS: &Sorts<By> = &[("name", By::Name), ("last_seen", By::Seen)];
    const KNOWN: [&str; 5] = ["limit", "cursor", "sort", "q", "count"];

    fn list(text: &str) -> Result<(ListQuery<By>, String), Problem> {
        Parameters::read(text, &KNOWN)?.list(SORTS, "-last_seen")
    }

    #[test]
    fn what_is_not_said_is_as_usual() {
        let (query, order) = list("").unwrap();
        assert_eq!(
            query,
            ListQuery { search: None, filter: None, sort: By::Seen, descending: true, after: None, size: 50 }
        );
        assert_eq!(order, "-last_seen");
        assert_eq!(list("limit=&q=").unwrap().0, query, "an empty parameter is absent");
    }

    #[test]
    fn everything_said_is_read() {
        let (query, order) = list("limit=500&sort=name&q=Zo%C3%AB+%26+co&count=1").unwrap();
        assert_eq!((query.size, query.sort, query.descending, order.as_str()), (500, By::Name, false, "name"));
        assert_eq!(query.search.as_deref(), Some("Zoë & co"));
    }

    #[test]
    fn what_can_t_be_is_refused_by_name_with_what_is_allowed() {
        for (text, parameter, hint) in [
            ("limit=0", "limit", "1 to 500"),
            ("limit=501", "limit", "1 to 500"),
            ("limit=ten", "limit", "1 to 500"),
            ("sort=plan", "sort", "name, last_seen"),
            ("sort=--name", "sort", "name, last_seen"),
            ("cursor=x", "cursor", "next_cursor"),
            ("page=2", "page", "limit, cursor, sort, q, count"),
            ("limit=5&limit=6", "limit", "once"),
        ] {
            let problem = list(text).unwrap_err().to_json();
            assert_eq!((problem["code"].as_str(), problem["status"].as_u64()), (Some("parameter_invalid"), Some(400)));
            assert_eq!(problem["parameter"], parameter, "{text}");
            assert!(problem["detail"].as_str().unwrap().contains(hint), "{problem}");
        }
        assert_eq!(
            Parameters::read("count=yes", &KNOWN).unwrap().wants_count().unwrap_err().code(),
            "parameter_invalid"
        );
    }

    #[test]
    fn where_no_filter_is_taken_it_is_refused_rather_than_ignored() {
        for text in ["f=plan:is:pro", "limit=5&match=any", "g1.f=plan:set"] {
            assert_eq!(list(text).unwrap_err().code(), "filter_unsupported", "{text}");
        }
    }

    #[test]
    fn a_filter_is_read_and_what_is_wrong_with_it_is_said_with_its_place() {
        let fields = Fields::new(filter::Listed::Users, []);
        let read = |text: &str| Parameters::read(text, &["sort", FILTER]).unwrap().filter(&fields);
        let filter = read("f=name:has:ann&f=email%3Aset&match=any").unwrap().unwrap();
        assert_eq!(filter.in_words(), "name contains “ann” or has an e-mail");
        assert_eq!(read("sort=name&f=").unwrap(), None, "an empty parameter is absent");
        let problem = read("f=name:set&f=name:like:x").unwrap_err().to_json();
        assert_eq!((&problem["code"], &problem["status"]), (&"filter_invalid".into(), &400.into()));
        assert_eq!(
            (&problem["parameter"], &problem["number"], &problem["character"]),
            (&"f".into(), &2.into(), &6.into())
        );
        assert!(problem["detail"].as_str().unwrap().contains("is, not, has"), "{problem}");
    }

    #[test]
    fn a_cursor_belongs_to_its_order() {
        let cursor = Cursor { value: "ann".into(), key: 7 };
        let text = cursor_text("name", &cursor);
        assert_eq!(list(&format!("sort=name&cursor={text}")).unwrap().0.after, Some(cursor));
        assert_eq!(list(&format!("cursor={text}")).unwrap_err().code(), "parameter_invalid");
        assert_eq!(list(&format!("sort=-name&cursor={text}")).unwrap_err().code(), "parameter_invalid");
    }
}
