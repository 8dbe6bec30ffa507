//! The form of a draft: how the file is read, what its columns are, how rows meet what is known.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::dashboard::parts::form::{choice, tick};
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::numbers::number;
use crate::dashboard::parts::say::{self, Tone};
use crate::dashboard::parts::values;
use crate::domain::attributes::{self, Owner, Type};
use crate::domain::import::{Dates, Mapping, Policy, Reading, Said, Sniffed, Target, shown};
use crate::domain::table::Kind;
use crate::store::imports::Import;

/// Encodings to choose from: the label, and whose it is.
const ENCODINGS: [(&str, &str); 23] = [
    ("utf-8", "UTF-8"),
    ("utf-16le", "UTF-16, little-endian"),
    ("utf-16be", "UTF-16, big-endian"),
    ("windows-1252", "Windows-1252, western"),
    ("windows-1250", "Windows-1250, central European"),
    ("windows-1251", "Windows-1251, Cyrillic"),
    ("windows-1253", "Windows-1253, Greek"),
    ("windows-1254", "Windows-1254, Turkish"),
    ("windows-1255", "Windows-1255, Hebrew"),
    ("windows-1256", "Windows-1256, Arabic"),
    ("windows-1257", "Windows-1257, Baltic"),
    ("windows-1258", "Windows-1258, Vietnamese"),
    ("windows-874", "Windows-874, Thai"),
    ("iso-8859-2", "ISO-8859-2, central European"),
    ("iso-8859-3", "ISO-8859-3, southern European"),
    ("iso-8859-5", "ISO-8859-5, Cyrillic"),
    ("iso-8859-7", "ISO-8859-7, Greek"),
    ("iso-8859-13", "ISO-8859-13, Baltic"),
    ("iso-8859-15", "ISO-8859-15, western with the euro"),
    ("macintosh", "Macintosh, western"),
    ("koi8-r", "KOI8-R, Cyrillic"),
    ("shift_jis", "Shift JIS"),
    ("gb18030", "GB 18030"),
];
const DELIMITERS: [(&str, &str); 4] = [(",", "Comma"), (";", "Semicolon"), ("\t", "Tab"), ("|", "Bar")];
const DATES: [(&str, &str); 2] = [("dmy", "Day first: 31/12/2026"), ("mdy", "Month first: 12/31/2026")];
/// A part of a policy: its word, what it asks, and its choices in words.
type Part = (&'static str, &'static str, &'static [(&'static str, &'static str)]);
const POLICY: [Part; 4] = [
    (
        "existing",
        "Users and companies already known",
        &[("update", "Update them"), ("fill", "Fill only empty values"), ("skip", "Leave them as they are")],
    ),
    ("empty", "Empty cells", &[("ignore", "Change nothing"), ("clear", "Clear the value")]),
    ("unknown_companies", "Companies not known yet", &[("create", "Create them"), ("refuse", "Refuse the row")]),
    ("memberships", "Companies a row does not name", &[("add", "Users stay in them"), ("replace", "Users leave them")]),
];

/// The form.
pub fn form(import: &Import, sniffed: &Sniffed, known: &[(Owner, String, Type)]) -> Markup {
    html! {
        (reading(import, &sniffed.sheets))
        (first_rows(sniffed))
        form.stack.snug method="post" action={ "/imports/" (import.key.0) } {
            section.card aria-labelledby="columns" {
                header {
                    h2 id="columns" { (number(import.mapping.0.len() as u64)) " columns" }
                    span.muted { "What each one becomes" }
                }
                (columns(import, sniffed, known))
            }
            @if POLICY.iter().any(|(part, ..)| is_asked(import.kind, part)) {
                section.card aria-labelledby="policy" {
                    header { h2 id="policy" { "How rows match existing records" } span.muted { (sentence(import)) } }
                    div.body.stack.snug {
                        @for (part, label, words) in POLICY.iter().filter(|(part, ..)| is_asked(import.kind, part)) {
                            (choice(part, label, words, import.policy.get(part), ""))
                        }
                    }
                }
            } @else {
                p.small.muted { (sentence(import)) }
            }
            div.row {
                button.btn.primary name="do" value="check" { (icon("eye")) " Check" }
                button.btn name="do" value="save" { "Save" }
                span.small.muted { "A check runs it on a copy of the workspace and changes nothing." }
            }
        }
    }
}

/// Rows that are shown as they are read.
const ROWS_SHOWN: usize = 5;

/// The first rows as they are read.
fn first_rows(sniffed: &Sniffed) -> Markup {
    let rows = sniffed.rows.iter().take(ROWS_SHOWN);
    html! {
        section.card aria-labelledby="first-rows" {
            header {
                h2 id="first-rows" { "The first " @if rows.len() == 1 { "row" } @else { (number(rows.len() as u64)) " rows" } }
                span.muted { "As they are read" }
            }
            div.scroll tabindex="0" role="group" aria-labelledby="first-rows" {
                table.table.last aria-labelledby="first-rows" {
                    thead { tr { @for heading in &sniffed.headings { th scope="col" { bdi { (values::cut(heading, 40)) } } } } }
                    tbody {
                        @for row in rows {
                            tr { @for cell in row { td { bdi { (values::cut(&shown(cell), 40)) } } } }
                        }
                    }
                }
            }
        }
    }
}

/// What the columns became and how rows met what was known, of an import that has run.
pub fn as_imported(import: &Import) -> Markup {
    let asked = POLICY.iter().filter(|(part, ..)| is_asked(import.kind, part));
    let word = |part: &str, words: &[(&'static str, &'static str)]| {
        words.iter().find(|(word, _)| *word == import.policy.get(part)).map_or("", |(_, text)| *text)
    };
    html! {
        details.fold-body {
            summary { "Columns, and how rows matched existing records" }
            dl.facts {
                @for column in &import.mapping.0 {
                    div {
                        dt { bdi { (values::cut(&column.heading, 60)) } }
                        dd {
                            @if column.target == Target::Ignore { span.zero { "not imported" } }
                            @else { code.bare { bdi { (column.target) } } }
                        }
                    }
                }
                @for (part, label, words) in asked { div { dt { (label) } dd { (word(part, words)) } } }
            }
            p.body.small.muted { (sentence(import)) }
        }
    }
}

/// Whether a kind of import asks for a part of the policy.
fn is_asked(kind: Kind, part: &str) -> bool {
    match kind {
        // Of an event an empty cell may say that it happened in no company.
        Kind::Events => part == "empty",
        Kind::Attributes | Kind::Visitors | Kind::Notes | Kind::Setup => false,
        Kind::Companies => part != "memberships",
        Kind::Users | Kind::Memberships => true,
    }
}

fn reading(import: &Import, sheets: &[String]) -> Markup {
    let Reading { encoding, delimiter, header, dates, dates_assumed, decimal_comma, sheet } = &import.reading;
    let delimiter = delimiter.to_string();
    let name = |of: &[(&str, &str)], chosen: &str| {
        of.iter().find(|(value, _)| *value == chosen).map_or_else(|| chosen.to_owned(), |(_, name)| (*name).to_owned())
    };
    let is_known = ENCODINGS.iter().any(|(label, _)| label == encoding);
    let own = [(encoding.as_str(), encoding.as_str())];
    let encodings: Vec<(&str, &str)> = if is_known { ENCODINGS.to_vec() } else { [&own[..], &ENCODINGS[..]].concat() };
    let sheets: Vec<(&str, &str)> = sheets.iter().map(|name| (name.as_str(), name.as_str())).collect();
    html! {
        section.card aria-label="How the file is read" {
        @if let Some(doubt) = import.reading.doubt() { div.body { (say::notice(Tone::Warn, &doubt)) } }
        details.fold-body open[sheets.len() > 1 || *dates_assumed] {
            summary {
                span {
                    @match sheet {
                        Some(sheet) => { "The sheet " bdi { (sheet) } }
                        None => { "Read as " (name(&ENCODINGS, encoding)) ", " (name(&DELIMITERS, &delimiter).to_lowercase()) " between cells" }
                    }
                    ", " @if *header { "headings in the first row" } @else { "no headings" }
                    @if sheet.is_none() {
                        ", " (name(&DATES, dates.as_str()).to_lowercase()) ", " @if *decimal_comma { "decimal comma" } @else { "decimal point" }
                    }
                    "."
                }
                " " b { "Change" }
            }
            form.body.stack.snug method="post" action={ "/imports/" (import.key.0) } {
                div.stack.snug {
                    @match sheet {
                        Some(sheet) => (choice("sheet", "Sheet", &sheets, sheet, "")),
                        None => {
                            (choice("encoding", "Encoding", &encodings, encoding, ""))
                            (choice("delimiter", "Between cells", &DELIMITERS, &delimiter, ""))
                        }
                    }
                    (choice("dates", if sheet.is_some() { "Dates written as text" } else { "Dates" }, &DATES, dates.as_str(), "A time without a zone is read in the workspace's."))
                }
                (tick("header", "The first row has headings", "", *header))
                (tick("decimal_comma", if sheet.is_some() { "Numbers written as text use a decimal comma: 1234,5" } else { "Numbers use a decimal comma: 1234,5" }, "", *decimal_comma))
                div.row { button.btn name="do" value="read" { (icon("refresh")) " Read it so" } }
            }
        }
        }
    }
}

fn columns(import: &Import, sniffed: &Sniffed, known: &[(Owner, String, Type)]) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" aria-labelledby="columns" {
            table.table.cards.last aria-labelledby="columns" {
                thead {
                    tr {
                        th scope="col" { "In the file" }
                        th scope="col" { "First values" }
                        th.num scope="col" title="Of the first 500 rows" { "Filled" }
                        th.num scope="col" title="In the first 500 rows" { "Distinct" }
                        th scope="col" { "Becomes" }
                        th scope="col" { "Type, if new" }
                    }
                }
                tbody {
                    @for (place, column) in import.mapping.0.iter().enumerate() {
                        (row(import.kind, place, &column.heading, &column.target, sniffed, known))
                    }
                }
            }
        }
    }
}

