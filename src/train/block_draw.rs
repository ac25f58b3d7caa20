//! Draws spatial blocks that validate: within tiles and, where their names tell their place, across the tiles of a scene.

use std::collections::{BTreeMap, BTreeSet};

use crate::data::{Project, Tile};
use crate::domain::RunConfig;
use crate::domain::blocks::{self, BlockGrid, HeldOut};
use crate::domain::count::counted;
use crate::domain::geometry::PixelRect;
use crate::domain::split::{self, Split};

/// What was drawn. Tiles are given by their indices in the project.
#[derive(Default)]
pub(super) struct DrawnBlocks {
    /// Tiles of which pixels are scored.
    pub(super) scored: BTreeSet<usize>,
    /// Tiles of which nothing is left to be learned from.
    pub(super) kept_out: BTreeSet<usize>,
    /// What is held out of tiles.
    pub(super) held_out: BTreeMap<usize, HeldOut>,
    /// How the split was made, a sentence each.
    pub(super) notes: Vec<String>,
}

/// The usable tiles of a scene.
struct Scene<'a> {
    name: &'a str,
    /// Each with its pixels in the scene.
    tiles: Vec<(usize, PixelRect)>,
    /// Whether it is known where its tiles lie. Otherwise it is not divided.
    is_mapped: bool,
}

/// A part of a scene that trains or validates as a whole. A scene that is not divided is one for each of its tiles, of one name.
type Unit = (String, PixelRect);

/// What is held out of a scene.
struct Held {
    scored: Vec<Unit>,
    /// Pixels that are not learned from.
    hidden: Vec<PixelRect>,
}

/// Draws blocks. `asked` tells which tiles the user has assigned: these are in no draw and used as a whole.
pub(super) fn draw(project: &Project, config: &RunConfig, asked: &dyn Fn(&Tile) -> Option<Split>) -> DrawnBlocks {
    let tiles = &project.tiles;
    let scenes = scenes(tiles);
    let is_drawn = |index: usize| {
        let tile = &tiles[index];
        tile.mask.is_some() && tile.split != Split::Test && asked(tile).is_none()
    };
    let units: Vec<Vec<Unit>> = scenes.iter().map(|scene| scene.units(config.block, is_drawn)).collect();
    let names: Vec<&str> = units.iter().flatten().map(|(name, _)| name.as_str()).collect();
    let chosen = choose(&names, config);
    let mut drawn = DrawnBlocks::default();
    for (scene, units) in scenes.iter().zip(&units) {
        let scored = units.iter().filter(|(name, _)| chosen.contains(name.as_str())).cloned().collect();
        let by_hand = scene.tiles.iter().filter(|(index, _)| asked(&tiles[*index]) == Some(Split::Val));
        let held = Held::new(scored, by_hand.map(|(_, rect)| *rect), blocks::margin(config.block));
        for tile in scene.tiles.iter().filter(|(index, _)| asked(&tiles[*index]).is_none()) {
            drawn.hold_out(*tile, &held, scene.is_mapped, is_drawn(tile.0));
        }
    }
    let all = names.iter().collect::<BTreeSet<_>>().len();
    drawn.notes = std::iter::once(drawn_note(config, [all, chosen.len()], Shape::of(&scenes)))
        .chain(undivided_note(&scenes))
        .chain(alone_note(tiles, &scenes))
        .collect();
    drawn
}

/// The names of the units that validate.
fn choose<'a>(names: &[&'a str], config: &RunConfig) -> BTreeSet<&'a str> {
    let chosen = match config.folds {
        0 => split::choose_validation(names, config.val_ratio, config.seed),
        folds => split::choose_fold(names, folds, config.fold, config.seed),
    };
    names.iter().zip(chosen).filter(|(_, is_chosen)| *is_chosen).map(|(name, _)| *name).collect()
}

/// The usable tiles by scene. A tile that is alone in its scene, and whose name tells nothing, lies at the origin.
fn scenes(tiles: &[Tile]) -> Vec<Scene<'_>> {
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, tile) in tiles.iter().enumerate().filter(|(_, tile)| tile.fault.is_none()) {
        members.entry(tile.scene()).or_default().push(index);
    }
    let whole = |index: usize| {
        let [width, height] = tiles[index].size;
        PixelRect { x: 0, y: 0, width, height }
    };
    let scene = |(name, members): (_, Vec<usize>)| {
        let is_mapped = members.len() == 1 || members.iter().all(|index| tiles[*index].rect_in_scene().is_some());
        let rect = |index: usize| tiles[index].rect_in_scene().unwrap_or_else(|| whole(index));
        Scene { name, tiles: members.into_iter().map(|index| (index, rect(index))).collect(), is_mapped }
    };
    members.into_iter().map(scene).collect()
}

