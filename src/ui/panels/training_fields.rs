//! The fields of the training form, in groups.

use eframe::egui::{Checkbox, ComboBox, DragValue, TextEdit, Ui};

use super::theme::class_color;
use super::widgets::{field, swatch};
use crate::domain::config::{Arch, DeviceChoice, Frame, Length, Loss, Optimizer, Schedule};
use crate::domain::weights::ClassWeights;
use crate::domain::{Classes, RunConfig};

/// A choice of a few options side by side.
fn choice<T: PartialEq + Copy>(ui: &mut Ui, name: &str, value: &mut T, options: &[(T, &str)]) {
    field(ui, name, |ui| {
        for (option, text) in options {
            ui.selectable_value(value, *option, *text);
        }
    });
}

/// Architecture and size of the network.
pub fn network_ui(ui: &mut Ui, form: &mut RunConfig) {
    let model = &mut form.model;
    choice(ui, "Network", &mut model.arch, &[Arch::UNet, Arch::UNetPlusPlus].map(|arch| (arch, arch.title())));
    field(ui, "Levels", |ui| ui.add(DragValue::new(&mut model.levels).range(2..=7)));
    field(ui, "Base channels", |ui| ui.add(DragValue::new(&mut model.base).range(1..=256)));
}

/// Loss and class weights.
pub fn loss_ui(ui: &mut Ui, form: &mut RunConfig, classes: Option<&Classes>) {
    let train = &mut form.train;
    choice(ui, "Loss", &mut train.loss, &[(Loss::Pce, "Partial CE"), (Loss::Ce, "Full CE")]);
    field(ui, "Class weights", |ui| {
        let count = classes.map_or(0, Classes::len);
        let name = match train.class_weights {
            ClassWeights::None => "Off",
            ClassWeights::Inverse => "Inverse frequency",
            ClassWeights::Given(_) => "Custom",
        };
        ComboBox::from_id_salt("class weights").selected_text(name).show_ui(ui, |ui| {
            ui.selectable_value(&mut train.class_weights, ClassWeights::None, "Off");
            ui.selectable_value(&mut train.class_weights, ClassWeights::Inverse, "Inverse frequency");
            let typed = matches!(train.class_weights, ClassWeights::Given(_));
            if ui.selectable_label(typed, "Custom").clicked() && !typed {
                train.class_weights = ClassWeights::Given(vec![1.0; count]);
            }
        });
    });
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
        let (size, crops) = (train.frame.size(), matches!(train.frame, Frame::Crop(_)));
        if ui.selectable_label(crops, "crop").on_hover_text("Square crops at native resolution").clicked() {
            train.frame = Frame::Crop(size);
        }
        if ui.selectable_label(!crops, "resize").on_hover_text("The whole tile, resized").clicked() {
            train.frame = Frame::Resize(size);
        }
        let (Frame::Crop(size) | Frame::Resize(size)) = &mut train.frame;
        ui.add(DragValue::new(size).range(0..=8192).speed(4).suffix(" px"));
    });
}

/// Optimiser, learning rate and schedule.
pub fn optimiser_ui(ui: &mut Ui, form: &mut RunConfig) {
    let train = &mut form.train;
    choice(ui, "Optimiser", &mut train.optimizer, &[(Optimizer::AdamW, "AdamW"), (Optimizer::Adam, "Adam")]);
    field(ui, "Learning rate", |ui| {
        let speed = (train.lr * 0.01).max(1e-8);
        ui.add(DragValue::new(&mut train.lr).range(0.0..=10.0).speed(speed).max_decimals(8));
    });
    field(ui, "Weight decay", |ui| {
        ui.add(DragValue::new(&mut train.weight_decay).range(0.0..=10.0).speed(1e-5).max_decimals(8));
    });
    let schedules = [(Schedule::Cosine, "cosine"), (Schedule::Constant, "constant")];
    choice(ui, "Schedule", &mut train.schedule, &schedules);
}

/// Augmentation, split, seed and device.
pub fn rest_ui(ui: &mut Ui, form: &mut RunConfig) {
    field(ui, "Augment", |ui| {
        ui.add(Checkbox::new(&mut form.train.flips, "flips"));
        ui.add(Checkbox::new(&mut form.train.quarter_turns, "quarter-turns"));
    });
    field(ui, "Validation", |ui| {
        ui.add(DragValue::new(&mut form.val_ratio).range(0.0..=0.9).speed(0.01).max_decimals(3));
        ui.weak("of the tiles").on_hover_text(
            "Used if the dataset names no validation tiles. Tiles of one scene stay together, so the actual share may be larger",
        );
    });
    field(ui, "Seed", |ui| ui.add(DragValue::new(&mut form.seed)));
    field(ui, "Device", |ui| device_ui(ui, &mut form.device));
}

fn device_ui(ui: &mut Ui, device: &mut DeviceChoice) {
    for (choice, name) in [(DeviceChoice::Auto, "auto"), (DeviceChoice::Gpu, "GPU"), (DeviceChoice::Cpu, "CPU")] {
        ui.selectable_value(device, choice, name);
    }
    let mut named = if let DeviceChoice::Named(name) = &*device { name.clone() } else { String::new() };
    let edit = TextEdit::singleline(&mut named).hint_text("name").desired_width(64.0);
    if ui.add(edit).on_hover_text("Part of an adapter's name; software renderers are used only if named").changed() {
        *device = if named.is_empty() { DeviceChoice::Auto } else { DeviceChoice::Named(named) };
    }
}
