//! The fields of the training form, in groups.

use std::path::{Path, PathBuf};

use eframe::egui::{Checkbox, ComboBox, DragValue, Label, TextEdit, Ui};
use lucide_icons::Icon;

use super::warp_fields;
use super::widgets::{field, quiet_icon};
use crate::domain::checkpoint::Checkpoint;
use crate::domain::config::{BANDS, Colors, DeviceChoice, Encoder, InputSize, Length, Optimizer, SplitBy};
use crate::domain::{Choice, RunConfig, Strategy};

/// One value of an option, which explains itself. Choosing another kind starts from that kind's own content.
fn value_ui<T: Choice>(ui: &mut Ui, value: &mut T, option: &T) {
    let is_chosen = value.is_same_kind(option);
    if ui.selectable_label(is_chosen, option.title()).on_hover_text(option.help()).clicked() && !is_chosen {
        *value = option.clone();
    }
}

/// The values of an option side by side. An option with a single value is not shown.
pub fn choice_ui<T: Choice>(ui: &mut Ui, name: &str, value: &mut T) {
    if T::ALL.len() > 1 {
        field(ui, name, |ui| T::ALL.iter().for_each(|option| value_ui(ui, value, option)));
    }
}

/// The values of an option in a list that opens.
pub fn choice_list_ui<T: Choice>(ui: &mut Ui, name: &str, value: &mut T) {
    field(ui, name, |ui| {
        let list = ComboBox::from_id_salt(T::WHAT).width(160.0).selected_text(value.title());
        list.show_ui(ui, |ui| T::ALL.iter().for_each(|option| value_ui(ui, value, option)));
    });
}

/// Architecture and size of the network.
pub fn network_ui(ui: &mut Ui, form: &mut RunConfig) {
    let model = &mut form.model;
    choice_ui(ui, "Network", &mut model.arch);
    choice_list_ui(ui, "Encoder", &mut model.encoder);
    if let Encoder::File(path) = &mut model.encoder {
        field(ui, "Weights", |ui| encoder_file_ui(ui, path));
    }
    if model.encoder == Encoder::None {
        field(ui, "Levels", |ui| ui.add(DragValue::new(&mut model.levels).range(2..=7)));
        choice_ui(ui, "Sees colours", &mut model.colors);
    } else {
        model.colors = Colors::ImageNet; // The encoder's own.
    }
    model.in_channels = BANDS; // The data deliver no other number.
    choice_ui(ui, "Norm", &mut model.norm);
    choice_ui(ui, "Up-sampling", &mut model.upsampling);
    if model.is_nested() {
        field(ui, "Heads", |ui| ui.add(Checkbox::new(&mut model.deep_supervision, "deep supervision")))
            .on_hover_text("Learns by a head on each node at full resolution; the last one predicts");
    } else {
        model.deep_supervision = false;
    }
    field(ui, "Base channels", |ui| ui.add(DragValue::new(&mut model.base).range(1..=256)));
    let is_dropped = form.init_from.as_deref().is_some_and(|run| weights_of_run_ui(ui, run, &mut form.init_checkpoint));
    if is_dropped {
        form.init_from = None;
    }
}

/// The run whose weights the network begins with. Returns whether it is to begin without them.
fn weights_of_run_ui(ui: &mut Ui, run: &Path, checkpoint: &mut Checkpoint) -> bool {
    let name = run.file_name().unwrap_or(run.as_os_str()).to_string_lossy().into_owned();
    let is_dropped = field(ui, "Starts from", |ui| {
        let is_dropped = quiet_icon(ui, Icon::X, "Start without the weights of this run").clicked();
        ui.add(Label::new(name).truncate()).on_hover_text(run.display().to_string());
        is_dropped
    });
    choice_ui(ui, "Its weights", checkpoint);
    is_dropped
}

fn encoder_file_ui(ui: &mut Ui, path: &mut PathBuf) {
    let mut text = path.display().to_string();
    let edit = TextEdit::singleline(&mut text).hint_text("weights.pth").desired_width(160.0);
    if ui.add(edit).on_hover_text("Path of a .pth or .safetensors file with PyTorch's names").changed() {
        *path = text.into();
    }
}

