#!/bin/sh
# Slurm with hull as its runtime, configured as hull-engines(7) says: three nodes on one machine. The third one uses create and
# start instead of run.
. "${0%/*}/engine.sh"

CLUSTER=/run/slurm
RUNS=/run/hull # where the states are

# Slurm looks up addresses only if there is a network beside the loopback.
new_network() {
	hostname localhost
	echo '127.0.0.1 localhost' >/etc/hosts
	for kind in dummy bridge veth; do
		ip link add alone type $kind 2>/dev/null && break
	done
	ip address add 192.0.2.1/24 dev alone
	ip link set alone up
}

write_configuration() {
	printed '.Pa oci.conf' >"$CLUSTER/oci.conf"
	[ -s "$CLUSTER/oci.conf" ] || cluster_failed 'hull-engines(7) has no oci.conf'
	{
		grep -v RunTimeRun= "$CLUSTER/oci.conf"
		printed 'These two lines replace'
	} >"$CLUSTER/steps/oci.conf"
	cat >"$CLUSTER/slurm.conf" <<-END
		ClusterName=hull
		SlurmctldHost=localhost(127.0.0.1)
		SlurmUser=root
		SlurmdUser=root
		AuthType=auth/munge
		AuthInfo=socket=$CLUSTER/munge/socket
		SlurmctldPidFile=$CLUSTER/controller.pid
		SlurmdPidFile=$CLUSTER/%n.pid
		SlurmctldLogFile=$CLUSTER/controller.log
		SlurmdLogFile=$CLUSTER/%n.log
		SlurmdSpoolDir=$CLUSTER/%n
		StateSaveLocation=$CLUSTER/controller
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		JobAcctGatherType=jobacct_gather/none
		MpiDefault=none
		SelectType=select/cons_tres
		SelectTypeParameters=CR_Core
		SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0
		SlurmdParameters=config_overrides
		ReturnToService=2
		KillWait=2
		NodeName=n1,n2,n3 NodeHostname=localhost NodeAddr=127.0.0.1 Port=6901,6902,6903 CPUs=16
		PartitionName=all Nodes=n1,n2 Default=YES State=UP OverSubscribe=YES
		PartitionName=steps Nodes=n3 State=UP OverSubscribe=YES
	END
	echo CgroupPlugin=disabled >"$CLUSTER/cgroup.conf"
	cp "$CLUSTER/slurm.conf" "$CLUSTER/cgroup.conf" "$CLUSTER/steps"
}

