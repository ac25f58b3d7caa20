//! Reference: PyTorch 2.15 in double precision; Dice, Jaccard and focal loss by the formulas of [`Mixture`] and autograd.

use super::*;
use crate::domain::hash::Stream;
use crate::train::loss::probe::{assert_close, assert_same_gradient, by};

/// Logits `[2, 3, 2, 2]`, the labels of their pixels, and class weights.
const LOGITS: [f32; 24] = [
    -2.56, -2.61, 2.33, 0.6, -1.37, 2.79, 1.27, -1.97, -2.03, 1.83, -1.99, -0.34, //
    -1.44, 0.99, 1.78, -1.24, 1.56, 1.68, -1.06, -2.67, 0.26, -1.81, -1.09, -0.46,
];
const INDICES: [u8; 8] = [0, 255, 2, 1, 255, 255, 1, 1];
const CLASS_WEIGHTS: [f32; 3] = [0.5, 1.25, 2.0];

const ALL: Mixture = Mixture {
    cross_entropy: 0.25,
    label_smoothing: 0.1,
    focal: 1.5,
    focal_gamma: 2.0,
    dice: 0.5,
    jaccard: 0.75,
    error_dice: 2.0,
};

/// Loss and gradient by our operator, checked against Burn's.
fn of(logits: &[f32], shape: [usize; 4], targets: Targets<'_>, terms: &Mixture) -> (f32, Vec<f32>) {
    let (value, gradient) = by(|logits, targets| mixture(logits, targets, terms), logits, shape, targets);
    let (burns, burns_gradient) = by(|logits, targets| by_burn(logits, targets, terms), logits, shape, targets);
    assert_close(&[value], &[f64::from(burns)]);
    assert_same_gradient(&gradient, &burns_gradient.into_iter().map(f64::from).collect::<Vec<_>>());
    (value, gradient)
}

fn loss(logits: &[f32], terms: &Mixture) -> (f32, Vec<f32>) {
    let targets = Targets { indices: &INDICES, class_weights: &CLASS_WEIGHTS, competes: &[true; 3] };
    of(logits, [2, 3, 2, 2], targets, terms)
}

/// One term at a time, and all of them.
fn each_and_all() -> [Mixture; 6] {
    let smoothed = Mixture { cross_entropy: 1.0, label_smoothing: 0.1, ..Mixture::NONE };
    let [focal, dice] = [Mixture { focal: 1.0, ..Mixture::NONE }, Mixture { dice: 1.0, ..Mixture::NONE }];
    let [jaccard, error_dice] =
        [Mixture { jaccard: 1.0, ..Mixture::NONE }, Mixture { error_dice: 1.0, ..Mixture::NONE }];
    [smoothed, focal, dice, jaccard, error_dice, ALL]
}

#[test]
fn smoothed_cross_entropy_equals_pytorch() {
    let terms = Mixture { cross_entropy: 1.0, label_smoothing: 0.1, ..Mixture::NONE };
    let (value, gradient) = loss(&LOGITS, &terms);
    assert_close(&[value], &[3.1965503052]);
    let want = [
        -0.0592975, 0.0, 0.2238446, 0.1336508, 0.043853, 0.0, 0.0718095, -0.1762335, 0.0154445, 0.0, -0.2956541,
        0.0425827, 0.0, 0.0, 0.1766855, 0.0557995, 0.0, 0.0, -0.1761879, -0.1726752, 0.0, 0.0, -0.0004976, 0.1168757,
    ];
    assert_close(&gradient, &want);
}

#[test]
fn focal_loss_equals_pytorch() {
    let terms = Mixture { focal: 1.0, ..Mixture::NONE };
    let (value, gradient) = loss(&LOGITS, &terms);
    assert_close(&[value], &[3.0716365333]);
    let want = [
        -0.0794153, 0.0, 0.2518495, 0.162278, 0.0523554, 0.0, 0.0872547, -0.2256682, 0.0270599, 0.0, -0.3391043,
        0.0633903, 0.0, 0.0, 0.2135694, 0.0708083, 0.0, 0.0, -0.2256785, -0.2252748, 0.0, 0.0, 0.0121092, 0.1544664,
    ];
    assert_close(&gradient, &want);
}

#[test]
fn focal_loss_below_a_power_of_one_equals_pytorch() {
    let terms = Mixture { focal: 1.0, focal_gamma: 0.5, ..Mixture::NONE };
    let (value, gradient) = loss(&LOGITS, &terms);
    assert_close(&[value], &[3.2663457304]);
    let want = [
        -0.0717284, 0.0, 0.2395346, 0.1435001, 0.0472877, 0.0, 0.0829881, -0.1995552, 0.0244407, 0.0, -0.3225227,
        0.0560551, 0.0, 0.0, 0.188824, 0.0620245, 0.0, 0.0, -0.1995301, -0.1973293, 0.0, 0.0, 0.0107061, 0.1353048,
    ];
    assert_close(&gradient, &want);
}