/// Length, batch and input size.
pub fn length_ui(ui: &mut Ui, form: &mut RunConfig) {
    let train = &mut form.train;
    field(ui, "Length", |ui| extent_ui(ui, &mut train.length, [Length::Epochs(20), Length::Steps(1000)]));
    field(ui, "Evaluate every", |ui| {
        ui.add(DragValue::new(&mut train.evaluate_every).range(1..=10_000).speed(0.05)).on_hover_text(
            "Epochs from one evaluation to the next: more where there are many pixels to score. The last step is evaluated always",
        );
        ui.weak(if train.evaluate_every == 1 { "epoch" } else { "epochs" });
    });
    field(ui, "Patience", |ui| {
        ui.add(DragValue::new(&mut train.patience).range(0..=10_000).suffix(" evaluations")).on_hover_text(
            "The run ends after this many evaluations without a better mIoU; 0 turns it off. It needs validation tiles",
        );
    });
    field(ui, "Batch", |ui| {
        ui.add(DragValue::new(&mut train.batch).range(1..=1024)).on_hover_text("Crops or tiles per batch");
        ui.add(DragValue::new(&mut train.accumulate).range(1..=1024).prefix("× ")).on_hover_text(
            "Batches whose gradients make up one step: as a batch that many times as large, in the memory of one",
        );
    });
    field(ui, "Input", |ui| {
        let (size, crops) = (train.input.side(), matches!(train.input, InputSize::Crop(_)));
        if ui.selectable_label(crops, "crop").on_hover_text("Square crops at native resolution").clicked() {
            train.input = InputSize::Crop(size);
        }
        if ui.selectable_label(!crops, "resize").on_hover_text("The whole tile, resized").clicked() {
            train.input = InputSize::Resize(size);
        }
        let (InputSize::Crop(size) | InputSize::Resize(size)) = &mut train.input;
        ui.add(DragValue::new(size).range(0..=8192).speed(4).suffix(" px"));
    });
}

/// Epochs or steps. Choosing the other starts from that one of `starts`.
pub fn extent_ui(ui: &mut Ui, length: &mut Length, starts: [Length; 2]) {
    let in_epochs = matches!(length, Length::Epochs(_));
    match length {
        Length::Epochs(n) => ui.add(DragValue::new(n).range(1..=100_000)),
        Length::Steps(n) => ui.add(DragValue::new(n).range(1..=100_000_000_u64)),
    };
    if ui.selectable_label(in_epochs, "epochs").clicked() && !in_epochs {
        *length = starts[0];
    }
    if ui.selectable_label(!in_epochs, "steps").clicked() && in_epochs {
        *length = starts[1];
    }
}

/// Optimiser and learning rate.
pub fn optimizer_ui(ui: &mut Ui, form: &mut RunConfig) {
    let train = &mut form.train;
    choice_ui(ui, "Optimiser", &mut train.optimizer);
    if train.optimizer == Optimizer::Sgd {
        field(ui, "Momentum", |ui| {
            ui.add(DragValue::new(&mut train.momentum).range(0.0..=0.999).speed(0.001).max_decimals(4));
            ui.add(Checkbox::new(&mut train.nesterov, "Nesterov"));
        });
    }
    field(ui, "Learning rate", |ui| {
        let speed = (train.lr * 0.01).max(1e-8);
        ui.add(DragValue::new(&mut train.lr).range(0.0..=10.0).speed(speed).max_decimals(8));
    });
    if form.model.encoder.is_pretrained() {
        field(ui, "Encoder's rate", |ui| {
            let share = DragValue::new(&mut train.encoder_lr).range(0.0..=10.0).speed(0.001).max_decimals(4);
            ui.add(share.prefix("× ")).on_hover_text(
                "The pretrained encoder and the linear classifier on its features learn with this multiple of the learning rate; 0 \
                 leaves both as they are",
            );
            ui.add(Checkbox::new(&mut train.head_start, "head start")).on_hover_text(
                "The network begins where a linear classifier on the encoder's features is, which takes seconds to learn; its decoder \
                 learns what to add",
            );
        });
    }
    field(ui, "Weight decay", |ui| {
        ui.add(DragValue::new(&mut train.weight_decay).range(0.0..=10.0).speed(1e-5).max_decimals(8));
    });
    field(ui, "Clip gradients", |ui| {
        ui.add(DragValue::new(&mut train.clip_norm).range(0.0..=1e6).speed(0.01).max_decimals(4)).on_hover_text(
            "Largest norm of all gradients together; larger ones are scaled down to it, which keeps a single odd batch from \
             spoiling the network. 0 turns it off",
        );
    });
}

