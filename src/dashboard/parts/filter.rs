//! The filter of a list: its conditions as chips, a form that adds one, and the whole in words.

use maud::{Markup, html};

use super::icon::small;
use super::list::{Address, Column};
use super::say::{Tone, notice};
use crate::domain::attributes::Owner;
use crate::domain::filter::{
    BuiltIn, Condition, Fact, Field, Fields, Filter, GROUPS_MAX, Join, Kind, Listed, Operator,
};

/// Names of activity that the form offers at most.
pub const EVENTS_MAX: usize = 100;
/// Bytes of names that each group of the form offers at most; any other field is typed.
const GROUP_BYTES_MAX: usize = 2_000;

/// What the form chooses from, and what was filled in wrongly.
#[derive(Debug, Clone)]
pub struct Builder {
    /// The fields of the list.
    pub fields: Fields,
    /// Names of activity, the latest first.
    pub events: Vec<String>,
    /// What was sent and is not a condition.
    pub draft: Option<Draft>,
}

/// A condition as the form sends it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// The field's name.
    pub field: String,
    /// The operator's word.
    pub operator: String,
    /// The value.
    pub value: String,
    /// Of activity: how often at least.
    pub times: String,
    /// Of activity: in how many days.
    pub days: String,
    /// The group that it goes into, from 1; `0` or nothing where into none.
    pub group: String,
    /// Why it is none.
    pub sentence: String,
}

/// The names of the form's fields.
pub const FIELD: &str = "field";
/// The field's name, typed: it goes before the chosen one.
pub const NAMED: &str = "named";
/// The operator.
pub const OPERATOR: &str = "op";
/// The value.
pub const VALUE: &str = "value";
/// How often.
pub const TIMES: &str = "times";
/// In how many days.
pub const DAYS: &str = "days";
/// The group.
pub const GROUP: &str = "into";

impl Builder {
    /// The chips and the form that adds one, for the toolbar.
    pub fn draw<S: Column>(&self, address: &Address<S>) -> Markup {
        html! {
            (chips(address))
            (self.form(address))
        }
    }

    fn form<S: Column>(&self, address: &Address<S>) -> Markup {
        let path = address.path.split_once('?').map_or(address.path.as_str(), |(path, _)| path);
        let draft = self.draft.clone().unwrap_or_default();
        html! {
            details.menu.filter name="tools" open[self.draft.is_some()] {
                summary.chip { (small("plus")) " Filter" }
                form method="get" action=(path) data-filter=(self.fields.listed.as_str()) {
                    (address.kept(""))
                    div.body.stack.snug {
                        @if !draft.sentence.is_empty() { (notice(Tone::Bad, &draft.sentence)) }
                        div.field {
                            label for="filter-field" { "Field" }
                            select.input id="filter-field" name=(FIELD) required { (self.choices(&draft.field)) }
                        }
                        @if self.has_more() {
                            div.field {
                                label for="filter-named" { "Or a field by its name" }
                                input.input id="filter-named" name=(NAMED) autocomplete="off"
                                    placeholder="such as company.plan";
                            }
                        }
                        div.field {
                            label for="filter-op" { "Test" }
                            select.input id="filter-op" name=(OPERATOR) {
                                @for operator in Operator::ALL {
                                    option value=(operator.as_str()) data-kinds=(kinds_of(operator))
                                        selected[operator.as_str() == draft.operator] { (operator.choice()) }
                                }
                            }
                        }
                        div.field data-part="value" {
                            label for="filter-value" { "Value" }
                            input.input id="filter-value" name=(VALUE) value=(draft.value) list="filter-values"
                                autocomplete="off" aria-describedby="filter-value-note";
                            datalist id="filter-values" {}
                            p.hint id="filter-value-note" {
                                "Separate values with commas, two for “between”; days as 14d; dates as 2026-03-01."
                            }
                        }
                        @if self.fields.listed != Listed::Visitors {
                            div.row.tight data-part="often" {
                                span.small.faint { "Activity: at least" }
                                label.vh for="filter-times" { "Times" }
                                input.input.auto id="filter-times" name=(TIMES) type="number" min="1" max="10000"
                                    value=(if draft.times.is_empty() { "1" } else { &draft.times });
                                span.small.faint { "times in" }
                                label.vh for="filter-days" { "Days" }
                                input.input.auto id="filter-days" name=(DAYS) type="number" min="1" max="366"
                                    value=(if draft.days.is_empty() { "30" } else { &draft.days });
                                span.small.faint { "days" }
                            }
                        }
                        @if !address.filter.is_empty() {
                            div.field {
                                label for="filter-group" { "Where" }
                                select.input id="filter-group" name=(GROUP) {
                                    option value="0" { "Along with the others" }
                                    @for (place, group) in address.filter.groups.iter().enumerate() {
                                        option value=(place + 1) selected[draft.group == (place + 1).to_string()] {
                                            "In the brackets with “" (group.conditions[0].in_words()) "”"
                                        }
                                    }
                                    @if address.filter.groups.len() < GROUPS_MAX {
                                        @let next = address.filter.groups.len() + 1;
                                        option value=(next) selected[draft.group == next.to_string()] { "In its own brackets" }
                                    }
                                }
                            }
                        }
                        button.btn.primary { "Add the condition" }
                    }
                }
            }
        }
    }

