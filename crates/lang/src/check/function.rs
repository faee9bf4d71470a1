//! Functions of the project: `fn name(param: type) -> type = expression`, and calls of them.
//!
//! A function knows its parameters and nothing else, so what it gives depends on its arguments alone. Those that others
//! call are checked before them; one that calls itself, by however many others, is refused, so every call ends.

use std::{collections::HashMap, sync::Arc};

use graph::{Expr as G, Formula, Name, Type};
use petgraph::{algo::kosaraju_scc, graph::DiGraph};

use super::{
    Kind, Ty,
    action::params,
    expr::{Check, failed},
    scope::{Env, Event, Scope},
};
use crate::{
    diagnostic::{Code, Report},
    editor::Thing,
    syntax::{
        At,
        ast::{Expr, Function, Ident},
        visit,
    },
};

/// How high the tree of a function may be, with those that it calls: evaluating it must fit a thread's stack.
const HEIGHT: u16 = 200;

/// A checked function.
#[derive(Clone)]
pub(crate) struct Checked {
    pub(crate) params: Vec<(Name, Ty)>,
    pub(crate) result: Ty,
    /// What it computes; none where a mistake was reported.
    formula: Option<Arc<Formula>>,
    /// How high its tree is, with those that it calls.
    height: u16,
}

/// Checks all functions, those that others call first.
pub(super) fn all(env: &mut Env<'_>) {
    let names = env.names;
    let mut graph: DiGraph<Name, ()> = DiGraph::new();
    let nodes: HashMap<Name, _> =
        names.functions.keys().map(|name| (name.clone(), graph.add_node(name.clone()))).collect();
    for (name, (function, _)) in &names.functions {
        visit::called(&function.body, &mut |called| {
            if let (Some(from), Some(to)) = (nodes.get(name), nodes.get(&called.text)) {
                graph.add_edge(*from, *to, ());
            }
        });
    }
    // Components come in reverse topological order: what a function calls is there before it.
    for component in kosaraju_scc(&graph) {
        let mut members: Vec<&Name> = component.iter().filter_map(|node| graph.node_weight(*node)).collect();
        members.sort();
        let endless = match component.as_slice() {
            [only] => graph.contains_edge(*only, *only),
            _ => true,
        };
        if endless {
            report_endless(&members, env);
        }
        for name in members {
            if let Some((function, _)) = names.functions.get(name) {
                let checked = check(function, endless, env);
                env.functions.insert(name.clone(), checked);
            }
        }
    }
}

fn report_endless(members: &[&Name], env: &mut Env<'_>) {
    let Some((first, _)) = members.first().and_then(|name| env.names.functions.get(*name)) else { return };
    let message = match members {
        [only] => format!("`{only}` calls itself"),
        _ => {
            let circle: Vec<String> = members.iter().map(|name| format!("`{name}`")).collect();
            format!("{} call each other", circle.join(" and "))
        }
    };
    env.report(
        Report::new(Code::EndlessFunction, first.name.at, message)
            .label("would never end")
            .help("functions compute a value from their arguments; for what repeats, lists have `map`, `filter` and `sum`"),
    );
}

fn check(function: &Function, endless: bool, env: &mut Env<'_>) -> Checked {
    let params = params(&function.params, env);
    let result = env.ty(&function.result);
    let mut scope = Scope::new(Event::Nothing);
    for (param, (_, ty)) in function.params.iter().zip(&params) {
        scope.bind_variable(&param.name, ty.clone(), env);
    }
    if endless {
        return Checked { params, result, formula: None, height: 0 };
    }
    let mut height = 0;
    visit::called(&function.body, &mut |called| {
        height = height.max(env.functions.get(&called.text).map_or(0, |known| known.height));
    });
    let height = height.saturating_add(function.body.height);
    if height > HEIGHT {
        env.report(
            Report::new(
                Code::TooDeep,
                function.name.at,
                format!(
                    "`{}` calls functions that call functions, more than {HEIGHT} levels deep in all",
                    function.name.text
                ),
            )
            .label("too deep")
            .help("let some of them be called from the journey and given to it as arguments"),
        );
        return Checked { params, result, formula: None, height: 0 };
    }
    let mut check = Check { env, scope: &mut scope };
    let what = format!("what `{}` gives", function.name.text);
    let body = match &result {
        Some(wanted) => check.expect(&function.body, wanted, &what),
        None => check.infer(&function.body, None).0,
    };
    let formula = Formula {
        name: function.name.text.clone(),
        params: params.iter().map(|(name, _)| name.clone()).collect(),
        body,
    };
    Checked { params, result, formula: Some(Arc::new(formula)), height }
}

/// How a function is called, for people: `discount(price: decimal) -> decimal`.
pub(crate) fn signature(name: &str, checked: &Checked) -> String {
    let shown = |ty: &Ty| ty.as_ref().map_or_else(|| "?".to_owned(), Type::to_string);
    let params: Vec<String> =
        checked.params.iter().map(|(name, ty)| format!("{name}: {}", shown(ty))).collect();
    format!("fn {name}({}) -> {}", params.join(", "), shown(&checked.result))
}

impl Check<'_, '_> {
    /// A call of a function of the project.
    pub(super) fn apply(&mut self, at: At, name: &Ident, args: &[Expr], checked: &Checked) -> (G, Ty) {
        self.scope.uses(Kind::Function, name);
        let declared = self.env.names.functions.get(&name.text);
        let (to, doc) = declared.map_or((None, None), |(function, doc)| (Some(function.name.at), *doc));
        self.env.mention(name.at, to, Thing::Function, || {
            let doc = doc.map(|doc| format!("\n\n{doc}")).unwrap_or_default();
            signature(&name.text, checked) + &doc
        });
        if args.len() != checked.params.len() {
            let wanted = checked.params.len();
            let message = format!(
                "`{}` takes {wanted} argument{}, {} given",
                name.text,
                if wanted == 1 { "" } else { "s" },
                args.len()
            );
            self.report(Report::new(Code::WrongArguments, at, message).label(signature(&name.text, checked)));
            return (failed().0, checked.result.clone());
        }
        let mut made = Vec::with_capacity(args.len());
        for (arg, (param, ty)) in args.iter().zip(&checked.params) {
            made.push(match ty {
                Some(ty) => self.expect(arg, ty, &format!("`{param}` of `{}`", name.text)),
                None => self.infer(arg, None).0,
            });
        }
        match &checked.formula {
            Some(function) => (G::Apply { function: function.clone(), args: made }, checked.result.clone()),
            None => (failed().0, checked.result.clone()),
        }
    }
}
