//! `cargo run -p local`: the whole system on this computer.

use std::path::PathBuf;
use std::process::ExitCode;

use local::clock::Clock;
use local::command;
use local::functions;
use local::issuer::{self, Bearer};
use local::live::{Live, Wires};
use local::partner_check;
use local::policy_check;
use local::system::{Options, System};
use local::template::Template;
use local::token;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

mod banner;

const HELP: &str = "\
The whole of Assenso in one process, on 127.0.0.1

    cargo run -p local -- [--data DIR] [--port N]
    cargo run -p local -- policy check FILE
    cargo run -p local -- token --scope SCOPE [--recipient R] [--subject S]
    cargo run -p local -- due recompute --help
    cargo run -p local -- reconcile --help
    cargo run -p local -- partner-check --help

    --data DIR   keep everything in this folder; without it, all is gone at the end
    --port N     where the routes are served, 8787 unless said otherwise
    --help       this

    policy check FILE   say whether a policy document would be taken, and if not, why: one finding where it
                        cannot be read, such as an unknown word or a missing table, and else all of them
";

enum Asked {
    Help,
    Serve(Serve),
    CheckPolicy(PathBuf),
}

struct Serve {
    data: Option<PathBuf>,
    port: u16,
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut words = std::env::args().skip(1).peekable();
    if words.next_if_eq("token").is_some() {
        return ended(token::run(words));
    }
    if words.next_if_eq("due").is_some() {
        return ended(command::due(words).await);
    }
    if words.next_if_eq("reconcile").is_some() {
        return ended(command::reconciling(words).await);
    }
    if words.next_if_eq("partner-check").is_some() {
        return match partner_check::run(words, Clock::system().now()).await {
            Ok(code) => code,
            Err(error) => ended(Err(error)),
        };
    }
    let asked = match asked(words) {
        Ok(Asked::Serve(asked)) => asked,
        Ok(Asked::CheckPolicy(file)) => return policy_check::run(&file),
        Ok(Asked::Help) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprint!("{problem}\n\n{HELP}");
            return ExitCode::FAILURE;
        }
    };
    // To the embedded engine, a condition that does not hold is a mistake of the caller; here it is how a
    // request that was sent twice is noticed.
    let logged = Targets::new()
        .with_default(Level::WARN)
        .with_target("dynoxide", Level::ERROR);
    tracing_subscriber::fmt().finish().with(logged).init();
    ended(serve(asked).await)
}

fn ended(result: Result<(), Box<dyn std::error::Error>>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", in_words(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn serve(asked: Serve) -> Result<(), Box<dyn std::error::Error>> {
    let service = Bearer {
        scope: "service".to_owned(),
        ..Bearer::default()
    };
    let clock = Clock::kept(asked.data.as_deref())?;
    let live = Live::new(clock.clone());
    let template = Template::deployed()?;
    let token = issuer::token(&service, clock.unmoved())?;
    let options = Options {
        data: asked.data,
        port: asked.port,
        routes: live.router(),
        ..Options::in_memory(template.clone(), clock.clone())
    };
    let http = Wires::before(aws_smithy_http_client::Builder::new().build_http());
    let system = System::start(options, |endpoints| {
        let all = functions::all(endpoints, policies::all(), http, clock)?;
        Ok(live.watch(all))
    })
    .await?;
    let client = platform::courier::client()?;
    system
        .demo
        .register(&client, &system.endpoints.gateway, &token)
        .await?;
    println!("{}", banner::banner(&system.endpoints.gateway, &template, &token));
    live.open(&system, template, client);

    let end = async {
        // Without a signal handler, ctrl-c ends the process the hard way, which is an end too.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        live.close();
    };
    system.run(end).await;
    Ok(())
}

/// What was asked for.
fn asked(mut words: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut asked = Serve {
        data: None,
        port: 8787,
    };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--help" | "-h" => return Ok(Asked::Help),
            "policy" => return policy(&words.by_ref().collect::<Vec<_>>()),
            "--data" => {
                let folder = words.next().ok_or("--data wants a folder")?;
                asked.data = Some(folder.into());
            }
            "--port" => {
                let port = words.next().and_then(|port| port.parse().ok());
                asked.port = port.ok_or("--port wants a number up to 65535")?;
            }
            other => return Err(format!("{other} is not known here")),
        }
    }
    Ok(Asked::Serve(asked))
}

fn policy(words: &[String]) -> Result<Asked, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        [.., "--help" | "-h"] => Ok(Asked::Help),
        ["check"] => Err("policy check wants a file".to_owned()),
        ["check", file] => Ok(Asked::CheckPolicy(file.into())),
        ["check", _, other, ..] => Err(format!("{other} is not known here")),
        _ => Err("policy wants check FILE".to_owned()),
    }
}

/// An error with all that led to it, without the dump of themselves that the SDK's errors end in.
fn in_words(error: &dyn std::error::Error) -> String {
    const DUMPS: [&str; 5] = [
        " (ConstructionFailure(",
        " (TimeoutError(",
        " (DispatchFailure(",
        " (ResponseError(",
        " (ServiceError(",
    ];
    let told = platform::http::chain(error);
    let end = DUMPS.iter().filter_map(|dump| told.find(dump)).min();
    told[..end.unwrap_or(told.len())].to_owned()
}
