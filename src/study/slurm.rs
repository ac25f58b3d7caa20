//! A script for `sbatch`: an array of workers that share a study's folder. Slurm schedules them; claims divide the work.

/// What the script holds.
#[derive(Clone, Debug)]
pub struct SlurmScript<'a> {
    /// Name of the study.
    pub name: &'a str,
    /// The program with its arguments up to `study run`, the plan and where results go.
    pub command: &'a [String],
    /// The study's folder, in which logs go.
    pub folder: &'a str,
    /// Workers.
    pub tasks: usize,
    /// Further options for `sbatch`, such as `--gres=gpu:1`.
    pub options: &'a [String],
}

impl SlurmScript<'_> {
    /// The script.
    ///
    /// Two minutes before its time is up, or when it is preempted, Slurm signals the script, which passes it on as SIGTERM: the worker
    /// saves its run and gives the claim back. The task is then queued again, and somebody goes on with the run. Where the study is no
    /// further than when the task began, it is not: a limit in which no run takes a step would queue it for ever.
    pub fn text(&self) -> String {
        let Self { tasks, .. } = self;
        let command: Vec<String> = self.command.iter().map(|part| quoted(part)).collect();
        let options: String = self.options.iter().map(|option| format!("#SBATCH {option}\n")).collect();
        let (name, logs) = (one_line(self.name), one_line(&format!("{}/slurm-%A_%a.log", self.folder)));
        let [runs, unfinished] = ["runs", "unfinished"].map(|name| quoted(&format!("{}/{name}", self.folder)));
        format!(
            "#!/bin/bash\n\
             #SBATCH --job-name={name}\n\
             #SBATCH --array=1-{tasks}\n\
             #SBATCH --output={logs}\n\
             #SBATCH --open-mode=append\n\
             #SBATCH --requeue\n\
             #SBATCH --signal=B:USR1@120\n\
             {options}\
             # Every task goes through the whole queue and takes what nobody else has. --shard spreads where they begin.\n\
             # How far the study is: runs that are done, and steps after which the others were saved. A state begins with its step.\n\
             runs() {{ find {runs} -mindepth 1 -maxdepth 1 2>/dev/null | wc -l; }}\n\
             states() {{ for state in {unfinished}/*/last.state; do head -c 64 \"$state\" 2>/dev/null; echo; done; }}\n\
             steps() {{ states | grep -ao '\"step\":[0-9]*' | awk -F: '{{ sum += $2 }} END {{ print sum + 0 }}'; }}\n\
             again=0 had_runs=$(runs) had_steps=$(steps)\n\
             trap 'signalled=1; again=1; kill -TERM \"$!\" 2>/dev/null' USR1\n\
             trap 'signalled=1; kill -TERM \"$!\" 2>/dev/null' TERM INT\n\
             {command} --shard \"$SLURM_ARRAY_TASK_ID/{tasks}\" &\n\
             # A signal ends the wait while the worker is still ending: wait again.\n\
             while true; do\n  signalled=0 code=0\n  wait \"$!\" || code=$?\n  ((signalled)) || break\ndone\n\
             # A run that is cut short goes on from there. Without a step taken, the next time would be no better.\n\
             if ((again && ($(runs) > had_runs || $(steps) > had_steps))); then\n  \
             scontrol requeue \"${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID\"\n\
             elif ((again)); then\n  echo 'The study got no further within the time limit: give a longer --time' >&2\nfi\n\
             exit \"$code\"\n",
            command = command.join(" "),
        )
    }
}

