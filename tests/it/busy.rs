//! Decisions while the workbench is busy with something long: each is on the disk before the other work ends.

use std::sync::mpsc::channel;
use std::thread;

use tastevin::error::Kind;
use tastevin::model::{Action, AnomalyFilter, AnomalyOrder, LoadOptions, Progress};
use tastevin::workbench::{OpenOptions, Reader, Workbench};

use crate::harness::Workspace;

#[test]
fn a_decision_is_on_the_disk_before_the_work_ends_that_began_before_it() {
    for work in ["load", "check", "commit"] {
        let workspace = Workspace::checked();
        workspace.write("tastevin.toml", workspace.read("tastevin.toml").replace("\"5%\"", "\"50%\""));
        let mut workbench = Workbench::open(workspace.dir(), OpenOptions::default()).expect("it opens");
        let mut decider = workbench.decider().expect("a connection");
        let (reached, is_reached) = channel();
        let (go_on, may_go_on) = channel::<()>();
        let may_go_on = std::sync::Mutex::new(Some(may_go_on));
        let busy = thread::spawn(move || {
            let progress = |progress: Progress| {
                // A report holds the work up until the decision was seen on the disk; a commit's, when it is past the gate.
                if work == "commit" && !progress.what.contains("digest") {
                    return;
                }
                if let Some(may_go_on) = may_go_on.lock().expect("once").take() {
                    reached.send(()).expect("somebody waits");
                    may_go_on.recv().expect("somebody lets it go on");
                }
            };
            match work {
                "load" => workbench.load("isavigne_prod", &LoadOptions::default(), &progress).map(drop),
                "check" => workbench.check(&progress).map(drop),
                _ => workbench.commit("monday", &progress).map(drop),
            }
            .expect("the work is done");
            workbench
        });
        is_reached.recv().expect("the work begins");
        let set = |decider: &mut tastevin::workbench::Decider, now: &str| {
            decider.set("customers", "isavigne-C0000002", "city", Some(now), None, None).expect("it is decided")
        };
        let first = set(&mut decider, "Milano");
        let second = set(&mut decider, "Torino");
        let Action::Set { was, .. } = &second.action else { panic!("a cell was set") };
        assert_eq!(was.as_deref(), Some("Milano"), "{work}");
        let ledger = workspace.read("decisions.jsonl");
        assert!(ledger.contains(&first.id) && ledger.contains(&second.id), "{work}");
        assert!(!busy.is_finished(), "{work}");
        go_on.send(()).expect("the work goes on");
        let mut workbench = busy.join().expect("the work ends");
        let verdict = workbench.check(&|_| ()).expect("it is checked");
        assert_eq!(verdict.conflicts, 0, "{work}");
        let sql = "SELECT city FROM candidate.customers WHERE customer_key = 'isavigne-C0000002'";
        assert_eq!(workbench.query(sql).expect("it is read").get(0, "city"), Some("Torino"), "{work}");
    }
}

#[test]
fn what_is_to_stop_after_a_check_stops_the_commit_and_a_commit_that_stands_is_not_undone() {
    let workspace = Workspace::checked();
    workspace.write("tastevin.toml", workspace.read("tastevin.toml").replace("\"5%\"", "\"50%\""));
    let mut workbench = Workbench::open(workspace.dir(), OpenOptions::default()).expect("it opens");
    let interrupter = workbench.interrupter();
    workbench.check(&|_| {}).expect("a verdict");
    assert!(interrupter.interrupt(), "nothing is going on, so it is in time for whatever comes");
    let refused = workbench.commit("", &|_| {}).map_err(|error| error.kind());
    assert_eq!(refused.err(), Some(Kind::Interrupted));
    assert_eq!(workbench.log().expect("the commits").len(), 0);
    // Whoever works in jobs begins the next one.
    interrupter.canceller().reset();
    workbench.commit("", &|_| {}).expect("a commit");
    assert!(!interrupter.interrupt(), "it stands");
    assert_eq!(workbench.log().expect("the commits").len(), 1);
}

#[test]
fn the_counts_of_facets_are_those_of_one_moment_while_checks_go_on() {
    let workspace = Workspace::checked();
    let mut workbench = Workbench::open(workspace.dir(), OpenOptions::default()).expect("it opens");
    let reader = workbench.again().expect("a connection");
    let (end, has_ended) = channel();
    let looking = thread::spawn(move || {
        let filter = AnomalyFilter { order: AnomalyOrder::Stake, ..Default::default() };
        let mut seen = std::collections::BTreeSet::new();
        while has_ended.try_recv().is_err() {
            let facets = reader.facets(&filter).expect("facets");
            for (facet, lines) in &facets.lines {
                let all: u64 = lines.iter().map(|line| line.count.all).sum();
                assert_eq!(all, facets.count.all, "{facet:?}");
            }
            seen.insert(facets.count.all);
        }
        seen.len()
    });
    for n in 0..8 {
        let now = ["nowhere at all", "jean@example.fr"][n % 2];
        workbench.set("customers", "isavigne-C0000002", "email", Some(now), None, None).expect("it is decided");
        workbench.recheck(&|_| ()).expect("it is checked");
    }
    end.send(()).expect("somebody looks");
    assert!(looking.join().expect("what is seen is of one moment") > 1, "something changed meanwhile");
}

#[test]
fn a_report_is_of_one_moment_while_checks_go_on() {
    let workspace = Workspace::checked();
    let mut workbench = Workbench::open(workspace.dir(), OpenOptions::default()).expect("it opens");
    let reader = workbench.again().expect("a connection");
    let told = |reader: &Reader| {
        let mut report = serde_json::to_value(reader.report().expect("a report")).expect("JSON");
        report.as_object_mut().expect("an object").remove("at");
        report.to_string()
    };
    let (end, has_ended) = channel();
    let looking = thread::spawn(move || {
        let mut seen = std::collections::BTreeSet::new();
        while has_ended.try_recv().is_err() {
            seen.insert(told(&reader));
        }
        seen
    });
    let mut quiet = std::collections::BTreeSet::from([told(&workbench)]);
    for n in 0..8 {
        let now = ["nowhere at all", "jean@example.fr"][n % 2];
        workbench.set("customers", "isavigne-C0000002", "email", Some(now), None, None).expect("it is decided");
        quiet.insert(told(&workbench));
        workbench.recheck(&|_| ()).expect("it is checked");
        quiet.insert(told(&workbench));
    }
    end.send(()).expect("somebody looks");
    let seen = looking.join().expect("reports");
    assert!(seen.len() > 1, "something changed meanwhile");
    let between: Vec<&String> = seen.difference(&quiet).collect();
    assert!(between.is_empty(), "{} of {} are of no moment", between.len(), seen.len());
}