cluster_failed() {
	echo "FAIL $SUITE: $*"
	tail -n 5 "$CLUSTER"/*.log | sed 's/^/    /'
	exit 1
}

start_cluster() {
	mkdir -p "$CLUSTER/munge" "$CLUSTER/controller" "$CLUSTER/n1" "$CLUSTER/n2" "$CLUSTER/n3" "$CLUSTER/steps" $RUNS
	new_network
	write_configuration
	export SLURM_CONF="$CLUSTER/slurm.conf"
	mungekey -c -k "$CLUSTER/munge/key"
	munged --force --key-file="$CLUSTER/munge/key" --socket="$CLUSTER/munge/socket" --pid-file="$CLUSTER/munge/pid" \
		--log-file="$CLUSTER/munge/log" --seed-file="$CLUSTER/munge/seed" || cluster_failed 'munged does not start'
	slurmctld
	slurmd -N n1
	slurmd -N n2
	SLURM_CONF="$CLUSTER/steps/slurm.conf" slurmd -N n3
	for _ in $(seq 600); do
		[ "$(sinfo -h -N -o %T 2>/dev/null | grep -c idle)" != 3 ] || return 0
		sleep 0.1
	done
	cluster_failed "the nodes are not ready: $(sinfo -N 2>&1)"
}

# srun(1) looks up the program on its own side, and asks for it by that path.
bundle() {
	[ -h "$BUNDLE/rootfs/usr/bin" ] || { rmdir "$BUNDLE/rootfs/usr/bin" && ln -s ../bin "$BUNDLE/rootfs/usr/bin"; }
	echo "$BUNDLE"
}

# Runs in a container of the test's bundle; sets $status, $out, $errors.
step() {
	try timeout -k 5 60 srun --container="$(bundle)" "$@"
}

# The runtime has removed the container a moment after the step ended.
nothing_left() {
	for _ in $(seq 600); do
		left=$(ls -A $RUNS | grep -v :)$(find "$CGROUP2" -maxdepth 2 -name '*n[123].root.*' 2>/dev/null)
		[ -n "$left" ] || return 0
		sleep 0.1
	done
	fail "left behind: $left"
}

container() {
	"$HULL" list --quiet | head -n 1
}

runs() {
	[ -n "$(container)" ] && [ "$("$HULL" state "$(container)" | jq -r .status)" = running ]
}

# A step in the background, as $step, which has said that it is ready.
start_step() {
	timeout -k 5 120 srun --job-name="$ID" --container="$(bundle)" "$@" </dev/null >"$WORK/step" 2>"$WORK/step-errors" &
	step=$!
	trap 'scancel --name="$ID"' EXIT
	wait_until grep -q ready "$WORK/step"
	job=$(squeue -h -o %A --name="$ID")
}

end_step() {
	status=0
	wait $step || status=$?
}

test_output() {
	step sh -c 'echo out; echo err >&2; echo $$ $(hostname)'
	expect_status 0
	same 'out
1 hull' "$out" output
	same err "$errors" errors
	nothing_left
}

test_exit_status() {
	step true
	expect_status 0
	step sh -c 'exit 3'
	expect_status 3
	step no-such-program
	[ "$status" != 0 ] || fail 'a program that is not there ran'
	case $errors in *no-such-program*) ;; *) fail "said: $errors" ;; esac
	nothing_left
}

test_input() {
	out=$(seq 20000 | timeout 60 srun --container="$(bundle)" cat | cksum)
	same "$(seq 20000 | cksum)" "$out" 'what came back'
}

test_environment() {
	A='x  y' step sh -c 'echo "$A" $SLURM_JOB_NUM_NODES $SLURM_JOB_NODELIST'
	same "x  y 1 n1" "$out" 'the environment'
}

test_terminal() {
	command -v script >/dev/null || skip 'script(1) is not here'
	out=$(timeout -k 5 60 script -q -e -c "srun --pty --container='$(bundle)' sh -c 'tty; test -t 0 && test -t 2 && echo both'" \
		/dev/null </dev/null | tr -d '\r')
	case $out in *both*) ;; *) fail "output: $out" ;; esac
	nothing_left
}

# This Slurm writes the environment of a container before it knows the rank of the task.
test_two_nodes() {
	start_step -N 2 sh -c 'trap "exit 9" TERM; echo ready $$; while :; do sleep 0.1; done'
	wait_until two_run
	same "n1.root.$job.0.0 n2.root.$job.0.0" "$(echo $("$HULL" list --quiet))" 'the containers'
	scancel "$job"
	end_step
	same 'ready 1 ready 1' "$(echo $(cat "$WORK/step"))" 'the output'
	nothing_left
}

two_run() {
	[ "$("$HULL" list --quiet | wc -l)" = 2 ]
}

# Several tasks on each of two nodes, each in a container of its own. The step has the highest of their statuses.
test_many_tasks() {
	step -N 2 -n 8 --label sh -c 'echo $$ $SLURM_PROCID; exit $((SLURM_PROCID == 5 ? 7 : 0))'
	same '0: 1 0
1: 1 1
2: 1 2
3: 1 3
4: 1 4
5: 1 5
6: 1 6
7: 1 7' "$(printf '%s\n' "$out" | sort -n)" "the output; said: $errors"
	same 7 "$status" 'the exit status'
	nothing_left
}

test_failure_of_one_node() {
	step -N 2 sh -c 'mkdir /first 2>/dev/null || exit 4'
	expect_status 4
	nothing_left
}

test_names_of_containers() {
	start_step -w n2 sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done'
	same "n2.root.$job.0.0" "$(container)" 'the id'
	scancel "$job"
	end_step
	nothing_left
}

# The runtime is killed, and the container stays: Slurm kills and deletes it.
test_cancel() {
	start_step sh -c 'trap "" TERM; sleep 1000 & echo ready; while :; do sleep 0.1; done'
	wait_until runs
	pid=$("$HULL" state "$(container)" | jq .pid)
	scancel "$job"
	end_step
	nothing_left
	wait_until sh -c "scontrol show -o job $job | grep -q JobState=CANCELLED"
	[ ! -d "/proc/$pid" ] || fail 'its process is still there'
}

test_signal() {
	start_step sh -c 'trap "echo got it; exit 5" USR1; echo ready; while :; do sleep 0.1; done'
	scancel --signal=USR1 "$job"
	end_step
	same 'ready got it' "$(echo $(cat "$WORK/step"))" output
	same 5 "$status" 'the exit status'
	nothing_left
}

test_batch() {
	printf '#!/bin/sh\necho batch $$ $(hostname) "$@"\nexit 6\n' >"$WORK/script"
	try timeout -k 5 60 sbatch --wait --container="$(bundle)" -o "$WORK/log" "$WORK/script" one two
	expect_status 6
	same 'batch 1 hull one two' "$(head -n 1 "$WORK/log")" 'its output'
	nothing_left
}

test_many_at_once() {
	for i in $(seq 12); do
		timeout -k 5 60 srun --container="$(bundle)" sh -c "echo $i \$\$; sleep 0.5; exit $i" >"$WORK/many.$i" 2>&1 </dev/null &
		eval "many_$i=$!"
	done
	for i in $(seq 12); do
		status=0
		eval "wait \$many_$i" || status=$?
		same "$i" $status "the exit status of the one with $i: $(cat "$WORK/many.$i")"
		same "$i 1" "$(head -n 1 "$WORK/many.$i")" 'its output'
	done
	nothing_left
}

test_no_bundle() {
	try timeout -k 5 60 srun --container="$WORK/nothing" true
	[ "$status" != 0 ] || fail 'a bundle that is not there ran'
	wait_until sh -c '! squeue -h | grep -q .'
}

# Slurm asks for the state until it is "stopped", and learns no exit status.
test_create_and_start() {
	step -p steps sh -c 'echo out $$; echo err >&2'
	expect_status 0
	same 'out 1' "$out" output
	same err "$errors" errors
	nothing_left
}

start_cluster
run_tests
