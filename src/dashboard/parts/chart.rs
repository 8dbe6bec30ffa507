//! Charts: SVG written by the server, coloured by the style sheet. Each has a
//! sentence for those who don't see it, and the large one a table beside it.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::icon::small;
use super::numbers::{counted, number};
use super::times::Clock;
use crate::domain::time;

/// Pixels from one small bar to the next, and of the bar itself.
const STEP: u32 = 4;
const BAR: u32 = 3;

/// The roll: one small bar a day, oldest first, wherever a person or a company stands in a list.
pub fn roll(days: &[u32]) -> Markup {
    let width = days.len() as u32 * STEP - 1;
    html! {
        svg.bars width=(width) height="18" stroke-width=(BAR) role="img" aria-label=(roll_sentence(days)) {
            (bars(days, 18))
        }
    }
}

/// The roll across the whole width of a number's cell.
pub fn wide_roll(days: &[u32]) -> Markup {
    let width = days.len() as u32 * STEP - 1;
    html! {
        svg.bars viewBox={ "0 0 " (width) " 24" } preserveAspectRatio="none" height="24" stroke-width=(BAR)
            role="img" aria-label=(roll_sentence(days)) {
            (bars(days, 24))
        }
    }
}

fn roll_sentence(days: &[u32]) -> String {
    let active = days.iter().filter(|count| **count > 0).count();
    let most = days.iter().max().copied().unwrap_or(0);
    format!("Active on {active} of {} days, {most} at most", days.len())
}

/// One stroked path for the days with activity, one for those without. Heights
/// grow with the square root, so that one busy day does not flatten the others.
fn bars(days: &[u32], height: u32) -> Markup {
    let most = f64::from(days.iter().max().copied().unwrap_or(0).max(1));
    let (mut none, mut some) = (String::new(), String::new());
    for (index, count) in days.iter().enumerate() {
        let x = index as u32 * STEP;
        let (path, bar) = match count {
            0 => (&mut none, 1),
            _ => (&mut some, ((f64::from(*count) / most).sqrt() * f64::from(height)).round().max(3.0) as u32),
        };
        write!(path, "M{x}.5 {height}v-{bar}").expect("a String takes all text");
    }
    html! {
        @if !none.is_empty() { path.z d=(none) {} }
        @if !some.is_empty() { path d=(some) {} }
    }
}

/// A share of a whole, red where it is more than that; decoration beside the number.
pub fn meter(part: u64, whole: u64) -> Markup {
    let percent = (part * 100).checked_div(whole).unwrap_or(0).min(100);
    let class = if part > whole && whole > 0 { "meter bad" } else { "meter" };
    html! {
        svg class=(class) aria-hidden="true" {
            rect.t width="100%" height="100%" rx="3" {}
            rect.f width={ (percent) "%" } height="100%" rx="3" {}
        }
    }
}

/// A day of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// Days since 1970-01-01.
    pub day: i32,
    /// What the bar's height shows.
    pub people: u32,
    /// What only the table says.
    pub events: u32,
}

