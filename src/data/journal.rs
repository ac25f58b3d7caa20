//! The label journal: an append-only file of edits, flushed at each one, from which all own labels are derived.
//!
//! An edit is one line, handed to the operating system whole before [`Journal::append`] returns: it survives the end of
//! the program, however sudden. It is not forced onto the disk, so a power cut may cost the last seconds.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::journal_line::{self, Header, Parsed, VERSION};
use super::{DataError, Project};
use crate::domain::{Edit, LabelBook, Stroke, hash};

/// The folder in a project that is ours.
const FOLDER: &str = ".pointillist";

/// The journal's name in it.
const FILE: &str = "labels.jsonl";

/// A project's journal, open for writing (the window) or following (the trainer).
#[derive(Debug)]
pub struct Journal {
    /// The file.
    pub path: PathBuf,
    /// Class names and their indices, earlier names included; the current name of each class stands first.
    names: Vec<(String, u8)>,
    /// Where reading goes on.
    offset: u64,
    /// Lines read so far, for messages.
    lines: usize,
    /// The last stroke could not be used, so extensions of it are passed over.
    skipping: bool,
    /// The file ends in the middle of a line.
    torn: bool,
    lock: Option<File>,
    file: Option<File>,
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
    /// Where a project's journal lies: `.pointillist/labels.jsonl` in its folder, or, if that folder cannot be written,
    /// in the user's data folder under a name derived from the project's path.
    pub fn path_for(project_root: &Path) -> PathBuf {
        let folder = project_root.join(FOLDER);
        let existing = if folder.is_dir() { folder.as_path() } else { project_root };
        // An unnamed temporary file proves that the folder can be written and leaves nothing behind.
        if tempfile::tempfile_in(existing).is_ok() {
            return folder.join(FILE);
        }
        let Some(home) = directories::ProjectDirs::from("", "", "pointillist") else {
            return folder.join(FILE);
        };
        let canonical = project_root.canonicalize().unwrap_or_else(|_| project_root.to_owned());
        let name = canonical.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let key = hash::key(0, &canonical.to_string_lossy());
        home.data_dir().join("labels").join(format!("{name}-{key:016x}")).join(FILE)
    }

    /// Opens for appending (creating nothing until the first edit) and replays what is there.
    ///
    /// Only one journal of a project can be open for appending at a time; another attempt is an error.
    pub fn open(project: &Project) -> Result<(Self, Replay), DataError> {
        Self::open_at(Self::path_for(&project.root), project, true)
    }

    /// Opens for following only: takes no lock, so the trainer can read while the window writes.
    pub fn open_to_follow(project: &Project) -> Result<(Self, Replay), DataError> {
        Self::open_at(Self::path_for(&project.root), project, false)
    }

    fn open_at(path: PathBuf, project: &Project, to_write: bool) -> Result<(Self, Replay), DataError> {
        let names = project.legend.names().map(|(name, index)| (name.to_owned(), index)).collect();
        let mut journal =
            Self { path, names, offset: 0, lines: 0, skipping: false, torn: false, lock: None, file: None };
        if to_write && journal.folder().is_dir() {
            journal.lock()?;
        }
        let mut replay = Replay::default();
        journal.read_on(&mut replay.book, &mut replay.notes)?;
        if journal.torn && to_write {
            replay.notes.push(format!(
                "line {} was cut off while it was written and is passed over: {}",
                journal.lines + 1,
                journal.path.display()
            ));
        }
        Ok((journal, replay))
    }

    /// Appends an edit and flushes it to the operating system, so that it survives `kill -9`.
    pub fn append(&mut self, edit: &Edit) -> Result<(), DataError> {
        let name = |class| self.names.iter().find(|(_, index)| *index == class).map(|(name, _)| name.clone());
        let line = journal_line::write(edit, name).ok_or_else(|| {
            DataError::content(
                "a label of a class the project does not have, or with a position that is no number, was refused",
                &self.path,
            )
        })?;
        if self.file.is_none() {
            self.start_writing()?;
        }
        let mut text = match (self.offset, self.torn) {
            (0, false) => format!("{}\n", journal_line::header()),
            (_, false) => String::new(),
            (_, true) => "#\n".to_owned(), // Whatever the torn line held, it is no label now.
        };
        text.push_str(&line);
        text.push('\n');
        let Some(file) = &mut self.file else {
            return Ok(()); // `start_writing` has set it.
        };
        if let Err(source) = file.write_all(text.as_bytes()) {
            self.torn = true; // Part of the line may be there.
            return Err(DataError::io("the label was not saved (check free space)", &self.path)(source));
        }
        self.offset = file.metadata().map_err(DataError::io("cannot read the labels", &self.path))?.len();
        self.lines += text.matches('\n').count();
        self.torn = false;
        self.skipping &= !matches!(edit, Edit::Begin(_));
        Ok(())
    }

