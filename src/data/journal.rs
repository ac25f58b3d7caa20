//! The label journal: an append-only file of edits, from which all own labels are derived.
//!
//! An edit is one line, handed to the operating system whole before [`Journal::append`] returns: it survives the end of
//! the program, however sudden. A thread has the disk take it at once, or within a fifth of a second of the edit before:
//! [`Journal::disk`] says whether it has. Only what is pending there can be lost to a power cut.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::journal_line::{self, Called, Header, Parsed, VERSION};
use super::journal_place as place;
use super::journal_sync::Syncer;
use super::journal_tail::{News, Tail};
use super::journal_tiles::{self, JournalTiles, Meant};
use super::{DataError, Project};
use crate::domain::{Edit, LabelBook, Stroke};

pub use super::journal_sync::{Disk, DiskState};

/// A project's journal, open for writing (the window) or following (the trainer).
#[derive(Debug)]
pub struct Journal {
    /// The file.
    pub path: PathBuf,
    /// Class names and their indices, earlier names included; the current name of each class stands first.
    names: Vec<(String, u8)>,
    /// How far it has been read.
    tail: Tail,
    /// Lines read so far, for messages.
    lines: usize,
    /// The tiles as its lines call them.
    tiles: JournalTiles,
    /// The version in which the file was written last; 0 for an empty one.
    version: u32,
    /// The tile of the last stroke, whose extensions lie on it.
    drawn_on: Meant,
    /// The last stroke could not be used, so extensions of it are passed over.
    skipping: bool,
    /// The file ends in the middle of a line.
    torn: bool,
    disk: Disk,
    /// Runs while the file is open. Dropped before the lock: whoever comes next finds everything on the disk.
    syncer: Option<Syncer>,
    file: Option<File>,
    lock: Option<File>,
    /// The journal in the other of the two places, if there is one: the project's folder may once have been writable and
    /// not be now, or the other way round. It is read before this one and never written.
    other: Option<Box<Self>>,
}

/// What replaying a journal gave.
#[derive(Debug, Default)]
pub struct Replay {
    /// All labels.
    pub book: LabelBook,
    /// Lines that could not be used, a sentence each (naming file and line).
    pub notes: Vec<String>,
}

impl Journal {
    /// Opens for appending (creating nothing until the first edit) and replays what is there.
    ///
    /// Only one journal of a project can be open for appending at a time; another attempt is an error.
    pub fn open(project: &Project) -> Result<(Self, Replay), DataError> {
        Self::open_at(place::of(&project.root), project, true)
    }

    /// Opens for following only: takes no lock, so the trainer can read while the window writes.
    pub fn open_to_follow(project: &Project) -> Result<(Self, Replay), DataError> {
        Self::open_at(place::of(&project.root), project, false)
    }

    fn open_at(path: PathBuf, project: &Project, to_write: bool) -> Result<(Self, Replay), DataError> {
        let other = [Some(place::inside(&project.root)), place::outside(&project.root)].into_iter().flatten();
        let other = other.into_iter().find(|other| *other != path && other.is_file());
        let (names, tiles) = (class_names(project), JournalTiles::of(project));
        let mut journal = Self::unread(path, names.clone(), tiles.clone());
        journal.other = other.map(|other| Box::new(Self::unread(other, names, tiles)));
        if to_write && journal.folder().is_dir() {
            journal.lock()?;
        }
        let mut replay = Replay::default();
        journal.read_all(&mut replay.book, &mut replay.notes)?;
        replay.notes.extend(journal.ambiguous_note());
        replay.notes.extend(journal.unlinked_note(&replay.book));
        if let Err(error) = journal.keep_meaning() {
            log::warn!("{error}");
        }
        if to_write {
            replay.notes.extend(journal.place_note(&project.root));
            replay.notes.extend(journal.torn_note());
        }
        Ok((journal, replay))
    }

    fn unread(path: PathBuf, names: Vec<(String, u8)>, tiles: JournalTiles) -> Self {
        let (tail, disk, skipping, torn) = (Tail::default(), Disk::default(), false, false);
        let (syncer, file, lock, other) = (None, None, None, None);
        let drawn_on = Meant { tile: None, stored: false };
        let (lines, version) = (0, 0);
        Self { path, names, tiles, version, drawn_on, tail, lines, skipping, torn, disk, syncer, file, lock, other }
    }

    /// Records in a file of version 1 which tiles its ids mean, while that can be told: a tile added later may share an id.
    fn keep_meaning(&mut self) -> Result<(), DataError> {
        let files = self.tiles.to_record();
        if self.version != 1 || files.is_empty() || self.torn {
            return Ok(());
        }
        let had_lock = self.lock.is_some();
        if !had_lock && self.lock().is_err() {
            return Ok(()); // Whoever has it open for writing has recorded it.
        }
        let recorded = self.write_lines(&journal_line::header(files), "cannot record which tiles the labels lie on");
        if !had_lock {
            (self.file, self.syncer, self.lock) = (None, None, None);
        }
        recorded
    }

