//! The fields of the training form, in groups.

use std::path::PathBuf;

use eframe::egui::{Checkbox, ComboBox, DragValue, TextEdit, Ui};

use super::theme::class_color;
use super::widgets::{field, swatch};
use crate::domain::config::{Colors, DeviceChoice, Encoder, InputSize, Length, Optimizer};
use crate::domain::weights::ClassWeights;
use crate::domain::{Choice, Classes, RunConfig, Strategy};

/// One value of an option, which explains itself. Choosing another kind starts from that kind's own content.
fn value_ui<T: Choice>(ui: &mut Ui, value: &mut T, option: &T) {
    let is_chosen = value.is_same_kind(option);
    if ui.selectable_label(is_chosen, option.title()).on_hover_text(option.help()).clicked() && !is_chosen {
        *value = option.clone();
    }
}

/// The values of an option side by side. An option with a single value is not shown.
fn choice_ui<T: Choice>(ui: &mut Ui, name: &str, value: &mut T) {
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
    field(ui, "Base channels", |ui| ui.add(DragValue::new(&mut model.base).range(1..=256)));
}

fn encoder_file_ui(ui: &mut Ui, path: &mut PathBuf) {
    let mut text = path.display().to_string();
    let edit = TextEdit::singleline(&mut text).hint_text("weights.pth").desired_width(160.0);
    if ui.add(edit).on_hover_text("Path of a .pth or .safetensors file with PyTorch's names").changed() {
        *path = text.into();
    }
}

/// Supervision, loss and class weights.
pub fn loss_ui(ui: &mut Ui, form: &mut RunConfig, classes: Option<&Classes>) {
    let train = &mut form.train;
    choice_ui(ui, "Supervision", &mut train.supervision);
    choice_ui(ui, "Loss", &mut train.loss);
    choice_list_ui(ui, "Class weights", &mut train.class_weights);
    if let (ClassWeights::Given(weights), Some(classes)) = (&mut train.class_weights, classes) {
        weights.resize(classes.len(), 1.0);
        for (weight, class) in weights.iter_mut().zip(classes.iter()) {
            field(ui, "", |ui| {
                swatch(ui, class_color(class.color), 12.0);
                let drag = DragValue::new(weight).range(0.0..=1000.0).speed(0.01).max_decimals(3);
                ui.add(drag).accessible_name(format!("Weight of {}", class.name));
                ui.label(&class.name);
            });
        }
    }
}

/// Length, batch and input size.
pub fn length_ui(ui: &mut Ui, form: &mut RunConfig) {
    let train = &mut form.train;
    field(ui, "Length", |ui| {
        let in_epochs = matches!(train.length, Length::Epochs(_));
        match &mut train.length {
            Length::Epochs(n) => ui.add(DragValue::new(n).range(1..=100_000)),
            Length::Steps(n) => ui.add(DragValue::new(n).range(1..=100_000_000_u64)),
        };
        if ui.selectable_label(in_epochs, "epochs").clicked() && !in_epochs {
            train.length = Length::Epochs(20);
        }
        if ui.selectable_label(!in_epochs, "steps").clicked() && in_epochs {
            train.length = Length::Steps(1000);
        }
    });
    field(ui, "Batch", |ui| ui.add(DragValue::new(&mut train.batch).range(1..=1024)));
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

/// Optimiser, learning rate and schedule.
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
    choice_ui(ui, "Schedule", &mut train.schedule);
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
    field(ui, "Colours", |ui| {
        ui.add(DragValue::new(&mut train.jitter).range(0.0..=1.0).speed(0.01).max_decimals(2))
            .on_hover_text("Strength of random changes of brightness, contrast, saturation and hue; 0 turns them off");
    });
    field(ui, "Average", |ui| {
        ui.add(DragValue::new(&mut train.ema).range(0.0..=0.9999).speed(0.001).max_decimals(4)).on_hover_text(
            "Share of itself that an average of the weights keeps at each step, such as 0.99. The average is shown, scored and \
             saved; 0 turns it off",
        );
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
        ui.add(DragValue::new(&mut form.val_ratio).range(0.0..=0.9).speed(0.01).max_decimals(3));
        ui.weak("of the tiles").on_hover_text(
            "Used if the dataset names no validation tiles. Tiles of one scene stay together, so the actual share may be larger",
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
    field(ui, "Seed", |ui| ui.add(DragValue::new(&mut form.seed)));
    field(ui, "Device", |ui| device_ui(ui, &mut form.device));
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

    /// Width of the content of the narrowest side panel, points.
    const NARROWEST: f32 = 316.0;

    #[test]
    fn no_field_is_cut_off_in_the_narrowest_panel() {
        let mut by_sgd = RunConfig::reference();
        by_sgd.train.optimizer = Optimizer::Sgd;
        for mut form in [RunConfig::few_clicks(), by_sgd] {
            let show = move |ui: &mut Ui| {
                ui.set_max_width(NARROWEST);
                for group in [network_ui, length_ui, optimizer_ui, recipe_ui, rest_ui] {
                    group(ui, &mut form);
                    let (width, last) = (ui.min_rect().width(), ui.min_rect().bottom());
                    assert!(width <= NARROWEST + 0.5, "{width} points wide, above {last}");
                }
            };
            let size = eframe::egui::vec2(400.0, 1000.0);
            let theme = crate::ui::panels::theme::install;
            Harness::builder().with_size(size).with_context_setup(theme).build_ui(show).run_steps(2);
        }
    }

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
