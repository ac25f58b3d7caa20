//! What a run leaves behind, to compare.

use std::fs;
use std::path::Path;

use burn::module::{Module as _, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};

use crate::domain::RunConfig;
use crate::model::Net;
use crate::train::folder::FinishedRun;

/// What a run leaves behind, without times.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) steps: String,
    pub(super) metrics: Vec<Vec<String>>,
    pub(super) predicts: String,
    pub(super) best: Vec<u32>,
    pub(super) last: Vec<u32>,
}

impl Figures {
    pub(super) fn of(folder: &Path, config: &RunConfig) -> Self {
        let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        let mut metrics = csv::Reader::from_path(folder.join("metrics.csv")).unwrap();
        let secs = metrics.headers().unwrap().iter().position(|name| name == "secs").unwrap();
        let row = |row: csv::StringRecord| {
            let fields = row.iter().enumerate().filter(|(place, _)| *place != secs);
            fields.map(|(_, field)| field.to_owned()).collect()
        };
        let metrics = metrics.records().map(|record| row(record.unwrap())).collect();
        let classes = FinishedRun::open(folder).unwrap().classes.len();
        let [best, last] = ["best.bpk", "last.bpk"].map(|name| {
            let net = Net::new(&config.model, classes, &Device::flex()).try_load_file(folder.join(name)).unwrap();
            let mut bits = Bits::default();
            net.visit(&mut bits);
            bits.0
        });
        let list: serde_json::Value = serde_json::from_str(&text("last.json")).unwrap();
        Self { steps: text("steps.csv"), metrics, predicts: list["predicts"].to_string(), best, last }
    }
}

/// The bits of every weight and running statistic.
#[derive(Default)]
struct Bits(Vec<u32>);

impl ModuleVisitor for Bits {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let values: Vec<f32> = param.val().into_data().try_to_vec().expect("f32");
        self.0.extend(values.into_iter().map(f32::to_bits));
    }
}
