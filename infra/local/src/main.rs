//! `cargo run -p local`: the whole system on this computer.

use std::path::PathBuf;
use std::process::ExitCode;

use local::clock::Clock;
use local::invoke::Functions;
use local::system::{Options, System};
use local::template::Template;

const HELP: &str = "\
The whole of Assenso in one process, on 127.0.0.1

    cargo run -p local -- [--data DIR] [--port N]

    --data DIR   keep everything in this folder; without it, all is gone at the end
    --port N     where the routes are served, 8787 unless said otherwise
    --help       this
";

struct Asked {
    data: Option<PathBuf>,
    port: u16,
}

#[tokio::main]
async fn main() -> ExitCode {
    let asked = match asked(std::env::args().skip(1)) {
        Ok(Some(asked)) => asked,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprint!("{problem}\n\n{HELP}");
            return ExitCode::FAILURE;
        }
    };
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .init();
    match serve(asked).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn serve(asked: Asked) -> Result<(), Box<dyn std::error::Error>> {
    let options = Options {
        data: asked.data,
        port: asked.port,
        ..Options::in_memory(Template::deployed()?, Clock::system())
    };
    let system = System::start(options, |_| Functions::default()).await?;

    let gateway = &system.endpoints.gateway;
    println!("Assenso is at {gateway}, its demo recipients at {gateway}/demo/recipients; ctrl-c ends it.");

    let end = async {
        // Without a signal handler, ctrl-c ends the process the hard way, which is an end too.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    system.run(end).await;
    Ok(())
}

/// What was asked for, or nothing if it was for help.
fn asked(mut words: impl Iterator<Item = String>) -> Result<Option<Asked>, String> {
    let mut asked = Asked {
        data: None,
        port: 8787,
    };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--help" | "-h" => return Ok(None),
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
    Ok(Some(asked))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        told += &format!(": {error}");
        source = error.source();
    }
    told
}
