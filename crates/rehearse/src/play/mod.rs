//! Plays a test, line by line, up to the first expectation that does not hold.

mod expect;

use std::collections::{BTreeMap, BTreeSet};

use engine::{Scope, evaluate};
use graph::{
    Expr, Name, Project, Value, is_system_key,
    step::Span,
    system_key, system_record, system_subject,
    test::{Mock, Reply, StatementKind, Test},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    Coverage, Person, Sent, Stage,
    mocks::{Armed, ArmedReply, Partners},
};

/// When a test begins that does not say: a Monday morning.
const START: i64 = 1_767_603_600;

/// How a test went, for one row of its table.
#[derive(Clone, Debug)]
pub struct Played {
    /// The row, from 1, for tests with a table.
    pub row: Option<usize>,
    /// What did not hold.
    pub failure: Option<Failure>,
    /// What was visited.
    pub coverage: Coverage,
    /// The calls and messages that went out, in order.
    pub sent: Vec<Sent>,
}

/// What did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The line.
    pub span: Span,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What happened instead, line by line.
    pub notes: Vec<String>,
}

/// Plays a test, once for each row of its table.
pub fn play(project: &Project, test: &Test) -> Vec<Played> {
    let Some((name, rows)) = &test.rows else {
        return vec![play_row(project, test, None, BTreeMap::new())];
    };
    let (nobody, none, start) = (Value::Null, BTreeMap::new(), moment(START));
    match evaluate(rows, &Scope::new(&nobody, &nobody, &none, start)) {
        Ok(Value::List(rows)) => rows
            .iter()
            .enumerate()
            .map(|(index, row)| {
                play_row(project, test, Some(index + 1), BTreeMap::from([(name.clone(), row.clone())]))
            })
            .collect(),
        Ok(_) => Vec::new(),
        Err(fault) => {
            let message = format!("the rows cannot be computed: {}", fault.0);
            let failure = Failure { span: test.place.1, message, notes: Vec::new() };
            vec![Played {
                row: None,
                failure: Some(failure),
                coverage: Coverage::default(),
                sent: Vec::new(),
            }]
        }
    }
}

fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or_default()
}

fn play_row(project: &Project, test: &Test, row: Option<usize>, variables: BTreeMap<Name, Value>) -> Played {
    let only = test.statements.iter().filter_map(|statement| match &statement.kind {
        StatementKind::Journeys(names) => Some(names),
        _ => None,
    });
    let only: BTreeSet<Name> = only.flatten().cloned().collect();
    let mut play = Play {
        project,
        stage: Stage::new(project, &only),
        now: moment(START),
        lived: moment(START),
        people: Vec::new(),
        variables,
        partners: Partners::default(),
        reasons: Vec::new(),
        window: 0,
        expecting: false,
    };
    let failure = test.statements.iter().find_map(|statement| {
        let complaint = match play.line(&statement.kind) {
            Err(complaint) => complaint,
            Ok(()) => {
                let action = play.partners.missing.take()?;
                Complaint {
                    message: format!("`{action}` was called, and no mock says what it answers"),
                    notes: vec![format!("add before it: `mock {action} returns …`")],
                }
            }
        };
        Some(Failure { span: statement.span, message: complaint.message, notes: complaint.notes })
    });
    Played { row, failure, coverage: play.partners.coverage, sent: play.partners.sent }
}

/// A test under way.
struct Play<'a> {
    project: &'a Project,
    stage: Stage,
    now: Timestamp,
    /// Up to when everything that was due has happened.
    lived: Timestamp,
    /// The last one is whom the lines are about.
    people: Vec<Person>,
    variables: BTreeMap<Name, Value>,
    partners: Partners,
    /// Why people did not enter, since the window began.
    reasons: Vec<(Name, String)>,
    /// The first of what went out that expectations look at.
    window: usize,
    /// Whether the last line was an expectation.
    expecting: bool,
}

#[derive(Default)]
struct Complaint {
    message: String,
    notes: Vec<String>,
}

impl From<String> for Complaint {
    fn from(message: String) -> Complaint {
        Complaint { message, notes: Vec::new() }
    }
}

