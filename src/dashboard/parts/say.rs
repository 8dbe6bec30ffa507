//! What the program says: alerts, empty states, the strip.

use maud::{Markup, html};

use super::icon::icon;

/// How it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Done, present.
    Good,
    /// Careful.
    Warn,
    /// Refused.
    Bad,
    /// Good to know.
    Info,
    /// Nothing yet.
    None,
}

impl Tone {
    /// Its class.
    pub fn class(self) -> &'static str {
        match self {
            Tone::Good => "good",
            Tone::Warn => "warn",
            Tone::Bad => "bad",
            Tone::Info => "info",
            Tone::None => "",
        }
    }

    fn icon(self) -> &'static str {
        match self {
            Tone::Good => "check",
            Tone::Warn | Tone::Bad => "alert",
            Tone::Info | Tone::None => "info",
        }
    }
}

/// A heading and what follows from it. It is read out when it appears.
pub fn alert(tone: Tone, heading: &str, body: Markup) -> Markup {
    let role = if tone == Tone::Bad { "alert" } else { "status" };
    html! {
        div class={ "alert " (tone.class()) } role=(role) {
            (icon(tone.icon()))
            p { b { (heading) } }
            div { (body) }
        }
    }
}

/// A heading alone.
pub fn notice(tone: Tone, heading: &str) -> Markup {
    let role = if tone == Tone::Bad { "alert" } else { "status" };
    html! { div class={ "alert " (tone.class()) } role=(role) { (icon(tone.icon())) p { b { (heading) } } } }
}

/// A dot that says how it stands, beside words that say it too.
pub fn beat(tone: Tone) -> Markup {
    let class = if tone == Tone::Good { "beat".to_owned() } else { format!("beat tone {}", tone.class()) };
    html! { span class=(class) {} }
}

/// An empty place within a page: the cause, and one thing to do.
pub fn nothing(heading: &str, body: Markup) -> Markup {
    html! { div.empty { (art()) h2 { (heading) } (body) } }
}

/// A page that has nothing to show: what, why, what next.
pub fn nothing_here(heading: &str, body: Markup) -> Markup {
    html! { div.empty.tall { (art()) h1 { (heading) } (body) } }
}

/// A roll on which nobody has answered.
pub fn art() -> Markup {
    html! {
        svg.art viewBox="0 0 176 64" aria-hidden="true" {
            rect.p x="1" y="1" width="174" height="62" rx="8" {}
            @for row in 0..3 {
                circle cx="20" cy=(18 + row * 14) r="4" {}
                path.out d=(art_row(18 + row * 14 - 4, 14, |_| true)) {}
            }
        }
    }
}

/// A roll with people on it, for the pages before the first.
pub fn wide_art() -> Markup {
    let present = |row: usize, day: usize| !matches!((row * 7 + day * 5 + day * day * (row + 2)) % 11, 0 | 3 | 5 | 8);
    html! {
        svg.art viewBox="14 12 328 56" aria-hidden="true" {
            @for row in 0..4_usize {
                @let y = 18 + row * 14;
                circle cx="20" cy=(y) r="4" {}
                path.out d=(art_row(y - 4, 34, |day| !present(row, day))) {}
                path.in d=(art_row(y - 4, 34, |day| present(row, day))) {}
            }
        }
    }
}

fn art_row(y: usize, days: usize, drawn: impl Fn(usize) -> bool) -> String {
    (0..days).filter(|day| drawn(*day)).map(|day| format!("M{} {y}h5v8h-5z", 38 + day * 9)).collect()
}