/// Active people per day, as a card: bars, what a day says on hover, and all of it as a table.
pub fn people_per_day(id: &str, title: &str, bars: &[Bar], clock: Clock) -> Markup {
    let most = bars.iter().map(|bar| bar.people).max().unwrap_or(0);
    let top = round_up(most);
    let step = 100.0 / bars.len().max(1) as f64;
    html! {
        section.card aria-labelledby=(id) {
            header { h2 id=(id) { (title) } }
            div.body {
                div.chart {
                    div.y aria-hidden="true" {
                        @for part in (0..=4).rev() { span { (number(u64::from(top) * part / 4)) } }
                    }
                    svg role="img" aria-labelledby={ (id) "-t" } {
                        title id={ (id) "-t" } { (chart_sentence(title, bars, clock)) }
                        svg height="180" {
                            @for part in 0..4 { line.grid x2="100%" y1={ (part * 25) "%" } y2={ (part * 25) "%" } {} }
                            line class="grid base" x2="100%" y1="100%" y2="100%" {}
                            @for (index, bar) in bars.iter().enumerate() { (column(index, bar, bars.len(), step, top)) }
                        }
                        @for (index, bar) in bars.iter().enumerate() { (label(index, bar, bars.len(), step)) }
                    }
                }
            }
            footer {
                details.fold-body {
                    summary { (small("right")) " As a table" }
                    div.scroll tabindex="0" role="group" aria-label={ (title) ", as a table" } {
                        table.table.dense {
                            thead {
                                tr {
                                    th scope="col" { "Day" }
                                    th.num scope="col" { "People" }
                                    th.num scope="col" { "Events" }
                                }
                            }
                            tbody {
                                @for bar in bars.iter().rev() {
                                    tr {
                                        th scope="row" { (day_text(bar.day)) }
                                        td.num { (number(bar.people)) }
                                        td.num { (number(bar.events)) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn column(index: usize, bar: &Bar, count: usize, step: f64, top: u32) -> Markup {
    let left = index as f64 * step;
    let height = 100.0 * f64::from(bar.people) / f64::from(top);
    let (x, anchor) = match index * 3 / count.max(1) {
        0 => (left, "start"),
        1 => (left + step / 2.0, "middle"),
        _ => (left + step, "end"),
    };
    html! {
        g.day {
            rect.hit x={ (short(left)) "%" } width={ (short(step)) "%" } height="100%" {}
            @if bar.people > 0 {
                rect.b
                    x={ (short(left + step * 0.14)) "%" } y={ (short(100.0 - height)) "%" }
                    width={ (short(step * 0.72)) "%" } height={ (short(height)) "%" } {}
            }
            text.tip x={ (short(x)) "%" } y="-4" text-anchor=(anchor) {
                (day_text(bar.day))
                ": "
                (counted(bar.people, "person", "people"))
            }
        }
    }
}

/// The date below a Monday; every second one is left out where it is narrow.
fn label(index: usize, bar: &Bar, count: usize, step: f64) -> Markup {
    let weeks_from_end = (count - 1 - index) / 7;
    let is_monday = bar.day.rem_euclid(7) == 4;
    let every = if count > 42 { 2 } else { 1 };
    if !is_monday || !weeks_from_end.is_multiple_of(every) {
        return html! {};
    }
    let (at, anchor) = if index + 3 > count { (100.0, "end") } else { ((index as f64 + 0.5) * step, "middle") };
    let class = if (weeks_from_end / every).is_multiple_of(2) { "" } else { "sub" };
    html! {
        text class=(class) x={ (short(at)) "%" } y="200" text-anchor=(anchor) { (time::date(bar.day).format("%-d %b")) }
    }
}

fn chart_sentence(title: &str, bars: &[Bar], clock: Clock) -> String {
    let most = bars.iter().max_by_key(|bar| bar.people);
    let last = bars.last().map_or(0, |bar| bar.people);
    match most {
        Some(most) if most.people > 0 => format!(
            "{title} over {} days: {} at most, on {}; {last} {}",
            bars.len(),
            number(most.people),
            day_text(most.day),
            if bars.last().is_some_and(|bar| bar.day == clock.today()) { "today" } else { "on the last day" }
        ),
        _ => format!("{title} over {} days: nobody", bars.len()),
    }
}

fn day_text(day: i32) -> String {
    time::date(day).format("%a %-d %b").to_string()
}

/// A number with at most two decimals, for an attribute of SVG.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The next number that four lines divide into round parts.
fn round_up(value: u32) -> u32 {
    let mut unit = 4;
    loop {
        for factor in [1, 2, 3, 5] {
            if unit * factor >= value {
                return unit * factor;
            }
        }
        unit *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_has_four_round_parts() {
        for (value, top) in
            [(0, 4), (3, 4), (5, 8), (9, 12), (13, 20), (21, 40), (600, 800), (801, 1_200), (2_100, 4_000)]
        {
            assert_eq!(round_up(value), top, "{value}");
        }
    }

    #[test]
    fn a_roll_says_what_it_shows() {
        let markup = roll(&[0, 1, 4]).into_string();
        assert!(markup.contains("Active on 2 of 3 days, 4 at most"));
        assert!(markup.contains("M0.5 18v-1"), "{markup}");
        assert!(markup.contains("M4.5 18v-9M8.5 18v-18"), "{markup}");
    }
}