#[test]
fn dice_equals_pytorch() {
    let terms = Mixture { dice: 1.0, ..Mixture::NONE };
    let (value, gradient) = loss(&LOGITS, &terms);
    assert_close(&[value], &[0.9383394877]);
    let want = [
        -0.0242326, 0.0, 0.0022683, 0.0071603, 0.0171096, 0.0, 0.0006656, -0.008218, 0.007123, 0.0, -0.0029339,
        0.0010577, 0.0, 0.0, 0.0081933, 0.0046545, 0.0, 0.0, -0.0083257, -0.0106419, 0.0, 0.0, 0.0001324, 0.0059875,
    ];
    assert_close(&gradient, &want);
}

#[test]
fn jaccard_equals_pytorch() {
    let terms = Mixture { jaccard: 1.0, ..Mixture::NONE };
    let (value, gradient) = loss(&LOGITS, &terms);
    assert_close(&[value], &[0.9678088914]);
    let want = [
        -0.0132619, 0.0, 0.001151, 0.003927, 0.0093736, 0.0, 0.000332, -0.0044941, 0.0038884, 0.0, -0.001483,
        0.0005671, 0.0, 0.0, 0.004484, 0.0025567, 0.0, 0.0, -0.0045536, -0.005818, 0.0, 0.0, 0.0000696, 0.0032614,
    ];
    assert_close(&gradient, &want);
}

#[test]
fn error_weighted_dice_equals_pytorch_where_all_pixels_are_wrong() {
    let terms = Mixture { error_dice: 1.0, ..Mixture::NONE };
    let (value, gradient) = loss(&LOGITS, &terms);
    assert_close(&[value], &[0.8814991118]);
    let want = [
        -0.0233192, 0.0, 0.0021011, 0.0055323, 0.0150503, 0.0, 0.0005251, -0.0079411, 0.0082688, 0.0, -0.0026262,
        0.0024088, 0.0, 0.0, 0.0074914, 0.0031057, 0.0, 0.0, -0.0079634, -0.0104741, 0.0, 0.0, 0.0004721, 0.0073684,
    ];
    assert_close(&gradient, &want);
}

#[test]
fn error_weighted_dice_equals_pytorch_where_one_pixel_is_wrong() {
    let terms = Mixture { error_dice: 1.0, ..Mixture::NONE };
    let (value, gradient) = loss(&LOGITS.map(|logit| -logit), &terms);
    assert_close(&[value], &[0.3596968987]);
    let want = [
        -0.0430402, 0.0, 0.002013, 0.0059502, 0.0139104, 0.0, 0.0036047, -0.012976, 0.0291298, 0.0, -0.0056177,
        0.0070258, 0.0, 0.0, 0.0114053, 0.015949, 0.0, 0.0, -0.0811036, -0.0189261, 0.0, 0.0, 0.0696983, 0.0029771,
    ];
    assert_close(&gradient, &want);
}

#[test]
fn a_mixture_equals_pytorch() {
    let terms = ALL;
    let (value, gradient) = loss(&LOGITS.map(|logit| -logit), &terms);
    assert_close(&[value], &[1.4559862026]);
    let want = [
        -0.22594, 0.0, 0.0084137, 0.0288518, 0.0732909, 0.0, 0.0179028, -0.0788375, 0.1526491, 0.0, -0.0263165,
        0.0499858, 0.0, 0.0, 0.0328692, 0.0835702, 0.0, 0.0, -0.3379316, -0.1074166, 0.0, 0.0, 0.3050623, 0.0238464,
    ];
    assert_close(&gradient, &want);
}

#[test]
fn plain_cross_entropy_is_the_same_by_either_operator() {
    let terms = Mixture { cross_entropy: 2.0, ..Mixture::NONE };
    assert!(terms.is_plain_cross_entropy() && !ALL.is_plain_cross_entropy());
    let (fused, gradient) = loss(&LOGITS, &terms);
    let smoothed = Mixture { label_smoothing: 1e-12, ..terms };
    let (by_mixture, its_gradient) = loss(&LOGITS, &smoothed);
    assert_close(&[fused], &[f64::from(by_mixture)]);
    assert_close(&gradient, &its_gradient.into_iter().map(f64::from).collect::<Vec<_>>());
}

#[test]
fn focal_loss_with_exponent_0_is_cross_entropy() {
    let (focal, gradient) = loss(&LOGITS, &Mixture { focal: 1.0, focal_gamma: 0.0, ..Mixture::NONE });
    let (plain, its_gradient) = loss(&LOGITS, &Mixture { cross_entropy: 1.0, ..Mixture::NONE });
    assert_close(&[focal], &[f64::from(plain)]);
    assert_close(&gradient, &its_gradient.into_iter().map(f64::from).collect::<Vec<_>>());
}

