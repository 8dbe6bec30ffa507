//! Lists: search, columns that sort, pages by cursor. The address bar is the state.

use maud::{Markup, html};

use super::icon::{icon, small};
use super::values;
use crate::dashboard::links;
use crate::store::list::{Cursor, ListQuery};

/// A list's state as its address says it.
#[derive(Debug, Clone, PartialEq)]
pub struct Address<S> {
    /// The path, with what else of the query stays.
    pub path: String,
    /// The names of the parameters.
    pub names: Names,
    /// What to search for.
    pub search: Option<String>,
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

/// The parameter of filters, which the API has and lists of pages have not.
const FILTER: &str = "f";
/// Where a page begins, as the API calls it.
const API_CURSOR: &str = "cursor";
/// Characters of what an address says that are said back.
const SAID_CHARS_MAX: usize = 60;

/// The names of a page's one list.
pub const LIST: Names = Names { search: "q", sort: "sort", after: "after" };

/// A column that sorts.
pub trait Column: Copy + PartialEq + 'static {
    /// All columns.
    const ALL: &'static [Self];
    /// Its name in the address.
    fn name(self) -> &'static str;
    /// Times and numbers begin with the greatest.
    fn descends_first(self) -> bool;
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
        if value(API_CURSOR).is_some() {
            return Err(format!("{API_CURSOR}= belongs to the API; a list of pages goes on with {}=.", names.after));
        }
        let said = value(names.sort).unwrap_or_default();
        let (name, descending) = match said.strip_prefix('-') {
            Some(name) => (name, true),
            None => (said.as_str(), false),
        };
        let column = S::ALL.iter().copied().find(|column| column.name() == name);
        let (sort, descending) = match column {
            Some(column) => (column, descending),
            None if said.is_empty() => (default, default.descends_first()),
            None => {
                let known: Vec<&str> = S::ALL.iter().map(|column| column.name()).collect();
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
        Ok(Address { path, names, search, sort, descending, after, anchor: "" })
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
            sort: self.sort,
            descending: self.descending,
            after: self.after.as_deref().and_then(Cursor::decode),
            size,
        }
    }

    fn address(&self, sort: S, descending: bool, after: Option<&str>) -> String {
        let sort = format!("{}{}", if descending { "-" } else { "" }, sort.name());
        let pairs = [
            (self.names.search, self.search.as_deref()),
            (self.names.sort, Some(sort.as_str())),
            (self.names.after, after),
        ];
        format!("{}{}", links::with_query(&self.path, &pairs), self.anchor)
    }

    /// The head of a column: a link that sorts by it, or the other way round.
    pub fn head(&self, column: S, text: &str, class: &str) -> Markup {
        let sorted = self.sort == column;
        let descending = if sorted { !self.descending } else { column.descends_first() };
        let order = sorted.then_some(if self.descending { "descending" } else { "ascending" });
        let arrow = if sorted && !self.descending { "up" } else { "down" };
        html! {
            th scope="col" class=(class) aria-sort=[order] {
                a href=(self.address(column, descending, None)) { (text) " " (icon(arrow)) }
            }
        }
    }

    /// The field that searches the list. It keeps how the list is sorted.
    pub fn search_form(&self, label: &str, placeholder: &str) -> Markup {
        let id = format!("find-{}", self.names.search);
        let (path, kept) = self.path.split_once('?').unwrap_or((&self.path, ""));
        html! {
            form.search role="search" aria-label=(label) action={ (path) (self.anchor) } {
                @for pair in kept.split('&').filter(|pair| !pair.is_empty()) {
                    @let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    input type="hidden" name=(name) value=(decode(value));
                }
                input
                    type="hidden" name=(self.names.sort)
                    value={ (if self.descending { "-" } else { "" }) (self.sort.name()) };
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
        let mut cleared = self.clone();
        cleared.search = None;
        cleared.address(cleared.sort, cleared.descending, None)
    }

    /// First page and next page; nothing where one page is all there is.
    pub fn pager(&self, shown: &str, next: Option<&Cursor>) -> Markup {
        html! {
            nav.pager aria-label="Pages" {
                p { (shown) }
                @if self.after.is_some() {
                    a.btn href=(self.address(self.sort, self.descending, None)) { (icon("left")) " First" }
                }
                @if let Some(next) = next {
                    a.btn rel="next" href=(self.address(self.sort, self.descending, Some(&next.encode()))) {
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
        fn name(self) -> &'static str {
            match self {
                By::Name => "name",
                By::Seen => "last_seen",
            }
        }
        fn descends_first(self) -> bool {
            self == By::Seen
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
        assert!(try_read(&[("f", "plan:pro")]).unwrap_err().contains("“plan:pro” is no filter"));
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
