//! Which file uses which. An import counts for the file that defines the name, whatever re-exports lie between.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Path, Source};

/// A module's path from the crate's root. Every file is one module.
pub(crate) type Module = Vec<String>;

/// How many re-exports and aliases are followed from one name.
const MAX_HOPS: usize = 8;

/// Files, and for each of them the files it uses with the names it takes from there.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// Users and what they use.
    pub(crate) edges: BTreeMap<Module, BTreeMap<Module, BTreeSet<String>>>,
}

/// Where a path leads.
struct Target {
    module: Module,
    /// What is named in it; `None` if the path names the module itself.
    item: Option<String>,
}

struct Resolver<'a> {
    sources: &'a BTreeMap<Module, Source>,
}

impl Graph {
    /// The graph of the given files: module paths and texts.
    pub(crate) fn of<'a>(files: impl IntoIterator<Item = (Module, &'a str)>) -> Self {
        let sources: BTreeMap<Module, Source> =
            files.into_iter().map(|(module, text)| (module, Source::parse(text))).collect();
        let resolver = Resolver { sources: &sources };
        let edges = sources.iter().map(|(module, source)| (module.clone(), resolver.uses(module, source))).collect();
        Self { edges }
    }

    /// Groups of files that use each other in a circle, a line for each edge among them.
    pub(crate) fn circles(&self) -> Vec<String> {
        let mut search =
            Search { graph: self, order: BTreeMap::new(), low: BTreeMap::new(), open: Vec::new(), groups: Vec::new() };
        for module in self.edges.keys() {
            if !search.order.contains_key(module) {
                search.visit(module);
            }
        }
        search.groups.iter().filter(|group| group.len() > 1).map(|group| self.describe(group)).collect()
    }

    fn describe(&self, group: &BTreeSet<&Module>) -> String {
        let mut lines = vec![format!("circle of {} files:", group.len())];
        for user in group {
            for (used, names) in self.edges[*user].iter().filter(|(used, _)| group.contains(used)) {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                lines.push(format!("    {} uses {} of {}", user.join("/"), names.join(", "), used.join("/")));
            }
        }
        lines.join("\n")
    }

    /// Uses within `room` that lead from a room to a later one. `order` names the rooms from the bottom up.
    pub(crate) fn upward(&self, room: &str, order: &[&str]) -> Vec<String> {
        let height = |module: &Module| {
            let name = module.get(1).filter(|_| module[0] == room)?;
            order.iter().position(|other| other == name)
        };
        let mut offences = Vec::new();
        for (user, used) in &self.edges {
            for (target, names) in used {
                if let (Some(from), Some(to)) = (height(user), height(target))
                    && to > from
                {
                    let names: Vec<&str> = names.iter().map(String::as_str).collect();
                    offences.push(format!(
                        "{} must not use {} of {}",
                        user.join("/"),
                        names.join(", "),
                        target.join("/")
                    ));
                }
            }
        }
        offences
    }
}

impl Resolver<'_> {
    fn uses(&self, module: &Module, source: &Source) -> BTreeMap<Module, BTreeSet<String>> {
        let mut uses: BTreeMap<Module, BTreeSet<String>> = BTreeMap::new();
        let imports = source.imports.iter().filter(|import| !import.is_public).map(|import| &import.path);
        for path in imports.chain(&source.paths) {
            // A module that is imported by name counts where something in it is used.
            if let Some(Target { module: used, item: Some(item) }) = self.resolve(module, path, 0)
                && used != *module
            {
                uses.entry(used).or_default().insert(item);
            }
        }
        uses
    }

    fn resolve(&self, module: &Module, path: &Path, hops: usize) -> Option<Target> {
        if hops > MAX_HOPS {
            return None;
        }
        let (first, rest) = path.names.split_first()?;
        let mut here: Module = module.iter().chain(&path.scope).cloned().collect();
        let absolute = match first.as_str() {
            "crate" => rest.to_vec(),
            "self" => [&here[..], rest].concat(),
            "super" => {
                let ups = path.names.iter().take_while(|name| *name == "super").count();
                here.truncate(here.len().checked_sub(ups)?);
                [&here[..], &path.names[ups..]].concat()
            }
            _ if self.sources.contains_key(&[&module[..], std::slice::from_ref(first)].concat()) => {
                [&module[..], &path.names].concat()
            }
            _ => return self.through(module, first, rest, hops),
        };
        self.locate(&absolute, hops)
    }

    /// Follows a path from the crate's root to the file that defines what it names.
    fn locate(&self, absolute: &[String], hops: usize) -> Option<Target> {
        let depth = (0..=absolute.len()).rev().find(|depth| self.sources.contains_key(&absolute[..*depth]))?;
        let (module, rest) = (absolute[..depth].to_vec(), &absolute[depth..]);
        if let Some((name, rest)) = rest.split_first()
            && let Some(target) = self.through(&module, name, rest, hops)
        {
            return Some(target);
        }
        if rest.is_empty()
            && let Some(target) = self.namesake(&module, hops)
        {
            return Some(target);
        }
        (!module.is_empty()).then(|| Target { module, item: rest.first().cloned() })
    }

    /// The item that a module's parent passes on from it under the module's own name.
    fn namesake(&self, module: &Module, hops: usize) -> Option<Target> {
        let (name, parent) = module.split_last()?;
        self.through(&parent.to_vec(), name, &[], hops).filter(|target| target.item.is_some())
    }

    /// Follows a name that a file has brought in, if it has.
    fn through(&self, module: &Module, name: &str, rest: &[String], hops: usize) -> Option<Target> {
        let import = self.sources.get(module)?.imports.iter().find(|import| import.name == name)?;
        // `use name;` or `use name::…` of another crate would lead back here.
        if import.path.names.first().is_some_and(|first| first == name) && import.path.names.len() == 1 {
            return None;
        }
        let names = import.path.names.iter().chain(rest).cloned().collect();
        self.resolve(module, &Path { scope: import.path.scope.clone(), names }, hops + 1)
    }
}