    fn ambiguous_note(&self) -> Option<String> {
        let ids: Vec<&str> = self.tiles.ambiguous().collect();
        (!ids.is_empty() && self.tiles.is_whole()).then(|| {
            format!(
                "several files go by {}, and it is not recorded whose labels these are: they are kept and not used until they \
                 are given to one (Project > Labels without a tile…, or pointillist labels): {}",
                ids.join(", "),
                self.path.display()
            )
        })
    }

    fn unlinked_note(&self, book: &LabelBook) -> Option<String> {
        let unlinked = self.unlinked(book);
        let (first, _) = unlinked.first().filter(|_| self.tiles.is_whole())?;
        Some(format!(
            "labels lie on {} files that are not in this folder (the first is {first}): they are kept and not used until they \
             are given to a tile (Project > Labels without a tile…, or pointillist labels): {}",
            unlinked.len(),
            self.path.display()
        ))
    }

    /// Names under which labels are kept that are no tile's, with the number of strokes: the file was moved, renamed or
    /// removed, or several files could be meant.
    pub fn unlinked(&self, book: &LabelBook) -> Vec<(String, usize)> {
        let lost = book.tiles().filter(|id| !self.tiles.is_tile(id));
        lost.map(|id| (journal_tiles::shown(id).to_owned(), book.standing_on(id).count())).collect()
    }

    /// Gives the labels that are kept under a name to a tile of the project. Not undone by undo; can be done again.
    ///
    /// # Errors
    /// If there is no such tile, or the journal cannot be written.
    pub fn relink(&mut self, book: &mut LabelBook, from: &str, tile: &str) -> Result<(), DataError> {
        if !self.tiles.is_tile(tile) {
            return Err(DataError::content(format!("there is no tile '{tile}' to give the labels to"), &self.path));
        }
        let file = self.tiles.file(tile).to_owned();
        let line = journal_line::relink(from, &file);
        self.write_lines(&line, "the labels could not be given to the tile (check free space)")?;
        self.tiles.relink(self.lines, from.to_owned(), file);
        book.relink(&journal_tiles::lost(from), tile);
        Ok(())
    }

    /// Says where new labels go and where others are read from, if that is not the project's folder alone.
    fn place_note(&self, project_root: &Path) -> Option<String> {
        let other = self.other.as_ref().map(|other| other.path.display());
        let new = self.path.display();
        if self.path == place::inside(project_root) {
            return other.map(|other| {
                format!("labels from when the project's folder could not be written are read from {other}; new ones go to {new}")
            });
        }
        let read = other.map(|other| format!(", those in {other} are read")).unwrap_or_default();
        Some(format!("the project's folder cannot be written: new labels go to {new}{read}"))
    }

    fn torn_note(&self) -> Option<String> {
        let (line, path) = (self.lines + 1, self.path.display());
        self.torn.then(|| format!("line {line} was cut off while it was written and is passed over: {path}"))
    }

    /// The project's classes have changed: labels are written under their names of now, and earlier names still read.
    pub fn set_classes(&mut self, project: &Project) {
        self.names = class_names(project);
        if let Some(other) = &mut self.other {
            other.set_classes(project);
        }
    }

    /// Whether what was appended is on the disk: to be asked at any time, by anyone.
    pub fn disk(&self) -> Disk {
        self.disk.clone()
    }

    /// Appends an edit and flushes it to the operating system, so that it survives `kill -9`. The disk follows.
    pub fn append(&mut self, edit: &Edit) -> Result<(), DataError> {
        let name = |class| self.names.iter().find(|(_, index)| *index == class).map(|(name, _)| name.clone());
        let line = journal_line::write(edit, name, |id| self.tiles.file(id)).ok_or_else(|| {
            DataError::content(
                "a label of a class the project does not have, or with a position that is no number, was refused",
                &self.path,
            )
        })?;
        self.write_lines(&line, "the label was not saved (check free space)")?;
        self.skipping &= !matches!(edit, Edit::Begin(_));
        Ok(())
    }

    /// Appends a line, after whatever has to stand before it.
    fn write_lines(&mut self, line: &str, doing: &'static str) -> Result<(), DataError> {
        if self.file.is_none() {
            self.start_writing()?;
        }
        // Whatever a torn line held, it is no label now.
        let mut text = if self.torn { "#\n".to_owned() } else { String::new() };
        if self.version < VERSION && Header::parse(line.as_bytes()).is_none() {
            text.push_str(&journal_line::header(self.tiles.to_record()));
            text.push('\n');
        }
        text.push_str(line);
        text.push('\n');
        let Some(file) = &mut self.file else {
            return Ok(()); // `start_writing` has set it.
        };
        if let Err(cause) = file.write_all(text.as_bytes()) {
            self.torn = true; // Part of the line may be there.
            return Err(DataError::io(doing, &self.path)(cause));
        }
        self.syncer.iter().for_each(Syncer::note);
        let length = file.metadata().map_err(DataError::io("cannot read the labels", &self.path))?.len();
        self.lines += text.matches('\n').count();
        // After a torn line its bytes are missing here: whoever follows replays the file once.
        self.tail.take(text.as_bytes(), length);
        (self.torn, self.version) = (false, VERSION);
        Ok(())
    }