/// A word of a shell's command line.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// A text as the value of an `#SBATCH` line.
fn one_line(text: &str) -> String {
    let flat: String = text.chars().filter(|c| !c.is_control()).collect();
    if flat.contains([' ', '\'', '"', '#']) { format!("\"{}\"", flat.replace('"', "\\\"")) } else { flat }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(command: &[&str], folder: &str) -> String {
        let command: Vec<String> = command.iter().map(|part| (*part).to_owned()).collect();
        let options = ["--gres=gpu:1".to_owned()];
        SlurmScript { name: "nets", command: &command, folder, tasks: 4, options: &options }.text()
    }

    #[test]
    fn the_script_starts_an_array_of_workers() {
        let text = script(&["/usr/bin/pointillist", "study", "run", "/my plans/it's.toml"], "/my out");
        for part in [
            "#!/bin/bash\n#SBATCH",
            "#SBATCH --array=1-4\n",
            "#SBATCH --output=\"/my out/slurm-%A_%a.log\"\n",
            "#SBATCH --gres=gpu:1\n# Every",
            "find '/my out/runs' -mindepth 1",
            "for state in '/my out/unfinished'/*/last.state;",
            "/usr/bin/pointillist study run '/my plans/it'\\''s.toml' --shard \"$SLURM_ARRAY_TASK_ID/4\" &\n",
            "scontrol requeue \"${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID\"",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }

    /// The script, run by a shell outside Slurm. Its worker is a shell command that gets the shard as its argument.
    #[cfg(unix)]
    fn run(worker: &str, signal: Option<&str>) -> (Option<i32>, String) {
        let dir = tempfile::tempdir().unwrap();
        let (file, said) = (dir.path().join("job.sh"), dir.path().join("said"));
        std::fs::write(&file, script(&["bash", "-c", worker, said.to_str().unwrap()], dir.path().to_str().unwrap()))
            .unwrap();
        let scontrol = dir.path().join("scontrol");
        std::fs::write(&scontrol, format!("#!/bin/bash\necho \"requeue $2\" >> {}\n", said.display())).unwrap();
        std::process::Command::new("chmod").arg("+x").arg(&scontrol).status().unwrap();
        let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
        let mut bash = std::process::Command::new("bash");
        bash.arg(&file).env("PATH", path).env("SLURM_ARRAY_JOB_ID", "7").env("SLURM_ARRAY_TASK_ID", "3");
        let mut child = bash.spawn().unwrap();
        if let Some(signal) = signal {
            while !said.exists() {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            std::process::Command::new("kill").arg(signal).arg(child.id().to_string()).status().unwrap();
        }
        let code = child.wait().unwrap().code();
        (code, std::fs::read_to_string(&said).unwrap())
    }

    #[cfg(unix)]
    #[test]
    fn a_worker_ends_with_its_own_code_and_a_warned_one_is_queued_again() {
        // $0 is the file, $1 is --shard, $2 the shard.
        assert_eq!(run("echo \"$2\" > \"$0\"; exit 3", None), (Some(3), "3/4\n".to_owned()));
        let saves = "trap 'echo saved >> \"$0\"; exit 130' TERM; cd \"${0%/*}\"; MAKES; echo \"$2\" > \"$0\"; \
                     while true; do sleep 0.05; done";
        let [one_done, one_begun, none_done] = [
            "mkdir -p runs/a",
            "mkdir -p unfinished/a-1; printf '12345678{\"version\":1,\"progress\":{\"step\":3,' > unfinished/a-1/last.state",
            "mkdir -p runs unfinished/a-1; echo 1,1,0.5,0.1 > unfinished/a-1/steps.csv",
        ]
        .map(|makes| saves.replace("MAKES", makes));
        assert_eq!(run(&one_done, Some("-USR1")), (Some(130), "3/4\nsaved\nrequeue 7_3\n".to_owned()));
        assert_eq!(run(&one_begun, Some("-USR1")), (Some(130), "3/4\nsaved\nrequeue 7_3\n".to_owned()), "it goes on");
        assert_eq!(run(&none_done, Some("-USR1")), (Some(130), "3/4\nsaved\n".to_owned()), "no step fits the limit");
        assert_eq!(run(&one_done, Some("-TERM")), (Some(130), "3/4\nsaved\n".to_owned()));
    }
}