fn row(
    kind: Kind,
    place: usize,
    heading: &str,
    target: &Target,
    sniffed: &Sniffed,
    known: &[(Owner, String, Type)],
) -> Markup {
    let cells: Vec<String> =
        sniffed.rows.iter().filter_map(|row| row.get(place)).map(|cell| shown(cell).into_owned()).collect();
    let filled: Vec<&String> = cells.iter().filter(|text| !text.trim().is_empty()).collect();
    let distinct: BTreeSet<&String> = filled.iter().copied().collect();
    let share = (filled.len() * 100 + cells.len() / 2).checked_div(cells.len()).unwrap_or(0);
    let (chosen, typed) = parts(target);
    html! {
        tr {
            th.lead.wrap scope="row" { b { bdi { (values::cut(heading, 60)) } } }
            td.small.muted {
                @for (number, text) in filled.iter().take(3).enumerate() { @if number > 0 { br; } bdi { (values::cut(text, 40)) } }
            }
            td.num data-l="Filled" { (share) " %" }
            td.num.muted data-l="Distinct" { (number(distinct.len() as u64)) }
            td.full {
                select.input name={ "is-" (place) } aria-label={ "What " (heading) " becomes" } {
                    (options(kind, heading, &chosen, known))
                }
            }
            td data-l="Type" {
                select.input.auto name={ "type-" (place) } aria-label={ "Type of " (heading) ", if new" } {
                    option value="" { "as it is" }
                    @for of in Type::ALL { option value=(of.as_str()) selected[typed == Some(of)] { (of.as_str()) } }
                }
            }
        }
    }
}

