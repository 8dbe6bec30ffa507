//! Lists of users and companies in an order: the stretches that an order is made of, each read by itself.
//!
//! A column that has an index is one stretch, which is walked. What has no index is sorted: those who have a value,
//! and then the others. An order of words (a state, a tag, an owner) is one stretch for each word, which an index
//! walks too, so that the first page of a long list costs no more than that of a short one. Within a word, and among
//! those who have none, the last active come first, or the latest made.
//!
//! A trend is computed row by row, so of those that may have one so many are looked at for a page as it has time for:
//! it may then be short, and says where the next one goes on.
//!
//! A page begins where the one before ended: in a stretch of words a cursor says in which, and as of when the words
//! were told, since a state changes by the mere passing of time.

use rusqlite::types::Value as Bound;
use serde_json::{Value, json};

use super::filter_sql::{self, FilterSql, Moment, Word};
use super::list::{self, Cursor, Keyset, ListQuery, Page};
use super::search::{self, Needle};
use super::{Reader, StoreError, operators, profiles};
use crate::domain::filter::{BuiltIn, Fact, Listed, STATES};
use crate::domain::time::EPOCH_MS;

/// The words of trends in their order.
const TRENDS_IN_ORDER: &[&str] = &["growing", "steady", "shrinking"];

/// Rows of which a trend is computed for one page.
const COMPUTED_MAX: u64 = 2_000;

/// What was found of a page.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Found {
    /// The rows, one beyond the page where there are so many.
    pub rows: Vec<(Cursor, i64)>,
    /// No more rows were looked at than a page takes time for; the next one goes on here.
    pub ended: Option<Cursor>,
}

impl Found {
    /// The keys of the page, and where the next one begins.
    pub fn page(self, size: usize) -> (Vec<i64>, Option<Cursor>) {
        match self.ended {
            Some(next) => (self.rows.into_iter().map(|(_, key)| key).collect(), Some(next)),
            None => {
                let page = Page::cut(self.rows, size);
                (page.rows, page.next)
            }
        }
    }
}

/// A list as its statements name it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows {
    /// What is listed.
    pub listed: Listed,
    /// The table.
    pub table: &'static str,
    /// Its key.
    pub key: &'static str,
    /// What the names of its indexes begin with.
    pub indexes: &'static str,
    /// The condition of its rows, which are those of its indexes.
    pub in_use: &'static str,
    /// `, …`: the texts that a needle is looked for in.
    pub texts: &'static str,
    /// The index of those who have an owner.
    pub owned: &'static str,
    /// What tags say of their subject.
    pub subject: i64,
}

