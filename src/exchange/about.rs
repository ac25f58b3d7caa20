//! What a file of weights says about its network.

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
    /// The configuration as TOML, without paths.
    config: String,
    classes: Vec<ClassDef>,
    /// Names of the classes that may be predicted.
    predicts: Vec<String>,
    /// What is subtracted from colours on a scale of 0 to 1.
    mean: [f32; 3],
    /// What they are divided by then.
    std: [f32; 3],
    /// What wrote the file.
    program: String,
}

impl About {
    /// # Errors
    /// If the configuration cannot be written as TOML.
    pub(super) fn of(network: &Network) -> Result<Self, String> {
        let mut config = RunConfig { data: "".into(), ..network.config.clone() };
        if let Encoder::File(_) = config.model.encoder {
            config.model.encoder = Encoder::Lite0; // The file's weights are not needed any more.
        }
        let config = toml::to_string(&config).map_err(|error| format!("cannot write the configuration ({error})"))?;
        let predicted = network.classes.iter().zip(&network.predicts).filter(|(_, predicts)| **predicts);
        Ok(Self {
            version: VERSION,
            config,
            predicts: predicted.map(|(class, _)| class.name.clone()).collect(),
            classes: network.classes.iter().cloned().collect(),
            mean: MEAN,
            std: STD,
            program: concat!("pointillist ", env!("CARGO_PKG_VERSION")).to_owned(),
        })
    }

    /// The network that this describes, and a phrase for each field of the configuration that was not understood.
    ///
    /// # Errors
    /// If it is of a later version, or damaged.
    pub(super) fn network(self, tensors: Vec<NamedTensor>) -> Result<(Network, Vec<String>), String> {
        if self.version != VERSION {
            return Err(format!("its format {} is not the one of this version, {VERSION}", self.version));
        }
        let (config, lost) = RunConfig::read_stored(&self.config)?;
        let classes = Classes::new(self.classes).map_err(|error| error.to_string())?;
        let predicts = classes.iter().map(|class| self.predicts.contains(&class.name)).collect();
        Ok((Network { config, classes, predicts, tensors }, lost))
    }
}
