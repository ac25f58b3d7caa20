//! What a file of weights says about its network.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::network::Network;
use crate::data::feed::normalize::{MEAN, STD};
use crate::domain::config::Encoder;
use crate::domain::{ClassDef, Classes, NamedTensor, RunConfig};

/// Version of this description.
const VERSION: u32 = 1;

/// The description as JSON holds it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct About {
    version: u32,
    /// The configuration as TOML, without what means something on one computer only.
    config: String,
    classes: Vec<ClassDef>,
    /// Names of the classes that may be predicted.
    predicts: Vec<String>,
    /// What is subtracted from colours on a scale of 0 to 1.
    mean: [f64; 3],
    /// What they are divided by then.
    std: [f64; 3],
    /// What wrote the file.
    program: String,
}

impl About {
    /// # Errors
    /// If the configuration cannot be written as TOML.
    pub(super) fn of(network: &Network) -> Result<Self, String> {
        let config = toml::to_string(&portable(network.config.clone()))
            .map_err(|error| format!("cannot write the configuration ({error})"))?;
        let predicted = network.classes.iter().zip(&network.predicts).filter(|(_, predicts)| **predicts);
        Ok(Self {
            version: VERSION,
            config,
            predicts: predicted.map(|(class, _)| class.name.clone()).collect(),
            classes: network.classes.iter().cloned().collect(),
            mean: MEAN.map(decimal),
            std: STD.map(decimal),
            program: concat!("pointillist ", env!("CARGO_PKG_VERSION")).to_owned(),
        })
    }

    /// The network that this describes, and a phrase for each field of the configuration that was not understood.
    ///
    /// # Errors
    /// If it is of another version or damaged, or its network sees other colours than ours.
    pub(super) fn network(self, tensors: Vec<NamedTensor>) -> Result<(Network, Vec<String>), String> {
        if self.version != VERSION {
            return Err(format!("its format {} is not the one of this version, {VERSION}", self.version));
        }
        let is_ours =
            |theirs: [f64; 3], ours: [f32; 3]| theirs.iter().zip(ours).all(|(a, b)| (a - decimal(b)).abs() < 1e-6);
        if !is_ours(self.mean, MEAN) || !is_ours(self.std, STD) {
            let (mean, std) = (MEAN, STD);
            return Err(format!(
                "its images are normalised with other numbers than the mean {mean:?} and the deviation {std:?}"
            ));
        }
        let (config, lost) = RunConfig::read_stored(&self.config)?;
        let config = portable(config); // Somebody else may have written it.
        let classes = Classes::new(self.classes).map_err(|error| error.to_string())?;
        if let Some(name) = self.predicts.iter().find(|name| !classes.iter().any(|class| class.name == **name)) {
            return Err(format!("it predicts '{name}', which is none of its classes"));
        }
        let predicts = classes.iter().map(|class| self.predicts.contains(&class.name)).collect();
        Ok((Network { config, classes, predicts, tensors }, lost))
    }
}

/// A configuration without paths, names of files, and the device.
fn portable(config: RunConfig) -> RunConfig {
    let device = RunConfig::default().device;
    let mut config = RunConfig { data: "".into(), split: BTreeMap::new(), device, ..config };
    if let Encoder::File(_) = config.model.encoder {
        config.model.encoder = Encoder::Lite0; // The file's weights are not needed any more.
    }
    config
}

/// The number that is meant: 0.485 and not 0.48500001430511475.
pub(super) fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::config::DeviceChoice;
    use crate::domain::split::Split;

    fn network() -> Network {
        let mut config = RunConfig { data: "/data/secret".into(), ..RunConfig::default() };
        config.split.insert("tile 7".to_owned(), Split::Val);
        config.device = DeviceChoice::Named("Adapter".to_owned());
        config.model.encoder = Encoder::File("/home/secret/lite0.pth".into());
        let classes = Classes::deepglobe();
        Network { config, predicts: vec![true; classes.len()], classes, tensors: Vec::new() }
    }

    /// What comes back of a description, changed as a file could be.
    fn back(change: fn(&mut About)) -> Result<RunConfig, String> {
        let mut about = About::of(&network())?;
        change(&mut about);
        about.network(Vec::new()).map(|(network, _)| network.config)
    }

    #[test]
    fn paths_and_the_device_neither_leave_nor_come_back() {
        let text = serde_json::to_string(&About::of(&network()).unwrap()).unwrap();
        assert!(!text.contains("secret") && !text.contains("tile 7") && !text.contains("Adapter"), "{text}");
        assert!(text.contains("[0.485,0.456,0.406]"), "{text}");
        let config = back(|about| about.config = toml::to_string(&network().config).unwrap()).unwrap();
        assert!(config.data.as_os_str().is_empty() && config.split.is_empty(), "{config:?}");
        assert_eq!((config.model.encoder, config.device), (Encoder::Lite0, RunConfig::default().device));
    }

    #[test]
    fn what_is_not_as_ours_is_refused() {
        let refusal = |change: fn(&mut About)| back(change).unwrap_err();
        assert!(refusal(|about| about.mean[2] = 0.5).contains("normalised with other numbers"));
        assert!(refusal(|about| about.std = [1.0; 3]).contains("normalised with other numbers"));
        assert!(refusal(|about| about.predicts.push("moon".to_owned())).contains("'moon', which is none"));
        assert!(refusal(|about| about.version += 1).contains("format 2"));
        assert!(back(|_| ()).is_ok());
    }
}
