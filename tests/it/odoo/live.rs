//! The whole way against a real Odoo, where one is named in the environment; docs/odoo.md says how.

use std::fs;

use tastevin::error::Result;
use tastevin::model::LoadOptions;
use tastevin::workbench::{OpenOptions, Workbench, Workspace};

/// A workspace on the server that the environment names; none where it names none.
fn workspace(protocol: &str) -> Option<tempfile::TempDir> {
    let said = |name: &str| std::env::var(format!("TASTEVIN_ODOO_{name}")).ok();
    let (Some(url), Some(database), Some(user), Some(_)) = (said("URL"), said("DB"), said("USER"), said("KEY")) else {
        eprintln!("skipped: TASTEVIN_ODOO_URL, _DB, _USER and _KEY name no server");
        return None;
    };
    let dir = tempfile::tempdir().expect("a temporary folder");
    Workspace::init(dir.path(), "Live").expect("a workspace");
    let text = format!(
        "[workspace]\nname = \"Live\"\n[sources.odoo]\nkind = \"odoo\"\nurl = \"{url}\"\ndatabase = \"{database}\"\nuser = \"{user}\"\napi_key = {{ env = \"TASTEVIN_ODOO_KEY\" }}\nprotocol = \"{protocol}\"\n[gate]\nmax_quarantined = \"100%\"\n"
    );
    fs::write(dir.path().join("tastevin.toml"), text).expect("written");
    Some(dir)
}

/// Everything that is staged, as text, without the load's number.
fn staged(workbench: &Workbench) -> Vec<Vec<Vec<Option<String>>>> {
    ["partners", "products", "sales", "stock"]
        .iter()
        .map(|entity| {
            let sql = format!("SELECT * EXCLUDE (_row, _load) FROM staging.\"odoo/{entity}\" ORDER BY id::BIGINT");
            workbench.query(&sql).expect("what is staged").rows
        })
        .collect()
}

#[test]
fn live_the_whole_way_by_each_protocol_and_again() -> Result<()> {
    let mut seen = Vec::new();
    for protocol in ["auto", "xmlrpc"] {
        let Some(dir) = workspace(protocol) else { return Ok(()) };
        let mut workbench = Workbench::open(dir.path(), OpenOptions::default())?;
        for probe in workbench.test_source("odoo", &|_| ())? {
            assert!(probe.found.is_ok(), "{}: {:?}", probe.what, probe.found);
        }
        let load = workbench.load("odoo", &LoadOptions { full: true, since: None }, &|_| {})?;
        assert_eq!(load.rows_in(), load.staged() + load.rejected());
        assert!(load.entities.iter().all(|entity| entity.staged > 0), "{:?}", load.entities);
        let whole = staged(&workbench);

        // What changed since, and what did not, make the same again.
        workbench.load("odoo", &LoadOptions::default(), &|_| {})?;
        assert_eq!(staged(&workbench), whole, "{protocol}: a second load changes nothing");

        workbench.check(&|_| {})?;
        for table in ["products", "customers", "sales_lines", "stock_levels"] {
            let odd = format!("SELECT count(*) FROM candidate.{table} WHERE _key NOT LIKE 'odoo-%' OR _key LIKE '%#%'");
            assert_eq!(
                workbench.query(&odd)?.rows[0][0].as_deref(),
                Some("0"),
                "{table}: every key carries the source, once"
            );
        }

        workbench.commit("live", &|_| {})?;
        let mut committed = Vec::new();
        for table in ["products", "customers", "sales_lines", "stock_levels"] {
            let count = |schema: &str| -> Result<u64> {
                let page = workbench.query(&format!("SELECT count(*) FROM {schema}.{table}"))?;
                Ok(page.rows[0][0].as_deref().and_then(|count| count.parse().ok()).unwrap_or_default())
            };
            let (candidates, canonical, held) = (count("candidate")?, count("canonical")?, count("quarantine")?);
            assert_eq!(candidates, canonical + held, "{table}: what is not committed is in quarantine");
            let columns = "SELECT * EXCLUDE (_commit) FROM canonical";
            let key = table.trim_end_matches('s').replace("stock_level", "stock").replace("sales_line", "sale_line");
            committed.push(workbench.query(&format!("{columns}.{table} ORDER BY {key}_key"))?.rows);
        }
        seen.push((whole, committed));
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "both protocols stage and commit the same");
    Ok(())
}