#[test]
fn unlabelled_pixels_get_exactly_zero_gradient() {
    for terms in each_and_all() {
        let (_, gradient) = loss(&LOGITS, &terms);
        for (at, value) in gradient.iter().enumerate() {
            let is_labelled = INDICES[at / 12 * 4 + at % 4] < 255;
            assert!((value.abs() > 0.0) == is_labelled, "{terms:?} at {at}: {value}");
        }
    }
}

#[test]
fn a_batch_without_labels_is_zero_and_finite() {
    let targets = Targets { indices: &[255; 2], class_weights: &[1.0; 2], competes: &[true; 2] };
    for terms in each_and_all() {
        let (value, gradient) = of(&[1e4, -1e4, 3.0, 0.0], [1, 2, 1, 2], targets, &terms);
        assert!(value == 0.0 && gradient.iter().all(|value| *value == 0.0), "{terms:?}: {value} {gradient:?}");
    }
}

#[test]
fn a_label_of_weight_zero_counts_as_unlabelled() {
    for terms in each_and_all() {
        let with = |indices: &[u8], class_weights: &[f32]| {
            let targets = Targets { indices, class_weights, competes: &[true; 2] };
            of(&[0.3, -1.0, 2.0, 0.1], [1, 2, 1, 2], targets, &terms)
        };
        let (ignored, unlabelled) = (with(&[0, 1], &[1.0, 0.0]), with(&[0, 255], &[1.0, 0.0]));
        assert_eq!(ignored, unlabelled, "{terms:?}");
    }
}

#[test]
fn a_class_that_does_not_compete_is_as_if_it_did_not_exist() {
    let [first, middle, last] = [[0.3, -1.0, 2.0], [0.1, 5.0, 0.7], [-4.0, 0.2, 9.0]];
    for terms in each_and_all() {
        let targets =
            Targets { indices: &[0, 2, 255], class_weights: &[1.0, 9.0, 2.0], competes: &[true, false, true] };
        let (value, gradient) = of(&[first, middle, last].concat(), [1, 3, 1, 3], targets, &terms);
        let without = Targets { indices: &[0, 1, 255], class_weights: &[1.0, 2.0], competes: &[true; 2] };
        let (want, of_two) = of(&[first, last].concat(), [1, 2, 1, 3], without, &terms);
        assert_close(&[value], &[f64::from(want)]);
        let kept = [&gradient[..3], &gradient[6..]].concat();
        assert_close(&kept, &of_two.into_iter().map(f64::from).collect::<Vec<_>>());
        assert!(gradient[3..6].iter().all(|value| *value == 0.0), "{gradient:?}");
    }
}

#[test]
fn a_perfect_prediction_has_no_loss_and_confident_ones_stay_finite() {
    let (sure, shape) = ([200.0, -200.0, -200.0, 200.0], [2, 2, 1, 1]);
    let of = |terms: &Mixture, indices: [u8; 2]| {
        let targets = Targets { indices: &indices, class_weights: &[1.0; 2], competes: &[true; 2] };
        by(|logits, targets| mixture(logits, targets, terms), &sure, shape, targets)
    };
    for terms in each_and_all() {
        for focal_gamma in [0.0, 0.5, 1.0, 2.0] {
            let terms = Mixture { focal_gamma, label_smoothing: 0.0, ..terms };
            let ((right, gradient), (wrong, its_gradient)) = (of(&terms, [0, 1]), of(&terms, [1, 0]));
            assert!(right.abs() < 1e-6 && wrong > 0.5, "{terms:?}: {right} {wrong}");
            let all = [gradient, its_gradient].concat();
            assert!(all.iter().all(|value| value.is_finite()), "{terms:?}: {all:?}");
        }
    }
}

#[test]
fn a_nan_logit_makes_the_loss_nan() {
    let targets = Targets { indices: &[0], class_weights: &[1.0; 2], competes: &[true; 2] };
    for terms in each_and_all() {
        let (value, _) =
            by(|logits, targets| mixture(logits, targets, &terms), &[1.0, f32::NAN], [1, 2, 1, 1], targets);
        assert!(value.is_nan(), "{terms:?}");
    }
}

/// Burn's operators on an image large enough to reach every fast path, and ours on any number of threads.
#[test]
fn large_sparse_images_agree_and_threads_change_nothing() {
    let shape = [4, 5, 48, 64];
    let mut random = Stream::new(7);
    let logits: Vec<f32> = (0..shape.iter().product()).map(|_| random.below(600) as f32 / 100.0 - 3.0).collect();
    let label = |random: &mut Stream| if random.below(20) == 0 { random.below(4) as u8 } else { 255 };
    let indices: Vec<u8> = (0..4 * 48 * 64).map(|_| label(&mut random)).collect();
    let targets = Targets { indices: &indices, class_weights: &[0.5, 1.0, 2.0, 0.25, 1.5], competes: &[true; 5] };
    for terms in each_and_all() {
        of(&logits, shape, targets, &terms);
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
            pool.install(|| by(|logits, targets| mixture(logits, targets, &terms), &logits, shape, targets))
        };
        assert!(on(1) == on(3), "{terms:?}");
    }
}
