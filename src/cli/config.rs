//! From arguments to the configuration of a run.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;

use super::no_effect;
use super::sampling_args::SamplingArgs;
use super::train_args::TrainArgs;
use crate::domain::config::{Colors, DeviceChoice, InputSize, Length, Preset, Supervision};
use crate::domain::split::Split;
use crate::domain::{Choice as _, RunConfig, Strategy};

impl SamplingArgs {
    /// The strategy that was given, if any.
    pub(super) fn strategy(&self) -> Option<Strategy> {
        let fraction = self.keep.map(Strategy::FractionPerClass);
        let pixels = self.keep_pixels.map(Strategy::FractionOfPixels);
        fraction.or(pixels).or(self.points.map(Strategy::PointsPerClass))
    }
}

impl TrainArgs {
    /// The configuration that these arguments describe.
    pub(super) fn config(&self) -> anyhow::Result<RunConfig> {
        let mut config = match &self.config {
            Some(path) => read_config(path)?,
            None => self.preset.map_or_else(RunConfig::default, Preset::config),
        };
        self.apply_to_data(&mut config)?;
        self.apply_to_model(&mut config);
        self.apply_to_training(&mut config);
        self.apply_supervision(&mut config)?;
        no_effect::refuse_for_run(self, &config)?;
        if config.data.as_os_str().is_empty() {
            anyhow::bail!("no data: give a folder of tiles with --data, such as data/demo");
        }
        Ok(config.with_absolute_paths(Path::new("")))
    }

    fn apply_to_data(&self, config: &mut RunConfig) -> anyhow::Result<()> {
        set(&mut config.data, self.data.clone());
        let named_alone = (!self.val_tile.is_empty()).then_some(0.0);
        set(&mut config.val_ratio, self.val_ratio.or(named_alone));
        set(&mut config.folds, self.folds);
        set(&mut config.fold, self.fold);
        set(&mut config.split_by, self.split_by);
        set(&mut config.block, self.block);
        config.split.extend(self.named_tiles()?);
        set(&mut config.seed, self.seed);
        set(&mut config.sampling.seed, self.seed);
        set(&mut config.device, self.device.clone().map(DeviceChoice::from));
        config.tensorboard |= self.tensorboard;
        set(&mut config.sampling.strategy, self.sampling.strategy());
        if self.ignore.is_some() {
            config.ignore.clone_from(&self.ignore);
        }
        Ok(())
    }

    /// The splits of single tiles. A tile that is named for two of them is refused.
    fn named_tiles(&self) -> anyhow::Result<BTreeMap<String, Split>> {
        let parts = [
            ("--val-tile", &self.val_tile, Split::Val),
            ("--train-tile", &self.train_tile, Split::Train),
            ("--skip-tile", &self.skip_tile, Split::Test),
        ];
        let mut named = BTreeMap::new();
        for (option, id, split) in
            parts.iter().flat_map(|(option, ids, split)| ids.iter().map(move |id| (option, id, *split)))
        {
            if let Some((other, _)) = named.insert(id.clone(), (option, split)).filter(|(_, before)| *before != split) {
                anyhow::bail!("{other} and {option} both name '{id}': drop one of them");
            }
        }
        Ok(named.into_iter().map(|(id, (_, split))| (id, split)).collect())
    }

    fn apply_to_model(&self, config: &mut RunConfig) {
        if self.init_from.is_some() {
            config.init_from.clone_from(&self.init_from);
        }
        set(&mut config.init_checkpoint, self.init_checkpoint);
        set(&mut config.model.arch, self.arch);
        set(&mut config.model.encoder, self.encoder.clone());
        set(&mut config.model.base, self.base);
        set(&mut config.model.levels, self.levels);
        if config.model.encoder.is_pretrained() {
            config.model.colors = Colors::ImageNet; // Whatever the configuration says of a network without.
        }
        set(&mut config.model.colors, self.colors);
        set(&mut config.model.in_channels, self.in_channels);
        set(&mut config.model.norm, self.norm);
        set(&mut config.model.upsampling, self.upsampling);
        if self.arch.is_some() || self.encoder.is_some() {
            config.model.deep_supervision &= config.model.is_nested(); // Whatever the configuration says of another one.
        }
        config.model.deep_supervision |= self.deep_supervision;
    }

