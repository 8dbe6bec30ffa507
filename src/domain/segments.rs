//! Segments: saved filters over users or companies.

use crate::domain::filter::{self, Fields, Filter, FilterError, Listed};
use crate::domain::ids::SegmentKey;
use crate::domain::known_by::KnownBy;

/// Segments of a list at most: somebody's page asks each of them in one statement.
pub const SEGMENTS_MAX: usize = 50;
/// Characters of a name at most.
pub const NAME_CHARS_MAX: usize = 100;

/// A saved filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Our row number.
    pub key: SegmentKey,
    /// Its id in addresses and in the API; it stays when the name changes.
    pub segment_id: String,
    /// What it is a part of: users or companies.
    pub listed: Listed,
    /// Its name.
    pub name: String,
    /// Its filter, as the query of an address says it.
    pub filter: String,
    /// It came with the program, and stays as it is.
    pub is_supplied: bool,
    /// Who made it, by e-mail or by the name of a token.
    pub made_by: String,
    /// Made at, Unix milliseconds.
    pub made_ms: i64,
}

impl Segment {
    /// Its filter as it can be asked; a segment is not made of segments.
    ///
    /// # Errors
    /// It asks for what is not there any more, such as an attribute that was deleted.
    pub fn filter(&self, fields: &Fields) -> Result<Filter, FilterError> {
        read(&self.filter, fields)
    }
}

/// Reads the query of an address as the filter of a segment.
///
/// # Errors
/// As [`filter::parse`].
pub fn read(query: &str, fields: &Fields) -> Result<Filter, FilterError> {
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    filter::parse(pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())), &fields.of_segments())
}

/// Reads the query of an address as the filter of a list, segments and all; a part that is none is refused.
///
/// # Errors
/// A sentence that says what would be taken.
pub fn read_whole(query: &str, fields: &Fields) -> Result<Filter, String> {
    let query = query.trim().trim_start_matches('?');
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    if let Some((name, _)) = pairs.iter().find(|(name, _)| !filter::is_parameter(name)) {
        return Err(format!("{name:?} isn't part of a filter. Use f=FIELD:OP:VALUE, repeated, and match=all or any."));
    }
    let pairs = pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
    filter::parse(pairs, fields).map_err(|error| error.sentence)
}

/// The filter that is saved of what a list shows: what it says of segments is told by their own conditions, so that
/// it goes on to mean the same when they change.
///
/// # Errors
/// A sentence: there is nothing to save, or it asks for segments in a way that conditions can't say.
pub fn saved(filter: &Filter, fields: &Fields) -> Result<String, String> {
    let filter = filter.expanded();
    if filter.is_empty() {
        return Err("A segment needs a condition, or everybody would be in it. Filter the list first.".to_owned());
    }
    let query = filter.query();
    read(&query, fields).map_err(|error| {
        if filter.all_conditions().any(|condition| condition.asks_for_segments()) {
            "A segment can use others only if all of them must match. Take the segment out of the filter, or \
             write its own conditions."
                .to_owned()
        } else {
            error.sentence
        }
    })?;
    Ok(query)
}

/// What stands in a saved filter in the place of what an erased person was known by: a value that nobody has, so that
/// the filter means what it meant.
const ERASED: &str = "(erased)";

/// The fields whose values are ids of people and browsers.
const OF_IDS: [&str; 2] = ["user_id", "anonymous_id"];

/// The query of a filter without what somebody was known by (R13); none where it does not say it.
pub fn without_person(query: &str, known_by: &KnownBy) -> Option<String> {
    let mut is_changed = false;
    let mut without = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let parts: Vec<&str> = value.splitn(3, ':').collect();
        let [field, operator, said] = parts[..] else {
            without.append_pair(&name, &value);
            continue;
        };
        // An id may be any word: only where ids are asked for is it somebody's.
        let is_of_ids = OF_IDS.contains(&field);
        let names = |text: &str| if is_of_ids { known_by.is_in(text) } else { known_by.has_address_in(text) };
        let items = said.split(',').map(|item| if names(item) { ERASED } else { item });
        let kept = match items.collect::<Vec<_>>().join(",") {
            // What has a comma in it is not a list.
            kept if kept == said && names(said) => ERASED.to_owned(),
            kept => kept,
        };
        is_changed |= kept != said;
        without.append_pair(&name, &format!("{field}:{operator}:{kept}"));
    }
    is_changed.then(|| without.finish())
}

/// The name of a segment without what somebody was known by; none where it does not say it.
pub fn name_without_person(name: &str, known_by: &KnownBy) -> Option<String> {
    known_by.has_address_in(name).then(|| ERASED.to_owned())
}

