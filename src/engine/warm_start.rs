//! A run that begins with the weights of another one. Classes are matched by name, so the class list may have changed meanwhile.

use std::collections::BTreeSet;
use std::path::Path;

use burn::tensor::Device;

use super::refusal::Refusal;
use super::run_plan::RunPlan;
use crate::data::layout::tile::TileMatch;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::config::{Colors, Encoder, ModelConfig};
use crate::domain::{Choice as _, Classes, Notice, RunConfig};
use crate::model::Net;
use crate::train::folder::{FinishedRun, load_checkpoint};

/// The run to begin with.
pub(super) struct WarmStart {
    run: FinishedRun,
    which: Checkpoint,
}

impl WarmStart {
    /// The run that a configuration names; `None` if it names none.
    ///
    /// # Errors
    /// If it is no run of a network, has no checkpoint, or its network has another shape.
    pub(super) fn of(config: &RunConfig) -> anyhow::Result<Option<Self>> {
        let Some(folder) = &config.init_from else { return Ok(None) };
        let run = FinishedRun::open(folder)?;
        let which = run.nearest(config.init_checkpoint);
        let refuse = |cause: String, remedy: &str| {
            let headline = format!("The run cannot begin with the weights of {}", folder.display());
            Err(Refusal(Notice::new(headline).cause(cause).remedy(remedy)).into())
        };
        if run.is_quick() {
            return refuse("it is a quick head".to_owned(), "Name the run of a network");
        }
        if !run.has(which) {
            return refuse("it has no checkpoint".to_owned(), "Name a run that was evaluated or saved");
        }
        let (theirs, ours) = (shape(&run.config.model), shape(&config.model));
        if theirs != ours {
            return refuse(format!("its network is {theirs}, and this one {ours}"), "Choose the same network");
        }
        Ok(Some(Self { run, which }))
    }

    /// The network with these weights. Classes that the other run does not have begin as they are. `device` is the plain one, without
    /// autodiff.
    ///
    /// # Errors
    /// If the checkpoint cannot be loaded.
    pub(super) fn give(&self, net: Net, classes: &Classes, device: &Device) -> anyhow::Result<Net> {
        let Self { run, which } = self;
        let empty = Net::new(&run.config.model, run.classes.len(), device);
        let known = load_checkpoint(&run.path, empty, &run.classes, *which)?.net;
        let place = |name: &str| run.classes.iter().position(|class| class.name == name);
        let places: Vec<_> = classes.iter().map(|class| place(&class.name)).collect();
        net.start_as(known, &places).map_err(|error| {
            let cause = format!("its checkpoint does not fit ({error})");
            Refusal(Notice::new("The run cannot begin with other weights").cause(cause)).into()
        })
    }

    /// A warning if the other run learned from what this one is scored on: its scores are then those of training pixels.
    pub(super) fn warning(&self, plan: &RunPlan) -> Option<Notice> {
        let place = |data: &Path| data.canonicalize().ok();
        if place(&self.run.config.data)? != place(&plan.config.data)? {
            return None;
        }
        let split = self.run.split().ok()?;
        let held_out = split.held_out_of(&plan.project);
        let find = |id: &String| match split.find(&plan.project, id) {
            TileMatch::One(index) => Some(index),
            TileMatch::None | TileMatch::Several => None,
        };
        let learned: BTreeSet<usize> = split.train.iter().filter_map(find).collect();
        let is_apart = |index: &usize| held_out.get(index).is_some_and(|held| plan.held_out.get(index) == Some(held));
        let seen = plan.val.iter().filter(|index| learned.contains(index) && !is_apart(index)).count();
        let of = plan.val.len();
        let headline =
            format!("The run to begin with has learned from {seen} of {of} validation tiles: scores are too high");
        let remedy = "Begin with a run of the same seed, folds and blocks, or judge by test tiles";
        (seen > 0).then(|| Notice::new(headline).remedy(remedy))
    }

    /// What the log says of it.
    pub(super) fn note(&self, classes: &Classes) -> String {
        let is_known = |name: &str| self.run.classes.iter().any(|class| class.name == name);
        let (known, fresh): (Vec<&str>, Vec<&str>) =
            classes.iter().map(|class| class.name.as_str()).partition(|name| is_known(name));
        let begins = format!("Begins with the {} checkpoint of {}", self.which.name(), self.run.path.display());
        let parts =
            [("with its classes", known), ("new are", fresh)].into_iter().filter(|(_, names)| !names.is_empty());
        let parts = parts.map(|(what, names)| format!("{what} {}", names.join(", ")));
        std::iter::once(begins).chain(parts).collect::<Vec<_>>().join("; ")
    }
}