    /// Reads what has been appended since the last call (by any process) and applies it to `book`. Returns the ids of
    /// the tiles whose labels changed. An incomplete last line is left for the next call. What was read before is not read
    /// again, so this takes as long for the next label as for the first.
    ///
    /// If the file is not the one that was read so far (see [`Tail`] for how that is noticed), all labels are replayed from
    /// its start.
    pub fn follow(&mut self, book: &mut LabelBook) -> Result<Vec<String>, DataError> {
        let (mut changed, mut notes) = (BTreeSet::new(), Vec::new());
        let other_has_news = self.other.as_mut().map_or(Ok(false), |other| other.has_news())?;
        match self.look()? {
            News::Nothing if !other_has_news => {}
            News::More(bytes) if !other_has_news && !journal_line::relinks(&bytes) => {
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

    /// Whether the file is another one than was read, or holds complete lines beyond.
    fn has_news(&mut self) -> Result<bool, DataError> {
        Ok(match self.look()? {
            News::Nothing => false,
            News::More(bytes) => bytes.contains(&b'\n'),
            News::Another => true,
        })
    }

    fn look(&mut self) -> Result<News, DataError> {
        self.tail.look(&self.path).map_err(DataError::io("cannot read the labels", &self.path))
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

    fn lock(&mut self) -> Result<(), DataError> {
        let path = self.folder().join("lock");
        let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file =
            opened.map_err(DataError::io("cannot write the label folder (check that you may write there)", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let what = "another Pointillist window has this project open: close it, or label there";
                return Err(DataError::content(what, self.folder()));
            }
            // Some network file systems know no locks. Labelling goes on without.
            Err(TryLockError::Error(error)) => log::warn!("cannot lock {}: {error}", path.display()),
        }
        self.lock = Some(file);
        Ok(())
    }

    /// Creates what is not there yet and makes sure that nobody else has written since the replay.
    fn start_writing(&mut self) -> Result<(), DataError> {
        const DOING: &str = "cannot write the labels (check free space and that you may write there)";
        std::fs::create_dir_all(self.folder()).map_err(DataError::io(DOING, self.folder()))?;
        if self.lock.is_none() {
            self.lock()?;
        }
        let opened = OpenOptions::new().create(true).append(true).open(&self.path);
        let file = opened.map_err(DataError::io(DOING, &self.path))?;
        let length = file.metadata().map_err(DataError::io(DOING, &self.path))?.len();
        if length != self.tail.offset() && !self.torn {
            let what = "the labels were changed by another program: open the project again to see them";
            return Err(DataError::content(what, &self.path));
        }
        let syncer = file.try_clone().and_then(|file| Syncer::start(self.disk.clone(), sync_of(file, self.folder())));
        self.syncer = Some(syncer.map_err(DataError::io(DOING, &self.path))?);
        self.file = Some(file);
        Ok(())
    }

    /// Applies what is new, of the other journal first. Returns the tiles whose labels changed.
    fn read_all(&mut self, book: &mut LabelBook, notes: &mut Vec<String>) -> Result<BTreeSet<String>, DataError> {
        let mut changed = BTreeSet::new();
        if let Some(other) = self.other.as_mut().filter(|_| self.tail.offset() == 0) {
            changed = other.read_on(book, notes)?;
            book.seal();
        }
        changed.extend(self.read_on(book, notes)?);
        Ok(changed)
    }

    /// Applies what is new. Returns the tiles whose labels changed.
    fn read_on(&mut self, book: &mut LabelBook, notes: &mut Vec<String>) -> Result<BTreeSet<String>, DataError> {
        Ok(match self.look()? {
            News::More(bytes) => self.take(&bytes, book, notes),
            News::Nothing | News::Another => BTreeSet::new(),
        })
    }

    /// Applies the complete lines among new bytes. Returns the tiles whose labels changed.
    fn take(&mut self, new: &[u8], book: &mut LabelBook, notes: &mut Vec<String>) -> BTreeSet<String> {
        let complete = new.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        self.torn = complete < new.len();
        self.tail.take(&new[..complete], self.tail.offset() + complete as u64);
        let mut changed = BTreeSet::new();
        let lines = || new[..complete].split_inclusive(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        // What ids mean may be recorded after the lines that use them.
        lines().filter_map(Header::parse).for_each(|header| self.tiles.record(header.files));
        for (number, line) in lines().enumerate().filter(|(_, line)| journal_line::relinks(line)) {
            if let Ok(Parsed::Relink { from, to }) = journal_line::parse(line, |_| None) {
                self.tiles.relink(self.lines + number + 1, from, to);
            }
        }
        for line in lines() {
            self.lines += 1;
            match self.apply(line, book) {
                Ok(tile) => changed.extend(tile),
                Err(what) => notes.push(format!("line {}: {what}: {}", self.lines, self.path.display())),
            }
        }
        changed
    }

    /// Applies one line. The error says why it is passed over.
    fn apply(&mut self, line: &[u8], book: &mut LabelBook) -> Result<Option<String>, String> {
        if line.is_empty() {
            return Ok(None);
        }
        if let Some(header) = Header::parse(line) {
            let newer = header.pointillist != "labels" || header.version > VERSION;
            self.version = header.version;
            return if newer { Err("written by a newer version of Pointillist".to_owned()) } else { Ok(None) };
        }
        let index = |class: &str| self.names.iter().find(|(name, _)| name == class).map(|(_, index)| *index);
        let parsed = journal_line::parse(line, index).map_err(|error| {
            self.skipping = true; // It may have been the beginning of a stroke.
            format!("not a label ({error}), passed over")
        })?;
        match parsed {
            Parsed::Edit(Edit::Extend(_)) if self.skipping => Ok(None),
            Parsed::Edit(Edit::Extend(mut path)) => {
                self.tiles.upright(self.drawn_on, &mut path);
                Ok(book.apply(Edit::Extend(path)))
            }
            Parsed::Edit(edit) => Ok(book.apply(edit)),
            Parsed::Begin(called, stroke) => {
                self.skipping = false;
                Ok(book.apply(Edit::Begin(self.placed(&called, stroke))))
            }
            Parsed::Relink { .. } => Ok(None), // The lines before it were read as lying on the other file.
            Parsed::UnknownClass { tile, class } => {
                let tile = self.meant(&tile).1;
                // An empty stroke holds the place, so that undo and redo count as they did.
                book.apply(Edit::Begin(Stroke { tile, class: None, radius: 0.0, path: Vec::new() }));
                self.skipping = true;
                Err(format!("there is no class '{class}' in this project, its label is kept but not used"))
            }
        }
    }
}

impl Journal {
    /// The tile that a line means, and its name in the label book.
    fn meant(&mut self, called: &Called) -> (Meant, String) {
        let meant = match called {
            Called::File(file) => self.tiles.of_file(file),
            Called::Tile(id) => self.tiles.of_id(id),
        };
        let name = self.tiles.recorded(called.name()).to_owned();
        match self.tiles.moved_to(self.lines, &name) {
            None => (meant, self.tiles.key(meant, &name)),
            Some(file) => {
                // Positions stay those of the image that was labelled.
                let to = Meant { stored: meant.stored, ..self.tiles.of_file(&file) };
                (to, self.tiles.key(to, &file))
            }
        }
    }

    /// A stroke on the tile it means, as the image is seen.
    fn placed(&mut self, called: &Called, mut stroke: Stroke) -> Stroke {
        (self.drawn_on, stroke.tile) = self.meant(called);
        self.tiles.upright(self.drawn_on, &mut stroke.path);
        stroke
    }
}

/// Has the disk take the file and, the first time, that it is there.
fn sync_of(file: File, folder: &Path) -> impl FnMut() -> io::Result<()> + Send + 'static {
    let mut folders = vec![folder.parent().map(Path::to_owned), Some(folder.to_owned())];
    move || {
        for folder in folders.drain(..).flatten() {
            // Some network file systems refuse this; the file's own sync still counts.
            sync_folder(&folder).unwrap_or_else(|error| log::debug!("cannot sync {}: {error}", folder.display()));
        }
        match file.sync_data() {
            // There are file systems that know no sync.
            Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput) => Ok(()),
            synced => synced,
        }
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Elsewhere a folder cannot be synced, and need not be.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

fn class_names(project: &Project) -> Vec<(String, u8)> {
    project.legend.names().map(|(name, index)| (name.to_owned(), index)).collect()
}

#[cfg(test)]
mod tests {
    use super::place::{FILE, FOLDER, inside};
    use super::*;
    use crate::data::Tile;
    use crate::domain::Classes;

    /// A folder with one image, opened.
    fn project() -> (tempfile::TempDir, Project) {
        let dir = tempfile::tempdir().unwrap();
        image::RgbImage::new(8, 8).save(dir.path().join("a_sat.png")).unwrap();
        let project = Project::open(dir.path()).unwrap();
        assert_eq!(project.classes, Classes::deepglobe());
        (dir, project)
    }

    fn click(class: Option<u8>, x: f32) -> Edit {
        Edit::Begin(Stroke { tile: "a".to_owned(), class, radius: 1.5, path: vec![[x, 2.25]] })
    }

    fn add_raw(journal: &Path, text: &str) {
        OpenOptions::new().append(true).open(journal).unwrap().write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn edits_come_back_in_a_later_session() {
        let (_dir, project) = project();
        let (mut journal, replay) = Journal::open(&project).unwrap();
        assert!(!journal.path.exists() && replay.notes.is_empty());
        let edits =
            [click(Some(4), 1.0), Edit::Extend(vec![[3.0, 4.0]]), click(None, 7.0), Edit::Undo, Edit::Undo, Edit::Redo];
        let mut book = LabelBook::default();
        for edit in edits {
            journal.append(&edit).unwrap();
            book.apply(edit);
        }
        drop(journal);
        let (_journal, replay) = Journal::open(&project).unwrap();
        assert_eq!(replay.book.standing(), book.standing());
        assert!(replay.book.can_redo() && replay.notes.is_empty());
    }

    #[test]
    fn a_line_cut_off_is_noted_and_the_next_label_is_safe() {
        let (_dir, project) = project();
        let mut journal = Journal::open(&project).unwrap().0;
        journal.append(&click(Some(1), 1.0)).unwrap();
        let path = journal.path.clone();
        drop(journal);
        add_raw(&path, r#"{"op":"paint","tile":"a","cl"#);
        let (mut journal, replay) = Journal::open(&project).unwrap();
        assert_eq!(replay.book.standing().len(), 1);
        assert!(replay.notes[0].contains("line 3") && replay.notes[0].contains("labels.jsonl"), "{:?}", replay.notes);
        journal.append(&click(Some(2), 2.0)).unwrap();
        drop(journal);
        let (_journal, replay) = Journal::open(&project).unwrap();
        assert_eq!(replay.book.standing().iter().map(|stroke| stroke.class).collect::<Vec<_>>(), [Some(1), Some(2)]);
    }

    #[test]
    fn what_cannot_be_used_is_passed_over_with_its_line() {
        let (_dir, project) = project();
        let mut journal = Journal::open(&project).unwrap().0;
        journal.append(&click(Some(1), 1.0)).unwrap();
        add_raw(
            &journal.path,
            "garbage\n{\"op\":\"paint\",\"tile\":\"a\",\"class\":\"lava\",\"radius\":1,\"path\":[[1,1]]}\n",
        );
        add_raw(&journal.path, "{\"op\":\"extend\",\"path\":[[5,5]]}\n\u{0}\u{0}\n{\"op\":\"undo\"}\n");
        drop(journal);
        let (_journal, replay) = Journal::open(&project).unwrap();
        // The undo took back the stroke of the unknown class, not the one before.
        assert_eq!(replay.book.standing().len(), 1);
        assert_eq!(replay.book.standing()[0].path.len(), 1);
        let notes = replay.notes.join("\n");
        assert_eq!(replay.notes.len(), 3, "{notes}");
        assert!(notes.contains("line 3: not a label") && notes.contains("line 4: there is no class 'lava'"), "{notes}");
    }

    #[test]
    fn labels_follow_a_class_that_is_renamed() {
        let (_dir, mut project) = project();
        let mut journal = Journal::open(&project).unwrap().0;
        journal.append(&click(Some(4), 1.0)).unwrap();
        drop(journal);
        let mut list: Vec<_> = project.classes.iter().cloned().collect();
        list[4].name = "lake".to_owned();
        project.save_classes(&Classes::new(list).unwrap()).unwrap();
        let reopened = Project::open(&project.root).unwrap();
        assert_eq!(reopened.classes.name(4), "lake");
        let (_journal, replay) = Journal::open(&reopened).unwrap();
        assert_eq!(replay.book.standing()[0].class, Some(4));
        assert!(replay.notes.is_empty());
    }

    #[test]
    fn the_trainer_follows_what_the_window_writes() {
        let (_dir, project) = project();
        let mut window = Journal::open(&project).unwrap().0;
        let (mut trainer, replay) = Journal::open_to_follow(&project).unwrap();
        let mut book = replay.book;
        assert!(trainer.follow(&mut book).unwrap().is_empty());
        window.append(&click(Some(0), 1.0)).unwrap();
        assert_eq!(trainer.follow(&mut book).unwrap(), ["a"]);
        assert!(trainer.follow(&mut book).unwrap().is_empty());
        // Half a line is left until its end arrives.
        add_raw(&window.path, r#"{"op":"#);
        assert!(trainer.follow(&mut book).unwrap().is_empty());
        add_raw(&window.path, "\"undo\"}\n");
        assert_eq!(trainer.follow(&mut book).unwrap(), ["a"]);
        assert_eq!(book.standing().len(), 0);
    }

    #[test]
    fn following_reads_the_tail_alone() {
        let (_dir, project) = project();
        let mut window = Journal::open(&project).unwrap().0;
        for x in 0..2000 {
            window.append(&click(Some(0), x as f32)).unwrap();
        }
        let (mut trainer, replay) = Journal::open_to_follow(&project).unwrap();
        let mut book = replay.book;
        // Far before the end one class gives way to another of the same length: whoever reads that again would see it.
        let mut text = std::fs::read(&window.path).unwrap();
        let at = text.windows(10).position(|word| word == b"urban_land").unwrap();
        text[at..at + 10].copy_from_slice(b"range_land");
        std::fs::write(&window.path, &text).unwrap();
        window.append(&click(Some(1), 1.0)).unwrap();
        assert_eq!(trainer.follow(&mut book).unwrap(), ["a"]);
        assert_eq!((book.standing().len(), book.standing()[0].class), (2001, Some(0)));
    }

    #[test]
    fn labels_are_saved_when_the_disk_has_them() {
        let (_dir, project) = project();
        let mut journal = Journal::open(&project).unwrap().0;
        let disk = journal.disk();
        assert_eq!(disk.state(), DiskState::Synced);
        journal.append(&click(Some(0), 1.0)).unwrap();
        assert_ne!(disk.state(), DiskState::Failed(String::new()));
        drop(journal);
        assert_eq!(disk.state(), DiskState::Synced, "the last labels are synced at the end");
    }

    #[test]
    fn labels_of_a_tile_that_has_left_the_project_are_kept() {
        let (dir, project) = project();
        let mut journal = Journal::open(&project).unwrap().0;
        journal.append(&click(Some(1), 1.0)).unwrap();
        drop(journal);
        std::fs::rename(dir.path().join("a_sat.png"), dir.path().join("b_sat.png")).unwrap();
        let without = Project::open(dir.path()).unwrap();
        let (mut journal, replay) = Journal::open(&without).unwrap();
        assert_eq!(
            (journal.unlinked(&replay.book), replay.book.carries("b")),
            (vec![("a_sat.png".to_owned(), 1)], false)
        );
        let stroke = Stroke { tile: "b".to_owned(), class: Some(2), radius: 1.0, path: vec![[1.0, 1.0]] };
        journal.append(&Edit::Begin(stroke)).unwrap();
        drop(journal);
        std::fs::copy(dir.path().join("b_sat.png"), dir.path().join("a_sat.png")).unwrap();
        let (_journal, replay) = Journal::open(&Project::open(dir.path()).unwrap()).unwrap();
        assert_eq!((replay.book.count("a"), replay.book.count("b")), (1, 1));
    }

    #[test]
    fn a_journal_that_vanished_or_shrank_is_replayed() {
        let (_dir, project) = project();
        let mut window = Journal::open(&project).unwrap().0;
        for x in 0..3 {
            window.append(&click(Some(0), x as f32)).unwrap();
        }
        let (mut trainer, replay) = Journal::open_to_follow(&project).unwrap();
        let mut book = replay.book;
        let text = std::fs::read_to_string(&window.path).unwrap();
        let two_lines: String = text.split_inclusive('\n').take(2).collect();
        std::fs::write(&window.path, two_lines).unwrap();
        assert_eq!(trainer.follow(&mut book).unwrap(), ["a"]);
        assert_eq!(book.standing().len(), 1);
        std::fs::remove_file(&window.path).unwrap();
        assert_eq!(trainer.follow(&mut book).unwrap(), ["a"]);
        assert_eq!(book.standing().len(), 0);
    }

    #[test]
    fn a_journal_swapped_for_a_longer_one_is_replayed() {
        let (_dir, project) = project();
        let mut window = Journal::open(&project).unwrap().0;
        window.append(&click(Some(0), 1.0)).unwrap();
        let (mut trainer, replay) = Journal::open_to_follow(&project).unwrap();
        let mut book = replay.book;
        let text = std::fs::read_to_string(&window.path).unwrap();
        let class = |name: &str| text.replace("urban_land", name);
        let another = |class: &str| text.lines().last().unwrap().replace("urban_land", class) + "\n";
        assert!(text.contains("urban_land"), "{text}");
        let classes = |book: &LabelBook| book.standing().iter().map(|stroke| stroke.class).collect::<Vec<_>>();
        // A longer file, then one of its length: what was read is no part of either.
        std::fs::write(&window.path, class("water") + &another("forest_land")).unwrap();
        assert_eq!(trainer.follow(&mut book).unwrap(), ["a"]);
        assert_eq!(classes(&book), [Some(4), Some(3)]);
        std::fs::write(&window.path, class("forest_land") + &another("water")).unwrap();
        assert_eq!(trainer.follow(&mut book).unwrap(), ["a"]);
        assert_eq!(classes(&book), [Some(3), Some(4)]);
        assert!(trainer.follow(&mut book).unwrap().is_empty());
    }

    #[test]
    fn labels_in_a_folder_that_cannot_be_written_any_more_are_read_first() {
        let (dir, project) = project();
        let mut journal = Journal::open(&project).unwrap().0;
        journal.append(&click(Some(1), 1.0)).unwrap();
        journal.append(&click(Some(2), 2.0)).unwrap();
        drop(journal);
        // What `place::of` gives for a folder that cannot be written; permissions bind no test that runs as root.
        let elsewhere = tempfile::tempdir().unwrap();
        let path = elsewhere.path().join(FILE);
        let (mut journal, replay) = Journal::open_at(path.clone(), &project, true).unwrap();
        assert_eq!(replay.book.standing().len(), 2);
        let note = &replay.notes[0];
        assert!(note.contains("cannot be written") && note.contains(&path.display().to_string()), "{note}");
        assert!(note.contains(&inside(dir.path()).display().to_string()), "{note}");
        let mut book = replay.book;
        let before = std::fs::read(inside(dir.path())).unwrap();
        for edit in [click(Some(3), 3.0), Edit::Undo, Edit::Undo] {
            journal.append(&edit).unwrap();
            book.apply(edit);
        }
        drop(journal);
        assert_eq!(std::fs::read(inside(dir.path())).unwrap(), before, "the old journal is never written");
        let (mut follower, replay) = Journal::open_at(path, &project, false).unwrap();
        assert_eq!(replay.book.standing(), book.standing());
        assert_eq!(book.standing().len(), 2, "the second undo reached nothing: the old labels stand for good");
        // Somebody who may write there goes on labelling.
        let mut book = replay.book;
        Journal::open_at(inside(dir.path()), &project, true).unwrap().0.append(&click(Some(4), 4.0)).unwrap();
        assert_eq!(follower.follow(&mut book).unwrap(), ["a"]);
        assert_eq!(book.standing().len(), 3);
    }

    #[test]
    fn two_windows_cannot_label_one_project() {
        let (_dir, project) = project();
        let mut first = Journal::open(&project).unwrap().0;
        let mut early = Journal::open(&project).unwrap().0;
        first.append(&click(Some(0), 1.0)).unwrap();
        for message in [
            Journal::open(&project).unwrap_err().to_string(),
            early.append(&click(Some(0), 1.0)).unwrap_err().to_string(),
        ] {
            assert!(message.contains("another Pointillist window"), "{message}");
        }
        drop(first);
        // The labels of the first window are unknown to the one opened before it wrote them.
        assert!(early.append(&click(Some(0), 1.0)).unwrap_err().to_string().contains("open the project again"));
        drop(early);
        assert!(Journal::open(&project).is_ok());
    }

    #[test]
    fn nonsense_is_refused_before_it_is_written() {
        let (_dir, project) = project();
        let mut journal = Journal::open(&project).unwrap().0;
        assert!(journal.append(&click(Some(99), 1.0)).is_err());
        assert!(journal.append(&click(Some(0), f32::NAN)).is_err());
        assert!(!journal.path.exists());
    }

    /// A folder of `a.png` and labels that version 1 gave to it.
    fn written_by_version_1(lines: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        image::RgbImage::new(8, 8).save(dir.path().join("a.png")).unwrap();
        std::fs::create_dir(dir.path().join(FOLDER)).unwrap();
        let text = format!("{{\"pointillist\":\"labels\",\"version\":1}}\n{lines}");
        std::fs::write(dir.path().join(FOLDER).join(FILE), text).unwrap();
        dir
    }

    const ON_A: &str = "{\"op\":\"paint\",\"tile\":\"a\",\"class\":\"class 1\",\"radius\":0,\"path\":[[1.5,2.5]]}\n";

    fn tiles_of(replay: &Replay) -> Vec<&str> {
        replay.book.tiles().collect()
    }

    #[test]
    fn labels_stay_on_their_file_when_another_takes_its_short_name() {
        let dir = written_by_version_1(ON_A);
        let open = || Journal::open_to_follow(&Project::open(dir.path()).unwrap()).unwrap();
        assert_eq!(tiles_of(&open().1), ["a"]);
        image::RgbImage::new(8, 8).save(dir.path().join("a.bmp")).unwrap();
        let (_, replay) = open();
        assert_eq!((tiles_of(&replay), replay.notes.len()), (vec!["a.png"], 0), "{:?}", replay.notes);
        // What is labelled from now on is called by its file.
        let project = Project::open(dir.path()).unwrap();
        let (mut journal, _) = Journal::open(&project).unwrap();
        let path = vec![[3.5, 3.5]];
        journal.append(&Edit::Begin(Stroke { tile: "a.bmp".to_owned(), class: Some(1), radius: 0.0, path })).unwrap();
        drop(journal);
        assert_eq!(tiles_of(&open().1), ["a.bmp", "a.png"]);
        assert!(std::fs::read_to_string(inside(dir.path())).unwrap().contains(r#""file":"a.bmp""#));
    }

    #[test]
    fn an_id_that_several_files_go_by_is_told_and_its_labels_can_be_given_to_one() {
        let dir = written_by_version_1(ON_A);
        image::RgbImage::new(8, 8).save(dir.path().join("a.bmp")).unwrap();
        let project = Project::open(dir.path()).unwrap();
        let (mut journal, mut replay) = Journal::open(&project).unwrap();
        assert!(!replay.book.carries("a") && !replay.book.carries("a.png"));
        assert!(replay.notes.iter().any(|note| note.contains("several files go by a,")), "{:?}", replay.notes);
        assert_eq!(journal.unlinked(&replay.book), [("a".to_owned(), 1)]);
        assert!(journal.relink(&mut replay.book, "a", "nowhere").is_err());
        journal.relink(&mut replay.book, "a", "a.png").unwrap();
        assert_eq!(tiles_of(&replay), ["a.png"]);
        drop(journal);
        assert_eq!(tiles_of(&Journal::open(&project).unwrap().1), ["a.png"]);
    }

    #[test]
    fn labels_of_a_file_that_was_renamed_are_kept_and_listed() {
        let dir = written_by_version_1(ON_A);
        drop(Journal::open(&Project::open(dir.path()).unwrap()).unwrap());
        std::fs::rename(dir.path().join("a.png"), dir.path().join("b.png")).unwrap();
        let project = Project::open(dir.path()).unwrap();
        let (mut journal, mut replay) = Journal::open(&project).unwrap();
        assert_eq!(journal.unlinked(&replay.book).len(), 1);
        assert!(replay.notes.iter().any(|note| note.contains("not in this folder")), "{:?}", replay.notes);
        let (from, _) = journal.unlinked(&replay.book).remove(0);
        journal.relink(&mut replay.book, &from, "b").unwrap();
        assert_eq!((replay.book.count("b"), journal.unlinked(&replay.book).len()), (1, 0));
    }

    #[test]
    fn relinked_labels_stay_when_a_file_of_the_old_name_appears() {
        let dir = written_by_version_1(ON_A);
        drop(Journal::open(&Project::open(dir.path()).unwrap()).unwrap());
        let place = |name: &str| dir.path().join(name);
        std::fs::rename(place("a.png"), place("b.png")).unwrap();
        let (mut journal, mut replay) = Journal::open(&Project::open(dir.path()).unwrap()).unwrap();
        journal.relink(&mut replay.book, "a.png", "b").unwrap();
        drop(journal);
        image::RgbImage::new(8, 8).save(place("a.png")).unwrap();
        let project = Project::open(dir.path()).unwrap();
        let (mut journal, replay) = Journal::open(&project).unwrap();
        assert_eq!(tiles_of(&replay), ["b"]);
        journal.append(&click(None, 1.0)).unwrap();
        drop(journal);
        assert_eq!(tiles_of(&Journal::open(&project).unwrap().1), ["a", "b"], "new labels lie on the new file");
    }

    #[test]
    fn a_lost_name_is_nobodys_id() {
        let dir = written_by_version_1(ON_A);
        drop(Journal::open(&Project::open(dir.path()).unwrap()).unwrap());
        std::fs::remove_file(dir.path().join("a.png")).unwrap();
        std::fs::create_dir(dir.path().join("images")).unwrap();
        for name in ["images/a.png", "images/a.bmp"] {
            image::RgbImage::new(8, 8).save(dir.path().join(name)).unwrap();
        }
        let project = Project::open(dir.path()).unwrap();
        assert!(project.tile("a.png").is_some(), "a tile goes by what the lost file was called");
        let (journal, replay) = Journal::open(&project).unwrap();
        assert!(!replay.book.carries("a.png"));
        assert_eq!(journal.unlinked(&replay.book), [("a.png".to_owned(), 1)]);
    }

    #[test]
    fn opening_one_image_settles_nothing_for_its_folder() {
        let dir = written_by_version_1(ON_A);
        image::RgbImage::new(8, 8).save(dir.path().join("a.bmp")).unwrap();
        let (_, replay) = Journal::open_to_follow(&Project::open(&dir.path().join("a.bmp")).unwrap()).unwrap();
        assert!(!replay.book.carries("a") && replay.notes.is_empty(), "{:?}", replay.notes);
        let text = std::fs::read_to_string(inside(dir.path())).unwrap();
        assert!(!text.contains("files"), "{text}");
    }

    #[test]
    fn labels_turn_with_an_image_that_is_seen_turned() {
        let dir = written_by_version_1(
            "{\"op\":\"paint\",\"tile\":\"a\",\"class\":\"class 1\",\"radius\":0,\"path\":[[1.5,2.5]]}\n{\"op\":\"extend\",\"path\":[[2.5,2.5]]}\n",
        );
        let mut project = Project::open(dir.path()).unwrap();
        (project.tiles[0].stored, project.tiles[0].size) = ([8, 4], [4, 8]);
        project.tiles[0].orientation = image::metadata::Orientation::Rotate90;
        let (mut journal, replay) = Journal::open(&project).unwrap();
        assert_eq!(replay.book.standing()[0].path, [[1.5, 1.5], [1.5, 2.5]]);
        journal.append(&click(Some(1), 1.0)).unwrap();
        drop(journal);
        let (_, replay) = Journal::open(&project).unwrap();
        assert_eq!(replay.book.standing()[0].path[0], [1.5, 1.5], "turned once, however often it is read");
        assert_eq!(replay.book.standing()[1].path[0], [1.0, 2.25], "what is given now is given as it is seen");
    }

    #[test]
    fn a_newer_format_says_so() {
        let (dir, project) = project();
        std::fs::create_dir(dir.path().join(FOLDER)).unwrap();
        std::fs::write(dir.path().join(FOLDER).join(FILE), "{\"pointillist\":\"labels\",\"version\":3}\n").unwrap();
        let (_journal, replay) = Journal::open(&project).unwrap();
        assert!(replay.notes[0].contains("newer version"));
        assert_eq!(project.tiles.iter().map(|tile: &Tile| tile.id.as_str()).collect::<Vec<_>>(), ["a"]);
    }
}