impl Play<'_> {
    fn line(&mut self, kind: &StatementKind) -> Result<(), Complaint> {
        let expects = matches!(kind, StatementKind::Expect(_));
        let moves =
            matches!(kind, StatementKind::Event { .. } | StatementKind::After(_) | StatementKind::Set { .. });
        // What goes out next is judged by the expectations behind it, not by those before.
        if self.expecting && moves {
            self.window = self.partners.sent.len();
            self.reasons.clear();
            self.expecting = false;
        }
        self.expecting |= expects;
        match kind {
            StatementKind::Start(start) => self.start(*start),
            StatementKind::Journeys(_) => Ok(()),
            StatementKind::Profile(attributes) => self.profile(attributes),
            StatementKind::Set { field, value } => {
                self.turn_to_person();
                let value = self.value(value)?;
                let (stage, partners) = (&self.stage, &mut self.partners);
                if let Some(person) = self.people.last_mut()
                    && let Value::Record(record) = &person.profile
                {
                    let profile = Value::Record(record.with(field, value));
                    person.change(stage, profile, self.now, partners);
                }
                self.live()
            }
            StatementKind::Mock(mock) => self.mock(mock),
            StatementKind::Event { event, properties } => self.event(event, properties),
            StatementKind::After(length) => {
                let length = self.duration(length)?;
                self.now = self.now.checked_add(length).map_err(|error| error.to_string())?;
                self.live()
            }
            StatementKind::Expect(expectation) => self.expect(expectation),
        }
    }

    fn start(&mut self, start: Timestamp) -> Result<(), Complaint> {
        if start < self.now && !self.people.is_empty() {
            return Err("the clock of a test never goes back".to_owned().into());
        }
        if self.people.is_empty() {
            self.lived = start;
        }
        self.now = start;
        self.live()
    }

    fn profile(&mut self, attributes: &Expr) -> Result<(), Complaint> {
        let attributes = self.value(attributes)?;
        let key = attributes.field(&self.project.profile.key).and_then(Value::as_text).unwrap_or_default();
        let key: Name = key.into();
        match self.people.iter().position(|person| person.key == key) {
            Some(known) => {
                let mut person = self.people.remove(known);
                person.change(&self.stage, attributes, self.now, &mut self.partners);
                self.people.push(person);
            }
            None => {
                let person = Person::new(key, attributes, &self.stage, self.now, &mut self.partners);
                self.people.push(person);
                self.live()?;
            }
        }
        Ok(())
    }

    fn mock(&mut self, mock: &Mock) -> Result<(), Complaint> {
        let with = mock.with.iter().map(|(name, value)| Ok((name.clone(), self.value(value)?)));
        let with = with.collect::<Result<_, Complaint>>()?;
        let delay = mock.delay.as_ref().map(|delay| self.duration(delay)).transpose()?;
        let reply = match &mock.reply {
            Reply::Returns(value) => ArmedReply::Returns(self.value(value)?),
            Reply::Status(status, body) => {
                ArmedReply::Status(*status, body.as_ref().map(|body| self.value(body)).transpose()?)
            }
            Reply::Fails(kind) => ArmedReply::Fails(*kind),
        };
        self.partners.mocks.push(Armed {
            action: mock.action.clone(),
            with,
            left: mock.times,
            delay: delay.unwrap_or_default(),
            reply,
        });
        Ok(())
    }

    fn event(&mut self, event: &Name, properties: &Expr) -> Result<(), Complaint> {
        let properties = match system_record(event) {
            Some(_) => {
                let properties = self.value(properties)?;
                self.turn_to_system(event, &properties);
                properties
            }
            None => {
                self.turn_to_person();
                self.value(properties)?
            }
        };
        self.live()?;
        let Some(person) = self.people.last_mut() else {
            return Err("nobody is there yet: write `profile { … }` before".to_owned().into());
        };
        let reasons = person.event(&self.stage, event, properties, self.now, &mut self.partners);
        self.reasons.extend(reasons);
        self.live()
    }

    /// The next lines are about what the server tells of: a connection, or a journey.
    fn turn_to_system(&mut self, event: &Name, properties: &Value) {
        let subject = properties.field(system_subject(event)).and_then(Value::as_text).unwrap_or_default();
        let key = system_key(event, subject);
        if let Some(known) = self.people.iter().position(|person| person.key == key) {
            let known = self.people.remove(known);
            self.people.push(known);
            return;
        }
        let schema = self.project.profile.of_system();
        let attribute = |field: &graph::Field| {
            let own = (field.name == schema.key).then(|| Value::Text(key.clone()));
            (field.name.clone(), own.or_else(|| field.default.clone()).unwrap_or(Value::Null))
        };
        let profile = Value::record(schema.record.fields.iter().map(attribute));
        self.people.push(Person::new(key, profile, &self.stage, self.now, &mut self.partners));
    }

    /// The next lines are about the person again who was there last.
    fn turn_to_person(&mut self) {
        if let Some(last) = self.people.iter().rposition(|person| !is_system_key(&person.key)) {
            let person = self.people.remove(last);
            self.people.push(person);
        }
    }

    /// Lets everything happen that is due.
    fn live(&mut self) -> Result<(), Complaint> {
        for (at, journey) in self.stage.scheduled(self.lived, self.now) {
            for person in &mut self.people {
                person.live_until(&self.stage, at, &mut self.partners)?;
                if is_system_key(&person.key) {
                    continue;
                }
                person.scheduled(&self.stage, &journey, at, &mut self.partners);
            }
        }
        self.lived = self.now;
        for person in &mut self.people {
            person.live_until(&self.stage, self.now, &mut self.partners)?;
        }
        Ok(())
    }

    fn value(&self, expr: &Expr) -> Result<Value, Complaint> {
        self.value_with(expr, &self.variables)
    }

    fn value_with(&self, expr: &Expr, variables: &BTreeMap<Name, Value>) -> Result<Value, Complaint> {
        let nobody = Value::Null;
        let profile = self.people.last().map_or(&nobody, |person| &person.profile);
        let audiences = self.people.last().map(Person::audiences).unwrap_or_default();
        let scope = Scope::new(profile, &nobody, variables, self.now).among(&audiences);
        let value = evaluate(expr, &scope);
        value.map_err(|fault| format!("this cannot be computed: {}", fault.0).into())
    }

    fn duration(&self, expr: &Expr) -> Result<SignedDuration, Complaint> {
        match self.value(expr)? {
            Value::Duration(micros) if micros >= 0 => Ok(SignedDuration::from_micros(micros)),
            _ => Err("the clock of a test never goes back".to_owned().into()),
        }
    }
}
