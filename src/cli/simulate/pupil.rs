//! What learns from simulated clicks and maps tiles: the quick head, or a network.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::args::{Features, Method, SimulateArgs};
use crate::data::{DataError, Picture, Project, Tile};
use crate::domain::config::{DeviceChoice, Encoder, Preset};
use crate::domain::{Edit, LabelBook, Mask, RunConfig};
use crate::engine::rehearsal::Rehearsal;
use crate::infer::Predictor;
use crate::pretrained;
use crate::quick::clicks::{self, Click};
use crate::quick::course::Course;
use crate::quick::head::QuickHead;
use crate::quick::method::QuickMethod;
use crate::quick::samples::TileSamples;
use crate::quick::tile_features::{Kinds, TileFeatures};

/// Steps that a network is trained for.
const STEPS: u64 = 300;

/// A tile with all that is needed to click on it, learn from it and score its map.
pub(super) struct Subject {
    /// Its place in the project.
    index: usize,
    id: String,
    picture: Picture,
    /// What the quick head sees of it; networks see the picture.
    features: Option<TileFeatures>,
    /// Its full mask. Pixels that are missing in the image are neither clicked nor scored.
    pub(super) truth: Mask,
}

impl Subject {
    /// Reads a tile.
    pub(super) fn read(project: &Project, index: usize, args: &SimulateArgs) -> Result<Self, DataError> {
        let tile: &Tile = &project.tiles[index];
        let picture = project.read_picture(tile)?;
        let kinds = args.method.quick().map(|_| args.features.map_or(Kinds::ALL, Features::kinds));
        let compute = |kinds| TileFeatures::compute(&picture.rgb, Some(pretrained::built_in()), kinds);
        let features = kinds.map(compute);
        let mask = project.read_mask(tile)?.map(|decoded| decoded.mask);
        let mut truth = mask.unwrap_or_else(|| Mask::unlabelled(tile.size[0], tile.size[1]));
        picture.valid.iter().for_each(|valid| valid.take_out_of(&mut truth));
        Ok(Self { index, id: tile.id.clone(), picture, features, truth })
    }
}

/// Something that learns from clicks.
pub(super) trait Pupil {
    /// Gives it all clicks on a tile, instead of earlier ones.
    fn set_clicks(&mut self, tile: &Subject, clicks: &[Click]);

    /// Learns from the clicks on all tiles.
    ///
    /// # Errors
    /// If a tile cannot be read, or training fails.
    fn learn(&mut self) -> anyhow::Result<()>;

    /// Maps a tile; `None` if nothing has been learned.
    fn map(&self, tile: &Subject) -> Option<Mask>;
}

/// Makes pupils of the method that was asked for.
pub(super) struct School {
    /// What networks are trained with; the quick head needs nothing.
    rehearsal: Option<Arc<Rehearsal>>,
    steps: u64,
    /// Which quick head learns.
    method: QuickMethod,
}

impl School {
    /// Opens the device, if the method needs one.
    pub(super) fn open(args: &SimulateArgs, project: &Arc<Project>) -> anyhow::Result<Self> {
        let config = match args.method {
            Method::Quick | Method::Forest => None,
            Method::UNet => Some(RunConfig::default()),
            Method::Encoder => Some(on_encoder()),
            Method::Preset => Some(Preset::FewClicks.config()),
        };
        let open = |mut config: RunConfig| {
            config.device = DeviceChoice::from(args.device.clone().unwrap_or_else(|| "cpu".to_owned()));
            Rehearsal::new(Arc::clone(project), config).map(Arc::new)
        };
        let method = args.method.quick().unwrap_or_default();
        Ok(Self { rehearsal: config.map(open).transpose()?, steps: args.steps.unwrap_or(STEPS), method })
    }

    /// A pupil that knows nothing yet.
    pub(super) fn pupil(&self, seed: u64) -> Box<dyn Pupil> {
        match &self.rehearsal {
            None => Box::new(QuickPupil { samples: BTreeMap::new(), method: self.method, head: None }),
            Some(rehearsal) => Box::new(NetworkPupil {
                rehearsal: Arc::clone(rehearsal),
                clicks: BTreeMap::new(),
                seed,
                steps: self.steps,
                predictor: None,
            }),
        }
    }
}

/// The default settings on the pretrained encoder.
fn on_encoder() -> RunConfig {
    let mut config = RunConfig::default();
    config.model.encoder = Encoder::Lite0;
    config
}

/// A quick head.
struct QuickPupil {
    samples: BTreeMap<usize, TileSamples>,
    method: QuickMethod,
    head: Option<QuickHead>,
}

impl Pupil for QuickPupil {
    fn set_clicks(&mut self, tile: &Subject, clicks: &[Click]) {
        let Some(features) = &tile.features else { return };
        self.samples.insert(tile.index, TileSamples::new(features, &clicks::samples(clicks)));
    }

    fn learn(&mut self) -> anyhow::Result<()> {
        let samples: Vec<&TileSamples> = self.samples.values().collect();
        let course = Course { method: self.method, ..Course::of(&samples) };
        self.head = QuickHead::learn(&course, self.head.as_ref()).or(self.head.take());
        Ok(())
    }

    fn map(&self, tile: &Subject) -> Option<Mask> {
        Some(self.head.as_ref()?.predict(tile.features.as_ref()?, None).classes)
    }
}

/// A network, trained anew at each lesson.
struct NetworkPupil {
    rehearsal: Arc<Rehearsal>,
    /// Clicks by tile: the tile's id, and the clicks on it.
    clicks: BTreeMap<usize, (String, Vec<Click>)>,
    seed: u64,
    steps: u64,
    predictor: Option<Predictor>,
}

impl Pupil for NetworkPupil {
    fn set_clicks(&mut self, tile: &Subject, clicks: &[Click]) {
        self.clicks.insert(tile.index, (tile.id.clone(), clicks.to_vec()));
    }

    fn learn(&mut self) -> anyhow::Result<()> {
        let classes: BTreeSet<u8> =
            self.clicks.values().flat_map(|(_, clicks)| clicks).map(|click| click.class).collect();
        if classes.len() < 2 {
            return Ok(()); // As the quick head: there is nothing to tell apart.
        }
        let mut book = LabelBook::default();
        for (id, clicks) in self.clicks.values() {
            clicks.iter().for_each(|click| drop(book.apply(Edit::Begin(click.stroke(id)))));
        }
        let tiles = self.clicks.keys().copied().collect();
        self.predictor = Some(self.rehearsal.train(book, tiles, self.seed, self.steps)?);
        Ok(())
    }

    fn map(&self, tile: &Subject) -> Option<Mask> {
        Some(self.predictor.as_ref()?.predict(tile.picture.clone()).classes)
    }
}
