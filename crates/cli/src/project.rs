//! Reading a project's files from disk.

use std::{
    collections::BTreeMap,
    fs,
    io::IsTerminal,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use graph::{Name, Project};
use lang::{Diagnostic, Source};

/// Reads the journey files among paths; folders are searched for `*.journey`, sorted by name.
pub(crate) fn read(paths: &[PathBuf]) -> anyhow::Result<Vec<Source>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            collect(path, &mut files)?;
        } else {
            files.push(path.clone());
        }
    }
    if files.is_empty() {
        bail!("there are no journey files in {}; give a folder of *.journey files", list(paths));
    }
    files.sort();
    files.dedup();
    let mut sources = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        sources.push(Source { name: file.display().to_string(), text });
    }
    let documents = documents(&sources);
    sources.extend(documents);
    Ok(sources)
}

/// The documents that journey files take. One that cannot be read is left to the compiler, which says who wants it.
fn documents(sources: &[Source]) -> Vec<Source> {
    let mut found = BTreeMap::new();
    for source in sources {
        let folder = Path::new(&source.name).parent().unwrap_or(Path::new(""));
        for path in lang::documents(source).into_iter().map(|name| folder.join(name)) {
            if let Ok(text) = fs::read_to_string(&path) {
                found.insert(path.display().to_string(), text);
            }
        }
    }
    found.retain(|name, _| sources.iter().all(|source| source.name != *name));
    found.into_iter().map(|(name, text)| Source { name, text }).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "journey") {
            files.push(path);
        }
    }
    Ok(())
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Compiles a project; shows its errors and gives none when it has some.
pub(crate) fn compile(paths: &[PathBuf]) -> anyhow::Result<Option<Project>> {
    Ok(compile_sources(&read(paths)?))
}

/// Compiles sources; shows their errors and gives none when they have some.
pub(crate) fn compile_sources(sources: &[Source]) -> Option<Project> {
    let compiled = lang::compile(sources);
    show(&compiled.diagnostics, sources);
    compiled.project
}

/// Shows diagnostics on the terminal.
pub(crate) fn show(diagnostics: &[Diagnostic], sources: &[Source]) {
    if !diagnostics.is_empty() {
        eprintln!("{}", lang::draw(diagnostics, sources, std::io::stderr().is_terminal()));
    }
}

/// The declaration of a name, or an error that lists the names there are.
pub(crate) fn named<'a, T>(all: &'a BTreeMap<Name, T>, kind: &str, name: &str) -> anyhow::Result<&'a T> {
    match all.get(name) {
        Some(found) => Ok(found),
        None => {
            let names = all.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            bail!("there is no {kind} `{name}`; there are {names}")
        }
    }
}
