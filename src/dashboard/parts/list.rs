//! Lists: search, columns that sort, pages by cursor. The address bar is the state.

use std::borrow::Cow;

use maud::{Markup, html};

use super::icon::{icon, small};
use super::{numbers, values};
use crate::dashboard::links;
use crate::domain::filter::{self, Fields, Filter};
use crate::store::list::{Count, Cursor, ListQuery};

/// A list's state as its address says it.
#[derive(Debug, Clone, PartialEq)]
pub struct Address<S> {
    /// The path, with what else of the query stays.
    pub path: String,
    /// The names of the parameters.
    pub names: Names,
    /// What to search for.
    pub search: Option<String>,
    /// What is left in.
    pub filter: Filter,
    /// The columns as the address says them.
    pub columns: Option<String>,
    /// The sorted column.
    pub sort: S,
    /// The greatest first.
    pub descending: bool,
    /// Where the page before ended.
    pub after: Option<String>,
    /// Where on the page the list stands, to come back to.
    pub anchor: &'static str,
}

/// The names of a list's parameters; a list within a page has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names {
    /// What to search for.
    pub search: &'static str,
    /// The column, with `-` before it the other way round.
    pub sort: &'static str,
    /// The cursor.
    pub after: &'static str,
}

/// The parameter of filters, which lists within a page have not.
const FILTER: &str = "f";
/// The parameter of columns.
pub const COLUMNS: &str = "columns";
/// Where a page begins, as the API calls it.
const API_CURSOR: &str = "cursor";
/// Characters of what an address says that are said back.
const SAID_CHARS_MAX: usize = 60;

/// The names of a page's one list.
pub const LIST: Names = Names { search: "q", sort: "sort", after: "after" };

/// A column that sorts.
pub trait Column: Clone + PartialEq + 'static {
    /// All columns that a list of its own has.
    const ALL: &'static [Self];
    /// Its name in the address.
    fn name(&self) -> Cow<'_, str>;
    /// Times and numbers begin with the greatest.
    fn descends_first(&self) -> bool;
    /// The column of a word, of a list that is sorted by any field; none where it has only columns of its own.
    ///
    /// # Errors
    /// A sentence: there is no such column, and why.
    fn named(_word: &str, _fields: &Fields) -> Option<Result<Self, String>> {
        None
    }
}

impl<S: Column> Address<S> {
    /// The state that an address says.
    ///
    /// # Errors
    /// A sentence that says what is allowed: the address asks for an order or a filter that does not
    /// exist, or for a place that no list ended at.
    pub fn read(
        path: String,
        names: Names,
        default: S,
        value: impl Fn(&str) -> Option<String>,
    ) -> Result<Address<S>, String> {
        if let Some(filter) = value(FILTER) {
            let filter = values::cut(&filter, SAID_CHARS_MAX);
            return Err(format!("“{filter}” is no filter of this list; it can be searched with {}=.", names.search));
        }
        Address::read_sorted(path, names, default, value, |_| None)
    }