impl Scene<'_> {
    /// What trains or validates as a whole: blocks with pixels of tiles that are drawn, or the scene.
    fn units(&self, side: u32, is_drawn: impl Fn(usize) -> bool) -> Vec<Unit> {
        let drawn = self.tiles.iter().filter(|(index, _)| is_drawn(*index)).map(|(_, rect)| *rect);
        if !self.is_mapped {
            return drawn.map(|rect| (self.name.to_owned(), rect)).collect();
        }
        let bounds = self.tiles.iter().map(|(_, rect)| *rect).reduce(PixelRect::union);
        let Some(grid) = bounds.map(|bounds| BlockGrid::new(bounds, side)) else { return Vec::new() };
        let blocks: BTreeMap<[u32; 2], PixelRect> =
            drawn.flat_map(|tile| grid.meeting(tile)).map(|block| ([block.y, block.x], block)).collect();
        blocks.into_values().map(|block| (format!("{} {},{}", self.name, block.x, block.y), block)).collect()
    }
}

impl Held {
    /// Units that were drawn, and tiles that validate by hand; all with a margin around them.
    fn new(scored: Vec<Unit>, by_hand: impl Iterator<Item = PixelRect>, margin: u32) -> Self {
        let hidden = scored.iter().map(|(_, rect)| *rect).chain(by_hand).map(|rect| rect.grown(margin)).collect();
        Self { scored, hidden }
    }
}

impl DrawnBlocks {
    /// Notes what is left of a tile. `can_score` tells whether it has a mask and is in the draw.
    fn hold_out(&mut self, (index, rect): (usize, PixelRect), held: &Held, is_mapped: bool, can_score: bool) {
        if !is_mapped {
            if !held.hidden.is_empty() {
                self.kept_out.insert(index);
            }
            if can_score && !held.scored.is_empty() {
                self.scored.insert(index);
            }
            return;
        }
        let scored = if can_score { held.scored.as_slice() } else { &[] };
        let Some(held_out) = HeldOut::of(rect, scored, &held.hidden) else { return };
        if !held_out.scored.is_empty() {
            self.scored.insert(index);
        }
        if held_out.visible([rect.width, rect.height]).is_empty() {
            self.kept_out.insert(index);
        }
        self.held_out.insert(index, held_out);
    }
}

/// What units are.
#[derive(Clone, Copy)]
enum Shape {
    Blocks,
    Scenes,
    Both,
}

impl Shape {
    fn of(scenes: &[Scene<'_>]) -> Self {
        match scenes.iter().filter(|scene| scene.is_mapped).count() {
            0 if !scenes.is_empty() => Self::Scenes,
            mapped if mapped == scenes.len() => Self::Blocks,
            _ => Self::Both,
        }
    }

    /// "blocks of 512 px", and what is left out around those that validate.
    fn words(self, block: u32) -> [String; 2] {
        let margin = format!(", with {} px around", blocks::margin(block));
        match self {
            Self::Blocks => [format!("blocks of {block} px"), format!("{margin} the latter left out")],
            Self::Scenes => ["whole scenes".to_owned(), String::new()],
            Self::Both => {
                [format!("blocks of {block} px and whole scenes"), format!("{margin} blocks that validate left out")]
            }
        }
    }
}

/// How the blocks were drawn: so many of all.
fn drawn_note(config: &RunConfig, [all, chosen]: [usize; 2], shape: Shape) -> String {
    let RunConfig { folds, fold, val_ratio, block, .. } = config;
    let [units, margin] = shape.words(*block);
    let parts = format!("{} train / {chosen} val {units}", all - chosen);
    match (*folds, chosen) {
        (0, 0) => {
            "No validation blocks: nothing is scored, and the checkpoint with the lowest training loss is the best"
                .to_owned()
        }
        (_, 0) => format!("Fold {fold} of {folds} has no block: there are fewer blocks than folds. Nothing is scored"),
        (0, _) => {
            format!("No valid split provided -> split train into {parts} (val_ratio={val_ratio}){margin}")
        }
        (_, _) => format!("Fold {fold} of {folds} validates: {parts}{margin}"),
    }
}

/// Says that scenes are not divided.
fn undivided_note(scenes: &[Scene<'_>]) -> Option<String> {
    let undivided = scenes.iter().filter(|scene| !scene.is_mapped).count();
    (undivided > 0).then(|| {
        let scenes = counted(undivided as u64, "scene");
        format!("{scenes} of several tiles not divided into blocks: it is not known where the tiles lie")
    })
}

/// Says that tiles have no known neighbours. One that is alone has none.
fn alone_note(tiles: &[Tile], scenes: &[Scene<'_>]) -> Option<String> {
    let is_alone = |scene: &&Scene<'_>| match scene.tiles.as_slice() {
        [(index, _)] => tiles[*index].rect_in_scene().is_none(),
        _ => false,
    };
    let alone = scenes.iter().filter(is_alone).count();
    (alone > 1).then(|| {
        let tiles = counted(alone as u64, "tile");
        format!(
            "{tiles} taken for scenes of their own: neither names nor tags nor world files tell where they lie. If some are neighbours, \
             they are learned from up to the edge of a block in another"
        )
    })
}

#[cfg(test)]
mod tests;
