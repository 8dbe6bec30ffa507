//! What came of an import, or would come of it.

use maud::{Markup, html};
use serde_json::Value;

use crate::dashboard::links;
use crate::dashboard::parts::numbers::{cell, counted, number};
use crate::dashboard::parts::values;
use crate::domain::filter::Listed;
use crate::domain::import::{Column, Counts, Report, Target, shown};
use crate::store::imports::{Import, Refusal};

/// The counts, as a table.
pub fn counts(report: &Report) -> Markup {
    let small = |count: u64| cell(u32::try_from(count).unwrap_or(u32::MAX));
    html! {
        div.scroll tabindex="0" role="group" aria-label="What happens to the rows" {
            table.table.cards aria-label="What happens to the rows" {
                thead {
                    tr {
                        th scope="col" { "By row" }
                        th.num scope="col" title="Not known yet" { "New" }
                        th.num scope="col" title="Something about them changes" { "Changed" }
                        th.num scope="col" title="The file has nothing new" { "Unchanged" }
                        th.num scope="col" title="Already known, left as they are" { "Skipped" }
                        th.num scope="col" title="The row is refused" { "Refused" }
                    }
                }
                tbody {
                    @for (name, of) in report.counts().into_iter().filter(|(_, of)| !of.is_empty()) {
                        tr {
                            th.lead scope="row" { (name) }
                            td.num data-l="New" { (small(of.created)) }
                            td.num data-l="Changed" { (small(of.updated)) }
                            td.num data-l="Unchanged" { (small(of.unchanged)) }
                            td.num data-l="Skipped" { (small(of.skipped)) }
                            td.num data-l="Refused" { (small(of.refused)) }
                        }
                    }
                }
            }
        }
    }
}

/// What was not taken, with the file of it, and what else a person should know; of a check what would be.
pub fn refused(number_of: i64, report: &Report, is_check: bool) -> Markup {
    html! {
        @for remark in report.remarks(is_check) { p { bdi { (remark) } } }
        @if report.refused_rows + report.refused_values > 0 {
            p {
                (counted(report.refused_rows, "row", "rows")) " refused, and "
                (counted(report.refused_values, "cell", "cells")) @if report.refused_values == 1 { " in another. " } @else { " in others. " }
                a href={ "/imports/" (number_of) "/refused" } download="" { "Download the rows with reasons (CSV)" }
                ", fix them and import them again."
            }
        }
        @if !report.new_attributes.is_empty() {
            p { "New attributes: " @for (place, name) in report.new_attributes.iter().enumerate() { @if place > 0 { ", " } code.bare { bdi { (name) } } } }
        }
    }
}

/// The first rows and cells that were not taken: where each stands, and what would be taken.
pub fn errors(import: &Import, refusals: &[Refusal]) -> Markup {
    html! {
        @if !refusals.is_empty() {
            div.scroll tabindex="0" role="group" aria-label="What was refused" {
                table.table.cards aria-label="What was refused" {
                    thead {
                        tr {
                            th.num scope="col" { "Row" }
                            th scope="col" { "Column" }
                            th scope="col" { "Value in the file" }
                            th scope="col" { "Why it was refused" }
                        }
                    }
                    tbody {
                        @for refusal in refusals {
                            @let column = column_of(import, &refusal.field);
                            @let cell = column.and_then(|place| refusal.cells.get(place)).map(shown);
                            tr {
                                th.lead.num scope="row" data-l="Row" { (number(refusal.row)) }
                                td data-l="Column" {
                                    @match column {
                                        Some(place) => b { bdi { (values::cut(&import.mapping.0[place].heading, 40)) } },
                                        None if refusal.field.is_empty() => span.muted { "the whole row" },
                                        None => b { bdi { (values::cut(&refusal.field, 40)) } },
                                    }
                                }
                                td data-l="Value" {
                                    @match cell.as_deref() {
                                        _ if column.is_none() => span.zero { "–" },
                                        Some("") | None => span.zero { "nothing" },
                                        Some(text) => bdi { (values::cut(text, 40)) },
                                    }
                                }
                                td.full.wrap { (refusal.detail) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The column of a file that a refusal is about: by its heading, by what it becomes, or by the attribute's name.
fn column_of(import: &Import, field: &str) -> Option<usize> {
    let named = |is_it: &dyn Fn(&Column) -> bool| import.mapping.0.iter().position(is_it);
    if field.is_empty() {
        return None;
    }
    named(&|column| column.heading == field)
        .or_else(|| named(&|column| column.target.to_string() == field))
        .or_else(|| named(&|column| matches!(&column.target, Target::Attribute(_, name, _) if name == field)))
}

/// The lists of whom an import made or changed.
pub fn touched(number_of: i64, report: &Report) -> Markup {
    let any = |of: &[&Counts]| of.iter().any(|counts| counts.created + counts.updated > 0);
    let lists: Vec<(Listed, &str)> = [
        (Listed::Users, "the users", any(&[&report.users, &report.memberships])),
        (Listed::Companies, "the companies", any(&[&report.companies])),
    ]
    .into_iter()
    .filter_map(|(listed, name, is_any)| is_any.then_some((listed, name)))
    .collect();
    html! {
        @if !lists.is_empty() {
            p {
                "See " @for (place, (listed, name)) in lists.iter().enumerate() {
                    @if place > 0 { " and " }
                    a href=(links::of_import(*listed, number_of)) { (name) }
                }
                " that it created or changed. Those with nothing new in the file are not included."
            }
        }
    }
}

/// The first changes of what is known.
pub fn examples(report: &Report) -> Markup {
    let told = |value: &Value| {
        html! {
            @match value {
                Value::Null => span.zero { "none" },
                Value::String(text) => bdi { (values::cut(text, 60)) },
                other => bdi { (values::cut(&other.to_string(), 60)) },
            }
        }
    };
    html! {
        @if !report.examples.is_empty() {
            details.fold-body {
                summary { "The first " (number(report.examples.len() as u64)) " changes to existing records" }
                div.scroll tabindex="0" role="group" aria-label="Changes" {
                    table.table aria-label="Changes" {
                        thead { tr { th scope="col" { "Of" } th scope="col" { "Field" } th scope="col" { "Before" } th scope="col" { "After" } } }
                        tbody {
                            @for example in &report.examples {
                                tr {
                                    th scope="row" { (example.kind) " " bdi { (values::cut(&example.id, 60)) } }
                                    td { code.bare { bdi { (example.field) } } }
                                    td.muted { (told(&example.before)) }
                                    td { (told(&example.after)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