    /// The state of a list that can be filtered, sorted by what is known of its rows, and shown in other columns.
    ///
    /// # Errors
    /// As [`Address::read`].
    pub fn read_filtered(
        path: String,
        default: S,
        pairs: &[(String, String)],
        fields: &Fields,
    ) -> Result<Address<S>, String> {
        let value = |name: &str| {
            pairs.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.clone())
        };
        let parameters = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let filter = filter::parse(parameters, fields).map_err(|error| error.sentence)?;
        let address = Address::read_sorted(path, LIST, default, value, |word| S::named(word, fields))?;
        Ok(Address { filter, columns: value(COLUMNS), ..address })
    }

    fn read_sorted(
        path: String,
        names: Names,
        default: S,
        value: impl Fn(&str) -> Option<String>,
        named: impl Fn(&str) -> Option<Result<S, String>>,
    ) -> Result<Address<S>, String> {
        if value(API_CURSOR).is_some() {
            return Err(format!("{API_CURSOR}= belongs to the API; a list of pages goes on with {}=.", names.after));
        }
        let said = value(names.sort).unwrap_or_default();
        let (name, descending) = match said.strip_prefix('-') {
            Some(name) => (name, true),
            None => (said.as_str(), false),
        };
        let own = || S::ALL.iter().find(|column| column.name() == name).cloned();
        let column = match named(name) {
            Some(Err(_)) if said.is_empty() => None,
            Some(named) => Some(named.map_err(|sentence| {
                format!("{}= takes a field, with - before it for the other way round. {sentence}", names.sort)
            })?),
            None => own(),
        };
        let (sort, descending) = match column {
            Some(column) => (column, descending),
            None if said.is_empty() => (default.clone(), default.descends_first()),
            None => {
                let known: Vec<Cow<'_, str>> = S::ALL.iter().map(Column::name).collect();
                let (said, known) = (values::cut(&said, SAID_CHARS_MAX), known.join(", "));
                return Err(format!(
                    "The list is not sorted by “{said}”; {}= takes {known}, with - before it for the other way round.",
                    names.sort
                ));
            }
        };
        let search = value(names.search).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let after = value(names.after);
        if after.as_deref().is_some_and(|text| Cursor::decode(text).is_none()) {
            return Err(format!(
                "{}= takes what the link to the next page says, and this is cut or changed.",
                names.after
            ));
        }
        Ok(Address {
            path,
            names,
            search,
            filter: Filter::default(),
            columns: None,
            sort,
            descending,
            after,
            anchor: "",
        })
    }

    /// The same for a list at a place within its page, such as `#members`.
    #[must_use]
    pub fn at(mut self, anchor: &'static str) -> Address<S> {
        self.anchor = anchor;
        self
    }

    /// What to ask the store.
    pub fn query(&self, size: usize) -> ListQuery<S> {
        ListQuery {
            search: self.search.clone(),
            filter: Some(self.filter.clone()).filter(|filter| !filter.is_empty()),
            sort: self.sort.clone(),
            descending: self.descending,
            after: self.after.as_deref().and_then(Cursor::decode),
            size,
        }
    }

    /// What the address says beside its path, but for where the page begins.
    fn state(&self) -> Vec<(String, String)> {
        let sort = format!("{}{}", if self.descending { "-" } else { "" }, self.sort.name());
        let mut state = Vec::new();
        state.extend(self.search.as_ref().map(|search| (self.names.search.to_owned(), search.clone())));
        state.extend(self.filter.parameters());
        state.extend(self.columns.as_ref().map(|columns| (COLUMNS.to_owned(), columns.clone())));
        state.push((self.names.sort.to_owned(), sort));
        state
    }

    /// The address of this state, at its first page.
    pub fn first_page(&self) -> String {
        self.page(None)
    }

    fn page(&self, after: Option<&str>) -> String {
        let state = self.state();
        let mut pairs: Vec<(&str, Option<&str>)> =
            state.iter().map(|(name, value)| (name.as_str(), Some(value.as_str()))).collect();
        pairs.push((self.names.after, after));
        format!("{}{}", links::with_query(&self.path, &pairs), self.anchor)
    }

    /// The address of the list under another filter.
    pub fn filtered(&self, filter: Filter) -> String {
        Address { filter, ..self.clone() }.first_page()
    }

    /// The address of the list of a segment, by its id.
    pub fn in_segment(&self, segment_id: &str) -> String {
        let all = Address { search: None, ..self.clone() }.filtered(Filter::default());
        let (path, anchor) = all.split_once('#').map_or((all.as_str(), ""), |(path, anchor)| (path, anchor));
        let condition = format!("segment:is:{segment_id}");
        format!("{}{anchor}", links::with_query(path, &[("f", Some(&condition))]))
    }

    fn sorted(&self, sort: S, descending: bool) -> String {
        Address { sort, descending, ..self.clone() }.first_page()
    }

    /// Fields that a form sends along unseen, so that it changes nothing else of the state.
    pub fn kept(&self, but: &str) -> Markup {
        let path = self.path.split_once('?').map_or("", |(_, kept)| kept);
        html! {
            @for pair in path.split('&').filter(|pair| !pair.is_empty()) {
                @let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                input type="hidden" name=(name) value=(decode(value));
            }
            @for (name, value) in self.state().iter().filter(|(name, _)| name != but) {
                input type="hidden" name=(name) value=(value);
            }
        }
    }

    /// The head of a column: a link that sorts by it, or the other way round.
    pub fn head(&self, column: S, text: &str, class: &str) -> Markup {
        let sorted = self.sort == column;
        let descending = if sorted { !self.descending } else { column.descends_first() };
        let order = sorted.then_some(if self.descending { "descending" } else { "ascending" });
        let arrow = if sorted && !self.descending { "up" } else { "down" };
        html! {
            th scope="col" class=(class) aria-sort=[order] {
                a href=(self.sorted(column, descending)) { (text) " " (icon(arrow)) }
            }
        }
    }

    /// The field that searches the list. It keeps how the list is sorted.
    pub fn search_form(&self, label: &str, placeholder: &str) -> Markup {
        let id = format!("find-{}", self.names.search);
        let path = self.path.split_once('?').map_or(self.path.as_str(), |(path, _)| path);
        html! {
            form.search role="search" aria-label=(label) action={ (path) (self.anchor) } {
                (self.kept(self.names.search))
                label.vh for=(id) { (label) }
                (icon("search"))
                input
                    type="search" id=(id) name=(self.names.search) value=[self.search.as_deref()]
                    placeholder=(placeholder) autocomplete="off" maxlength="255";
            }
        }
    }

    /// The address of the list without its search.
    pub fn without_search(&self) -> String {
        Address { search: None, ..self.clone() }.first_page()
    }

    /// The address of the list with neither search nor filter.
    pub fn of_all(&self) -> String {
        Address { search: None, filter: Filter::default(), ..self.clone() }.first_page()
    }

    /// Whether it is the whole list from its beginning.
    pub fn is_untouched(&self) -> bool {
        self.search.is_none() && self.filter.is_empty() && self.after.is_none()
    }

    /// What the list shows, as its address says it, with these columns.
    pub fn shown(&self, columns: &str) -> Vec<(String, String)> {
        Address { columns: Some(columns.to_owned()), ..self.clone() }.state()
    }

    /// The call of the API that answers the rows of this page, with these columns.
    pub fn call(&self, path: &str, columns: Option<&str>) -> String {
        let state = columns.map_or_else(|| self.state(), |columns| self.shown(columns));
        let mut pairs: Vec<(&str, Option<&str>)> =
            state.iter().map(|(name, value)| (name.as_str(), Some(value.as_str()))).collect();
        // The API says with a cursor of which order it is.
        let order = format!("{}{}", if self.descending { "-" } else { "" }, self.sort.name());
        let cursor = self.after.as_ref().map(|after| format!("{order}.{after}"));
        pairs.push((API_CURSOR, cursor.as_deref()));
        links::with_query(path, &pairs)
    }

    /// What is left of the list, as its address says it: the search and the filter.
    pub fn narrowing(&self) -> Vec<(String, String)> {
        let search = self.search.iter().map(|search| (self.names.search.to_owned(), search.clone()));
        search.chain(self.filter.parameters()).collect()
    }

    /// Whether it is not all of the list.
    pub fn is_narrowed(&self) -> bool {
        self.search.is_some() || !self.filter.is_empty()
    }

    /// First page and next page; nothing where one page is all there is.
    pub fn pager(&self, shown: &str, next: Option<&Cursor>) -> Markup {
        html! {
            nav.pager aria-label="Pages" {
                p { (shown) }
                @if self.after.is_some() {
                    a.btn href=(self.first_page()) { (icon("left")) " First" }
                }
                @if let Some(next) = next {
                    a.btn rel="next" href=(self.page(Some(&next.encode()))) {
                        "Next "
                        (icon("right"))
                    }
                }
            }
        }
    }
}

