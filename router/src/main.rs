use std::process::ExitCode;

fn main() -> ExitCode {
    tapline::cli::main()
}