    fn apply_to_training(&self, config: &mut RunConfig) {
        let train = &mut config.train;
        set(&mut train.label_smoothing, self.label_smoothing);
        set(&mut train.focal_gamma, self.focal_gamma);
        set(&mut train.crf_radius, self.crf_radius);
        set(&mut train.crf_sigma_xy, self.crf_sigma_xy);
        set(&mut train.crf_sigma_rgb, self.crf_sigma_rgb);
        set(&mut train.class_weights, self.class_weights.clone());
        set(&mut train.length, self.epochs.map(Length::Epochs).or(self.steps.map(Length::Steps)));
        set(&mut train.evaluate_every, self.evaluate_every);
        set(&mut train.patience, self.patience);
        set(&mut train.batch, self.batch);
        set(&mut train.accumulate, self.accumulate);
        set(&mut train.precision, self.precision);
        set(&mut train.input, self.resize.map(InputSize::Resize).or(self.crop.map(InputSize::Crop)));
        set(&mut train.optimizer, self.optimizer);
        set(&mut train.lr, self.lr);
        set(&mut train.encoder_lr, self.encoder_lr);
        train.head_start &= !self.no_head_start;
        set(&mut train.pseudo_labels, self.pseudo_labels);
        set(&mut train.weight_decay, self.weight_decay);
        set(&mut train.momentum, self.momentum);
        train.nesterov |= self.nesterov;
        set(&mut train.clip_norm, self.clip_norm);
        set(&mut train.schedule, self.schedule);
        set(&mut train.warm_up, self.warm_up);
        set(&mut train.decay_every, self.decay_epochs.map(Length::Epochs).or(self.decay_steps.map(Length::Steps)));
        set(&mut train.decay_factor, self.decay_factor);
        set(&mut train.decay_power, self.decay_power);
        train.flips &= !self.no_flips;
        train.quarter_turns &= !self.no_quarter_turns;
        set(&mut train.rotation, self.rotation);
        set(&mut train.shift_scale_rotate, self.shift_scale_rotate);
        set(&mut train.shift_limit, self.shift_limit);
        set(&mut train.scale_limit, self.scale_limit);
        set(&mut train.rotate_limit, self.rotate_limit);
        train.keep_aside |= self.keep_aside;
        set(&mut train.batches, self.batches);
        train.scales = (train.scales && !self.no_scales) || self.scales;
        set(&mut train.jitter, self.jitter);
        set(&mut train.ema, self.ema);
        train.score_raw |= self.score_raw;
    }

