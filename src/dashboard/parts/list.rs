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
    /// How one came there from the first page.
    pub way: Way,
    /// Where on the page the list stands, to come back to.
    pub anchor: &'static str,
}

/// The pages before one: it stands in the address behind the cursor, since a cursor leads only on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Way {
    /// Rows on the pages before.
    pub rows: u64,
    /// The cursors of the last of them that have one, the latest last, each with the rows before it.
    earlier: Vec<(String, u64)>,
    /// Pages before, with those whose cursors are forgotten.
    pages: u64,
}

impl Way {
    /// The way that stands behind a cursor, as [`Way::encode`] writes it.
    fn decode(text: &str) -> Option<Way> {
        let mut parts = text.split(WAY);
        let (rows, pages) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let page = |part: &str| {
            let (cursor, rows) = part.split_once(ROWS)?;
            Cursor::decode(cursor)?;
            Some((cursor.to_owned(), rows.parse().ok()?))
        };
        let earlier: Option<Vec<(String, u64)>> = parts.map(page).collect();
        Some(Way { rows, earlier: earlier.filter(|earlier| earlier.len() <= WAY_CURSORS_MAX)?, pages })
    }

    fn encode(&self) -> String {
        let mut text = format!("{}{WAY}{}", self.rows, self.pages);
        for (cursor, rows) in &self.earlier {
            text.push_str(&format!("{WAY}{cursor}{ROWS}{rows}"));
        }
        text
    }

    /// The way to the page behind one that began at a cursor and has so many rows.
    fn on(&self, began: Option<&String>, rows: usize) -> Way {
        let mut earlier = self.earlier.clone();
        earlier.extend(began.map(|cursor| (cursor.clone(), self.rows)));
        earlier.drain(..earlier.len().saturating_sub(WAY_CURSORS_MAX));
        Way { rows: self.rows.saturating_add(rows as u64), earlier, pages: self.pages.saturating_add(1) }
    }

    /// The page before, by its cursor (none is the first page), and the way there; none where its cursor is forgotten.
    fn back(&self) -> Option<(Option<String>, Way)> {
        let mut earlier = self.earlier.clone();
        match (self.pages, earlier.pop()) {
            (0, _) => None,
            (1, _) => Some((None, Way::default())),
            (_, None) => None,
            (pages, Some((cursor, rows))) => Some((Some(cursor), Way { rows, earlier, pages: pages - 1 })),
        }
    }
}

