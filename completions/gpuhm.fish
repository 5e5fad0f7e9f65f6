# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_gpuhm_global_optspecs
    string join \n config= home= log= log-format= q/quiet h/help V/version
end

function __fish_gpuhm_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_gpuhm_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_gpuhm_using_subcommand
    set -l cmd (__fish_gpuhm_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c gpuhm -n "__fish_gpuhm_needs_command" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_needs_command" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_needs_command" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_needs_command" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_needs_command" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_needs_command" -s V -l version -d 'Print version'
complete -c gpuhm -n "__fish_gpuhm_needs_command" -f -a "collect" -d 'Read GPUs every interval and publish their samples'
complete -c gpuhm -n "__fish_gpuhm_needs_command" -f -a "validate" -d 'Check samples, drop duplicates, add asset records'
complete -c gpuhm -n "__fish_gpuhm_needs_command" -f -a "aggregate" -d 'Write samples and windows to the store, judge them, raise alerts'
complete -c gpuhm -n "__fish_gpuhm_needs_command" -f -a "score" -d 'Score every GPU, with its reasons; judge hosts, racks and silence'
complete -c gpuhm -n "__fish_gpuhm_needs_command" -f -a "predict" -d 'State the odds that a GPU fails, with their reasons'
complete -c gpuhm -n "__fish_gpuhm_needs_command" -f -a "silence" -d 'Silence alerts that are expected'
complete -c gpuhm -n "__fish_gpuhm_needs_command" -f -a "migrate" -d 'Make and check the store\'s schema and Kafka\'s topics; move to another bus'
complete -c gpuhm -n "__fish_gpuhm_needs_command" -f -a "doctor" -d 'Look at everything the pipeline rests on; say what is wrong and what mends it'
complete -c gpuhm -n "__fish_gpuhm_needs_command" -f -a "tail" -d 'Follow a topic'
complete -c gpuhm -n "__fish_gpuhm_needs_command" -f -a "top" -d 'Show the fleet'
complete -c gpuhm -n "__fish_gpuhm_needs_command" -f -a "assets" -d 'Import and export asset records'
complete -c gpuhm -n "__fish_gpuhm_needs_command" -f -a "run" -d 'Run every stage in one process'
complete -c gpuhm -n "__fish_gpuhm_needs_command" -f -a "demo" -d 'See it work on a simulated fleet'
complete -c gpuhm -n "__fish_gpuhm_needs_command" -f -a "completions" -d 'Print the completions of a shell'
complete -c gpuhm -n "__fish_gpuhm_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l sink -d 'Where samples go: bus, - for lines on standard output, or a file' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l label -d 'A label for every sample: cluster=…, rack=… or datacenter=…; may be repeated' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l jobs -d 'Directory of files that name the jobs on this machine\'s GPUs: one a GPU, named by index or UUID, a job a line' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -s o -l output -d 'With --once: show what was read instead of publishing it, as table or jsonl' -r -f -a "table\t'A row a metric, a column a GPU'
jsonl\t'The events, a line each'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l source -d 'Source, a URL: auto (this machine, by DCGM, else by NVML), `dcgm://HOST[:5555]`, `dcgm:///SOCKET`, `dcgm:embedded`, nvml, `exporter:http://HOST:9400/metrics`, sim, or `replay:FILE` (JSON lines, nvidia-smi CSV, or a recording; plain or gzip). DCGM and exporters may be repeated; `#host=NAME,gpus=N` behind one says what it does not [default: auto]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l targets -d 'File of further sources: a URL a line, or Prometheus\' JSON of targets' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l libdcgm -d 'DCGM\'s library [default: libdcgm.so.4, libdcgm.so.3]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l libnvml -d 'NVML\'s library [default: libnvidia-ml.so.1]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l profile-interval -d 'How often profiling values are read, to be averaged over the interval; off leaves them out [default: 1s]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l interval -d 'Time between samples' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l speed -d 'How fast time runs: a factor, or max for no waiting' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l from -d 'First tick of a simulated fleet, RFC 3339 [default: now; 2026-01-01T00:00:00Z with --speed max]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l ticks -d 'Stop after this many ticks [default with sim and --speed max: 120]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l gpus -d 'GPUs' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l hosts -d 'Hosts they are spread over' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l seed -d 'Seed: the same seed gives the same fleet' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l boards -d 'Boards of the fleet' -r -f -a "mixed\t'By racks: two of four H100, one A100, one H200'
a100\t'A100, as one well-recorded host has them'
h100\t'H100'
h200\t'H200'
kalos\t'A100, with the work and temperatures of the cluster Kalos (`AcmeTrace`)'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l fault -d 'A fault that breaks out so long after the first tick; may be repeated' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -s b -l bus -d 'Bus URL: `kafka://h1:9092,h2:9092` (short `h1:9092,h2:9092`) or `file:DIR` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -s X -l kafka -d 'Kafka client setting, stronger than those of --kafka-config; may be repeated. `-X dump` shows all that is set' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -s F -l kafka-config -d 'File of Kafka client settings: `key=value` lines in the spelling of kcat or Java' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l topic-prefix -d 'What stands before the name of every topic, group and transactional id on Kafka' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l connect-timeout -d 'How long to try to reach Kafka; 0 for ever [default: 10s; 0 for services]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l spool -d 'Directory of the spool, where events wait for Kafka [default: the home directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l spool-max -d 'Bytes that may wait, compressed; at more the oldest events go, and are counted' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l spool-age -d 'How long an event may wait; what is older goes, and is counted' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l spool-rate -d 'Events a second at which what is older than a minute is sent [default: 5000, or four times the rate of collecting]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l instance -d 'Name of this collector among several on one host: it names the spool, which only one can use' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l drain -d 'After a signal, how long to go on delivering; what is left waits in the spool for the next start' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l metrics -d 'Serve /metrics, /healthz and /readyz here, such as 127.0.0.1:9871 or unix:PATH [default: nowhere]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l metrics-file -d 'Write the metrics to this file at the end, for node exporter\'s textfile collector' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l once -d 'Read once, at once, and exit: with 3 where a source could not be read, or no GPU'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -l export-gpus -d 'With --metrics: also every GPU\'s newest sample, under dcgm-exporter\'s names'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand collect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -l file -d 'Judge a file of JSON lines, plain or gzip, instead of the bus; - is standard input' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -s o -l output -d 'With --file: text (a line a refusal) or json (one object)' -r -f -a "text\t''
json\t''"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -s b -l bus -d 'Bus URL: `kafka://h1:9092,h2:9092` (short `h1:9092,h2:9092`) or `file:DIR` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -s X -l kafka -d 'Kafka client setting, stronger than those of --kafka-config; may be repeated. `-X dump` shows all that is set' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -s F -l kafka-config -d 'File of Kafka client settings: `key=value` lines in the spelling of kcat or Java' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -l topic-prefix -d 'What stands before the name of every topic, group and transactional id on Kafka' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -l connect-timeout -d 'How long to try to reach Kafka; 0 for ever [default: 10s; 0 for services]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -l instance -d 'Name of this instance, which survives a restart; of two with one name the older ends with code 2 [default: on Kafka the host\'s name, else the command\'s name and its process]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -l drain -d 'After a signal, how long to go on with the step at hand; then it ends with code 3, and the next start does it again' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -l metrics -d 'Serve /metrics, /healthz and /readyz here, such as 127.0.0.1:9871 or unix:PATH [default: nowhere]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -l metrics-file -d 'Write the metrics to this file at the end, for node exporter\'s textfile collector' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -l step -d 'Records a step takes at most' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -l list-rules -d 'List the rules and exit'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -l once -d 'Drain to the log\'s end as it stands at the start, then exit'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand validate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -l lateness -d 'How long after its end a window stays open for late samples' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -l backfill -d 'Rebuild the windows of a time range from raw rows: FROM..TO, dates or RFC 3339' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -s b -l bus -d 'Bus URL: `kafka://h1:9092,h2:9092` (short `h1:9092,h2:9092`) or `file:DIR` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -s X -l kafka -d 'Kafka client setting, stronger than those of --kafka-config; may be repeated. `-X dump` shows all that is set' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -s F -l kafka-config -d 'File of Kafka client settings: `key=value` lines in the spelling of kcat or Java' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -l topic-prefix -d 'What stands before the name of every topic, group and transactional id on Kafka' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -l connect-timeout -d 'How long to try to reach Kafka; 0 for ever [default: 10s; 0 for services]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -l instance -d 'Name of this instance, which survives a restart; of two with one name the older ends with code 2 [default: on Kafka the host\'s name, else the command\'s name and its process]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -l drain -d 'After a signal, how long to go on with the step at hand; then it ends with code 3, and the next start does it again' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -l metrics -d 'Serve /metrics, /healthz and /readyz here, such as 127.0.0.1:9871 or unix:PATH [default: nowhere]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -l metrics-file -d 'Write the metrics to this file at the end, for node exporter\'s textfile collector' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -l step -d 'Records a step takes at most' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -l dry-run -d 'With --backfill: say what would be written, write nothing'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -l once -d 'Drain to the log\'s end as it stands at the start, then exit'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand aggregate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -l every -d 'A pass so often, as a service [default]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -l explain -d 'Print the ledger of one GPU: UUID, the beginning of one, or host/index' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -l at -d 'With --explain: as it stood at this time (RFC 3339, a date, or a duration ago)' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -l fail-below -d 'With --once: end with code 1 where a GPU scores below N or is critical, and list only those; with 3 where of no GPU enough is known' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -s o -l output -d 'table, json (gpuhm.scores/1) or csv; with --once and --explain' -r -f -a "table\t'The troubled ones, for people'
json\t'Every GPU with its ledger'
csv\t'A row a GPU'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -s b -l bus -d 'Bus URL: `kafka://h1:9092,h2:9092` (short `h1:9092,h2:9092`) or `file:DIR` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -s X -l kafka -d 'Kafka client setting, stronger than those of --kafka-config; may be repeated. `-X dump` shows all that is set' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -s F -l kafka-config -d 'File of Kafka client settings: `key=value` lines in the spelling of kcat or Java' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -l topic-prefix -d 'What stands before the name of every topic, group and transactional id on Kafka' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -l connect-timeout -d 'How long to try to reach Kafka; 0 for ever [default: 10s; 0 for services]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -l drain -d 'After a signal, how long to go on with the step at hand; then it ends with code 3, and the next start does it again' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -l metrics -d 'Serve /metrics, /healthz and /readyz here, such as 127.0.0.1:9871 or unix:PATH [default: nowhere]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -l metrics-file -d 'Write the metrics to this file at the end, for node exporter\'s textfile collector' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -l once -d 'One pass, then exit; its answer goes to standard output'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -l list-deductions -d 'Print what costs points, and how many'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand score" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -l every -d 'A pass so often, as a service [default: 15m]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -l explain -d 'Print the odds of one GPU with their reasons, and what is not known' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -l at -d 'With --explain: as they stood at this time (RFC 3339, a date, or a duration ago)' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -l horizon -d 'The horizon that is sorted and judged by: 7d, 30d or 90d' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -l fail-above -d 'With --once: end with code 1 where the odds of a GPU at the horizon are above P, and list only those' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -s o -l output -d 'table, json (gpuhm.predictions/1) or csv; with --once and --explain' -r -f -a "table\t''
json\t''
csv\t''"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -s b -l bus -d 'Bus URL: `kafka://h1:9092,h2:9092` (short `h1:9092,h2:9092`) or `file:DIR` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -s X -l kafka -d 'Kafka client setting, stronger than those of --kafka-config; may be repeated. `-X dump` shows all that is set' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -s F -l kafka-config -d 'File of Kafka client settings: `key=value` lines in the spelling of kcat or Java' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -l topic-prefix -d 'What stands before the name of every topic, group and transactional id on Kafka' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -l connect-timeout -d 'How long to try to reach Kafka; 0 for ever [default: 10s; 0 for services]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -l drain -d 'After a signal, how long to go on with the step at hand; then it ends with code 3, and the next start does it again' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -l metrics -d 'Serve /metrics, /healthz and /readyz here, such as 127.0.0.1:9871 or unix:PATH [default: nowhere]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -l metrics-file -d 'Write the metrics to this file at the end, for node exporter\'s textfile collector' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -l once -d 'One pass, then exit; its answer goes to standard output'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -f -a "label" -d 'Record that a GPU failed, or was taken away'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and not __fish_seen_subcommand_from label help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and __fish_seen_subcommand_from label" -l at -d 'When: RFC 3339, a date, or a duration ago' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and __fish_seen_subcommand_from label" -l note -d 'A line about it' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and __fish_seen_subcommand_from label" -l who -d 'Who says so' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and __fish_seen_subcommand_from label" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and __fish_seen_subcommand_from label" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and __fish_seen_subcommand_from label" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and __fish_seen_subcommand_from label" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and __fish_seen_subcommand_from label" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and __fish_seen_subcommand_from label" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and __fish_seen_subcommand_from label" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and __fish_seen_subcommand_from label" -a "list" -d 'Print what was recorded'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and __fish_seen_subcommand_from label" -a "remove" -d 'Take a record back'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and __fish_seen_subcommand_from label" -a "import" -d 'Import records from a file: CSV with a header, or JSON lines; all of it or nothing'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and __fish_seen_subcommand_from label" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and __fish_seen_subcommand_from help" -f -a "label" -d 'Record that a GPU failed, or was taken away'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand predict; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and not __fish_seen_subcommand_from add list end help" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and not __fish_seen_subcommand_from add list end help" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and not __fish_seen_subcommand_from add list end help" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and not __fish_seen_subcommand_from add list end help" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and not __fish_seen_subcommand_from add list end help" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and not __fish_seen_subcommand_from add list end help" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and not __fish_seen_subcommand_from add list end help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and not __fish_seen_subcommand_from add list end help" -f -a "add" -d 'Silence what matches, until a time'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and not __fish_seen_subcommand_from add list end help" -f -a "list" -d 'Print silences'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and not __fish_seen_subcommand_from add list end help" -f -a "end" -d 'End a silence before its time'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and not __fish_seen_subcommand_from add list end help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from add" -l until -d 'Until when: RFC 3339, a date, or a duration from now such as 2h' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from add" -l reason -d 'Why' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from add" -l from -d 'From when [default: now]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from add" -l who -d 'Who' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from add" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from add" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from add" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from add" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from add" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from list" -s o -l output -d 'table, or json (gpuhm.silences/1)' -r -f -a "table\t''
json\t''"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from list" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from list" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from list" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from list" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from list" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from list" -l all -d 'Those that have ended, too'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from end" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from end" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from end" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from end" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from end" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from end" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from end" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from help" -f -a "add" -d 'Silence what matches, until a time'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from help" -f -a "list" -d 'Print silences'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from help" -f -a "end" -d 'End a silence before its time'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand silence; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and not __fish_seen_subcommand_from up status plan verify baseline topics copy bus help" -s o -l output -d 'table or json' -r -f -a "table\t''
json\t''"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and not __fish_seen_subcommand_from up status plan verify baseline topics copy bus help" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and not __fish_seen_subcommand_from up status plan verify baseline topics copy bus help" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and not __fish_seen_subcommand_from up status plan verify baseline topics copy bus help" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and not __fish_seen_subcommand_from up status plan verify baseline topics copy bus help" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and not __fish_seen_subcommand_from up status plan verify baseline topics copy bus help" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and not __fish_seen_subcommand_from up status plan verify baseline topics copy bus help" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and not __fish_seen_subcommand_from up status plan verify baseline topics copy bus help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and not __fish_seen_subcommand_from up status plan verify baseline topics copy bus help" -f -a "up" -d 'Bring the schema up to date (the default)'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and not __fish_seen_subcommand_from up status plan verify baseline topics copy bus help" -f -a "status" -d 'Show which migrations are applied, and what the server is; changes nothing'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and not __fish_seen_subcommand_from up status plan verify baseline topics copy bus help" -f -a "plan" -d 'Print the SQL that is pending'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and not __fish_seen_subcommand_from up status plan verify baseline topics copy bus help" -f -a "verify" -d 'Hold checksums, tables, columns and policies against this version\'s'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and not __fish_seen_subcommand_from up status plan verify baseline topics copy bus help" -f -a "baseline" -d 'Record the migrations up to N as applied without running them'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and not __fish_seen_subcommand_from up status plan verify baseline topics copy bus help" -f -a "topics" -d 'Make and check the topics on Kafka: makes what is missing, says what differs'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and not __fish_seen_subcommand_from up status plan verify baseline topics copy bus help" -f -a "copy" -d 'Move an embedded store to a server, with everything in it; may be stopped and run again'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and not __fish_seen_subcommand_from up status plan verify baseline topics copy bus help" -f -a "bus" -d 'Move from one bus to another: what the stages know of each GPU goes on where it stopped'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and not __fish_seen_subcommand_from up status plan verify baseline topics copy bus help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from up" -l to -d 'Stop at this version' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from up" -l wait -d 'How long to wait for a server that is not there yet, and for another migrate; 0 not at all' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from up" -l lock-timeout -d 'How long a migration waits for whoever uses what it changes, while others wait behind it; 0 for ever' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from up" -s o -l output -d 'table or json' -r -f -a "table\t''
json\t''"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from up" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from up" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from up" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from up" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from up" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from up" -l dry-run -d 'Say what would be done, do nothing'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from up" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from up" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from status" -s o -l output -d 'table or json' -r -f -a "table\t''
json\t''"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from status" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from status" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from status" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from status" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from status" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from status" -l check -d 'Exit 1 where one is pending or wrong'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from plan" -s o -l output -d 'table or json' -r -f -a "table\t''
json\t''"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from plan" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from plan" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from plan" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from plan" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from plan" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from plan" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from verify" -s o -l output -d 'table or json' -r -f -a "table\t''
json\t''"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from verify" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from verify" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from verify" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from verify" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from verify" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from baseline" -s o -l output -d 'table or json' -r -f -a "table\t''
json\t''"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from baseline" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from baseline" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from baseline" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from baseline" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from baseline" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from baseline" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from baseline" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from topics" -l partitions -d 'Partitions of each topic, for a new set [default: as many as the existing have, else 32]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from topics" -s b -l bus -d 'Bus URL: `kafka://h1:9092,h2:9092` (short `h1:9092,h2:9092`) or `file:DIR` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from topics" -s X -l kafka -d 'Kafka client setting, stronger than those of --kafka-config; may be repeated. `-X dump` shows all that is set' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from topics" -s F -l kafka-config -d 'File of Kafka client settings: `key=value` lines in the spelling of kcat or Java' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from topics" -l topic-prefix -d 'What stands before the name of every topic, group and transactional id on Kafka' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from topics" -l connect-timeout -d 'How long to try to reach Kafka; 0 for ever [default: 10s; 0 for services]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from topics" -s o -l output -d 'table or json' -r -f -a "table\t''
json\t''"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from topics" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from topics" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from topics" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from topics" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from topics" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from topics" -l dry-run -d 'Say what would be made, do nothing'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from topics" -l check -d 'Look only: exit 1 where a topic is missing or differs'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from topics" -l alter -d 'Also change the settings that differ; partitions and replication are never changed'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from topics" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from topics" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from copy" -l from -d 'The store to leave, `sqlite:PATH`; it stays as it is' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from copy" -l to -d 'The store to move to, `postgres://…`, with this version\'s schema [default: that of --store]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from copy" -s o -l output -d 'table or json' -r -f -a "table\t''
json\t''"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from copy" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from copy" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from copy" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from copy" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from copy" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from copy" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from copy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from bus" -l from -d 'The bus to leave, `file:DIR`; it stays as it is' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from bus" -s b -l bus -d 'Bus URL: `kafka://h1:9092,h2:9092` (short `h1:9092,h2:9092`) or `file:DIR` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from bus" -s X -l kafka -d 'Kafka client setting, stronger than those of --kafka-config; may be repeated. `-X dump` shows all that is set' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from bus" -s F -l kafka-config -d 'File of Kafka client settings: `key=value` lines in the spelling of kcat or Java' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from bus" -l topic-prefix -d 'What stands before the name of every topic, group and transactional id on Kafka' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from bus" -l connect-timeout -d 'How long to try to reach Kafka; 0 for ever [default: 10s; 0 for services]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from bus" -s o -l output -d 'table or json' -r -f -a "table\t''
json\t''"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from bus" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from bus" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from bus" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from bus" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from bus" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from bus" -l records -d 'Also copy the records, so that `tail` of the past works'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from bus" -l replace -d 'Replace what an earlier move left, where the bus to leave went on since'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from bus" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from bus" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from help" -f -a "up" -d 'Bring the schema up to date (the default)'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from help" -f -a "status" -d 'Show which migrations are applied, and what the server is; changes nothing'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from help" -f -a "plan" -d 'Print the SQL that is pending'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Hold checksums, tables, columns and policies against this version\'s'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from help" -f -a "baseline" -d 'Record the migrations up to N as applied without running them'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from help" -f -a "topics" -d 'Make and check the topics on Kafka: makes what is missing, says what differs'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from help" -f -a "copy" -d 'Move an embedded store to a server, with everything in it; may be stopped and run again'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from help" -f -a "bus" -d 'Move from one bus to another: what the stages know of each GPU goes on where it stopped'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand migrate; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -l only -d 'Only these checks' -r -f -a "config.file\t''
config.secrets\t''
systemd.unit\t''
clock\t''
source.url\t''
dcgm.library\t''
dcgm.socket\t''
dcgm.hostengine\t''
dcgm.profiling\t''
nvml.driver\t''
exporter.pages\t''
source.auto\t''
bus.file\t''
bus.lag\t''
kafka.reach\t''
kafka.topics\t''
kafka.acl\t''
kafka.lag\t''
kafka.clock\t''
db.reach\t''
db.tls\t''
db.clock\t''
db.sessions\t''
db.rights\t''
store.schema\t''
db.parts\t''
db.jobs\t''"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -l skip -d 'All but these checks' -r -f -a "config.file\t''
config.secrets\t''
systemd.unit\t''
clock\t''
source.url\t''
dcgm.library\t''
dcgm.socket\t''
dcgm.hostengine\t''
dcgm.profiling\t''
nvml.driver\t''
exporter.pages\t''
source.auto\t''
bus.file\t''
bus.lag\t''
kafka.reach\t''
kafka.topics\t''
kafka.acl\t''
kafka.lag\t''
kafka.clock\t''
db.reach\t''
db.tls\t''
db.clock\t''
db.sessions\t''
db.rights\t''
store.schema\t''
db.parts\t''
db.jobs\t''"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -l timeout -d 'How long each check may take' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -l config -d 'Without FILE: print every setting with where it came from, and look at nothing else; with it: the file to check by' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -s o -l output -d 'table or json' -r -f -a "table\t''
json\t''"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -l source -d 'Source, a URL: auto (this machine, by DCGM, else by NVML), `dcgm://HOST[:5555]`, `dcgm:///SOCKET`, `dcgm:embedded`, nvml, `exporter:http://HOST:9400/metrics`, sim, or `replay:FILE` (JSON lines, nvidia-smi CSV, or a recording; plain or gzip). DCGM and exporters may be repeated; `#host=NAME,gpus=N` behind one says what it does not [default: auto]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -l targets -d 'File of further sources: a URL a line, or Prometheus\' JSON of targets' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -l libdcgm -d 'DCGM\'s library [default: libdcgm.so.4, libdcgm.so.3]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -l libnvml -d 'NVML\'s library [default: libnvidia-ml.so.1]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -l profile-interval -d 'How often profiling values are read, to be averaged over the interval; off leaves them out [default: 1s]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -s b -l bus -d 'Bus URL: `kafka://h1:9092,h2:9092` (short `h1:9092,h2:9092`) or `file:DIR` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -s X -l kafka -d 'Kafka client setting, stronger than those of --kafka-config; may be repeated. `-X dump` shows all that is set' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -s F -l kafka-config -d 'File of Kafka client settings: `key=value` lines in the spelling of kcat or Java' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -l topic-prefix -d 'What stands before the name of every topic, group and transactional id on Kafka' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -l connect-timeout -d 'How long to try to reach Kafka; 0 for ever [default: 10s; 0 for services]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -l init -d 'Write a commented example of the configuration file, where there is none yet'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -l strict -d 'Exit 1 for warnings, too'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -s t -l topic -d 'Topic: gpu-alerts, gpu-metrics-raw, gpu-metrics-validated, gpu-metrics-invalid' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -s n -l lines -d 'Begin with the newest N records of the whole topic that are wanted, or all of them' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l since -d 'Begin with what is newer: 30m, yesterday, a date, or an RFC 3339 time' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l until -d 'End with what is older; `now` ends at the log\'s end as it stands' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -s p -l partitions -d 'Only these partitions' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l offset -d 'Begin in every partition at this offset, or at its newest N with -N, and show records as they arrived' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l cursor-file -d 'Go on where the last run with this file stopped, and keep in it how far this one is' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l max -d 'Stop after this many records' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l timeout -d 'Stop after this long' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -s o -l output -d 'pretty, jsonl, json (an array) or raw (the bytes as they are) [default: pretty on a terminal, else jsonl]' -r -f -a "pretty\t''
jsonl\t''
json\t''
raw\t''"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l severity -d 'info, warning or critical, and what is worse; =warning only that' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l gpu -d 'A GPU by its UUID, eight characters or more of its beginning, or host/index' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l host -d 'A host' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l rack -d 'A rack' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l cluster -d 'A cluster' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l rule -d 'A rule' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -s g -l grep -d 'A regular expression that an alert\'s summary, or the JSON of another event, holds' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l where -d 'An expression: rule=xid and not (host=n7 or rack in (r1, r2)); .evidence.xid=79 names any member' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -s b -l bus -d 'Bus URL: `kafka://h1:9092,h2:9092` (short `h1:9092,h2:9092`) or `file:DIR` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -s X -l kafka -d 'Kafka client setting, stronger than those of --kafka-config; may be repeated. `-X dump` shows all that is set' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -s F -l kafka-config -d 'File of Kafka client settings: `key=value` lines in the spelling of kcat or Java' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l topic-prefix -d 'What stands before the name of every topic, group and transactional id on Kafka' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l connect-timeout -d 'How long to try to reach Kafka; 0 for ever [default: 10s; 0 for services]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l no-follow -d 'Do not wait for more'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l allow-empty -d 'Exit 0 also where nothing was shown'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -l envelope -d 'With jsonl or json: each record in an object that says where it stood'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand tail" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -s o -l output -d 'text (the screen), table, json (gpuhm.fleet/1), csv (a row a GPU) or svg (a picture of the screen)' -r -f -a "text\t''
table\t''
json\t''
csv\t''
svg\t''"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -l size -d 'With --once -o text or svg: columns and rows of the screen' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -l fail-below -d 'With --once: end with code 1 where a GPU scores below N; they are named on standard error' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -l refresh -d 'Time between readings of the store' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -l view -d 'The pane it opens on: fleet, gpus, alerts or pipeline' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -l where -d 'Only GPUs that match: rack=rack-14 and score<80; a bare word is looked for in names' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -l sort -d 'Order of the table of GPUs: FIELD or FIELD:desc' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -l zoom -d 'What a cell of the map is: auto, gpu, host or rack' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -l theme -d 'Colours: auto, dark, light, cvd (blue and orange) or mono; mono where NO_COLOR is set' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -s b -l bus -d 'Bus URL: `kafka://h1:9092,h2:9092` (short `h1:9092,h2:9092`) or `file:DIR` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -s X -l kafka -d 'Kafka client setting, stronger than those of --kafka-config; may be repeated. `-X dump` shows all that is set' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -s F -l kafka-config -d 'File of Kafka client settings: `key=value` lines in the spelling of kcat or Java' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -l topic-prefix -d 'What stands before the name of every topic, group and transactional id on Kafka' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -l connect-timeout -d 'How long to try to reach Kafka; 0 for ever [default: 10s; 0 for services]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -l once -d 'Print the fleet once and exit'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -l ascii -d 'ASCII characters only [default: where the locale is not UTF-8]'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -l local -d 'Local time instead of UTC'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -l mouse -d 'Take the mouse'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand top" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and not __fish_seen_subcommand_from import export help" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and not __fish_seen_subcommand_from import export help" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and not __fish_seen_subcommand_from import export help" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and not __fish_seen_subcommand_from import export help" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and not __fish_seen_subcommand_from import export help" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and not __fish_seen_subcommand_from import export help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and not __fish_seen_subcommand_from import export help" -f -a "import" -d 'Take in records: CSV with a header, or JSON lines; a record replaces the one of the same GPU'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and not __fish_seen_subcommand_from import export help" -f -a "export" -d 'Print every record'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and not __fish_seen_subcommand_from import export help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and __fish_seen_subcommand_from import" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and __fish_seen_subcommand_from import" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and __fish_seen_subcommand_from import" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and __fish_seen_subcommand_from import" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and __fish_seen_subcommand_from import" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and __fish_seen_subcommand_from export" -s o -l output -d 'csv or jsonl' -r -f -a "csv\t''
jsonl\t''"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and __fish_seen_subcommand_from export" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and __fish_seen_subcommand_from export" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and __fish_seen_subcommand_from export" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and __fish_seen_subcommand_from export" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and __fish_seen_subcommand_from export" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and __fish_seen_subcommand_from help" -f -a "import" -d 'Take in records: CSV with a header, or JSON lines; a record replaces the one of the same GPU'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and __fish_seen_subcommand_from help" -f -a "export" -d 'Print every record'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand assets; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l for -d 'Stop after this long, by the wall clock' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l lateness -d 'How long after its end a window stays open for late samples' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l drain -d 'After a signal, how long to go on finishing what was collected; what is left waits on the bus' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l score-past -d 'With --speed max: score the past so often, by its own clock, and not only at the end' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -s o -l output -d 'text or json (gpuhm.summary/1)' -r -f -a "text\t'Lines for people'
json\t'One object'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l source -d 'Source, a URL: auto (this machine, by DCGM, else by NVML), `dcgm://HOST[:5555]`, `dcgm:///SOCKET`, `dcgm:embedded`, nvml, `exporter:http://HOST:9400/metrics`, sim, or `replay:FILE` (JSON lines, nvidia-smi CSV, or a recording; plain or gzip). DCGM and exporters may be repeated; `#host=NAME,gpus=N` behind one says what it does not [default: auto]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l targets -d 'File of further sources: a URL a line, or Prometheus\' JSON of targets' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l libdcgm -d 'DCGM\'s library [default: libdcgm.so.4, libdcgm.so.3]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l libnvml -d 'NVML\'s library [default: libnvidia-ml.so.1]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l profile-interval -d 'How often profiling values are read, to be averaged over the interval; off leaves them out [default: 1s]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l interval -d 'Time between samples' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l speed -d 'How fast time runs: a factor, or max for no waiting' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l from -d 'First tick of a simulated fleet, RFC 3339 [default: now; 2026-01-01T00:00:00Z with --speed max]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l ticks -d 'Stop after this many ticks [default with sim and --speed max: 120]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l gpus -d 'GPUs' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l hosts -d 'Hosts they are spread over' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l seed -d 'Seed: the same seed gives the same fleet' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l boards -d 'Boards of the fleet' -r -f -a "mixed\t'By racks: two of four H100, one A100, one H200'
a100\t'A100, as one well-recorded host has them'
h100\t'H100'
h200\t'H200'
kalos\t'A100, with the work and temperatures of the cluster Kalos (`AcmeTrace`)'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l fault -d 'A fault that breaks out so long after the first tick; may be repeated' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -s b -l bus -d 'Bus URL: `kafka://h1:9092,h2:9092` (short `h1:9092,h2:9092`) or `file:DIR` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -s X -l kafka -d 'Kafka client setting, stronger than those of --kafka-config; may be repeated. `-X dump` shows all that is set' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -s F -l kafka-config -d 'File of Kafka client settings: `key=value` lines in the spelling of kcat or Java' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l topic-prefix -d 'What stands before the name of every topic, group and transactional id on Kafka' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l connect-timeout -d 'How long to try to reach Kafka; 0 for ever [default: 10s; 0 for services]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l instance -d 'Name of this instance, which survives a restart; of two with one name the older ends with code 2 [default: on Kafka the host\'s name, else the command\'s name and its process]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -s d -l store -d 'Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l metrics -d 'Serve /metrics, /healthz and /readyz here, such as 127.0.0.1:9871 or unix:PATH [default: nowhere]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l metrics-file -d 'Write the metrics to this file at the end, for node exporter\'s textfile collector' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l for -d 'How long it runs after the history, by the wall clock [default: 20s off a terminal, else until q]' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l speed -d 'How fast simulated time runs after the history' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l history -d 'How much history goes through the stages first' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l at -d 'No live view, but the screen as it stands so long after the history, at a time that never changes' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l size -d 'With --at: columns and rows of the screen' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -s o -l output -d 'Off a terminal: text, or json, the summary alone (gpuhm.summary/1); with --at text or svg' -r -f -a "text\t'For people'
json\t'The summary alone'
svg\t'A picture of the screen'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l gpus -d 'GPUs' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l hosts -d 'Hosts they are spread over' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l seed -d 'Seed: the same seed gives the same fleet' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l boards -d 'Boards of the fleet' -r -f -a "mixed\t'By racks: two of four H100, one A100, one H200'
a100\t'A100, as one well-recorded host has them'
h100\t'H100'
h200\t'H200'
kalos\t'A100, with the work and temperatures of the cluster Kalos (`AcmeTrace`)'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l fault -d 'A fault that breaks out so long after the first tick; may be repeated' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l refresh -d 'Time between readings of the store' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l view -d 'The pane it opens on: fleet, gpus, alerts or pipeline' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l where -d 'Only GPUs that match: rack=rack-14 and score<80; a bare word is looked for in names' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l sort -d 'Order of the table of GPUs: FIELD or FIELD:desc' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l zoom -d 'What a cell of the map is: auto, gpu, host or rack' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l theme -d 'Colours: auto, dark, light, cvd (blue and orange) or mono; mono where NO_COLOR is set' -r
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l ascii -d 'ASCII characters only [default: where the locale is not UTF-8]'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l local -d 'Local time instead of UTC'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -l mouse -d 'Take the mouse'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand completions" -l config -d 'Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand completions" -l home -d 'Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]' -r -F
complete -c gpuhm -n "__fish_gpuhm_using_subcommand completions" -l log -d 'Least severe log level on standard error' -r -f -a "error\t'Only what stops the work'
warn\t'What someone should look at'
info\t'What changes'
debug\t'Everything'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand completions" -l log-format -d 'How lines of the log look; auto is text, and for the journal a priority in front' -r -f -a "auto\t'With a priority for the journal where standard error is the journal\'s, else text'
text\t'For people'
json\t'One object a line'"
complete -c gpuhm -n "__fish_gpuhm_using_subcommand completions" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and not __fish_seen_subcommand_from collect validate aggregate score predict silence migrate doctor tail top assets run demo completions help" -f -a "collect" -d 'Read GPUs every interval and publish their samples'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and not __fish_seen_subcommand_from collect validate aggregate score predict silence migrate doctor tail top assets run demo completions help" -f -a "validate" -d 'Check samples, drop duplicates, add asset records'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and not __fish_seen_subcommand_from collect validate aggregate score predict silence migrate doctor tail top assets run demo completions help" -f -a "aggregate" -d 'Write samples and windows to the store, judge them, raise alerts'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and not __fish_seen_subcommand_from collect validate aggregate score predict silence migrate doctor tail top assets run demo completions help" -f -a "score" -d 'Score every GPU, with its reasons; judge hosts, racks and silence'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and not __fish_seen_subcommand_from collect validate aggregate score predict silence migrate doctor tail top assets run demo completions help" -f -a "predict" -d 'State the odds that a GPU fails, with their reasons'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and not __fish_seen_subcommand_from collect validate aggregate score predict silence migrate doctor tail top assets run demo completions help" -f -a "silence" -d 'Silence alerts that are expected'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and not __fish_seen_subcommand_from collect validate aggregate score predict silence migrate doctor tail top assets run demo completions help" -f -a "migrate" -d 'Make and check the store\'s schema and Kafka\'s topics; move to another bus'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and not __fish_seen_subcommand_from collect validate aggregate score predict silence migrate doctor tail top assets run demo completions help" -f -a "doctor" -d 'Look at everything the pipeline rests on; say what is wrong and what mends it'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and not __fish_seen_subcommand_from collect validate aggregate score predict silence migrate doctor tail top assets run demo completions help" -f -a "tail" -d 'Follow a topic'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and not __fish_seen_subcommand_from collect validate aggregate score predict silence migrate doctor tail top assets run demo completions help" -f -a "top" -d 'Show the fleet'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and not __fish_seen_subcommand_from collect validate aggregate score predict silence migrate doctor tail top assets run demo completions help" -f -a "assets" -d 'Import and export asset records'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and not __fish_seen_subcommand_from collect validate aggregate score predict silence migrate doctor tail top assets run demo completions help" -f -a "run" -d 'Run every stage in one process'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and not __fish_seen_subcommand_from collect validate aggregate score predict silence migrate doctor tail top assets run demo completions help" -f -a "demo" -d 'See it work on a simulated fleet'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and not __fish_seen_subcommand_from collect validate aggregate score predict silence migrate doctor tail top assets run demo completions help" -f -a "completions" -d 'Print the completions of a shell'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and not __fish_seen_subcommand_from collect validate aggregate score predict silence migrate doctor tail top assets run demo completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and __fish_seen_subcommand_from predict" -f -a "label" -d 'Record that a GPU failed, or was taken away'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and __fish_seen_subcommand_from silence" -f -a "add" -d 'Silence what matches, until a time'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and __fish_seen_subcommand_from silence" -f -a "list" -d 'Print silences'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and __fish_seen_subcommand_from silence" -f -a "end" -d 'End a silence before its time'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and __fish_seen_subcommand_from migrate" -f -a "up" -d 'Bring the schema up to date (the default)'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and __fish_seen_subcommand_from migrate" -f -a "status" -d 'Show which migrations are applied, and what the server is; changes nothing'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and __fish_seen_subcommand_from migrate" -f -a "plan" -d 'Print the SQL that is pending'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and __fish_seen_subcommand_from migrate" -f -a "verify" -d 'Hold checksums, tables, columns and policies against this version\'s'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and __fish_seen_subcommand_from migrate" -f -a "baseline" -d 'Record the migrations up to N as applied without running them'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and __fish_seen_subcommand_from migrate" -f -a "topics" -d 'Make and check the topics on Kafka: makes what is missing, says what differs'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and __fish_seen_subcommand_from migrate" -f -a "copy" -d 'Move an embedded store to a server, with everything in it; may be stopped and run again'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and __fish_seen_subcommand_from migrate" -f -a "bus" -d 'Move from one bus to another: what the stages know of each GPU goes on where it stopped'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and __fish_seen_subcommand_from assets" -f -a "import" -d 'Take in records: CSV with a header, or JSON lines; a record replaces the one of the same GPU'
complete -c gpuhm -n "__fish_gpuhm_using_subcommand help; and __fish_seen_subcommand_from assets" -f -a "export" -d 'Print every record'