    /// Several options decide what is learned from. Those that contradict each other are refused.
    fn apply_supervision(&self, config: &mut RunConfig) -> anyhow::Result<()> {
        let own_labels_only = self.own_labels_only.then_some(("--own-labels-only", Supervision::Sparse));
        let by_loss = self.loss.and_then(|loss| loss.supervision).map(|supervision| ("--loss", supervision));
        let given = self.supervision.map(|supervision| ("--supervision", supervision));
        let wanted: Vec<_> = [given, by_loss, own_labels_only].into_iter().flatten().collect();
        if let Some(pair) = wanted.windows(2).find(|pair| pair[0].1 != pair[1].1) {
            let [(one, its), (other, that)] = [pair[0], pair[1]].map(|(option, what)| (option, what.name()));
            anyhow::bail!("{one} asks for {its} supervision, but {other} for {that}: drop one of them");
        }
        if self.own_labels_only {
            config.sampling.strategy = Strategy::OwnLabelsOnly;
        }
        set(&mut config.train.loss, self.loss.map(|loss| loss.weights));
        set(&mut config.train.supervision, wanted.first().map(|(_, supervision)| *supervision));
        Ok(())
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// Reads a configuration file. Its relative paths begin at its folder, wherever the command runs.
fn read_config(path: &Path) -> anyhow::Result<RunConfig> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read the configuration {}", path.display()))?;
    let config = RunConfig::read_strict(&text)
        .map_err(|error| anyhow::anyhow!("cannot use the configuration {}: {}", path.display(), error.trim_end()))?;
    Ok(config.with_absolute_paths(path.parent().unwrap_or(Path::new(""))))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::*;
    use crate::cli::args::{Args, Verb};
    use crate::domain::checkpoint::Checkpoint;
    use crate::domain::config::{
        Arch, Batches, Encoder, LossWeights, ModelConfig, Norm, Optimizer, Precision, Schedule, SplitBy, TrainConfig,
        Upsampling,
    };
    use crate::domain::weights::ClassWeights;
    use crate::domain::{Classes, Notice, Sampling};

    fn config(line: &str) -> anyhow::Result<RunConfig> {
        let args = Args::try_parse_from(line.split_whitespace())?;
        match args.verb {
            Some(Verb::Train(args)) => args.config(),
            other => anyhow::bail!("{other:?} is not train"),
        }
    }

    #[test]
    fn the_arguments_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_switch_of_the_reference_line_reaches_the_configuration() {
        let got = config(
            "pointillist train --data D --out R --arch unet++ --encoder lite0 --base 8 --levels 4 --in-channels 4 --norm group --upsampling nearest --supervision full --loss cross-entropy=0.5,focal=2,dice=0.1,jaccard=0.2,error-dice=0.3,gated-crf=0.4 --crf-radius 3 --crf-sigma-xy 4 --crf-sigma-rgb 0.2 --label-smoothing 0.1 --focal-gamma 3 --keep 0.01 \
             --class-weights 0.5,1,2 --epochs 3 --evaluate-every 2 --patience 4 --batch 2 --accumulate 3 --precision mixed --resize 512 --optimizer sgd --momentum 0.8 --nesterov --lr 0.01 \
             --encoder-lr 0.5 --no-head-start --weight-decay 0 \
             --clip-norm 1.5 --schedule polynomial --warm-up 5 --decay-power 2 --folds 5 --fold 3 --split-by block --block 600 --seed 7 --device cpu --no-flips --rotation 30 --shift-scale-rotate 0.5 --shift-limit 0.1 --scale-limit 0.2 --rotate-limit 15 --keep-aside --batches classes --scales --jitter 0.2 --ema 0.9 --score-raw --ignore water,unknown --ignore rock --init-from W --init-checkpoint last --tensorboard",
        )
        .unwrap();
        let mut want = RunConfig {
            data: std::path::absolute("D").unwrap(),
            folds: 5,
            fold: 3,
            split_by: SplitBy::Block,
            block: 600,
            seed: 7,
            device: DeviceChoice::Cpu,
            tensorboard: true,
            ..RunConfig::default()
        };
        want.ignore = Some(vec!["water,unknown".into(), "rock".into()]);
        (want.init_from, want.init_checkpoint) = (std::path::absolute("W").ok(), Checkpoint::Last);
        want.sampling = Sampling { strategy: Strategy::FractionPerClass(0.01), seed: 7 };
        let (arch, encoder) = (Arch::UNetPlusPlus, Encoder::Lite0);
        want.model = ModelConfig { arch, encoder, base: 8, levels: 4, in_channels: 4, ..ModelConfig::default() };
        (want.model.norm, want.model.upsampling) = (Norm::Group, Upsampling::Nearest);
        want.train = TrainConfig {
            supervision: Supervision::Full,
            loss: LossWeights {
                cross_entropy: 0.5,
                focal: 2.0,
                dice: 0.1,
                jaccard: 0.2,
                error_dice: 0.3,
                gated_crf: 0.4,
            },
            label_smoothing: 0.1,
            focal_gamma: 3.0,
            crf_radius: 3,
            crf_sigma_xy: 4.0,
            crf_sigma_rgb: 0.2,
            class_weights: ClassWeights::Given(vec![0.5, 1.0, 2.0]),
            length: Length::Epochs(3),
            evaluate_every: 2,
            patience: 4,
            batch: 2,
            accumulate: 3,
            precision: Precision::Mixed,
            input: InputSize::Resize(512),
            optimizer: Optimizer::Sgd,
            lr: 0.01,
            encoder_lr: 0.5,
            head_start: false,
            pseudo_labels: 0.0,
            weight_decay: 0.0,
            momentum: 0.8,
            nesterov: true,
            clip_norm: 1.5,
            schedule: Schedule::Polynomial,
            warm_up: 5,
            decay_power: 2.0,
            decay_every: Length::Epochs(10),
            decay_factor: 0.1,
            flips: false,
            quarter_turns: true,
            rotation: 30.0,
            shift_scale_rotate: 0.5,
            shift_limit: 0.1,
            scale_limit: 0.2,
            rotate_limit: 15.0,
            keep_aside: true,
            batches: Batches::Classes,
            scales: true,
            jitter: 0.2,
            ema: 0.9,
            score_raw: true,
        };
        assert_eq!(got, want);
    }

    #[test]
    fn options_change_single_values_of_a_preset() {
        let got =
            config("pointillist train --data D --out R --preset few-clicks --no-scales --pseudo-labels 0.5 --steps 50")
                .unwrap();
        let mut want = RunConfig { data: std::path::absolute("D").unwrap(), ..RunConfig::few_clicks() };
        (want.train.scales, want.train.length) = (false, Length::Steps(50));
        want.train.pseudo_labels = 0.5;
        let beside_masks = "pointillist train --data D --out R --loss ce --pseudo-labels 1";
        assert!(config(beside_masks).unwrap_err().to_string().contains("no effect beside full masks"));
        assert_eq!(got, want);
        assert!(config("pointillist train --data D --out R --preset demo --config C").is_err());
    }

    #[test]
    fn a_pretrained_encoder_sees_colours_in_its_own_terms() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c.toml");
        std::fs::write(&file, "data = \"D\"\n[model]\ncolors = \"unit\"").unwrap();
        let colors = |more: &str| {
            let line = format!("pointillist train --out R --config {} {more}", file.display());
            config(&line).unwrap().model.colors
        };
        assert_eq!(colors(""), Colors::Unit);
        assert_eq!(colors("--colors imagenet"), Colors::ImageNet);
        assert_eq!(colors("--encoder lite0"), Colors::ImageNet);
        assert_eq!(colors("--encoder lite0 --colors unit"), Colors::Unit, "which the run refuses with a remedy");
    }

