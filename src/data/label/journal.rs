//! The label journal: an append-only file of edits from which all own labels are derived.
//!
//! An edit is one line. It is handed to the operating system before [`Journal::append`] returns, so it survives a crash of
//! the program. A thread syncs it to disk at once, or within 200 ms of the previous sync; [`Journal::disk`] reports the state.
//! Only edits that are pending there can be lost in a power cut.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::line::{self, Header, ParsedLine, TileName, VERSION};
use super::sync::{Syncer, sync_of};
use super::tail::{Change, Tail};
use super::tiles::{self, JournalTiles, ResolvedTile};
use super::{location, notes};
use crate::data::files::lock::lock;
use crate::data::{DataError, Project};
use crate::domain::{Edit, LabelBook, Stroke};

pub use super::sync::{Disk, DiskState};

/// What is said where another window has the lock.
const TAKEN: &str = "another Pointillist window has this project open: close that window, or label there";

/// The journal of a project, open for writing (the window) or for following (the trainer).
#[derive(Debug)]
pub struct Journal {
    /// Path of the journal file.
    pub path: PathBuf,
    /// Class names with indices, earlier names included. The current name of each class comes first.
    names: Vec<(String, u8)>,
    /// How far the file has been read.
    tail: Tail,
    /// Number of lines read so far, for messages.
    lines: usize,
    /// Resolves the tile names in lines.
    tiles: JournalTiles,
    /// Format version of the last header; 0 for an empty file.
    version: u32,
    /// The tile of the last stroke; extensions apply to it.
    last_tile: ResolvedTile,
    /// The last stroke could not be used, so its extensions are skipped.
    skipping: bool,
    /// The file ends with an incomplete line.
    torn: bool,
    disk: Disk,
    /// Runs while the file is open. Dropped before the lock, so that the next holder of the lock finds everything on disk.
    syncer: Option<Syncer>,
    file: Option<File>,
    lock: Option<File>,
    /// The journal in the other of the two locations, if there is one: the project's folder may have been writable earlier and
    /// no longer be, or the reverse. It is read before this one and never written.
    other: Option<Box<Self>>,
}

/// The result of replaying a journal.
#[derive(Debug, Default)]
pub struct Replay {
    /// All labels.
    pub book: LabelBook,
    /// Notes for the user, one sentence each: unusable lines with file and line number, labels without a tile.
    pub notes: Vec<String>,
}

impl Journal {
    /// Opens the journal for appending and replays it. Files are created only at the first edit.
    ///
    /// # Errors
    /// If the journal cannot be read, or is open for appending elsewhere.
    pub fn open(project: &Project) -> Result<(Self, Replay), DataError> {
        Self::open_at(location::of(&project.root), project, true)
    }

    /// Opens the journal for following. Takes no lock, so the trainer can read while the window writes.
    pub fn open_to_follow(project: &Project) -> Result<(Self, Replay), DataError> {
        Self::open_at(location::of(&project.root), project, false)
    }

    /// The labels as they are now. Writes nothing, and reads both journals of a project in the same order wherever it runs.
    ///
    /// # Errors
    /// If a journal cannot be read.
    pub fn read(project: &Project) -> Result<LabelBook, DataError> {
        let mut book = LabelBook::default();
        Self::both(location::inside(&project.root), project).read_all(&mut book, &mut Vec::new())?;
        Ok(book)
    }

    fn open_at(path: PathBuf, project: &Project, to_write: bool) -> Result<(Self, Replay), DataError> {
        let mut journal = Self::both(path, project);
        if to_write && journal.folder().is_dir() {
            journal.lock = Some(lock(journal.folder(), TAKEN)?);
        }
        let mut replay = Replay::default();
        journal.read_all(&mut replay.book, &mut replay.notes)?;
        replay.notes.extend(journal.unassigned_notes(&replay.book));
        if let Err(error) = journal.keep_meaning() {
            log::warn!("{error}");
        }
        if to_write {
            replay.notes.extend(journal.place_note(&project.root));
            replay.notes.extend(journal.torn.then(|| notes::torn(journal.lines + 1, &journal.path)));
        }
        Ok((journal, replay))
    }

    /// The journal at `path`, and the project's other one if there is one.
    fn both(path: PathBuf, project: &Project) -> Self {
        let other = [Some(location::inside(&project.root)), location::outside(&project.root)].into_iter().flatten();
        let other = other.into_iter().find(|other| *other != path && other.is_file());
        let (names, tiles) = (class_names(project), JournalTiles::of(project));
        let other = other.map(|other| Box::new(Self::unread(other, names.clone(), tiles.clone())));
        Self { other, ..Self::unread(path, names, tiles) }
    }

