//! Forms: a label over a field, a hint or what is wrong with it below.

use maud::{Markup, html};

use super::icon::small;

/// What was wrong with a form, and with which of its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The field's name.
    pub field: &'static str,
    /// The sentence for the person who fills it in.
    pub sentence: String,
}

impl Mistake {
    /// A mistake in a field.
    pub fn new(field: &'static str, sentence: impl Into<String>) -> Mistake {
        Mistake { field, sentence: sentence.into() }
    }
}

/// A field that takes one line.
#[derive(Debug, Clone, Copy, Default)]
pub struct Line<'a> {
    /// Its name in the form, and its id.
    pub name: &'static str,
    /// Its label.
    pub label: &'a str,
    /// `text` where it is empty.
    pub kind: &'static str,
    /// What stands in it.
    pub value: &'a str,
    /// A sentence below it.
    pub hint: &'a str,
    /// What a browser may fill in.
    pub autocomplete: &'static str,
    /// It must be filled in.
    pub required: bool,
    /// Characters at least.
    pub least: Option<u32>,
    /// The id of a list of suggestions.
    pub list: Option<&'static str>,
    /// An example within it.
    pub placeholder: &'a str,
}

impl Line<'_> {
    /// The field, with what is wrong with it.
    pub fn draw(&self, mistake: Option<&Mistake>) -> Markup {
        let wrong = mistake.filter(|mistake| mistake.field == self.name);
        let kind = if self.kind.is_empty() { "text" } else { self.kind };
        html! {
            div.field {
                label for=(self.name) { (self.label) }
                input.input.tall type=(kind) id=(self.name) name=(self.name)
                    value=[(!self.value.is_empty()).then_some(self.value)]
                    autocomplete=[(!self.autocomplete.is_empty()).then_some(self.autocomplete)]
                    placeholder=[(!self.placeholder.is_empty()).then_some(self.placeholder)]
                    list=[self.list] minlength=[self.least] required[self.required]
                    aria-invalid=[wrong.map(|_| "true")] aria-describedby=[described(self.name, self.hint, wrong)];
                (below(self.name, self.hint, wrong))
            }
        }
    }
}

fn described(name: &str, hint: &str, wrong: Option<&Mistake>) -> Option<String> {
    (wrong.is_some() || !hint.is_empty()).then(|| format!("{name}-note"))
}

fn below(name: &str, hint: &str, wrong: Option<&Mistake>) -> Markup {
    html! {
        @if let Some(wrong) = wrong {
            p.error id={ (name) "-note" } { (small("alert")) span { (wrong.sentence) } }
        } @else if !hint.is_empty() {
            p.hint id={ (name) "-note" } { (hint) }
        }
    }
}

/// A field of several lines, one thing a line.
pub fn lines(name: &'static str, label: &str, values: &[String], hint: &str, mistake: Option<&Mistake>) -> Markup {
    let wrong = mistake.filter(|mistake| mistake.field == name);
    html! {
        div.field {
            label for=(name) { (label) }
            textarea.input id=(name) name=(name) rows=(values.len().clamp(2, 8)) spellcheck="false" autocapitalize="off"
                aria-invalid=[wrong.map(|_| "true")] aria-describedby=[described(name, hint, wrong)] {
                    (values.join("\n"))
                }
            (below(name, hint, wrong))
        }
    }
}

/// A field of several lines of text.
pub fn long(name: &'static str, label: &str, text: &str, hint: &str, mistake: Option<&Mistake>) -> Markup {
    let wrong = mistake.filter(|mistake| mistake.field == name);
    html! {
        div.field {
            label for=(name) { (label) }
            textarea.input id=(name) name=(name) rows=(text.lines().count().clamp(3, 16))
                aria-invalid=[wrong.map(|_| "true")] aria-describedby=[described(name, hint, wrong)] { (text) }
            (below(name, hint, wrong))
        }
    }
}

/// A choice of a few words: value, what it says.
pub fn choice(name: &'static str, label: &str, options: &[(&str, &str)], chosen: &str, hint: &str) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            select.input.tall id=(name) name=(name) aria-describedby=[described(name, hint, None)] {
                @for (value, text) in options { option value=(value) selected[*value == chosen] { (text) } }
            }
            (below(name, hint, None))
        }
    }
}

/// A field that takes one of some names, which it suggests.
pub fn datalist(name: &'static str, label: &str, names: &[String], hint: &str) -> Markup {
    let list = format!("{name}-names");
    html! {
        div.field {
            label for=(name) { (label) }
            input.input.tall id=(name) name=(name) list=(list) required autocomplete="off"
                aria-describedby=[described(name, hint, None)];
            datalist id=(list) { @for name in names { option value=(name) {} } }
            (below(name, hint, None))
        }
    }
}

/// A yes or no. A box that is not ticked sends nothing, which the handler reads as no.
pub fn tick(name: &'static str, label: &str, hint: &str, ticked: bool) -> Markup {
    html! {
        div.field {
            label.check {
                input
                    type="checkbox" id=(name) name=(name) value="true" checked[ticked]
                    aria-describedby=[described(name, hint, None)];
                " "
                (label)
            }
            (below(name, hint, None))
        }
    }
}

/// The IANA names of time zones, as suggestions for a field.
pub fn time_zones() -> Markup {
    html! {
        datalist id="zones" {
            @for zone in chrono_tz::TZ_VARIANTS.iter().filter(|zone| zone.name().contains('/')) {
                option value=(zone.name()) {}
            }
        }
    }
}
