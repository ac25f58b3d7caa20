//! What the data of a comparison cannot show, said plainly.

use std::collections::BTreeSet;

use crate::study::compare::{ComparedRun, Comparison, scored};

/// Tiles, or scenes of touching tiles, below which one of them decides a score.
const FEW_TILES: usize = 10;
/// Seeds below which a standard deviation is a guess.
const FEW_SEEDS: usize = 5;
/// Steps below which a run is short.
const FEW_STEPS: u64 = 2000;

/// Sentences, each about one limit.
pub(super) fn sentences(comparison: &Comparison) -> Vec<String> {
    let all = [runs, tiles, selection, seeds, unfinished, steps, labels, classes, devices, published];
    all.iter().filter_map(|limit| limit(comparison)).collect()
}

fn runs(comparison: &Comparison) -> Option<String> {
    let planned: usize = comparison.groups.iter().map(|group| group.planned).sum();
    let missing = planned - comparison.runs.len().min(planned);
    (missing > 0).then(|| format!("{missing} of {planned} planned runs are missing: means over seeds will change."))
}

fn tiles(comparison: &Comparison) -> Option<String> {
    let runs = || comparison.runs.iter().filter(|run| !run.split.val.is_empty());
    let least = runs().min_by_key(|run| scenes(run))?;
    if scenes(least) >= FEW_TILES {
        return None;
    }
    let few = scored_on(least);
    let places = "little of other places, seasons or sensors";
    Some(if scored::are_the_same(runs()) {
        format!(
            "Scores are measured on {few}. With so few, a single scene decides them: they rank configurations on these tiles, and say \
             {places}."
        )
    } else {
        format!(
            "Runs are scored on different pixels, some only on {few}. With so few, a single scene decides a score: it says {places}."
        )
    })
}

/// Scenes that a run is scored on, or tiles where it is not known which touch.
fn scenes(run: &ComparedRun) -> usize {
    let tiles = run.split.val.len();
    run.further().map(|further| further.parts).filter(|parts| *parts > 0).unwrap_or(tiles).min(tiles)
}

fn scored_on(run: &ComparedRun) -> String {
    let (scenes, scored) = (scenes(run), run.split.val.len());
    let tiles = if scored == 1 { "one tile".to_owned() } else { format!("{scored} tiles") };
    let tiles = if scored::is_in_blocks(run) { format!("blocks of {tiles}") } else { tiles };
    match scenes {
        1 if scored > 1 => format!("{tiles} of one scene"),
        _ if scenes < scored => format!("{tiles} of {scenes} scenes"),
        _ => tiles,
    }
}

fn selection(comparison: &Comparison) -> Option<String> {
    let has_scores = comparison.runs.iter().any(|run| run.best_miou().is_some());
    has_scores.then(|| {
        "The best mIoU is the highest of several evaluations on the tiles that chose it, and is optimistic; the final mIoU chooses \
         nothing. Nothing here was measured on test tiles."
            .to_owned()
    })
}

fn seeds(comparison: &Comparison) -> Option<String> {
    let counts = comparison.groups.iter().map(|group| group.members.len()).filter(|members| *members > 0);
    let (least, most) = (counts.clone().min()?, counts.max()?);
    match most {
        1 => Some(
            "Each configuration was run once: there is no spread, and a difference between two may be that of their seeds."
                .to_owned(),
        ),
        _ if least < FEW_SEEDS => Some(format!(
            "With {} a configuration, a standard deviation is itself uncertain; differences within about two of them are not shown \
             to be any.",
            if least == most { format!("{most} runs") } else { format!("{least} to {most} runs") }
        )),
        _ => None,
    }
}

fn unfinished(comparison: &Comparison) -> Option<String> {
    let number = comparison.runs.iter().filter(|run| !run.is_complete()).count();
    (number > 0).then(|| {
        format!("Of the runs, {number} did not reach their end. They stand by themselves, with the scores of a part of their training.")
    })
}

fn steps(comparison: &Comparison) -> Option<String> {
    let steps = comparison.runs.iter().filter_map(|run| run.metrics.last()).map(|row| row.step).max()?;
    (steps < FEW_STEPS).then(|| {
        format!("Runs end after at most {steps} steps. With longer training, scores rise and the order of configurations may change.")
    })
}

fn labels(comparison: &Comparison) -> Option<String> {
    let is_sampled = |run: &ComparedRun| {
        let strategy = run.config.label_sampling().strategy;
        !matches!(strategy, crate::domain::Strategy::Full | crate::domain::Strategy::OwnLabelsOnly)
    };
    comparison.runs.iter().any(is_sampled).then(|| {
        "Sparse labels are drawn at random from full masks. People label what they see first and avoid boundaries: their clicks may \
         teach more or less than as many random pixels."
            .to_owned()
    })
}

fn classes(comparison: &Comparison) -> Option<String> {
    let is_scored = |class: &String| comparison.runs.iter().any(|run| run.iou(class).is_some());
    let missing: Vec<String> = comparison.classes().into_iter().filter(|class| !is_scored(class)).collect();
    let has_runs = comparison.runs.iter().any(|run| run.last().is_some());
    (has_runs && !missing.is_empty())
        .then(|| format!("No scored tile shows {}: mean IoU is without.", missing.join(", ")))
}

fn devices(comparison: &Comparison) -> Option<String> {
    let names: BTreeSet<&str> =
        comparison.runs.iter().filter_map(|run| Some(run.summary.as_ref()?.device.name.as_str())).collect();
    (names.len() > 1).then(|| "Runs were made on different devices: their minutes cannot be compared.".to_owned())
}

fn published(comparison: &Comparison) -> Option<String> {
    (!comparison.published.is_empty()).then(|| {
        "Published rows are quoted. They were measured by their authors, on their hardware and with their split, by what the \
         publication calls the score."
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RunConfig;
    use crate::study::compare::Entry;
    use crate::study::compare::run::tests::run;

    #[test]
    fn small_studies_say_what_they_are_too_small_for() {
        let mut one = run("a", RunConfig::demo(), 0.5, &[0.5, f64::NAN]);
        one.split.val = vec!["7".to_owned()];
        let told = sentences(&Comparison::of("t", vec![Entry::from(one)])).join("\n");
        for part in
            ["on one tile", "run once", "at most 20 steps", "drawn at random", "shows agriculture_land, ", "optimistic"]
        {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(!told.contains("devices") && !told.contains("Published") && !told.contains("missing"), "{told}");
    }

    #[test]
    fn seeds_that_draw_tiles_and_runs_that_were_stopped_are_told() {
        let with = |name: &str, seed: u64, val: &str| {
            let mut run = run(name, RunConfig { seed, ..RunConfig::demo() }, 0.5, &[0.5]);
            run.split.val = vec![val.to_owned()];
            run
        };
        let told = |runs: [ComparedRun; 2]| {
            sentences(&Comparison::of("t", runs.into_iter().map(Entry::from).collect())).join("\n")
        };
        let drawn = told([with("a", 0, "7"), with("b", 1, "8")]);
        assert!(drawn.contains("different pixels, some only on one tile") && !drawn.contains("rank"), "{drawn}");
        let same = told([with("a", 0, "7"), with("b", 1, "7")]);
        assert!(
            !same.contains("different pixels")
                && same.contains("measured on one tile")
                && !same.contains("reach their end"),
            "{same}"
        );
        let killed = ComparedRun { summary: None, ..with("b", 1, "7") };
        assert!(told([with("a", 0, "7"), killed]).contains("1 did not reach their end"));
    }
}