    fn unread(path: PathBuf, names: Vec<(String, u8)>, tiles: JournalTiles) -> Self {
        let (tail, disk, skipping, torn) = (Tail::default(), Disk::default(), false, false);
        let (syncer, file, lock, other) = (None, None, None, None);
        let last_tile = ResolvedTile { tile: None, stored: false };
        let (lines, version) = (0, 0);
        Self { path, names, tiles, version, last_tile, tail, lines, skipping, torn, disk, syncer, file, lock, other }
    }

    /// Records in a file of version 1 which files its ids refer to, while this is unambiguous: a tile that is added later may
    /// share an id.
    fn keep_meaning(&mut self) -> Result<(), DataError> {
        let files = self.tiles.to_record();
        if self.version != 1 || files.is_empty() || self.torn {
            return Ok(());
        }
        let had_lock = self.lock.is_some();
        if !had_lock {
            let Ok(lock) = lock(self.folder(), TAKEN) else {
                return Ok(()); // The process that holds the lock has recorded them.
            };
            self.lock = Some(lock);
        }
        let recorded = self.write_lines(&line::header(files), "cannot record which files the labels belong to");
        if !had_lock {
            (self.file, self.syncer, self.lock) = (None, None, None);
        }
        recorded
    }

    /// Notes about labels that belong to no tile, if all tiles of the folder are known.
    fn unassigned_notes(&self, book: &LabelBook) -> Vec<String> {
        if !self.tiles.is_whole() {
            return Vec::new();
        }
        let ids: Vec<&str> = self.tiles.ambiguous().collect();
        let ambiguous = (!ids.is_empty()).then(|| notes::ambiguous(&ids, &self.path));
        let unlinked = self.unlinked(book);
        let first = unlinked.first().map(|(first, _)| notes::unlinked(unlinked.len(), first, &self.path));
        ambiguous.into_iter().chain(first).collect()
    }

    /// A note about where labels are read and written, if this is not only the project's folder.
    fn place_note(&self, project_root: &Path) -> Option<String> {
        let other = self.other.as_ref().map(|other| other.path.as_path());
        if self.path == location::inside(project_root) {
            return other.map(|other| notes::read_elsewhere(other, &self.path));
        }
        Some(notes::written_elsewhere(other, &self.path))
    }

    /// Names with labels that belong to no tile, with the number of strokes: the file was moved, renamed or removed, or the name
    /// is ambiguous.
    pub fn unlinked(&self, book: &LabelBook) -> Vec<(String, usize)> {
        let lost = book.tiles().filter(|id| !self.tiles.is_tile(id));
        lost.map(|id| (tiles::shown(id).to_owned(), book.standing_on(id).count())).collect()
    }

    /// Assigns the labels of a name without a tile to a tile. Undo does not revert this; it can be repeated.
    ///
    /// # Errors
    /// If there is no such tile, or the journal cannot be written.
    pub fn relink(&mut self, book: &mut LabelBook, from: &str, tile: &str) -> Result<(), DataError> {
        if !self.tiles.is_tile(tile) {
            return Err(DataError::content(format!("there is no tile '{tile}' to assign the labels to"), &self.path));
        }
        let file = self.tiles.file(tile).to_owned();
        let line = line::relink(from, &file);
        self.write_lines(&line, "the labels could not be assigned to the tile (check free space)")?;
        self.tiles.relink(self.lines, from.to_owned(), file);
        book.relink(&tiles::unlinked(from), tile);
        Ok(())
    }

    /// Adopts changed classes of the project. Labels are written under current names; earlier names are still read.
    pub fn set_classes(&mut self, project: &Project) {
        self.names = class_names(project);
        if let Some(other) = &mut self.other {
            other.set_classes(project);
        }
    }

    /// A handle to the sync state, usable from any thread.
    pub fn disk(&self) -> Disk {
        self.disk.clone()
    }

    /// Appends an edit and flushes it to the operating system, so that it survives `kill -9`. The disk sync follows.
    pub fn append(&mut self, edit: &Edit) -> Result<(), DataError> {
        let name = |class| self.names.iter().find(|(_, index)| *index == class).map(|(name, _)| name.clone());
        let line = line::write(edit, name, |id| self.tiles.file(id)).ok_or_else(|| {
            DataError::content(
                "the label was refused: the project does not have its class, or a position is not a finite number",
                &self.path,
            )
        })?;
        self.write_lines(&line, "the label was not saved (check free space)")?;
        self.skipping &= !matches!(edit, Edit::Begin(_));
        Ok(())
    }