/// Tarjan's search for strongly connected components.
struct Search<'a> {
    graph: &'a Graph,
    order: BTreeMap<&'a Module, usize>,
    low: BTreeMap<&'a Module, usize>,
    open: Vec<&'a Module>,
    groups: Vec<BTreeSet<&'a Module>>,
}

impl<'a> Search<'a> {
    fn visit(&mut self, module: &'a Module) {
        let number = self.order.len();
        self.order.insert(module, number);
        self.low.insert(module, number);
        self.open.push(module);
        let graph = self.graph;
        for next in graph.edges[module].keys() {
            let reached = if !self.order.contains_key(next) {
                self.visit(next);
                self.low[next]
            } else if self.open.contains(&next) {
                self.order[next]
            } else {
                continue;
            };
            let low = self.low[module].min(reached);
            self.low.insert(module, low);
        }
        if self.low[module] == number {
            let start = self.open.iter().position(|other| *other == module).unwrap_or(0);
            self.groups.push(self.open.split_off(start).into_iter().collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(files: &[(&str, &str)]) -> Graph {
        let module = |path: &str| path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Graph::of(files.iter().map(|(path, text)| (module(path), *text)))
    }

    /// "a -> b(X)" for every edge.
    fn edges(files: &[(&str, &str)]) -> Vec<String> {
        let show = |(user, used): (&Module, &BTreeMap<Module, BTreeSet<String>>)| {
            let line = |(target, names): (&Module, &BTreeSet<String>)| {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                format!("{} -> {}({})", user.join("/"), target.join("/"), names.join(" "))
            };
            used.iter().map(line).collect::<Vec<_>>()
        };
        graph(files).edges.iter().flat_map(show).collect()
    }

    #[test]
    fn a_circle_is_found_and_its_edges_are_named() {
        let files = [
            ("", "mod room; mod other;"),
            ("room", "mod one; mod two;"),
            ("room/one", "use super::two::Two; pub struct One;"),
            ("room/two", "pub struct Two; pub fn f() { super::one::helper(); }"),
            ("other", "use crate::room::one::One;"),
        ];
        let circles = graph(&files).circles();
        assert_eq!(circles.len(), 1, "{circles:?}");
        assert!(circles[0].contains("room/one uses Two of room/two"), "{}", circles[0]);
        assert!(circles[0].contains("room/two uses helper of room/one"), "{}", circles[0]);
        assert!(!circles[0].contains("other"), "{}", circles[0]);
    }

    #[test]
    fn a_child_that_uses_its_parent_is_a_circle_if_the_parent_uses_the_child() {
        let child = ("parent/child", "use super::Shared; pub struct Child;");
        let parent = ("parent", "mod child; use child::Child; pub struct Shared;");
        assert_eq!(graph(&[("", ""), parent, child]).circles().len(), 1);
        let passes_on = ("parent", "mod child; pub use child::Child; pub struct Shared;");
        assert!(graph(&[("", ""), passes_on, child]).circles().is_empty());
    }

    #[test]
    fn re_exports_count_for_the_file_that_defines_the_name() {
        let files = [
            ("", ""),
            ("data", "mod error; mod layout; pub use error::DataError; pub use layout::Project;"),
            ("data/error", "pub enum DataError {}"),
            ("data/layout", "mod project; pub use project::Project;"),
            ("data/layout/project", "use crate::data::DataError;"),
            ("engine", "use crate::data::{DataError, Project as P};"),
        ];
        let want = [
            "data/layout/project -> data/error(DataError)",
            "engine -> data/error(DataError)",
            "engine -> data/layout/project(Project)",
        ];
        assert_eq!(edges(&files), want);
        assert!(graph(&files).circles().is_empty());
    }

    #[test]
    fn an_item_named_like_its_module_counts_for_the_module() {
        let files = [
            ("", ""),
            ("raw", "mod product; pub use product::product;"),
            ("raw/product", "use crate::matrix::Layout; pub fn product() {}"),
            ("matrix", "use crate::raw; pub struct Layout; fn f() { raw::product(); }"),
        ];
        assert_eq!(edges(&files), ["matrix -> raw/product(product)", "raw/product -> matrix(Layout)"]);
        assert_eq!(graph(&files).circles().len(), 1);
    }

    #[test]
    fn modules_count_where_something_in_them_is_used() {
        let files = [
            ("", ""),
            ("a", "use crate::b::{self as bee, deep}; use std::fs; fn f() { bee::g(); deep::h(); fs::read(); }"),
            ("b", "pub mod deep; mod unused { use super::g; }"),
            ("b/deep", ""),
            ("c", "use crate::b; // b::g()\n#[cfg(test)] mod tests { use crate::a::f; }"),
            ("d", "use crate::b::deep::*;"),
        ];
        assert_eq!(edges(&files), ["a -> b(g)", "a -> b/deep(h)", "d -> b/deep(*)"]);
    }

    #[test]
    fn only_uses_of_later_rooms_are_upward() {
        let files = [
            ("", ""),
            ("ui", "mod state; mod shell;"),
            ("ui/state", "use super::shell::Window; pub struct State;"),
            ("ui/shell", "use super::state::State; pub struct Window;"),
        ];
        assert_eq!(graph(&files).upward("ui", &["state", "shell"]), ["ui/state must not use Window of ui/shell"]);
        assert!(graph(&files).upward("data", &["state", "shell"]).is_empty());
    }
}