    #[test]
    fn deep_supervision_is_dropped_with_the_network_that_had_it_only() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c.toml");
        let got = |arch: &str, more: &str| {
            std::fs::write(&file, format!("data = \"D\"\n[model]\narch = \"{arch}\"\ndeep_supervision = true"))
                .unwrap();
            let line = format!("pointillist train --out R --config {} {more}", file.display());
            config(&line).unwrap().model
        };
        assert!(got("unet++", "").deep_supervision);
        assert!(!got("unet++", "--arch unet").deep_supervision);
        assert!(got("unet", "").deep_supervision, "which the run refuses with a remedy");
    }

    #[test]
    fn the_names_of_earlier_versions_still_work() {
        let got = |switch: &str| config(&format!("pointillist train --data D --out R {switch}")).unwrap();
        for (earlier, now) in [
            ("--loss pce", "--supervision sparse"),
            ("--loss ce", "--supervision full --loss cross-entropy"),
            ("--clicks-only", "--own-labels-only"),
        ] {
            assert_eq!(got(earlier), got(now), "{earlier}");
        }
        assert_eq!(got("--loss ce").train.supervision, Supervision::Full);
        assert!(got("--clicks-only").is_own_labels_only());
    }

    #[test]
    fn named_tiles_validate_and_no_drawn_ones() {
        let got = config("pointillist train --data D --out R --val-tile a --val-tile x/b --train-tile c --skip-tile d")
            .unwrap();
        assert!(got.val_ratio.abs() < f64::EPSILON);
        let part = |id: &str| got.split.get(id).copied();
        assert_eq!(
            [part("a"), part("x/b"), part("c"), part("d")].map(Option::unwrap),
            [Split::Val, Split::Val, Split::Train, Split::Test]
        );
        let drawn = config("pointillist train --data D --out R --val-tile a --val-ratio 0.2").unwrap();
        assert!((drawn.val_ratio - 0.2).abs() < f64::EPSILON);
        let twice = |switches: &str| config(&format!("pointillist train --data D --out R {switches}"));
        assert!(twice("--val-tile a --val-tile a").is_ok(), "said twice");
        let error = twice("--val-tile a --train-tile b --train-tile a").unwrap_err().to_string();
        assert_eq!(error, "--val-tile and --train-tile both name 'a': drop one of them");
        assert!(twice("--train-tile a --skip-tile a").is_err());
    }

    #[test]
    fn paths_in_a_configuration_begin_at_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("my.toml");
        std::fs::write(&file, "data = \"tiles\"\n[model]\nencoder = \"lite0.pth\"\n").unwrap();
        let line = |more: &str| format!("pointillist train --config {} --out R {more}", file.display());
        let got = config(&line("")).unwrap();
        assert_eq!(
            (got.data, got.model.encoder),
            (dir.path().join("tiles"), Encoder::File(dir.path().join("lite0.pth")))
        );
        assert_eq!(
            config(&line("--data D")).unwrap().data,
            std::path::absolute("D").unwrap(),
            "that of an option here"
        );
    }

    #[test]
    fn a_loss_in_a_file_is_the_one_of_the_command_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("my.toml");
        for terms in [&[("jaccard", 0.75)][..], &[("cross-entropy", 0.25), ("jaccard", 0.75)], &[("focal", 2.0)]] {
            let join =
                |sign: &str| terms.iter().map(|(name, weight)| format!("{name}{sign}{weight:?}")).collect::<Vec<_>>();
            std::fs::write(&file, format!("[train]\nloss = {{ {} }}\n", join(" = ").join(", "))).unwrap();
            let by_file = config(&format!("pointillist train --data D --out R --config {}", file.display())).unwrap();
            let by_option =
                config(&format!("pointillist train --data D --out R --loss {}", join("=").join(","))).unwrap();
            assert_eq!(by_file.train.loss, by_option.train.loss, "{terms:?}");
            let (stored, lost) = RunConfig::read_stored(&std::fs::read_to_string(&file).unwrap()).unwrap();
            assert_eq!((stored.train.loss, lost), (by_option.train.loss, Vec::new()), "{terms:?}");
        }
    }

    #[test]
    fn options_without_effect_are_refused_with_the_remedy() {
        let refusal = |switches: &str| {
            config(&format!("pointillist train --data D --out R {switches}"))
                .map_or_else(|e| e.to_string(), |_| String::new())
        };
        for (switches, remedy) in [
            ("--encoder-lr 0.5", "--encoder lite0"),
            ("--no-head-start", "--encoder lite0"),
            ("--momentum 0.8", "--optimizer sgd"),
            ("--nesterov --optimizer adamw", "--optimizer sgd"),
            ("--label-smoothing 0.1 --loss dice", "give cross-entropy a weight in --loss"),
            ("--focal-gamma 2", "give focal a weight in --loss"),
            ("--crf-sigma-rgb 0.2", "give gated-crf a weight in --loss"),
            ("--class-weights inverse --loss jaccard", "give cross-entropy or focal a weight in --loss"),
            ("--class-weights 1,2,3 --loss dice,error-dice", "give cross-entropy or focal a weight in --loss"),
            ("--decay-epochs 3", "--schedule step"),
            ("--decay-steps 3 --schedule constant", "--schedule step"),
            ("--decay-factor 0.5", "--schedule step"),
            ("--decay-power 2", "--schedule polynomial"),
            ("--score-raw", "--ema 0.99"),
            ("--deep-supervision", "--arch unet++"),
            ("--deep-supervision --arch unet++ --encoder lite0", "--encoder none"),
            ("--shift-limit 0.1", "--shift-scale-rotate 0.5"),
            ("--shift-scale-rotate 0 --rotate-limit 10", "--shift-scale-rotate 0.5"),
        ] {
            assert!(refusal(switches).contains(remedy), "{switches}: {}", refusal(switches));
        }
        assert_eq!(refusal("--preset few-clicks --encoder-lr 0.5"), "", "the preset has an encoder");
        assert_eq!(refusal("--encoder lite0 --no-head-start"), "");
        assert_eq!(refusal("--deep-supervision --arch unet++"), "");
        assert_eq!(refusal("--momentum 0.8 --nesterov --optimizer sgd"), "");
        assert_eq!(refusal("--preset few-clicks --score-raw"), "");
        assert_eq!(refusal("--shift-scale-rotate 1 --scale-limit 0"), "");
        assert_eq!(refusal("--decay-steps 3 --decay-factor 0.5 --schedule step"), "");
        assert_eq!(refusal("--class-weights none --loss jaccard"), "");
        assert_eq!(refusal("--class-weights inverse --loss jaccard,focal=0.5"), "");
        assert_eq!(refusal("--class-weights 0,1,1 --loss jaccard"), "", "a class of weight 0 has no part in any term");
    }

    #[test]
    fn negative_numbers_are_refused_with_the_remedy() {
        let refusal = |switch: &str| match config(&format!("pointillist train --data D --out R {switch}")) {
            Ok(config) => {
                let problems = config.problems(&Classes::deepglobe());
                problems.iter().map(Notice::to_string).collect::<Vec<_>>().join("; ")
            }
            Err(error) => error.to_string(),
        };
        for (switch, words) in [
            ("--keep -1", "A keep ratio of -1 cannot be used"),
            ("--keep-pixels -0.5", "A keep ratio of -0.5"),
            ("--lr -1e-3", "A learning rate of -0.001 cannot be used"),
            ("--weight-decay -1", "A weight decay of -1 cannot be used"),
            ("--val-ratio -0.1", "A validation ratio of -0.1"),
            ("--class-weights -1,1,1,1,1,1,1", "Class weights must be 0 or more"),
            ("--class-weights effective=1", "a beta of 1 cannot be used"),
            ("--points -3", "'-3' cannot be used: give a whole number that is not negative"),
            ("--epochs -1", "'-1' cannot be used"),
            ("--batch -2", "'-2' cannot be used"),
            ("--crop 1.5", "'1.5' cannot be used"),
            ("--points 0", "Choose at least 1"),
            ("--ema -1", "An average that keeps -1 of its weights"),
            ("--pseudo-labels -1", "Pseudo-labels with a weight of -1"),
            ("--jitter -0.1", "Colour changes of strength -0.1"),
            ("--rotation -5", "turned by up to -5°"),
            ("--shift-scale-rotate 2", "A share of 2 of the crops"),
            ("--optimizer sgd --momentum -0.5", "A momentum of -0.5 cannot be used"),
            ("--accumulate 0", "the gradients of 0 batches"),
            ("--loss dice=-1", "The loss dice cannot have a weight of -1"),
            ("--loss dice=0", "without any term"),
            ("--label-smoothing -0.1", "smoothed by -0.1"),
            ("--loss focal --focal-gamma -2", "the exponent -2"),
            ("--patience -1", "'-1' cannot be used"),
            ("--clip-norm -1", "a norm of -1"),
            ("--warm-up -1", "'-1' cannot be used"),
            ("--schedule step --decay-epochs 0", "every 0 epochs"),
            ("--schedule step --decay-factor -0.5", "the factor -0.5"),
            ("--schedule polynomial --decay-power -1", "the exponent -1"),
        ] {
            let got = refusal(switch);
            assert!(got.contains(words), "{switch}: {got}");
        }
    }

    #[test]
    fn contradictory_or_missing_arguments_are_refused() {
        assert!(config("pointillist train --data D --out R --epochs 1 --steps 2").is_err());
        assert!(config("pointillist train --data D --out R --schedule step --decay-epochs 1 --decay-steps 2").is_err());
        assert!(config("pointillist train --data D --out R --keep 0.1 --points 2").is_err());
        assert!(config("pointillist train --data D --out R --keep 0.1 --clicks-only").is_err());
        assert!(config("pointillist train --data D --out R --loss pce --supervision full").is_err());
        assert!(config("pointillist train --data D --out R --own-labels-only --loss ce").is_err());
        assert!(config("pointillist train --data D --out R --class-weights a,b").is_err());
        assert!(config("pointillist train --out R").is_err_and(|e| e.to_string().contains("--data")));
        assert!(config("pointillist train --data D --out R --config missing.toml").is_err());
    }
}
