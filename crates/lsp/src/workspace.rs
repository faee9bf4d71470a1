//! The files of projects: as they are on the screen where they are open, else as they are on disk.
//!
//! A project is a folder of `*.journey` files. The files that are not open are read when the first of the folder is
//! opened, and again whenever one is saved.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use gen_lsp_types::{
    Code, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, Message, Uri,
};
use lang::{
    Severity, Source,
    editor::{Analysis, Place, analyse},
};

use crate::place::Lines;

/// Everything that is open.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    open: BTreeMap<PathBuf, String>,
    projects: BTreeMap<PathBuf, Project>,
}

/// A folder's files and what is known of them.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) sources: Vec<Source>,
    pub(crate) analysis: Analysis,
}

/// A file of a project.
pub(crate) struct File<'w> {
    pub(crate) project: &'w Project,
    pub(crate) index: usize,
    pub(crate) text: &'w str,
}

impl Workspace {
    pub(crate) fn open(&mut self, uri: &Uri, text: String) {
        self.change(uri, text);
        self.reread(uri);
    }

    pub(crate) fn change(&mut self, uri: &Uri, text: String) {
        let Ok(path) = uri.to_file_path() else { return };
        self.open.insert(path.clone(), text);
        let known = path.parent().and_then(|folder| self.projects.get(folder));
        let Some(project) = known else { return self.reread(uri) };
        match project.paths.iter().position(|one| *one == path) {
            Some(index) => {
                let mut sources = project.sources.clone();
                if let (Some(source), Some(text)) = (sources.get_mut(index), self.open.get(&path)) {
                    source.text.clone_from(text);
                }
                let paths = project.paths.clone();
                self.keep(path.parent(), paths, sources);
            }
            None => self.reread(uri),
        }
    }

    pub(crate) fn close(&mut self, uri: &Uri) {
        if let Ok(path) = uri.to_file_path() {
            self.open.remove(&path);
        }
        self.reread(uri);
    }

    /// Reads the files of a folder that are not open.
    pub(crate) fn reread(&mut self, uri: &Uri) {
        let Ok(path) = uri.to_file_path() else { return };
        let Some(folder) = path.parent() else { return };
        let on_disk = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let open = self.open.keys().filter(|path| path.parent() == Some(folder)).cloned();
        let is_journey = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "journey");
        let paths: BTreeSet<PathBuf> = on_disk.chain(open).filter(is_journey).collect();
        let mut sources = Vec::new();
        let mut kept = Vec::new();
        for path in paths {
            let text = match self.open.get(&path) {
                Some(text) => Some(text.clone()),
                // A file that cannot be read now is as good as absent: the compiler will say what is missing.
                None => fs::read_to_string(&path).ok(),
            };
            if let Some(text) = text {
                sources.push(Source { name: path.display().to_string(), text });
                kept.push(path);
            }
        }
        let documents: BTreeSet<PathBuf> =
            sources.iter().flat_map(lang::documents).map(|name| folder.join(name)).collect();
        for path in documents {
            let text = self.open.get(&path).cloned().or_else(|| fs::read_to_string(&path).ok());
            if let Some(text) = text {
                sources.push(Source { name: path.display().to_string(), text });
                kept.push(path);
            }
        }
        self.keep(Some(folder), kept, sources);
    }

    fn keep(&mut self, folder: Option<&Path>, paths: Vec<PathBuf>, sources: Vec<Source>) {
        if let Some(folder) = folder {
            let analysis = analyse(&sources);
            self.projects.insert(folder.to_owned(), Project { paths, sources, analysis });
        }
    }

    /// A file of a project.
    pub(crate) fn file(&self, uri: &Uri) -> Result<File<'_>, String> {
        let path = uri.to_file_path().map_err(|()| format!("{uri} is not a file"))?;
        let project = path.parent().and_then(|folder| self.projects.get(folder));
        let found = project.and_then(|project| {
            let index = project.paths.iter().position(|one| *one == path)?;
            Some(File { project, index, text: project.sources.get(index)?.text.as_str() })
        });
        found.ok_or_else(|| format!("{} is not open", path.display()))
    }

    /// What is wrong in each file of the project that a file belongs to.
    pub(crate) fn diagnostics(&self, uri: &Uri) -> Vec<(Uri, Vec<Diagnostic>)> {
        let path = uri.to_file_path().ok();
        let folder = path.as_deref().and_then(Path::parent);
        let Some(project) = folder.and_then(|folder| self.projects.get(folder)) else { return Vec::new() };
        project
            .sources
            .iter()
            .enumerate()
            .filter_map(|(index, source)| {
                let own = project.analysis.diagnostics.iter().filter(|one| one.file == source.name);
                Some((project.uri(index)?, own.map(|one| project.diagnostic(one, source)).collect()))
            })
            .collect()
    }
}

impl Project {
    pub(crate) fn uri(&self, index: usize) -> Option<Uri> {
        Uri::from_file_path(self.paths.get(index)?).ok()
    }

    pub(crate) fn location(&self, place: Place) -> Option<Location> {
        let text = &self.sources.get(place.file)?.text;
        Some(Location { uri: self.uri(place.file)?, range: Lines::new(text).range(place.start, place.end) })
    }

    fn diagnostic(&self, one: &lang::Diagnostic, source: &Source) -> Diagnostic {
        let related = one.related.iter().filter_map(|related| {
            let file = self.sources.iter().position(|source| source.name == related.file)?;
            let place = Place { file, start: related.span.start, end: related.span.end };
            Some(DiagnosticRelatedInformation {
                location: self.location(place)?,
                message: related.label.clone(),
            })
        });
        let message = match &one.help {
            Some(help) => format!("{}\n{help}", one.message),
            None => one.message.clone(),
        };
        Diagnostic {
            range: Lines::new(&source.text).range(one.span.start, one.span.end),
            severity: Some(match one.severity {
                Severity::Error => DiagnosticSeverity::Error,
                Severity::Warning => DiagnosticSeverity::Warning,
            }),
            code: Some(Code::String(one.code.word().to_owned())),
            source: Some("wayfare".to_owned()),
            message: Message::String(message),
            related_information: Some(related.collect()),
            ..Diagnostic::default()
        }
    }
}