    /// Reads what has been appended since the last call (by any process) and applies it to `book`. Returns the ids of
    /// the tiles whose labels changed. An incomplete last line is left for the next call.
    ///
    /// If the file has become shorter or has vanished, it is replayed from its start.
    pub fn follow(&mut self, book: &mut LabelBook) -> Result<Vec<String>, DataError> {
        let length = std::fs::metadata(&self.path).map_or(0, |meta| meta.len());
        let mut changed = BTreeSet::new();
        if length < self.offset {
            changed.extend(book.tiles().into_iter().map(str::to_owned));
            *book = LabelBook::default();
            (self.offset, self.lines, self.skipping) = (0, 0, false);
        }
        if length > self.offset {
            let mut notes = Vec::new();
            changed.extend(self.read_on(book, &mut notes)?);
            for note in notes {
                log::warn!("{note}");
            }
        }
        Ok(changed.into_iter().collect())
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
        if length != self.offset && !self.torn {
            let what = "the labels were changed by another program: open the project again to see them";
            return Err(DataError::content(what, &self.path));
        }
        self.file = Some(file);
        Ok(())
    }

    /// Applies complete lines from the offset on. Returns the tiles whose labels changed.
    fn read_on(&mut self, book: &mut LabelBook, notes: &mut Vec<String>) -> Result<BTreeSet<String>, DataError> {
        let mut bytes = Vec::new();
        match File::open(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
            Err(error) => return Err(DataError::io("cannot read the labels", &self.path)(error)),
            Ok(mut file) => file
                .seek(SeekFrom::Start(self.offset))
                .and_then(|_| file.read_to_end(&mut bytes))
                .map_err(DataError::io("cannot read the labels", &self.path))?,
        };
        let complete = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        self.torn = complete < bytes.len();
        self.offset += complete as u64;
        let mut changed = BTreeSet::new();
        for line in bytes[..complete].split_inclusive(|byte| *byte == b'\n') {
            self.lines += 1;
            match self.apply(line.trim_ascii(), book) {
                Ok(tile) => changed.extend(tile),
                Err(what) => notes.push(format!("line {}: {what}: {}", self.lines, self.path.display())),
            }
        }
        Ok(changed)
    }

    /// Applies one line. The error says why it is passed over.
    fn apply(&mut self, line: &[u8], book: &mut LabelBook) -> Result<Option<String>, String> {
        if line.is_empty() {
            return Ok(None);
        }
        if self.lines == 1
            && let Ok(header) = serde_json::from_slice::<Header>(line)
        {
            let newer = header.pointillist != "labels" || header.version > VERSION;
            return if newer { Err("written by a newer version of Pointillist".to_owned()) } else { Ok(None) };
        }
        let index = |class: &str| self.names.iter().find(|(name, _)| name == class).map(|(_, index)| *index);
        let parsed = journal_line::parse(line, index).map_err(|error| {
            self.skipping = true; // It may have been the beginning of a stroke.
            format!("not a label ({error}), passed over")
        })?;
        match parsed {
            Parsed::Edit(Edit::Extend(_)) if self.skipping => Ok(None),
            Parsed::Edit(edit) => {
                self.skipping &= !matches!(edit, Edit::Begin(_));
                Ok(book.apply(edit))
            }
            Parsed::UnknownClass { tile, class } => {
                // An empty stroke holds the place, so that undo and redo count as they did.
                book.apply(Edit::Begin(Stroke { tile, class: None, radius: 0.0, path: Vec::new() }));
                self.skipping = true;
                Err(format!("there is no class '{class}' in this project, its label is kept but not used"))
            }
        }
    }
}