/// What has to agree for weights to fit, in words.
fn shape(model: &ModelConfig) -> String {
    let depth = match model.encoder {
        Encoder::None => format!("{} levels", model.levels),
        Encoder::Lite0 | Encoder::File(_) => format!("{} as encoder", Encoder::Lite0.title()),
    };
    let colors = match model.colors {
        Colors::ImageNet => String::new(),
        Colors::Unit => format!(", colours {}", Colors::Unit.title()),
    };
    let more: String = model.particulars().iter().map(|phrase| format!(", {phrase}")).collect();
    format!("{}, base {}, {depth}{more}{colors}", model.arch.title(), model.base)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use burn::module::{Module as _, ModuleVisitor, Param};
    use burn::tensor::Tensor;

    use super::*;
    use crate::data::{Project, demo, write_classes};
    use crate::domain::ClassDef;
    use crate::domain::config::{DeviceChoice, InputSize, Length};
    use crate::domain::split::Split;
    use crate::engine::device::Devices;
    use crate::engine::outbox::Outbox;
    use crate::engine::preparation::Preparation;
    use crate::engine::protocol::EventKind;
    use crate::engine::run::{Run, Turn};
    use crate::engine::start;
    use crate::engine::transport::{UserEnd as _, in_process};
    use crate::infer::Predictor;

    /// Starts a run, and returns what it said meanwhile.
    fn begin(config: &RunConfig, out: &Path) -> (anyhow::Result<(Run, Predictor)>, Vec<EventKind>) {
        let (user, end) = in_process::connect(Arc::new(|| {}));
        let (outbox, mut never) = (Outbox::new(Arc::new(end)), || false);
        let mut preparation = Preparation::new(&outbox, &mut never);
        let begun = start::start(config, out, &mut Devices::default(), &mut preparation);
        (begun, std::iter::from_fn(|| user.try_event()).map(|event| event.kind).collect())
    }

    /// The values of each parameter of a checkpoint.
    fn weights(checkpoint: &Path, config: &RunConfig, classes: usize) -> Vec<Vec<f32>> {
        let net = Net::new(&config.model, classes, &Device::flex()).try_load_file(checkpoint).unwrap();
        let mut values = Values(Vec::new());
        net.visit(&mut values);
        values.0
    }

    struct Values(Vec<Vec<f32>>);

    impl ModuleVisitor for Values {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(param.val().into_data().try_to_vec().expect("f32"));
        }
    }

    fn train(begun: anyhow::Result<(Run, Predictor)>) {
        let (mut run, mut predictor) = begun.unwrap();
        let (_, end) = in_process::connect(Arc::new(|| {}));
        let outbox = Outbox::new(Arc::new(end));
        while let Turn::More(_) = run.turn(&mut predictor, &outbox).unwrap() {}
    }

    #[test]
    fn a_run_begins_with_another_one_although_the_classes_have_changed() {
        let dir = tempfile::tempdir().unwrap();
        let data = demo::unpack(&dir.path().join("demo")).unwrap();
        let mut config = RunConfig { data: data.clone(), device: DeviceChoice::Cpu, ..RunConfig::demo() };
        (config.model.base, config.train.input, config.train.length) = (2, InputSize::Resize(32), Length::Steps(2));
        let first = dir.path().join("first");
        train(begin(&config, &first).0);
        let project = Project::open(&data).unwrap();
        let mut classes: Vec<ClassDef> = project.classes.iter().cloned().collect();
        classes.push(ClassDef { name: "airport".to_owned(), color: [1, 2, 3], ignored: false });
        write_classes(&data, &Classes::new(classes).unwrap()).unwrap();
        config.init_from = Some(first);
        let (begun, said) = begin(&config, &dir.path().join("second"));
        let note = said.iter().find_map(|kind| match kind {
            EventKind::Info(notice) => Some(notice.to_string()).filter(|text| text.starts_with("Begins with")),
            _ => None,
        });
        let note = note.unwrap();
        let (known, fresh) = note.split_once("; new are ").unwrap();
        assert!(known.contains("best checkpoint") && known.contains("first") && known.contains("water"), "{note}");
        assert_eq!(fresh, "airport");
        let (mut run, predictor) = begun.unwrap();
        run.save(&Outbox::new(Arc::new(in_process::connect(Arc::new(|| {})).1)));
        let classes = Project::open(&data).unwrap().classes.len();
        let theirs = weights(&dir.path().join("first").join("best.bpk"), &config, classes - 1);
        let ours = weights(&dir.path().join("second").join("last.bpk"), &config, classes);
        assert!(theirs.len() == ours.len() && !ours.is_empty());
        // A new class comes last: the rows of its head follow those of the others.
        assert!(theirs.iter().zip(&ours).all(|(theirs, ours)| ours.starts_with(theirs)), "the weights are taken over");
        let count = |values: &[Vec<f32>]| values.iter().map(Vec::len).sum::<usize>();
        assert!(count(&theirs) < count(&ours), "but for the new class");
        train(Ok((run, predictor)));

        let warned = |said: &[EventKind]| {
            said.iter().any(|kind| matches!(kind, EventKind::Warning(notice) if notice.to_string().contains("1 of 1 validation tiles")))
        };
        assert!(!warned(&said), "the same split");
        let split = FinishedRun::open(&dir.path().join("first")).unwrap().split().unwrap();
        let tiles = |ids: &[String], split| ids.iter().map(move |id| (id.clone(), split)).collect::<Vec<_>>();
        let chosen = [
            tiles(&split.train[..1], Split::Val),
            tiles(&split.train[1..], Split::Train),
            tiles(&split.val, Split::Train),
        ];
        config.split = chosen.concat().into_iter().collect();
        let (begun, said) = begin(&config, &dir.path().join("other"));
        assert!(begun.is_ok() && warned(&said), "it validates on what the other one learned from");
        drop(begun);

        config.model.base = 4;
        let (refused, _) = begin(&config, &dir.path().join("third"));
        let why = refused.err().unwrap().to_string();
        assert!(why.contains("U-Net, base 2, 3 levels, and this one U-Net, base 4, 3 levels"), "{why}");
        assert!(!dir.path().join("third").exists());
        config.init_from = Some(data);
        let (refused, _) = begin(&config, &dir.path().join("third"));
        assert!(refused.err().unwrap().to_string().contains("not a run folder"));
    }
}