/// A target without its type, and the type.
fn parts(target: &Target) -> (String, Option<Type>) {
    match target {
        Target::Attribute(owner, name, kind) => (Target::Attribute(*owner, name.clone(), None).to_string(), *kind),
        Target::Property(name, kind) => (Target::Property(name.clone(), None).to_string(), *kind),
        word => (word.to_string(), None),
    }
}

fn options(kind: Kind, heading: &str, chosen: &str, known: &[(Owner, String, Type)]) -> Markup {
    let option = |value: &str, text: &str| html! { option value=(value) selected[value == chosen] { (text) } };
    let words = Target::words(kind).into_iter().map(|word| word.to_string());
    let mut listed: BTreeSet<String> = words.clone().collect();
    let of = |owner: Owner| {
        let names = attributes::standard(owner).iter().map(|(name, _)| (*name).to_owned());
        let defined = known.iter().filter(|(of, ..)| *of == owner).map(|(_, name, _)| name.clone());
        let all: BTreeSet<String> = names.chain(defined).collect();
        let targets = all.into_iter().map(|name| Target::Attribute(owner, name, None));
        targets.filter(|target| target.fits(kind)).map(|target| target.to_string()).collect::<Vec<_>>()
    };
    let groups: Vec<(&str, Vec<String>)> =
        vec![("User", of(Owner::User)), ("Company", of(Owner::Company)), ("Membership", of(Owner::Membership))];
    listed.extend(groups.iter().flat_map(|(_, targets)| targets.iter().cloned()));
    let new = ["user", "company", "membership", "property"].into_iter().filter_map(|of| {
        let target = Target::parse(&format!("{of}.{heading}")).ok().filter(|target| target.fits(kind))?;
        Some(parts(&target).0)
    });
    let new: Vec<String> = new.filter(|target| !listed.contains(target)).collect();
    let is_listed = listed.contains(chosen) || new.iter().any(|target| target == chosen);
    html! {
        @for word in words { (option(&word, if word == "ignore" { "Not imported" } else { &word })) }
        @if !is_listed { (option(chosen, chosen)) }
        @for (name, targets) in groups.iter().filter(|(_, targets)| !targets.is_empty()) {
            optgroup label=(name) { @for target in targets { (option(target, target)) } }
        }
        @if !new.is_empty() {
            optgroup label="New" { @for target in &new { (option(target, target)) } }
        }
    }
}