    /// Whether there are more fields than the form offers.
    fn has_more(&self) -> bool {
        let bytes: usize = self.fields.offered().iter().map(|field| field.to_string().len() + 20).sum();
        bytes > GROUP_BYTES_MAX || self.events_offered("").count() < self.events.len()
    }

    /// The activity that the form offers.
    fn events_offered<'a>(&'a self, chosen: &str) -> impl Iterator<Item = &'a String> {
        let mut bytes = 0;
        self.events.iter().filter(move |event| {
            bytes += event.len() + 20;
            bytes <= GROUP_BYTES_MAX || format!("event.{event}") == chosen
        })
    }

    fn choices(&self, chosen: &str) -> Markup {
        let groups: [(&str, Vec<Field>); 4] = {
            let mut groups =
                [("Built in", vec![]), ("Attributes", vec![]), ("Company", vec![]), ("Membership", vec![])];
            for field in self.fields.offered() {
                let place = match &field {
                    Field::Own(Fact::BuiltIn(_), _) => 0,
                    Field::Own(..) => 1,
                    Field::Company(_) => 2,
                    Field::Membership(_) | Field::Event(_) | Field::Property(_) => 3,
                };
                groups[place].1.push(field);
            }
            for (_, fields) in &mut groups {
                let mut bytes = 0;
                fields.retain(|field| {
                    let name = field.to_string();
                    bytes += name.len() + 20;
                    bytes <= GROUP_BYTES_MAX || name == chosen
                });
            }
            groups
        };
        let is_offered = groups.iter().flat_map(|(_, fields)| fields).any(|field| field.to_string() == chosen);
        html! {
            @if !chosen.is_empty() && !is_offered && self.fields.find(chosen).is_none() {
                option value=(chosen) selected { (chosen) }
            }
            @for (label, fields) in groups.iter().filter(|(_, fields)| !fields.is_empty()) {
                optgroup label=(label) {
                    @for field in fields {
                        @let name = field.to_string();
                        option value=(name) data-kind=(word_of(field.kind())) selected[name == chosen] { (field.in_words()) }
                    }
                }
            }
            @if self.fields.listed != Listed::Visitors && !self.events.is_empty() {
                optgroup label="Activity" {
                    @for event in self.events_offered(chosen) {
                        @let name = Field::Event(event.clone()).to_string();
                        option value=(name) data-kind="activity" selected[name == chosen] { "did " (event) }
                    }
                }
            }
        }
    }
}

/// The kind of a field as the page's script knows it.
fn word_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Email => "text",
        Kind::Number => "number",
        Kind::Boolean => "boolean",
        Kind::Day | Kind::Instant => "date",
        Kind::List => "list",
        Kind::Word(_) => "word",
        Kind::Object => "object",
        Kind::Segment => "segment",
        Kind::Import => "import",
        Kind::Activity => "activity",
        Kind::Property => "property",
    }
}