    /// Appends a line, preceded by a header and the end of an incomplete line where needed.
    fn write_lines(&mut self, line: &str, doing: &'static str) -> Result<(), DataError> {
        if self.file.is_none() {
            self.start_writing()?;
        }
        // Ends the incomplete line so that it parses as no label.
        let mut text = if self.torn { "#\n".to_owned() } else { String::new() };
        if self.version < VERSION && Header::parse(line.as_bytes()).is_none() {
            text.push_str(&line::header(self.tiles.to_record()));
            text.push('\n');
        }
        text.push_str(line);
        text.push('\n');
        let Some(file) = &mut self.file else {
            return Ok(()); // Not reached: `start_writing` has opened it.
        };
        if let Err(cause) = file.write_all(text.as_bytes()) {
            self.torn = true; // Part of the line may have been written.
            return Err(DataError::io(doing, &self.path)(cause));
        }
        self.syncer.iter().for_each(Syncer::note);
        let length = file.metadata().map_err(DataError::io("cannot read the labels", &self.path))?.len();
        self.lines += text.matches('\n').count();
        // The bytes of an incomplete line are missing here, so the next `follow` replays the file once.
        self.tail.advance(text.as_bytes(), length);
        (self.torn, self.version) = (false, VERSION);
        Ok(())
    }

    /// Reads what any process has appended since the last call and applies it to `book`. Returns the ids of the tiles whose
    /// labels changed. An incomplete last line is left for the next call. Only new bytes are read, so the cost does not grow
    /// with the file.
    ///
    /// If the file was replaced (see `Tail`), all labels are replayed from the start.
    pub fn follow(&mut self, book: &mut LabelBook) -> Result<Vec<String>, DataError> {
        let (mut changed, mut notes) = (BTreeSet::new(), Vec::new());
        let other_has_changed = self.other.as_mut().map_or(Ok(false), |other| other.has_changed())?;
        match self.poll()? {
            Change::Unchanged if !other_has_changed => {}
            Change::Appended(bytes) if !other_has_changed && !line::relinks(&bytes) => {
                changed.extend(self.take(&bytes, book, &mut notes));
            }
            _ => {
                changed.extend(book.tiles().map(str::to_owned));
                book.clear();
                self.rewind();
                changed.extend(self.read_all(book, &mut notes)?);
            }
        }
        for note in notes {
            log::warn!("{note}");
        }
        Ok(changed.into_iter().collect())
    }

    /// Whether the file was replaced or has new complete lines.
    fn has_changed(&mut self) -> Result<bool, DataError> {
        Ok(match self.poll()? {
            Change::Unchanged => false,
            Change::Appended(bytes) => bytes.contains(&b'\n'),
            Change::Replaced => true,
        })
    }

    fn poll(&mut self) -> Result<Change, DataError> {
        self.tail.poll(&self.path).map_err(DataError::io("cannot read the labels", &self.path))
    }