/// A name as it is kept: trimmed, of 1 to 100 characters.
pub fn name_of(text: &str) -> Option<String> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (1..=NAME_CHARS_MAX).contains(&name.chars().count()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn r13_a_filter_forgets_a_person_and_means_what_it_meant() {
        let all = ["Ann@acme.test", "pro", "active", "100"].map(str::to_owned);
        let known_by = KnownBy::new(&all);
        let decoded = |query: &str| {
            let pairs = form_urlencoded::parse(query.as_bytes()).map(|(name, value)| format!("{name}={value}"));
            pairs.collect::<Vec<_>>().join("&")
        };
        for (query, after) in [
            ("f=email%3Ais%3Aann%40acme.test&f=companies:gt:100", "f=email:is:(erased)&f=companies:gt:100"),
            ("g1.f=email:in:bob@x.test,ANN@acme.test&g1.match=any", "g1.f=email:in:bob@x.test,(erased)&g1.match=any"),
            ("f=user_id:is:100", "f=user_id:is:(erased)"),
            ("f=user_id:in:pro,free&f=plan:is:pro", "f=user_id:in:(erased),free&f=plan:is:pro"),
        ] {
            let forgot = without_person(query, &known_by).expect(query);
            assert_eq!(decoded(&forgot), after);
            assert!(read(&forgot, &fields(Listed::Users)).is_ok(), "{forgot}");
        }
        for query in
            ["f=seats:is:100&f=pro:set&f=state:is:new", "f=plan:is:pro", "f=state:is:active", "f=plan:in:pro,x"]
        {
            assert_eq!(without_person(query, &known_by), None, "{query}");
        }
        assert_eq!(name_without_person("Pro", &known_by), None);
        assert_eq!(name_without_person("Deals of ann@acme.test", &known_by).as_deref(), Some(ERASED));
    }

    fn segment(id: &str, listed: Listed, filter: &str) -> Segment {
        Segment {
            key: SegmentKey(1),
            segment_id: id.to_owned(),
            listed,
            name: id.to_uppercase(),
            filter: filter.to_owned(),
            is_supplied: false,
            made_by: String::new(),
            made_ms: 0,
        }
    }

    fn fields(listed: Listed) -> Fields {
        let all: Arc<[Segment]> = Arc::new([
            segment("pros", Listed::Users, "f=company.plan%3Ais%3Apro&f=email:set"),
            segment("either", Listed::Users, "f=email:set&f=name:set&match=any"),
            segment("broken", Listed::Users, "f=colour:is:red"),
            segment("large", Listed::Companies, "f=members:gt:9"),
        ]);
        filter::tests::fields(listed).with_segments(&all)
    }

    fn words(query: &str) -> String {
        let pairs: Vec<(&str, &str)> = query.split('&').map(|pair| pair.split_once('=').unwrap()).collect();
        filter::parse(pairs, &fields(Listed::Users)).unwrap().in_words()
    }

    #[test]
    fn a_filter_asks_for_segments_by_their_ids_and_people_read_their_names() {
        assert_eq!(words("f=segment:is:pros"), "in the segment “PROS”");
        assert_eq!(words("f=segment:not:either"), "not in the segment “EITHER”");
    }

    #[test]
    fn what_is_no_segment_of_the_list_is_refused_with_those_that_there_are() {
        for (listed, text, hint) in [
            (Listed::Users, "segment:is:large", "pros, either, broken"),
            (Listed::Users, "segment:is:broken", "colour"),
            (Listed::Users, "company.segment:is:large", "not a field"),
            (Listed::Companies, "segment:is:pros", "large"),
            (Listed::Visitors, "segment:is:pros", "not a field"),
        ] {
            let error = filter::parse([("f", text)], &fields(listed)).unwrap_err();
            assert!(error.sentence.contains(hint), "{text}: {}", error.sentence);
        }
    }

    #[test]
    fn a_segment_is_saved_by_its_own_conditions_and_never_of_other_segments() {
        let fields = fields(Listed::Users);
        let parse = |pairs: &[(&str, &str)]| filter::parse(pairs.iter().copied(), &fields).unwrap();
        let both = parse(&[("f", "segment:is:pros"), ("f", "segment:is:either"), ("f", "user_id:set")]);
        let query = saved(&both, &fields).unwrap();
        assert_eq!(
            read(&query, &fields).unwrap().in_words(),
            "company plan is pro and has an e-mail and has a user id and (has an e-mail or has a name)"
        );
        for pairs in
            [vec![("f", "segment:not:pros")], vec![("f", "segment:is:pros"), ("f", "name:set"), ("match", "any")]]
        {
            let sentence = saved(&parse(&pairs), &fields).unwrap_err();
            assert!(sentence.contains("only if all of them must match"), "{sentence}");
        }
        assert!(saved(&Filter::default(), &fields).unwrap_err().contains("needs a condition"));
    }

    #[test]
    fn a_name_is_something_to_read() {
        assert_eq!(name_of("  Pays   well "), Some("Pays well".to_owned()));
        assert_eq!((name_of(" \t"), name_of(&"x".repeat(101))), (None, None));
    }
}
