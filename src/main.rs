//! Parses the command line, runs one command, and ends with its exit code.

fn main() -> std::process::ExitCode {
    rollcall::cli::main()
}