/// Parts a cursor, and what stands behind it.
const WAY: char = '~';
/// Parts an earlier cursor, and the rows before it.
const ROWS: char = '.';
/// Cursors that an address keeps to come back by: about 1 KB of it.
const WAY_CURSORS_MAX: usize = 20;

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
            return Err(format!("“{filter}” is not a filter of this list; you can search it with {}=.", names.search));
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
            return Err(format!("{API_CURSOR}= belongs to the API; a list in pages continues with {}=.", names.after));
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
                format!("{}= takes a field, with - before it to reverse the order. {sentence}", names.sort)
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
                    "The list can't be sorted by “{said}”; {}= takes {known}, with - before it to reverse the order.",
                    names.sort
                ));
            }
        };
        let search = value(names.search).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let said = value(names.after);
        let parts = said.as_deref().map(|said| said.split_once(WAY).map_or((said, None), |(at, way)| (at, Some(way))));
        let after = parts.map(|(cursor, _)| cursor.to_owned());
        let way = parts.and_then(|(_, way)| way).map(Way::decode);
        if after.as_deref().is_some_and(|text| Cursor::decode(text).is_none()) || way == Some(None) {
            return Err(format!(
                "{}= takes the value from the link to the next page; this one was cut off or changed.",
                names.after
            ));
        }
        let way = way.flatten().unwrap_or_default();
        Ok(Address {
            path,
            names,
            search,
            filter: Filter::default(),
            columns: None,
            sort,
            descending,
            after,
            way,
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

    /// Which rows these are, and the ways to the first page, the one before and the next. `(one, many)` is what they are
    /// called.
    pub fn pager(&self, rows: usize, count: Option<Count>, (one, many): (&str, &str), next: Option<&Cursor>) -> Markup {
        let at = |cursor: &str, way: &Way| self.page(Some(&format!("{cursor}{WAY}{}", way.encode())));
        let back = self.way.back().map(|(cursor, way)| match cursor {
            Some(cursor) => at(&cursor, &way),
            None => self.first_page(),
        });
        // An address may say anything.
        let (first, last) = (self.way.rows.saturating_add(1), self.way.rows.saturating_add(rows as u64));
        let is_known = self.after.is_none() || self.way.pages > 0;
        let total = match (count, next) {
            (Some(Count::Exactly(total)), _) if total >= last => Some(total),
            (_, None) if is_known => Some(last),
            _ => None,
        };
        let range = format!("{}–{}", numbers::number(first), numbers::number(last));
        html! {
            nav.pager aria-label="Pages" {
                p {
                    @match total {
                        Some(1) => { "1 " (one) }
                        Some(total) if is_known && (first > 1 || last < total) => { (range) " of " (numbers::number(total)) " " (many) }
                        Some(total) if is_known => { (numbers::number(total)) " " (many) }
                        None if is_known => { (range) " " (many) }
                        _ => { (numbers::counted(rows as u64, one, many)) " on this page" }
                    }
                }
                @if self.after.is_some() {
                    a.btn href=(self.first_page()) { (icon("left")) " First" }
                }
                @if let Some(back) = back {
                    a.btn rel="prev" href=(back) { (icon("left")) " Previous" }
                }
                @if let Some(next) = next {
                    a.btn rel="next" href=(at(&next.encode(), &self.way.on(self.after.as_ref(), rows))) {
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

    /// The addresses and the words of a page's pager.
    fn pager(
        address: &Address<By>,
        rows: usize,
        total: Option<u64>,
        next: Option<i64>,
    ) -> (String, Option<String>, String) {
        let next = next.map(|key| Cursor { value: key.into(), key });
        let html = address.pager(rows, total.map(Count::Exactly), ("user", "users"), next.as_ref()).into_string();
        let link = |rel: &str| {
            let at = html.find(&format!("rel=\"{rel}\" href=\""))? + rel.len() + 13;
            Some(html[at..].split('"').next()?.replace("&amp;", "&"))
        };
        let words = html.split("<p>").nth(1).and_then(|rest| rest.split("</p>").next()).unwrap_or_default();
        (words.to_owned(), link("prev"), link("next").unwrap_or_default())
    }

    fn follow(link: &str) -> Address<By> {
        let after = link.split("after=").nth(1).map(decode);
        read(&after.iter().map(|after| ("after", after.as_str())).collect::<Vec<_>>())
    }

    #[test]
    fn each_page_leads_to_the_one_before_and_says_which_rows_it_has() {
        let first = read(&[]);
        let (words, back, next) = pager(&first, 50, Some(2_000), Some(1));
        assert_eq!((words.as_str(), back), ("1–50 of 2\u{202f}000 users", None));
        let mut pages = vec![first];
        let mut next = next;
        for number in 2..40 {
            let page = follow(&next);
            assert_eq!(page.query(50).after.map(|cursor| cursor.key), Some(number - 1));
            pages.push(page);
            let told = pager(&pages[pages.len() - 1], 50, Some(2_000), Some(number));
            assert!(told.0.starts_with(&numbers::number(50 * (number as u64 - 1) + 1)), "{}", told.0);
            next = told.2;
        }
        let last = follow(&next);
        assert_eq!(pager(&last, 7, None, None).0, "1\u{202f}951–1\u{202f}957 of 1\u{202f}957 users");
        let mut here = last;
        for before in pages.iter().rev().take(WAY_CURSORS_MAX) {
            here = follow(&pager(&here, 50, None, Some(99)).1.expect("the page before"));
            assert_eq!((&here.after, here.way.rows), (&before.after, before.way.rows));
        }
        assert_eq!(pager(&here, 50, None, Some(99)).1, None, "further back only the first page is known");
        let third = follow(&pager(&pages[1], 50, None, Some(2)).2);
        let second = follow(&pager(&third, 50, None, Some(3)).1.expect("the second"));
        assert_eq!(second.after, pages[1].after);
        assert_eq!(follow(&pager(&second, 50, None, Some(3)).1.expect("the first")).after, None);
    }

    #[test]
    fn an_address_that_says_no_way_says_no_place_and_a_way_that_was_changed_is_refused() {
        let cursor = Cursor { value: 7.into(), key: 7 }.encode();
        let bare = read(&[("after", &cursor)]);
        assert_eq!(pager(&bare, 50, Some(402), Some(8)).0, "50 users on this page");
        for changed in ["~x", "~50", "~50~1~not a cursor", "~-1~1"] {
            assert!(try_read(&[("after", &format!("{cursor}{changed}"))]).is_err(), "{changed}");
        }
    }

    #[test]
    fn what_an_address_keeps_comes_back_as_it_was() {
        assert_eq!(decode("a%20%C3%A5%2"), "a å%2");
    }
}
