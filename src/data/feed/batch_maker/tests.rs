//! Tests of the batches.

use super::super::loader::Loader;
use super::super::pseudo_labels::PseudoMasks;
use super::*;
use crate::data::{Journal, Project};
use crate::domain::{Choice as _, Edit, LabelBook, Mask, Sampling, Strategy, Stroke, UNLABELLED};

const SIDE: u32 = 16;

/// Two tiles without masks, 64×48 and 96×80 pixels, with these labels of single pixels.
fn set(labels: &[(&str, u8, [f32; 2])]) -> (tempfile::TempDir, Arc<Project>, Arc<TrainingSet>) {
    let dir = tempfile::tempdir().unwrap();
    for (id, size) in [("a", [64, 48]), ("b", [96, 80])] {
        let image = image::RgbImage::from_fn(size[0], size[1], |x, y| image::Rgb([x as u8, y as u8, 7]));
        image.save(dir.path().join(format!("{id}.png"))).unwrap();
    }
    let project = Arc::new(Project::open(dir.path()).unwrap());
    let mut book = LabelBook::default();
    labels.iter().for_each(|(tile, class, at)| drop(book.apply(click(tile, *class, *at))));
    let sampling = Sampling { strategy: Strategy::OwnLabelsOnly, seed: 1 };
    let set = TrainingSet::new(Arc::clone(&project), vec![0, 1], InputSize::Crop(SIDE), sampling, book);
    set.tiles().into_iter().for_each(|tile| set.count(tile));
    (dir, project, Arc::new(set))
}

fn click(tile: &str, class: u8, at: [f32; 2]) -> Edit {
    Edit::Begin(Stroke { tile: tile.to_owned(), class: Some(class), radius: 0.0, path: vec![at] })
}

fn plan() -> BatchPlan {
    BatchPlan {
        count: 4,
        batches: Batches::Classes,
        scales: false,
        flips: true,
        quarter_turns: true,
        warp: WarpPlan::default(),
        exists: false,
        jitter: 0.0,
        seed: 3,
    }
}

/// Turns, shifts and zooms of every second crop and more.
fn any_way() -> WarpPlan {
    WarpPlan { rotation: 180.0, probability: 0.5, shift: 0.0625, scale: 0.1, rotate: 45.0 }
}

fn maker(set: &Arc<TrainingSet>, plan: BatchPlan) -> BatchMaker {
    BatchMaker::new(Arc::clone(set), plan, Arc::default())
}

/// χ² of counts that should be equal.
fn chi_square(counts: &[u32]) -> f64 {
    let mean = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
    counts.iter().map(|&n| (f64::from(n) - mean).powi(2) / mean).sum()
}

#[test]
fn classes_are_alike_however_many_labels_each_has() {
    let many = (0..30).map(|i| ("b", 0, [2.5 + i as f32, 40.5])).collect::<Vec<_>>();
    let (_dir, _, set) = set(&[many, vec![("a", 1, [60.5, 2.5])]].concat());
    let mut maker = maker(&set, plan());
    let mut counts = [0; 2];
    for number in 0..500 {
        let batch = maker.make(number).unwrap();
        for crop in batch.targets.chunks((SIDE * SIDE) as usize) {
            let class = crop.iter().find(|class| **class != UNLABELLED).expect("every crop holds a label");
            counts[usize::from(*class)] += 1;
        }
    }
    assert!(chi_square(&counts) < 10.83, "{counts:?}: exceeded once in a thousand");
}

#[test]
fn a_label_lies_anywhere_in_its_crop_as_far_as_the_tile_allows() {
    let mut random = Stream::new(5);
    let mut starts = |label: [u32; 2]| {
        let mut counts = std::collections::BTreeMap::<i64, u32>::new();
        for _ in 0..6000 {
            let [x, y] = around(label, [64, 48], SIDE, &mut random);
            assert!((0..=48).contains(&x) && (0..=32).contains(&y), "{x} {y} is outside the tile");
            *counts.entry(x).or_default() += 1;
        }
        counts
    };
    let inside = starts([30, 20]);
    assert_eq!(inside.keys().copied().collect::<Vec<_>>(), (15..=30).collect::<Vec<_>>());
    assert!(chi_square(&inside.into_values().collect::<Vec<_>>()) < 37.7, "15 degrees of freedom, once in a thousand");
    let near = starts([5, 47]);
    assert_eq!(near.keys().copied().collect::<Vec<_>>(), (0..=5).collect::<Vec<_>>());
    assert!(chi_square(&near.into_values().collect::<Vec<_>>()) < 20.5, "5 degrees of freedom");
    assert_eq!(starts([63, 47]).into_keys().collect::<Vec<_>>(), [48]);
    assert_eq!(around([3, 3], [64, 8], 128, &mut random), [-32, -60], "a smaller tile is centred");
}

#[test]
fn crops_of_dense_labels_lie_anywhere_in_the_tile() {
    let every = (0..64 * 48).step_by(5).map(|at| ("a", 1, [(at % 64) as f32 + 0.5, (at / 64) as f32 + 0.5]));
    let (_dir, _, set) = set(&every.collect::<Vec<_>>());
    let mut maker = maker(&set, BatchPlan { batches: Batches::Tiles, ..plan() });
    let [mut columns, mut rows] = [vec![0; 49], vec![0; 33]];
    for origin in (0..1500).flat_map(|number| maker.make(number).unwrap().origins) {
        columns[origin.cut.corner[0] as usize] += 1;
        rows[origin.cut.corner[1] as usize] += 1;
    }
    assert!(chi_square(&columns) < 84.1, "48 degrees of freedom, once in a thousand: {columns:?}");
    assert!(chi_square(&rows) < 62.5, "32 degrees of freedom: {rows:?}");
}