/// The kinds that take an operator, for the page's script.
fn kinds_of(operator: Operator) -> String {
    let kinds = [
        Kind::Text,
        Kind::Number,
        Kind::Boolean,
        Kind::Day,
        Kind::List,
        Kind::Word(&[]),
        Kind::Object,
        Kind::Segment,
        Kind::Import,
        Kind::Activity,
    ];
    let takes: Vec<&str> = kinds.into_iter().filter(|kind| kind.operators().contains(&operator)).map(word_of).collect();
    takes.join(" ")
}

/// Each condition as a chip that goes away with a click, in brackets where they are; between them how they are joined.
fn chips<S: Column>(address: &Address<S>) -> Markup {
    let filter = &address.filter;
    let parts = filter.conditions.len() + filter.groups.len();
    html! {
        @if parts > 1 { (join_switch(address, None, filter.join)) }
        @for (place, condition) in filter.conditions.iter().enumerate() {
            (chip(condition, &address.filtered(filter.without(None, place))))
        }
        @for (number, group) in filter.groups.iter().enumerate() {
            span.row.tight role="group" aria-label={ "Brackets " (number + 1) } {
                span.faint aria-hidden="true" { "(" }
                @if group.conditions.len() > 1 { (join_switch(address, Some(number), group.join)) }
                @for (place, condition) in group.conditions.iter().enumerate() {
                    (chip(condition, &address.filtered(filter.without(Some(number), place))))
                }
                span.faint aria-hidden="true" { ")" }
            }
        }
    }
}

fn chip(condition: &Condition, without: &str) -> Markup {
    let words = condition.in_words();
    html! {
        span.chip.set title=[explained(&condition.field)] {
            bdi { (words) }
            a href=(without) { (small("x")) span.vh { "Remove the condition " (words) } }
        }
    }
}

/// What a field's words do not say by themselves.
fn explained(field: &Field) -> Option<&'static str> {
    match field {
        Field::Membership(Fact::BuiltIn(BuiltIn::LeftAt)) => Some(
            "Checked for each company the user has left and not joined again; what else is asked of companies then is asked of those",
        ),
        Field::Company(_) | Field::Membership(_) => {
            Some("Checked for each company the user belongs to now: one match is enough")
        }
        Field::Event(_) => Some("Days follow the workspace's time zone; today is the last"),
        Field::Own(Fact::BuiltIn(known), _) => match known {
            BuiltIn::LastSeen | BuiltIn::State => Some("By the hour of the last activity"),
            _ => None,
        },
        Field::Own(..) | Field::Property(_) => None,
    }
}

fn join_switch<S: Column>(address: &Address<S>, group: Option<usize>, join: Join) -> Markup {
    let of = |other: Join| address.filtered(address.filter.joined(group, other));
    html! {
        nav.seg aria-label=(if group.is_some() { "In these brackets" } else { "Conditions" }) {
            a href=(of(Join::All)) aria-current=[(join == Join::All).then_some("true")] { "all of" }
            a href=(of(Join::Any)) aria-current=[(join == Join::Any).then_some("true")] { "any of" }
        }
    }
}

/// The filter as a sentence above the list, which begins with "Users for whom"; nothing where everything is in.
pub fn sentence(noun: &str, filter: &Filter) -> Markup {
    html! {
        @if !filter.is_empty() { p.says { (noun) " this holds: " b { bdi { (filter.in_words()) } } "." } }
    }
}

/// Whose attributes a field is of, where it is one.
pub fn attribute_of(field: &Field) -> Option<(Owner, &str)> {
    match field {
        Field::Own(Fact::Attribute(name, _), listed) => Some((listed.owner()?, name)),
        Field::Company(Fact::Attribute(name, _)) => Some((Owner::Company, name)),
        Field::Membership(Fact::Attribute(name, _)) => Some((Owner::Membership, name)),
        _ => None,
    }
}