/// The text that was percent-encoded.
pub fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match (byte, rest.clone().next(), rest.clone().nth(1)) {
            (b'%', Some(high), Some(low)) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8;
                bytes.push(digit(high) * 16 + digit(low));
                rest.nth(1);
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Choices as chips: one set of links, the current one marked.
pub fn chips(label: &str, choices: &[(&str, String, bool)]) -> Markup {
    html! {
        nav.row.tight aria-label=(label) {
            @for (text, href, current) in choices {
                a.chip href=(href) aria-current=[current.then_some("true")] { (text) }
            }
        }
    }
}

/// Choices as one control.
pub fn segments(label: &str, choices: &[(String, String, bool)]) -> Markup {
    html! {
        nav.seg aria-label=(label) {
            @for (text, href, current) in choices { a href=(href) aria-current=[current.then_some("true")] { (text) } }
        }
    }
}

/// The parameter that asks for a whole count.
pub const COUNT: &str = "count";

/// The heading of a list with how many there are; where that was not counted to the end, with a link that does.
pub fn found<S: Column>(noun: &str, count: Count, address: &Address<S>) -> Markup {
    let address = address.first_page();
    let whole = links::with_query(&address, &[(COUNT, Some("1"))]);
    html! {
        (noun) " "
        span.n { (numbers::count(count)) }
        @if !matches!(count, Count::Exactly(_)) {
            " " a.n.small href=(whole) rel="nofollow" { "count" span.vh { " them all" } }
        }
    }
}

/// What is searched for, as a chip that clears it.
pub fn search_chip<S: Column>(address: &Address<S>) -> Markup {
    html! {
        @if let Some(search) = &address.search {
            span.chip.set {
                "matches "
                b { bdi { (search) } }
                a href=(address.without_search()) { (small("x")) span.vh { "Clear the search" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum By {
        Name,
        Seen,
    }

    impl Column for By {
        const ALL: &'static [By] = &[By::Name, By::Seen];
        fn name(&self) -> Cow<'_, str> {
            let name = match self {
                By::Name => "name",
                By::Seen => "last_seen",
            };
            name.into()
        }
        fn descends_first(&self) -> bool {
            *self == By::Seen
        }
    }

    fn try_read(pairs: &[(&str, &str)]) -> Result<Address<By>, String> {
        Address::read("/users".to_owned(), LIST, By::Seen, |name| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn read(pairs: &[(&str, &str)]) -> Address<By> {
        try_read(pairs).unwrap()
    }

    #[test]
    fn an_address_says_how_a_list_is_sorted_and_anything_else_is_refused() {
        assert!(read(&[]).descending);
        let sentence = try_read(&[("sort", "colour")]).unwrap_err();
        assert!(sentence.contains("sort= takes name, last_seen"), "{sentence}");
        assert!(try_read(&[("after", "no cursor")]).unwrap_err().starts_with("after="));
        let by_name = read(&[("sort", "name"), ("q", " ann ")]);
        assert_eq!((by_name.sort, by_name.descending), (By::Name, false));
        assert_eq!(by_name.search.as_deref(), Some("ann"));
        assert_eq!(by_name.after, None);
    }

    #[test]
    fn a_column_s_head_sorts_by_it_and_then_the_other_way_round() {
        let sorted = read(&[("sort", "name"), ("q", "a&b")]);
        let head = sorted.head(By::Name, "User", "").into_string();
        assert!(head.contains("aria-sort=\"ascending\""), "{head}");
        assert!(head.contains("/users?q=a%26b&amp;sort=-name"), "{head}");
        assert!(sorted.head(By::Seen, "Seen", "").into_string().contains("sort=-last_seen"));
    }

    #[test]
    fn what_an_address_keeps_comes_back_as_it_was() {
        assert_eq!(decode("a%20%C3%A5%2"), "a å%2");
    }
}