#[test]
fn a_single_label_in_a_corner_is_in_every_crop_at_every_scale() {
    let (_dir, _, set) = set(&[("a", 1, [63.5, 47.5])]);
    for &batches in Batches::ALL {
        let mut maker = maker(&set, BatchPlan { batches, scales: true, jitter: 0.5, warp: any_way(), ..plan() });
        let mut scales = [0; 5];
        for number in 0..100 {
            let batch = maker.make(number).unwrap();
            assert_eq!(batch.labelled, 4);
            assert!(batch.images.iter().all(|value| value.is_finite()));
            batch.origins.iter().for_each(|origin| scales[origin.cut.scale as usize] += 1);
        }
        assert!(scales[1] > 150 && scales[2] > 60 && scales[4] > 60 && scales[3] == 0, "{scales:?}");
    }
}

#[test]
fn batches_are_the_same_for_any_number_of_threads_and_wherever_a_loader_begins() {
    let labels = [("a", 0, [3.5, 3.5]), ("a", 1, [60.5, 40.5]), ("b", 1, [50.5, 50.5])];
    let (_dir, _, set) = set(&labels);
    for batches in Batches::ALL {
        let plan = BatchPlan { batches: *batches, scales: true, jitter: 0.3, warp: any_way(), ..plan() };
        let batches = |first, threads| {
            let mut loader = Loader::start(Arc::clone(&set), plan, first, threads, || {}).unwrap();
            let batches = (first..7).map(|_| loader.next_batch().map(|batch| (batch.images, batch.targets)).unwrap());
            let batches = batches.collect::<Vec<_>>();
            assert_eq!(loader.taken(), 7);
            batches
        };
        let all = batches(0, 1);
        for first in 0..7 {
            assert!(batches(first, 3) == all[first..], "from {first}: {plan:?}");
        }
    }
}

#[test]
fn batches_say_which_pixels_exist_if_they_are_asked() {
    // A tile of 64×48 pixels is smaller than the crop at a quarter of the resolution.
    let (_dir, _, set) = set(&[("a", 0, [3.5, 3.5])]);
    assert!(maker(&set, plan()).make(0).unwrap().exists.is_empty());
    let mut maker = maker(&set, BatchPlan { exists: true, scales: true, warp: any_way(), ..plan() });
    let mut shares = Vec::new();
    for batch in (0..20).map(|number| maker.make(number).unwrap()) {
        assert_eq!(batch.exists.len(), batch.targets.len());
        let mut pixels = batch.exists.iter().zip(batch.images.chunks((SIDE * SIDE) as usize).step_by(3).flatten());
        assert!(pixels.all(|(exists, red)| !exists || *red != 0.0), "what exists has a colour");
        let existing = batch.exists.iter().filter(|exists| **exists).count();
        shares.push(existing as f64 / batch.targets.len() as f64);
    }
    assert!(shares.iter().any(|share| *share < 1.0) && shares.iter().all(|share| *share > 0.2), "{shares:?}");
}

#[test]
fn labels_that_change_during_a_run_are_drawn_from_then_on() {
    let (_dir, project, set) = set(&[("a", 0, [3.5, 3.5])]);
    let mut window = Journal::open(&project).unwrap().0;
    let mut trainer = Journal::open_to_follow(&project).unwrap().0;
    let mut maker = maker(&set, plan());
    let mut classes = |from: usize| {
        let targets = (from..from + 10).flat_map(|number| maker.make(number).unwrap().targets);
        targets.filter(|class| *class != UNLABELLED).collect::<BTreeSet<_>>()
    };
    assert_eq!(classes(0), [0].into());
    window.append(&click("b", 1, [90.5, 70.5])).unwrap();
    set.follow(&mut trainer).unwrap();
    assert_eq!(classes(10), [0, 1].into());
    window.append(&Edit::Undo).unwrap();
    set.follow(&mut trainer).unwrap();
    assert_eq!(classes(20), [0].into());
}

#[test]
fn pseudo_labels_lie_where_the_image_does_and_give_way_to_labels() {
    let (_dir, _, set) = set(&[("a", 0, [30.5, 20.5]), ("b", 1, [50.5, 40.5])]);
    let columns = |width: u32, height: u32| {
        Mask::from_vec(width, height, (0..height).flat_map(|_| (0..width).map(|x| x as u8)).collect()).unwrap()
    };
    let masks = [(0, columns(64, 48)), (1, columns(96, 80))].into();
    set.pseudo_labels().replace(PseudoMasks { masks, classes: vec![0, 1] });
    let mut makers =
        [maker(&set, BatchPlan { scales: true, ..plan() }), maker(&set, BatchPlan { warp: any_way(), ..plan() })];
    let area = (SIDE * SIDE) as usize;
    let batches = makers.iter_mut().flat_map(|maker| (0..50).map(move |number| maker.make(number).unwrap()));
    for batch in batches {
        assert_eq!(batch.pseudo.classes, [0, 1]);
        for (crop, labels) in batch.pseudo.labels.chunks(area).enumerate() {
            let red = &batch.images[3 * crop * area..][..area];
            for (at, &label) in labels.iter().enumerate() {
                let is_labelled = batch.targets[crop * area + at] != UNLABELLED;
                let column = (red[at] * normalize::STD[0] + normalize::MEAN[0]) * 255.0;
                let is_outside = red[at] == 0.0;
                assert_eq!(label == UNLABELLED, is_labelled || is_outside, "crop {crop}, pixel {at}");
                assert!(label == UNLABELLED || (column - f32::from(label)).abs() <= 2.0, "{label} at column {column}");
            }
        }
    }
}