/// What helps where there are few labels: how crops are drawn, cut, turned and coloured, and the average of the weights.
pub fn recipe_ui(ui: &mut Ui, form: &mut RunConfig) {
    let has_full_masks = form.label_sampling().strategy == Strategy::Full;
    let train = &mut form.train;
    choice_ui(ui, "Batches", &mut train.batches);
    field(ui, "Augment", |ui| {
        ui.add(Checkbox::new(&mut train.flips, "flips")).on_hover_text("Mirrors crops at random");
        ui.add(Checkbox::new(&mut train.quarter_turns, "turns"))
            .on_hover_text("Turns crops by random multiples of 90°");
        ui.add(Checkbox::new(&mut train.scales, "scales"))
            .on_hover_text("Cuts half of the crops at full resolution, a quarter each at half and quarter resolution");
    });
    warp_fields::warp_ui(ui, train);
    field(ui, "Colours", |ui| {
        ui.add(DragValue::new(&mut train.jitter).range(0.0..=1.0).speed(0.01).max_decimals(2))
            .on_hover_text("Strength of random changes of brightness, contrast, saturation and hue; 0 turns them off");
    });
    field(ui, "Average", |ui| {
        ui.add(DragValue::new(&mut train.ema).range(0.0..=0.9999).speed(0.001).max_decimals(4)).on_hover_text(
            "Share of itself that an average of the weights keeps at each step, such as 0.99. The average is shown, scored and \
             saved; 0 turns it off",
        );
        if train.ema > 0.0 {
            ui.add(Checkbox::new(&mut train.score_raw, "score both")).on_hover_text(
                "Evaluations score the weights themselves beside their average, which takes twice as long",
            );
        }
    });
    if !has_full_masks {
        field(ui, "Pseudo-labels", |ui| {
            ui.add(DragValue::new(&mut train.pseudo_labels).range(0.0..=100.0).speed(0.01).max_decimals(3).prefix("× ")).on_hover_text(
                "Weight with which the network learns the quick map of the training tiles beside the labels; 0 turns it off",
            );
        });
    }
    field(ui, "Keep aside", |ui| {
        ui.add(Checkbox::new(&mut train.keep_aside, "every fifth click")).on_hover_text(
            "Without validation tiles the network does not learn from every fifth click of a class on a tile: the window compares \
             it with the quick map by these",
        );
    });
}

/// Split, seed and device.
pub fn rest_ui(ui: &mut Ui, form: &mut RunConfig) {
    field(ui, "Validation", |ui| {
        let ratio = DragValue::new(&mut form.val_ratio).range(0.0..=0.9).speed(0.01).max_decimals(3);
        ui.add_enabled(form.folds == 0, ratio);
        ui.weak("of the tiles").on_hover_text(
            "Used if the dataset names no validation tiles. What is kept whole stays together, so the actual share may be larger",
        );
    });
    field(ui, "Folds", |ui| {
        let folds = DragValue::new(&mut form.folds).range(0..=100).speed(0.05);
        ui.name_inputs("Folds", |ui| ui.add(folds)).on_hover_text(
            "Parts of a cross-validation: one of them validates, instead of the dataset's validation tiles or a share. 0: none",
        );
        ui.weak("validate");
        let fold = DragValue::new(&mut form.fold).range(1..=form.folds.max(1)).speed(0.05);
        ui.name_inputs("Fold", |ui| ui.add_enabled(form.folds > 1, fold)).on_hover_text("The part that validates");
    });
    choice_ui(ui, "Kept whole", &mut form.split_by);
    if form.split_by == SplitBy::Block {
        field(ui, "Blocks", |ui| {
            let side = DragValue::new(&mut form.block).range(16..=65_536).suffix(" px");
            ui.name_inputs("Side of a block", |ui| ui.add(side)).on_hover_text(
                "Side of a block, not less than that of a crop, nor than 16. Around blocks that validate, a sixteenth of it is left out",
            );
        });
    }
    field(ui, "Seed", |ui| ui.add(DragValue::new(&mut form.seed)));
    field(ui, "Device", |ui| device_ui(ui, &mut form.device));
    choice_ui(ui, "Precision", &mut form.train.precision);
    field(ui, "TensorBoard", |ui| {
        ui.add(Checkbox::new(&mut form.tensorboard, "event file"))
            .on_hover_text("Writes losses and scores to an event file in the run folder as well");
    });
}