/// Which rows of a list are wanted.
#[derive(Clone, Copy)]
pub(super) struct Narrowed<'a> {
    /// Those that meet a filter.
    pub filter: &'a FilterSql,
    /// `AND (…)`: those that meet this too, and what is bound in it.
    pub only: (&'a str, &'a [(&'static str, String)]),
    /// Those that have a text.
    pub needle: Option<&'a Needle>,
    /// Of these alone.
    pub candidates: Option<&'a [i64]>,
    /// So many are looked at.
    pub rows_max: u64,
}

/// A stretch of a list that is read in its order.
#[derive(Debug, Clone, Default)]
pub(super) struct Stretch {
    /// Of an order of words the word; the empty one names those who have none.
    pub word: Option<String>,
    /// The index that is walked; none where the rows are sorted.
    pub index: Option<String>,
    /// The column that it is sorted by; none where the key alone decides.
    pub column: Option<String>,
    /// `AND (…)`: which rows it takes in.
    pub only: String,
    /// What is bound in it.
    pub values: Vec<(&'static str, Bound)>,
    /// The condition of a state's or a trend's word.
    pub of_word: Option<Word>,
    /// Its own direction; none where it is that of the list.
    pub descending: Option<bool>,
    /// It is walked by the index of tags.
    pub is_of_tag: bool,
}

impl Stretch {
    /// One that an index walks by a column.
    pub fn walked(index: String, column: &str) -> Stretch {
        Stretch { index: Some(index), column: Some(column.to_owned()), ..Stretch::default() }
    }

    /// The stretches of an expression: the rows that have a value, and then the others by their keys.
    pub fn sorted(expression: &str, path: Option<String>) -> Vec<Stretch> {
        let values: Vec<(&'static str, Bound)> = path.map(|path| (":path", path.into())).into_iter().collect();
        let with = Stretch {
            column: Some(expression.to_owned()),
            only: format!("AND {expression} IS NOT NULL"),
            values: values.clone(),
            ..Stretch::default()
        };
        let without = Stretch { only: format!("AND {expression} IS NULL"), values, ..Stretch::default() };
        vec![with, without]
    }

    fn bind(&self, statement: &mut rusqlite::Statement<'_>) -> rusqlite::Result<()> {
        for (name, value) in &self.values {
            list::bind(statement, name, value)?;
        }
        self.of_word.as_ref().map_or(Ok(()), |word| word.bind(statement))
    }
}

/// The moment as of which the words of an order are told: that of the page before, else now. A cursor is the caller's
/// word, and a time that has not come or is before all events is none of ours.
pub(super) fn as_of(after: Option<&Cursor>, moment: &Moment) -> Moment {
    let told = EPOCH_MS..=moment.now_ms;
    let at_ms = after.and_then(|after| after.value.get("at")?.as_i64()).filter(|at_ms| told.contains(at_ms));
    Moment { now_ms: at_ms.unwrap_or(moment.now_ms), ..moment.clone() }
}

/// The stretches of an order by something that is known of the rows and no index has as such.
pub(super) fn of_fact(
    db: &Reader<'_>,
    rows: &Rows,
    fact: &Fact,
    descending: bool,
    moment: &Moment,
) -> Result<Vec<Stretch>, StoreError> {
    Ok(match fact {
        Fact::BuiltIn(state @ (BuiltIn::State | BuiltIn::Trend)) => {
            let mut words = if *state == BuiltIn::State { STATES } else { TRENDS_IN_ORDER }.to_vec();
            if descending {
                words.reverse();
            }
            words.into_iter().map(|word| of_word(rows, *state, word, moment)).collect()
        }
        Fact::BuiltIn(BuiltIn::Tags) => {
            let mut tags = profiles::all_tags(db)?;
            if descending {
                tags.reverse();
            }
            let of_tag = tags.into_iter().map(|tag| Stretch {
                only: "AND t.tag = :tag AND t.subject = :subject".to_owned(),
                values: vec![(":tag", tag.clone().into()), (":subject", rows.subject.into())],
                word: Some(tag),
                descending: Some(true),
                is_of_tag: true,
                ..Stretch::default()
            });
            let has_none = format!(
                "AND NOT EXISTS (SELECT 1 FROM profile_tags WHERE subject = {} AND subject_key = {})",
                rows.subject, rows.key
            );
            of_tag.chain([without(rows, has_none)]).collect()
        }
        Fact::BuiltIn(BuiltIn::Owner) => {
            let row = filter_sql::alias(rows.listed);
            let mut owners = operators::by_email(db)?;
            if descending {
                owners.reverse();
            }
            let of_owner = owners.into_iter().map(|(owner, email)| Stretch {
                index: Some(rows.owned.to_owned()),
                only: format!("AND {row}.owner_key = :owner"),
                values: vec![(":owner", owner.0.into())],
                word: Some(email),
                descending: Some(true),
                ..Stretch::default()
            });
            of_owner.chain([without(rows, format!("AND {row}.owner_key IS NULL"))]).collect()
        }
        other => {
            let (expression, path) =
                filter_sql::sorted_by(other, rows.listed).unwrap_or_else(|| ("NULL".to_owned(), None));
            Stretch::sorted(&expression, path)
        }
    })
}

fn of_word(rows: &Rows, of: BuiltIn, word: &str, moment: &Moment) -> Stretch {
    let named = filter_sql::of_word(of, word, rows.listed, moment);
    let column = format!("{}.{}", filter_sql::alias(rows.listed), named.column);
    Stretch {
        word: Some(word.to_owned()),
        descending: Some(true),
        only: named.only.clone(),
        of_word: Some(named.clone()),
        ..Stretch::walked(format!("{}_{}", rows.indexes, named.index), &column)
    }
}

/// Those who have no word, the last active first.
pub(super) fn without(rows: &Rows, only: String) -> Stretch {
    let column = format!("{}.last_seen_hour", filter_sql::alias(rows.listed));
    Stretch {
        word: Some(String::new()),
        descending: Some(true),
        only,
        ..Stretch::walked(format!("{}_last_seen", rows.indexes), &column)
    }
}

/// Those of a list who are wanted, in the order of these stretches. `None` where so many rows were looked at and the
/// page is not full.
pub(super) fn find<S>(
    db: &Reader<'_>,
    rows: &Rows,
    stretches: &[Stretch],
    query: &ListQuery<S>,
    narrowed: Narrowed<'_>,
    moment: &Moment,
) -> Result<Option<Found>, StoreError> {
    let (skipped, mut after) = begun(stretches, query.after.as_ref(), query.descending);
    let mut found = Found::default();
    let (mut looked_at, mut computed) = (0, 0);
    for stretch in &stretches[skipped..] {
        let mut read = Read { rows, stretch, narrowed, moment, looked_at, computed };
        let descending = stretch.descending.unwrap_or(query.descending);
        if !read.until(db, after.as_ref(), descending, query.size, &mut found)? {
            return Ok(None);
        }
        (looked_at, computed) = (read.looked_at, read.computed);
        if found.rows.len() > query.size || found.ended.is_some() {
            break;
        }
        after = None;
    }
    Ok(Some(found))
}

/// The stretch in which a page begins, and where in it.
fn begun(stretches: &[Stretch], after: Option<&Cursor>, descending: bool) -> (usize, Option<Cursor>) {
    let last = stretches.len().saturating_sub(1);
    let Some(after) = after else { return (0, None) };
    let (Some(word), Some(value)) = (after.value.get("in").and_then(Value::as_str), after.value.get("value")) else {
        return (if after.value.is_null() { last } else { 0 }, Some(after.clone()));
    };
    if let Some(place) = stretches.iter().position(|stretch| stretch.word.as_deref() == Some(word)) {
        return (place, Some(Cursor { value: value.clone(), key: after.key }));
    }
    // A word that is gone since: the page begins with the next one.
    let compared = |word: &str| (word.to_lowercase(), word.to_owned());
    let is_behind = |other: &str| {
        let order = compared(other).cmp(&compared(word));
        other.is_empty() || if descending { order.is_lt() } else { order.is_gt() }
    };
    (stretches.iter().position(|stretch| stretch.word.as_deref().is_some_and(is_behind)).unwrap_or(last), None)
}

/// The reading of a stretch.
struct Read<'a> {
    rows: &'a Rows,
    stretch: &'a Stretch,
    narrowed: Narrowed<'a>,
    moment: &'a Moment,
    looked_at: u64,
    computed: u64,
}

impl Read<'_> {
    /// Reads until there is one beyond the page; false where too many rows were looked at before.
    fn until(
        &mut self,
        db: &Reader<'_>,
        after: Option<&Cursor>,
        descending: bool,
        size: usize,
        found: &mut Found,
    ) -> Result<bool, StoreError> {
        let Read { rows, stretch, narrowed, .. } = *self;
        let key = if stretch.is_of_tag { "t.subject_key" } else { rows.key };
        let keyset = Keyset { column: stretch.column.as_deref(), key, descending };
        // What is sorted is sorted only as far as a page goes.
        let is_cut = narrowed.needle.is_none() && stretch.index.is_none() && !stretch.is_of_tag;
        let mut statement = db.0.prepare_cached(&format!(
            "SELECT {row_key}, {value}, {told}{texts} FROM {from}
             WHERE {in_use} {only} {narrowed_to} {filter} {behind} {order} {limit}",
            row_key = rows.key,
            value = keyset.value(),
            told = self.told(),
            texts = rows.texts,
            from = self.from(),
            in_use = rows.in_use,
            only = stretch.only,
            narrowed_to = narrowed.only.0,
            filter = narrowed.filter.condition,
            behind = keyset.behind(after),
            order = keyset.order(),
            limit = if is_cut { "LIMIT :limit" } else { "" },
        ))?;
        list::bind_cursor(&mut statement, &keyset, after)?;
        narrowed.filter.bind(&mut statement)?;
        stretch.bind(&mut statement)?;
        for (name, text) in narrowed.only.1 {
            list::bind(&mut statement, name, text)?;
        }
        if is_cut {
            list::bind(&mut statement, ":limit", (size + 1 - found.rows.len()) as i64)?;
        }
        if let Some(keys) = narrowed.candidates {
            list::bind(&mut statement, ":keys", list::json_keys(keys.iter().copied()))?;
        }
        let mut read = statement.raw_query();
        let is_computed = stretch.of_word.as_ref().is_some_and(|word| word.computed.is_some());
        while let Some(row) = read.next()? {
            let (key, value) = (row.get(0)?, list::cursor_value(row.get_ref(1)?));
            let here = Cursor { value: self.place(value), key };
            self.computed += u64::from(is_computed);
            if self.is_wanted(row)? {
                found.rows.push((here.clone(), key));
                if found.rows.len() > size {
                    return Ok(true);
                }
            }
            if is_computed && self.computed >= COMPUTED_MAX {
                found.ended = Some(here);
                return Ok(true);
            }
            self.looked_at += 1;
            if self.looked_at >= self.narrowed.rows_max {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What is told of a row beside its value: the tags of the one that has a tag, whether it has a trend's word.
    fn told(&self) -> &str {
        match &self.stretch.of_word {
            _ if self.stretch.is_of_tag => TAGS,
            Some(Word { computed: Some(holds), .. }) => holds,
            _ => "NULL",
        }
    }

    fn from(&self) -> String {
        let Rows { table, key, .. } = self.rows;
        match (self.narrowed.candidates, &self.stretch.index, self.stretch.is_of_tag) {
            // By its key alone: an index of few rows would be gone through for each.
            (Some(_), _, false) => {
                format!("json_each(:keys) AS found CROSS JOIN {table} NOT INDEXED ON {key} = found.value")
            }
            (Some(_), _, true) => format!(
                "json_each(:keys) AS found CROSS JOIN {table} NOT INDEXED ON {key} = found.value
                 CROSS JOIN profile_tags AS t ON t.subject_key = {key}"
            ),
            (None, _, true) => {
                format!(
                    "profile_tags AS t INDEXED BY profile_tags_tag CROSS JOIN {table} NOT INDEXED ON {key} = t.subject_key"
                )
            }
            (None, Some(index), false) => format!("{table} INDEXED BY {index}"),
            (None, None, false) => format!("{table} NOT INDEXED"),
        }
    }

    fn is_wanted(&self, row: &rusqlite::Row<'_>) -> Result<bool, StoreError> {
        if self.stretch.is_of_tag {
            let tags = profiles::tags_in_order(&row.get::<_, String>(2)?);
            if tags.first() != self.stretch.word.as_ref() {
                return Ok(false);
            }
        }
        let is_computed = self.stretch.of_word.as_ref().is_some_and(|word| word.computed.is_some());
        if is_computed && !row.get::<_, Option<bool>>(2)?.unwrap_or(false) {
            return Ok(false);
        }
        Ok(self.narrowed.needle.is_none_or(|needle| needle.is_in(search::texts(row, 3))))
    }

    /// What a cursor says of a row.
    fn place(&self, value: Value) -> Value {
        match &self.stretch.word {
            Some(word) => json!({ "in": word, "at": self.moment.now_ms, "value": value }),
            None => value,
        }
    }
}

/// All tags of the row that a tag was found of.
const TAGS: &str =
    "(SELECT json_group_array(tag) FROM profile_tags WHERE subject = t.subject AND subject_key = t.subject_key)";

#[cfg(test)]
mod tests;
