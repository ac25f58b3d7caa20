//! Which tiles were learned from and which were scored.

use std::collections::BTreeMap;

use crate::charts::markup::escaped;
use crate::domain::blocks::HeldOut;
use crate::domain::count::counted;
use crate::study::compare::Comparison;

/// A split, and how many runs have it.
struct Part<'a> {
    train: &'a [String],
    val: &'a [String],
    held_out: &'a BTreeMap<String, HeldOut>,
    runs: usize,
}

/// The splits of the runs, each once, with the ids of the tiles to unfold.
pub(super) fn text(comparison: &Comparison) -> String {
    let mut parts: Vec<Part<'_>> = Vec::new();
    for run in &comparison.runs {
        let (train, val, held_out) = (run.split.train.as_slice(), run.split.val.as_slice(), &run.split.held_out);
        match parts.iter_mut().find(|part| part.train == train && part.val == val && part.held_out == held_out) {
            Some(part) => part.runs += 1,
            None => parts.push(Part { train, val, held_out, runs: 1 }),
        }
    }
    let is_one = parts.len() == 1;
    parts.iter().map(|part| part_text(part, is_one)).collect()
}

fn part_text(part: &Part<'_>, is_one: bool) -> String {
    let whose = if is_one { String::new() } else { format!("{}: ", counted(part.runs as u64, "run")) };
    let tiles = |tiles: &[String]| counted(tiles.len() as u64, "tile");
    let list = |name: &str, ids: &[String]| {
        let ids: Vec<String> = ids.iter().map(|id| escaped(id)).collect();
        format!("<p class=\"ids\"><b>{name}</b> {}</p>", if ids.is_empty() { "–".to_owned() } else { ids.join(" · ") })
    };
    let blocks = match part.held_out.len() as u64 {
        0 => String::new(),
        number => format!(
            "; blocks divide {}: pixels that are scored, and a margin around them, are not learned from",
            counted(number, "tile")
        ),
    };
    format!(
        "<details><summary>{whose}{} learned from, {} scored{blocks}</summary>\n{}\n{}</details>\n",
        tiles(part.train),
        tiles(part.val),
        list("train", part.train),
        list("validation", part.val)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RunConfig;
    use crate::study::compare::Entry;
    use crate::study::compare::run::tests::run;

    #[test]
    fn equal_splits_are_told_once_and_ids_are_escaped() {
        let with = |val: &str| {
            let mut run = run("a", RunConfig::demo(), 0.5, &[]);
            (run.split.train, run.split.val) = (vec!["x".to_owned(), "y".to_owned()], vec![val.to_owned()]);
            Entry::from(run)
        };
        let one = text(&Comparison::of("t", vec![with("<v>"), with("<v>")]));
        assert!(one.contains("2 tiles learned from, 1 tile scored") && one.contains("&lt;v&gt;"), "{one}");
        let two = text(&Comparison::of("t", vec![with("v"), with("w"), with("w")]));
        assert_eq!(two.matches("<details>").count(), 2);
        assert!(two.contains("2 runs: "), "{two}");
    }

    #[test]
    fn tiles_that_are_learned_from_and_scored_are_told() {
        let mut run = run("a", RunConfig::demo(), 0.5, &[]);
        (run.split.train, run.split.val) = (vec!["x".to_owned()], vec!["x".to_owned()]);
        run.split.held_out = [("x".to_owned(), HeldOut::default())].into();
        let text = text(&Comparison::of("t", vec![Entry::from(run)]));
        assert!(text.contains("1 tile scored; blocks divide 1 tile:"), "{text}");
    }
}
