//! The program: `pointillist --help` tells what it does.

fn main() -> std::process::ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("error")).init();
    pointillist::cli::run()
}