    fn rewind(&mut self) {
        (self.tail, self.lines, self.version, self.skipping) = (Tail::default(), 0, 0, false);
        self.tiles.rewind();
        if let Some(other) = &mut self.other {
            other.rewind();
        }
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// Opens the file for appending, creates what is missing, and checks that nobody else has written since the replay.
    fn start_writing(&mut self) -> Result<(), DataError> {
        const DOING: &str = "cannot write the labels (check free space and write permission)";
        std::fs::create_dir_all(self.folder()).map_err(DataError::io(DOING, self.folder()))?;
        if self.lock.is_none() {
            self.lock = Some(lock(self.folder(), TAKEN)?);
        }
        let opened = OpenOptions::new().create(true).append(true).open(&self.path);
        let file = opened.map_err(DataError::io(DOING, &self.path))?;
        let length = file.metadata().map_err(DataError::io(DOING, &self.path))?.len();
        if length != self.tail.offset() && !self.torn {
            let what = "another program has changed the labels: open the project again to see them";
            return Err(DataError::content(what, &self.path));
        }
        let syncer = file.try_clone().and_then(|file| Syncer::start(self.disk.clone(), sync_of(file, self.folder())));
        self.syncer = Some(syncer.map_err(DataError::io(DOING, &self.path))?);
        self.file = Some(file);
        Ok(())
    }

    /// Applies new lines, those of the other journal first. Returns the tiles whose labels changed.
    fn read_all(&mut self, book: &mut LabelBook, notes: &mut Vec<String>) -> Result<BTreeSet<String>, DataError> {
        let mut changed = BTreeSet::new();
        if let Some(other) = self.other.as_mut().filter(|_| self.tail.offset() == 0) {
            changed = other.read_on(book, notes)?;
            book.seal();
        }
        changed.extend(self.read_on(book, notes)?);
        Ok(changed)
    }

    /// Applies new lines. Returns the tiles whose labels changed.
    fn read_on(&mut self, book: &mut LabelBook, notes: &mut Vec<String>) -> Result<BTreeSet<String>, DataError> {
        Ok(match self.poll()? {
            Change::Appended(bytes) => self.take(&bytes, book, notes),
            Change::Unchanged | Change::Replaced => BTreeSet::new(),
        })
    }

    /// Applies the complete lines in new bytes. Returns the tiles whose labels changed.
    fn take(&mut self, new: &[u8], book: &mut LabelBook, notes: &mut Vec<String>) -> BTreeSet<String> {
        let complete = new.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        self.torn = complete < new.len();
        self.tail.advance(&new[..complete], self.tail.offset() + complete as u64);
        let mut changed = BTreeSet::new();
        let lines = || new[..complete].split_inclusive(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        // Headers that record what ids mean may follow the lines that use the ids.
        lines().filter_map(Header::parse).for_each(|header| self.tiles.record(header.files));
        for (number, line) in lines().enumerate().filter(|(_, line)| line::relinks(line)) {
            if let Ok(ParsedLine::Relink { from, to }) = line::parse(line, |_| None) {
                self.tiles.relink(self.lines + number + 1, from, to);
            }
        }
        let mut unknown: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for line in lines() {
            self.lines += 1;
            match self.apply(line, book) {
                Ok(tile) => changed.extend(tile),
                Err(Unused::Class(class)) => unknown.entry(class).or_default().push(self.lines),
                Err(Unused::Line(what)) => notes.push(format!("line {}: {what}: {}", self.lines, self.path.display())),
            }
        }
        notes.extend(unknown.iter().map(|(class, lines)| notes::unknown_class(class, lines, &self.path)));
        changed
    }

    /// Applies one line. The error says why it is skipped.
    fn apply(&mut self, line: &[u8], book: &mut LabelBook) -> Result<Option<String>, Unused> {
        if line.is_empty() {
            return Ok(None);
        }
        if let Some(header) = Header::parse(line) {
            let newer = header.pointillist != "labels" || header.version > VERSION;
            self.version = header.version;
            let refusal = || Unused::Line("written by a newer version of Pointillist".to_owned());
            return if newer { Err(refusal()) } else { Ok(None) };
        }
        let index = |class: &str| self.names.iter().find(|(name, _)| name == class).map(|(_, index)| *index);
        let parsed = line::parse(line, index).map_err(|error| {
            self.skipping = true; // It may have started a stroke.
            Unused::Line(format!("not a label ({error}), skipped"))
        })?;
        match parsed {
            ParsedLine::Edit(Edit::Extend(_)) if self.skipping => Ok(None),
            ParsedLine::Edit(Edit::Extend(mut path)) => {
                self.tiles.upright(self.last_tile, &mut path);
                Ok(book.apply(Edit::Extend(path)))
            }
            ParsedLine::Edit(edit) => Ok(book.apply(edit)),
            ParsedLine::Begin(tile_name, stroke) => {
                self.skipping = false;
                Ok(book.apply(Edit::Begin(self.placed(&tile_name, stroke))))
            }
            ParsedLine::Relink { .. } => Ok(None), // The lines before it were read as lying on the other file.
            ParsedLine::UnknownClass { tile, class } => {
                let tile = self.resolve(&tile).1;
                // An empty stroke keeps its position in the history, so that later undo and redo lines match.
                book.apply(Edit::Begin(Stroke { tile, class: None, radius: 0.0, path: Vec::new() }));
                self.skipping = true;
                Err(Unused::Class(class))
            }
        }
    }

    /// The tile that a line names, and its key in the label book.
    fn resolve(&mut self, tile_name: &TileName) -> (ResolvedTile, String) {
        let resolved = match tile_name {
            TileName::File(file) => self.tiles.of_file(file),
            TileName::ShortId(id) => self.tiles.of_id(id),
        };
        let name = self.tiles.recorded(tile_name.name()).to_owned();
        match self.tiles.moved_to(self.lines, &name) {
            None => (resolved, self.tiles.key(resolved, &name)),
            Some(file) => {
                // Positions still refer to the image that was labelled.
                let to = ResolvedTile { stored: resolved.stored, ..self.tiles.of_file(&file) };
                (to, self.tiles.key(to, &file))
            }
        }
    }

    /// The stroke with its tile resolved and positions turned upright.
    fn placed(&mut self, tile_name: &TileName, mut stroke: Stroke) -> Stroke {
        (self.last_tile, stroke.tile) = self.resolve(tile_name);
        self.tiles.upright(self.last_tile, &mut stroke.path);
        stroke
    }
}

/// Why a line is not used.
enum Unused {
    /// The project does not have its class.
    Class(String),
    /// It cannot be read.
    Line(String),
}

fn class_names(project: &Project) -> Vec<(String, u8)> {
    project.legend.names().map(|(name, index)| (name.to_owned(), index)).collect()
}

#[cfg(test)]
mod tests;