fn device_ui(ui: &mut Ui, device: &mut DeviceChoice) {
    DeviceChoice::ALL.iter().for_each(|option| value_ui(ui, device, option));
    let mut named = if let DeviceChoice::Named(name) = &*device { name.clone() } else { String::new() };
    let edit = TextEdit::singleline(&mut named).hint_text("name").desired_width(50.0);
    let help = DeviceChoice::Named(String::new()).help();
    if ui.add(edit).on_hover_text(help).changed() {
        *device = if named.is_empty() { DeviceChoice::Auto } else { DeviceChoice::Named(named) };
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::domain::config::Arch;

    #[test]
    fn momentum_is_shown_for_sgd_only() {
        for optimizer in Optimizer::ALL {
            let mut form = RunConfig::default();
            form.train.optimizer = *optimizer;
            let show = move |ui: &mut Ui| optimizer_ui(ui, &mut form);
            let mut harness = Harness::builder().with_context_setup(crate::ui::panels::theme::install).build_ui(show);
            harness.run_steps(2);
            let is_shown = harness.query_all_by_label("Nesterov").next().is_some();
            assert_eq!(is_shown, *optimizer == Optimizer::Sgd, "{optimizer:?}");
        }
    }

    #[test]
    fn the_weights_themselves_can_be_scored_where_they_are_averaged() {
        for ema in [0.0, 0.9] {
            let mut form = RunConfig::default();
            form.train.ema = ema;
            let show = move |ui: &mut Ui| recipe_ui(ui, &mut form);
            let mut harness = Harness::builder().with_context_setup(crate::ui::panels::theme::install).build_ui(show);
            harness.run_steps(2);
            assert_eq!(harness.query_all_by_label("score both").next().is_some(), ema > 0.0);
        }
    }

    #[test]
    fn deep_supervision_is_for_nested_networks_and_is_off_for_others() {
        for (arch, encoder, is_there) in [
            (Arch::UNetPlusPlus, Encoder::None, true),
            (Arch::UNet, Encoder::None, false),
            (Arch::UNetPlusPlus, Encoder::Lite0, false),
        ] {
            let mut form = RunConfig::default();
            (form.model.arch, form.model.encoder, form.model.deep_supervision) = (arch, encoder, true);
            let builder = Harness::builder().with_context_setup(crate::ui::panels::theme::install);
            let mut harness = builder.build_ui_state(network_ui, form);
            harness.run_steps(2);
            let is_shown = harness.query_all_by_label("deep supervision").next().is_some();
            assert_eq!((is_shown, harness.state().model.deep_supervision), (is_there, is_there), "{arch:?}");
        }
    }

    #[test]
    fn a_pretrained_encoder_has_a_rate_of_its_own_and_no_levels() {
        for encoder in Encoder::ALL {
            let mut form = RunConfig::default();
            form.model.encoder = encoder.clone();
            let show = move |ui: &mut Ui| {
                network_ui(ui, &mut form);
                optimizer_ui(ui, &mut form);
            };
            let mut harness = Harness::builder().with_context_setup(crate::ui::panels::theme::install).build_ui(show);
            harness.run_steps(2);
            let is_shown = |label: &str| harness.query_all_by_label(label).next().is_some();
            let is_pretrained = encoder.is_pretrained();
            assert_eq!(
                [is_shown("Encoder's rate"), is_shown("Levels"), is_shown("Sees colours")],
                [is_pretrained, !is_pretrained, !is_pretrained],
                "{encoder:?}"
            );
        }
    }
}
