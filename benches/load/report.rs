//! Markdown: the goals and what was measured.

/// One line of the table of goals.
pub struct Goal {
    /// Its number in the list of goals.
    pub number: &'static str,
    /// What was measured, in words.
    pub what: String,
    /// The figure.
    pub measured: f64,
    /// Decimals of the figures.
    pub decimals: usize,
    /// Unit of the figures, with its space.
    pub unit: &'static str,
    /// On which side of the goal it shall be.
    pub side: Side,
    /// The goal.
    pub goal: f64,
    /// What it must reach at least; none where the figure is only reported.
    pub floor: Option<f64>,
}

/// On which side of a figure is good.
#[derive(Clone, Copy, PartialEq)]
pub enum Side {
    AtMost,
    AtLeast,
}

impl Goal {
    fn verdict(&self) -> &'static str {
        let reached = |limit: f64| match self.side {
            Side::AtMost => self.measured <= limit,
            Side::AtLeast => self.measured >= limit,
        };
        match self.floor {
            _ if reached(self.goal) => "goal reached",
            None => "goal not reached",
            Some(floor) if reached(floor) => "floor reached",
            Some(_) => "**not reached**",
        }
    }
}

/// The table of goals.
pub fn goals(goals: &[Goal]) {
    println!("| goal | what | measured | goal | floor | |");
    println!("|---|---|---|---|---|---|");
    for goal in goals {
        let sign = if goal.side == Side::AtMost { "≤" } else { "≥" };
        let figure = |figure: f64| format!("{figure:.*}{}", goal.decimals, goal.unit);
        let floor = goal.floor.map_or_else(|| "report".to_owned(), |floor| format!("{sign} {}", figure(floor)));
        println!(
            "| {} | {} | {} | {sign} {} | {floor} | {} |",
            goal.number,
            goal.what,
            figure(goal.measured),
            figure(goal.goal),
            goal.verdict()
        );
    }
    println!();
}