/// How rows are told whom they are about, and what becomes of what is known.
pub fn sentence(import: &Import) -> String {
    let has = |key: &str| import.mapping.0.iter().any(|column| parts(&column.target).0 == key);
    let user = match (has("user_id"), has("user.email")) {
        (true, true) => "Users are found by user_id, else by e-mail",
        (true, false) => "Users are found by user_id",
        (false, true) => "Users are found by e-mail",
        (false, false) => "No column says which user it is",
    };
    let company = match (has("company_id"), has("company")) {
        (true, _) if has("company.name") || has("company.domain") => {
            "companies by company_id, or by domain or name where a row has none: a new one then takes that as its id"
        }
        (true, _) => "companies by company_id",
        (_, true) => "companies by id, else by domain, else by exact name",
        _ => "no company is named",
    };
    match import.kind {
        Kind::Companies => format!("{}.", capital(company)),
        Kind::Visitors => format!("Visitors are found by anonymous_id; {}.", uncapital(user)),
        Kind::Attributes => "Attributes are found by owner and name.".to_owned(),
        Kind::Setup => "Settings, segments and names are found by their names.".to_owned(),
        Kind::Events => format!("{user}."),
        Kind::Users | Kind::Memberships | Kind::Notes => format!("{user}; {company}."),
    }
}

fn uncapital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The value of a field that was sent.
fn sent<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The mapping that the form says.
///
/// # Errors
/// A sentence: a column can't be that.
pub fn mapping_sent(pairs: &[(String, String)], before: &Mapping) -> Result<Mapping, String> {
    let mut mapping = before.clone();
    for (place, column) in mapping.0.iter_mut().enumerate() {
        let Some(text) = sent(pairs, &format!("is-{place}")) else { continue };
        let of = sent(pairs, &format!("type-{place}")).and_then(Type::parse);
        column.target = match Target::parse(text)? {
            Target::Attribute(owner, name, _) => Target::Attribute(owner, name, of),
            Target::Property(name, _) => Target::Property(name, of),
            word => word,
        };
    }
    Ok(mapping)
}

/// The policy that the form says.
pub fn policy_sent(pairs: &[(String, String)], before: Policy) -> Policy {
    let mut policy = before;
    for (part, _) in Policy::PARTS {
        if let Some(word) = sent(pairs, part) {
            policy.set(part, word);
        }
    }
    policy
}

/// How the file is read, as the form says.
pub fn reading_sent(pairs: &[(String, String)], before: &Reading) -> Said {
    let is_encoding = |label: &&str| *label == before.encoding || ENCODINGS.iter().any(|(known, _)| known == label);
    let is_delimiter = |text: &&str| DELIMITERS.iter().any(|(known, _)| known == text);
    if let Some(sheet) = sent(pairs, "sheet").filter(|sheet| before.sheet.as_deref() != Some(sheet)) {
        return Said { sheet: Some(sheet.to_owned()), ..Said::default() };
    }
    Said::from(Reading {
        encoding: sent(pairs, "encoding").filter(is_encoding).unwrap_or(&before.encoding).to_owned(),
        delimiter: sent(pairs, "delimiter")
            .filter(is_delimiter)
            .and_then(|text| text.chars().next())
            .unwrap_or(before.delimiter),
        header: sent(pairs, "header").is_some(),
        dates: sent(pairs, "dates").and_then(Dates::parse).unwrap_or(before.dates),
        dates_assumed: false,
        decimal_comma: sent(pairs, "decimal_comma").is_some(),
        sheet: before.sheet.clone(),
    })
}
